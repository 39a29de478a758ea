#include "log/segment.h"

#include <algorithm>

namespace levada {

void SparseIndex::add(IndexPoint point) {
  if (!wants(point.position)) return;
  points_.push_back(point);
  if (points_.size() > most_points) {
    std::size_t kept = 0;
    for (std::size_t i = 1; i < points_.size(); i += 2) points_[kept++] = points_[i];
    points_.resize(kept);
    distance_ *= 2;
  }
  next_ = points_.back().position + distance_;
}

IndexPoint SparseIndex::find(Offset offset, IndexPoint begin) const {
  auto behind = std::ranges::upper_bound(points_, offset, {}, &IndexPoint::offset);
  return behind == points_.begin() ? begin : behind[-1];
}

}  // namespace levada
