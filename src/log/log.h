// The log: named topics of ordered partitions of records, and the one place where things become durable.
//
// Everything that must be true together goes into one Transaction: records for any number of partitions, the offsets
// that a reader group has got to, the positions that sources have got to. All of it is committed or none. Readers see
// committed record batches only. Two implementations keep this contract: files of our own (log/embedded_log.h) and
// Apache Kafka.
//
// Threads: a Log is shared by all of them. A Reader and a Transaction belong to one thread at a time.
#pragma once
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/id.h"
#include "base/wakeup.h"

namespace levada {

// A record's place in its partition, from 0. As a reader's place: the next record to read.
using Offset = Id<struct OffsetTag, std::int64_t>;

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

enum class Compression : std::uint8_t { none = 0, lz4 = 3, zstd = 4 };  // Kafka's numbers

// Names, meaning and defaults of Kafka's topic configuration.
struct TopicConfig {
  std::int32_t partitions = 1;
  bool compact = false;  // cleanup.policy=compact: the last record of each key stays
  std::int64_t retention_ms =
      7 * 86'400'000LL;                   // closed segments older than this go; -1: never. Not for compact topics
  std::int64_t retention_bytes = -1;      // the oldest segments above this size of a partition go; -1: no bound
  std::int64_t segment_bytes = 64 << 20;  // a segment is closed when it has grown to this
  std::int64_t delete_retention_ms = 86'400'000;  // how long a compacted topic keeps its tombstones
  Compression compression = Compression::none;    // what writers of this topic should use
  bool operator==(const TopicConfig&) const = default;
};

struct Topic {
  std::string name;
  TopicConfig config;
};

struct OffsetRange {
  Offset first;  // the oldest record still there
  Offset end;    // behind the newest committed one
};

// Whole committed record batches, one after the other, just as they are stored. The bytes live as long as `memory` is
// held; Buffer::padding bytes behind them may be read.
struct Chunk {
  std::shared_ptr<const void> memory;
  std::string_view record_batches;  // empty: nothing new
};

class Reader {
 public:
  virtual ~Reader() = default;
  // The next record batches, about max_bytes of them and at least one if there is any, none that starts at `limit` or
  // beyond. The first batch may begin before position(): records below it are to be passed over. Errors: damaged, where
  // the stored bytes do not agree with their checksum; not_found, where retention has removed what comes next.
  virtual Result<Chunk> read(std::size_t max_bytes, Offset limit) = 0;
  Result<Chunk> read(std::size_t max_bytes) { return read(max_bytes, Offset(INT64_MAX)); }
  virtual Offset position() const = 0;
  virtual void seek(Offset to) = 0;
};

// One holder's way to write under its transactional id. After commit() or abort() it is empty and ready for the next
// transaction. When a newer holder has taken the id, every commit fails with ErrorKind::fenced.
class Transaction {
 public:
  virtual ~Transaction() = default;

  // Puts a record batch (version 2, finished, base offset 0) behind the partition's end. The bytes are copied.
  virtual void append(const TopicPartition& to, std::string_view record_batch) = 0;
  // The group has dealt with everything below `next`.
  virtual void advance(const std::string& group, const TopicPartition& of, Offset next) = 0;
  // The group has dealt with everything in the partition, what this transaction appends to it included. For a group
  // that takes the rows from the hands of the partition's only writer, in this transaction.
  virtual void advance_to_end(const std::string& group, const TopicPartition& of) = 0;
  // The source has got to here; its own words, opaque to us.
  virtual void put_position(const std::string& source, std::string_view position) = 0;

  virtual std::size_t bytes() const = 0;  // of record batches appended so far
  virtual bool empty() const = 0;

  // Hands the transaction over and returns at once, with its number; it is not yet durable and nobody sees it. Later
  // ones of this holder become durable after it, never before.
  virtual Result<std::uint64_t> submit() = 0;
  // Waits until the submitted transaction is durable and visible. disk_full: nothing of it happened, and what it held
  // is lost to the caller, who must build it again; io and damaged: this log must be closed; fenced: as above.
  virtual Result<void> wait(std::uint64_t submitted) = 0;
  // True once wait() would return at once.
  virtual bool settled(std::uint64_t submitted) const = 0;
  Result<void> commit() { return wait(LV_TRY(submit())); }
  virtual void abort() = 0;
};

class Log {
 public:
  virtual ~Log() = default;

  // ---- topics ----
  // An existing topic of the same partition count is left as it is; another count is refused.
  virtual Result<void> create_topic(const std::string& name, const TopicConfig& config) = 0;
  virtual Result<void> delete_topic(const std::string& name) = 0;
  virtual std::optional<Topic> topic(const std::string& name) const = 0;
  virtual std::vector<Topic> topics() const = 0;  // by name; names that start with '_' are internal

  // ---- reading ----
  virtual Result<OffsetRange> offsets(const TopicPartition& of) const = 0;
  virtual Result<std::unique_ptr<Reader>> open_reader(const TopicPartition& of, Offset from) = 0;
  // Ends of the partitions as they were right after one commit: what was committed together is below them together. The
  // cut is the latest one, or an earlier one beyond `from` where that keeps the bytes in between near max_bytes. No end
  // is below its `from`.
  virtual Result<std::vector<Offset>> cut(std::span<const TopicPartition> of, std::span<const Offset> from,
                                          std::size_t max_bytes) const = 0;
  virtual std::optional<Offset> group_offset(const std::string& group, const TopicPartition& of) const = 0;
  virtual std::optional<std::string> position(const std::string& source) const = 0;
  // The number of the newest commit that readers see; only grows. Equal numbers before and after: nothing has happened.
  virtual std::uint64_t commit_number() const = 0;

  // From now on `wakeup` is notified whenever one of the partitions has grown, until unwatch(). Both are thread safe;
  // after unwatch() returns, the wakeup is not touched any more.
  virtual void watch(Wakeup& wakeup, std::span<const TopicPartition> partitions) = 0;
  virtual void unwatch(Wakeup& wakeup) = 0;

  // ---- writing ----
  virtual Result<std::unique_ptr<Transaction>> begin(const std::string& transactional_id) = 0;
};

// The partition that Kafka's Java clients choose for the key: murmur2 of its bytes, sign dropped, modulo the count.
std::uint32_t murmur2(std::string_view key);
std::int32_t partition_of(std::string_view key, std::int32_t partitions);

}  // namespace levada
