// Sources: from the outside into the log. A source says what it has read and where it has got to; the pipeline puts
// both into one transaction of the log, and only then tells the source that the outside may forget.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/logging.h"
#include "base/metrics.h"
#include "base/options.h"
#include "batch/batch.h"
#include "connectors/connect_records.h"
#include "connectors/dead_letter.h"

namespace levada {

// A topic that a source may write to, as a CREATE STREAM or CREATE TABLE declares it.
struct SourceTarget {
  std::string topic;
  std::string object;  // the stream or table
  SchemaRef schema;
  bool table = false;
};

// What a source that captures tables gives: rows as they are, or records as Kafka Connect has them
// (connectors/connect_records.h), for transforms and for Debezium's forms of writing.
enum class RecordForm : std::uint8_t { rows, connect };

struct SourceContext {
  std::string name;       // of the connector
  Properties properties;  // substituted, without those that every connector has (pipeline/connector_properties.h)
  std::vector<SourceTarget> targets;
  bool follow = true;  // false: end when what is there now has been read
  RecordForm form = RecordForm::rows;
  Files* files = nullptr;
  const Clock* clock = nullptr;
  Logger* logger = nullptr;
  Metrics* metrics = nullptr;    // for gauges of its own: what the server keeps for us, how far behind we are
  OptionNotes* notes = nullptr;  // lines for the user, about properties that have no effect here; may be none
};

// What one read() gives. Rows have key, after and event time. An origin is for people: where the source has row
// numbers, `topic` is the file or table, `partition` is -1 and `offsets` are the numbers.
struct SourceRead {
  struct Part {
    std::string topic;
    Batch batch;
  };
  // To the topic of a target, or to one that the source names itself: then the schema's origin is set, the topic is
  // made if it is not there, and a schema may differ from that of the batch before. In the order of the source.
  std::vector<Part> parts;
  std::vector<ConnectRecords> records;  // likewise, of RecordForm::connect; a read gives one or the other
  std::vector<DeadLetter> rejected;
  // Where the source is after these rows, in its own words; nullopt: where it was. Stored with the rows or not at all.
  std::optional<std::string> position;
  bool together = false;  // what the next read() gives belongs into the same transaction: no position yet
  bool end = false;       // nothing will follow; only if !follow
};

struct Progress {
  std::uint64_t done = 0, total = 0;  // of the same unit; total 0: not known
  std::string_view unit;              // "bytes", "rows"
  std::string detail;                 // the file or table that is being read
};

// start, read and acknowledge are called by one thread; progress by any.
class Source {
 public:
  virtual ~Source() = default;
  // Looks outside without changing anything: what start() and the first read() would find wrong. One error for each
  // thing; start() is not called before.
  virtual Result<std::vector<Error>> preflight() { return std::vector<Error>(); }
  // From the position that was stored last, or from the beginning. Called again after an error that is worth retrying.
  virtual Result<void> start(const std::optional<std::string>& position) = 0;
  // The next rows; empty if there were none for `wait`, or if asked to stop.
  virtual Result<SourceRead> read(std::stop_token stop, std::chrono::milliseconds wait) = 0;
  // Everything up to this position is durable in the log.
  virtual Result<void> acknowledge(const std::string& position) = 0;
  virtual Progress progress() const { return {}; }
  // The columns that rows of this topic have or will have, asked outside; nullopt: the topic is not of this source.
  // start() is not called before.
  virtual Result<std::optional<Schema>> describe(const std::string& /*topic*/) { return std::optional<Schema>(); }
  // The rows of a dead letter of stage "read", whose bytes somebody may have corrected; start() is not called before.
  virtual Result<SourceRead> read_again(const DeadLetter& letter) {
    return Error(ErrorKind::unsupported, "this source cannot read a single record again").where(letter.origin);
  }
};

}  // namespace levada
