// Sinks: from the log to the outside. Where the target has transactions, rows and the offsets they came from go into
// one of them, so that a crash can neither lose nor repeat a row; start() then tells where to go on.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/logging.h"
#include "base/options.h"
#include "batch/batch.h"
#include "formats/format.h"
#include "log/log.h"

namespace levada {

// A topic that a sink reads, as the stream or table over it declares it.
struct SinkTopic {
  std::string topic;
  std::string object;  // the stream or table; the topic's name, if none is declared over it
  std::int32_t partitions = 1;
  // Null: the records say themselves what they are. Then each batch has a schema of its own, which may differ from that
  // of the batch before (a column was added), and its origin where it is known.
  SchemaRef schema;
  bool table = false;  // a table's records replace each other by key; a stream's are all of them
};

struct SinkContext {
  std::string name;       // of the connector
  std::string pipeline;   // tells this pipeline from others that write to the same target
  Properties properties;  // substituted, without those that every connector has
  std::vector<SinkTopic> topics;
  // One partition; its offset is kept like those of the topics, but no rows of it come. Empty: none.
  std::string retry_topic = {};
  Files* files = nullptr;
  const Clock* clock = nullptr;
  Logger* logger = nullptr;
  OptionNotes* notes = nullptr;  // lines for the user, about properties that have no effect here; may be none
};

// When a sink wants to be started again after an error that may pass.
struct Retries {
  std::int64_t first_wait_ms = 100, longest_wait_ms = 10'000;  // doubled from one attempt to the next
  std::optional<std::int64_t> most;  // attempts in a row, then the error is final; nullopt: until it has passed
};

struct PartitionOffset {
  TopicPartition partition;
  Offset next;  // everything below is dealt with
};

// A record that the target refuses.
struct RejectedRecord {
  TopicPartition partition;
  Offset offset;
  std::string why;
  std::string code = {};  // the target's word for the reason: a SQLSTATE
  // For now: another record, which may come yet, can make it good (a parent, a value given up). Else for good.
  bool may_pass = false;
};

// One thread. The calls of one round: write … write, flush, commit. After an error of any the round is void:
// the pipeline calls start() again (at once, or after a while if the error is worth retrying) and repeats from its
// positions.
class Sink {
 public:
  virtual ~Sink() = default;

  virtual Retries retries() const { return {}; }

  // Looks at the target without changing it: reachable, tables and columns fit. One line for each thing found wrong.
  virtual Result<std::vector<Error>> preflight() = 0;
  // Connects, prepares the target, takes over from an older instance (which is fenced) and reads the stored offsets.
  // Partitions that it does not name start at the beginning; `nullopt` as a whole: the target keeps none, the log's
  // group offsets count.
  virtual Result<std::optional<std::vector<PartitionOffset>>> start() = 0;
  // A topic that has come since, before its first write(): 'topics.regex' matches it. Its records say themselves what
  // they are. Part of the round.
  virtual Result<void> add_topic(const SinkTopic& topic) {
    return Error(ErrorKind::unsupported, "this sink takes no topics that come later").where(topic.topic);
  }
  // Rows of one topic, in the order of the partition. A batch that truncates comes once for all partitions of its
  // topic, behind all rows that were before it in any of them. Rows that can never be written are told in `rejected`
  // (by row number of the batch), those that the target refuses by flush(); all others are written or will be by
  // commit().
  virtual Result<void> write(const Batch& batch, RowFailures& rejected) = 0;
  // Whatever write() has gathered goes to the target; behind it no row is refused any more.
  virtual Result<void> flush(std::vector<RejectedRecord>& /*rejected*/) { return {}; }
  // Makes the round's rows and these offsets visible and durable together.
  virtual Result<void> commit(std::span<const PartitionOffset> next) = 0;
  // All rounds have ended and none follows: what may wait while there are rounds is done now.
  virtual Result<void> close() { return {}; }
  // When commit() is to be called although nothing has come, by the wall clock; nullopt: there is no need.
  virtual std::optional<std::int64_t> due_ms() const { return std::nullopt; }
};

}  // namespace levada
