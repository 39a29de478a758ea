// How far the journal is durable, told by the writer to readers in other processes: a small file that is written over
// after every flush. It is never synced while the writer lives, so after a power failure it may tell of less, or
// nothing; it never tells of more than is durable.
//
//   magic u32 "LVP1", crc u32 of what follows, generation u64, position u64, number u64, flags u32 (1: closed well)
//
// Little endian. A read in the middle of a write is noticed by the checksum.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "log/journal.h"

namespace levada {

struct Published {
  JournalPlace place;
  bool closed_well = false;
  bool operator==(const Published&) const = default;
};

Result<void> write_published(File& file, const Published& published);
// Nothing if the file does not hold what was ever published as a whole.
Result<std::optional<Published>> read_published(const File& file);

}  // namespace levada
