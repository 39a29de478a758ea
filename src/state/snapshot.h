// A store written down as a whole, with the offset of its changelog up to which it is true, so that a start reads a
// file and the tail of a topic instead of all of history.
//
//   "levada snapshot 1\n"
//   changelog offset i64, count u64, little endian
//   entry … : key length varint, key, value length varint, value, timestamp i64
//   crc32c u32 of everything before
//
// The file is written beside its old self, synced and renamed; one that is torn or damaged is not used (the changelog
// has it all).
#pragma once
#include <optional>
#include <string>

#include "base/files.h"
#include "log/log.h"
#include "state/store.h"

namespace levada {

Result<void> write_snapshot(Files& files, const std::string& path, const Store& store, Offset changelog_offset);

// Fills the empty store and returns the offset; nullopt, with the store empty, if there is no usable snapshot.
// `complaint` says why one that exists is not usable.
Result<std::optional<Offset>> read_snapshot(Files& files, const std::string& path, Store& store,
                                            std::string& complaint);

}  // namespace levada
