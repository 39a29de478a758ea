#include "batch/batch.h"

#include <fmt/core.h>

#include "batch/kernels.h"

namespace levada {
namespace {

Bits gather_bits(const Bits& bits, Rows rows) {
  Bits out;
  if (bits.empty()) return out;
  rows.for_each([&](std::uint32_t row) { out.push_back(bits[row]); });
  return out;
}

template <class T>
std::vector<T> gather_vector(const std::vector<T>& from, Rows rows) {
  std::vector<T> out;
  if (from.empty()) return out;
  out.reserve(rows.size());
  rows.for_each([&](std::uint32_t row) { out.push_back(from[row]); });
  return out;
}

}  // namespace

std::string Origin::text(std::uint32_t row) const {
  if (offsets.empty()) return topic;
  auto number = static_cast<std::uint64_t>(offsets[row]);
  if (place != Place::offset && number == 0) return topic;  // rows that were there before
  switch (place) {
    case Place::lsn: return fmt::format("{} LSN {:X}/{:X}", topic, number >> 32, number & 0xffff'ffff);
    case Place::change: return fmt::format("{} change {}", topic, number);
    case Place::offset: break;
  }
  return partition < 0 ? fmt::format("{} row {}", topic, offsets[row])
                       : fmt::format("{}-{} offset {}", topic, partition, offsets[row]);
}

Batch compact(Batch batch) {
  if (batch.selection.is_all()) return batch;
  Rows rows = batch.rows();
  for (Columns* columns : {&batch.key, &batch.after, &batch.before})
    for (ColumnRef& column : *columns) column = gather(*column, rows);
  batch.deleted = gather_bits(batch.deleted, rows);
  batch.has_before = gather_bits(batch.has_before, rows);
  if (batch.timestamps_ms)
    batch.timestamps_ms = std::make_shared<const std::vector<std::int64_t>>(gather_vector(*batch.timestamps_ms, rows));
  if (batch.origin) {
    auto origin = std::make_shared<Origin>(*batch.origin);
    origin->offsets = gather_vector(batch.origin->offsets, rows);
    origin->headers = gather_vector(batch.origin->headers, rows);
    batch.origin = std::move(origin);
  }
  batch.size = rows.size();
  batch.selection = Selection::all(batch.size);
  return batch;
}

}  // namespace levada
