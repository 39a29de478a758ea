#include "connectors/csv/standstill.h"

namespace levada {

void CsvStandstill::forget() {
  looks_.clear();
  seen_ = false;
}

void CsvStandstill::see(std::span<const FoundFile> listing) {
  std::int64_t now = clock_.steady_us();
  if (!seen_) first_us_ = now;
  seen_ = true;
  std::map<std::uint64_t, Look> looks;
  for (const FoundFile& file : listing) {
    Look look{file.size, file.modified_us, now};
    auto before = looks_.find(file.inode);
    if (before != looks_.end() && before->second.size == look.size && before->second.modified_us == look.modified_us)
      look.since_us = before->second.since_us;
    looks[file.inode] = look;
  }
  looks_ = std::move(looks);
}

bool CsvStandstill::is_old(const FoundFile& file) const {
  if (clock_.now_us() - file.modified_us >= minimum_age_us_) return true;
  auto look = looks_.find(file.inode);
  return look != looks_.end() && clock_.steady_us() - look->second.since_us >= minimum_age_us_;
}

bool CsvStandstill::waited_long() const { return clock_.steady_us() - first_us_ >= minimum_age_us_; }

}  // namespace levada
