// For how long files have not changed: what may still be written to must wait, what is old is complete.
#pragma once
#include <cstdint>
#include <map>
#include <span>

#include "base/clock.h"
#include "connectors/csv/folder.h"

namespace levada {

class CsvStandstill {
 public:
  CsvStandstill(const Clock& clock, std::int64_t minimum_age_us) : clock_(clock), minimum_age_us_(minimum_age_us) {}

  void forget();
  // The files that there are now.
  void see(std::span<const FoundFile> listing);
  // It has not changed for the minimum age: by its time of change, or by our own watch if its clock is ahead of ours.
  bool is_old(const FoundFile& file) const;
  // Since the first listing there was time for every file of it to get old.
  bool waited_long() const;

 private:
  // A file when it was last different.
  struct Look {
    std::uint64_t size = 0;
    std::int64_t modified_us = 0, since_us = 0;  // since: on the steady clock
  };

  const Clock& clock_;
  const std::int64_t minimum_age_us_;
  std::map<std::uint64_t, Look> looks_;  // by inode
  bool seen_ = false;
  std::int64_t first_us_ = 0;
};

}  // namespace levada
