// Compaction of a partition by key: closed segments are written anew with the last record of every key. Offsets keep
// their numbers, tombstones stay for delete_retention_ms after they were compacted first, records without key stay for
// ever.
//
//   before   [a1 b1 a2] [b2 c1 b- ] [a3 … last segment, not looked at
//   after    [      a2] [   c1 b- ] [a3 …
//
// The segments not compacted so far give the newest offset of each key in them; then all closed segments are read, and
// what is superseded is left out. The batches' offset ranges are stretched over what was left out, so that they go on
// without gaps and a wrong base offset is always noticed.
#pragma once
#include "log/committer.h"
#include "log/log_core.h"

namespace levada {

// If there is enough to gain, compacts the partition; returns the bytes saved. Reads and writes in the calling thread,
// and asks the committer only to take the new segments for the old ones.
Result<std::uint64_t> compact(LogCore& core, Committer& committer, const PartitionRef& partition);

}  // namespace levada
