// From the log to batches: reads a partition and decodes its records into the columns that are wanted.
#pragma once
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "connectors/dead_letter.h"
#include "log/log.h"
#include "operators/operator.h"
#include "plan/plan.h"

namespace levada {

class TopicReader {
 public:
  // `read.format` must have passed its formats' checks. Without a schema the records say themselves what they are, in a
  // format with registered schemas: each batch then has that of its records' writer, and its wanted columns are all.
  static Result<std::unique_ptr<TopicReader>> open(Log& log, const ReadNode& read, SchemaRef schema,
                                                   std::int32_t partition, Offset from,
                                                   const Surroundings& surroundings);

  struct Rows {
    std::vector<Batch> batches;
    std::vector<DeadLetter> undecodable;      // records that are no rows, with their bytes
    std::vector<ProcessingFailure> failures;  // rows without an event time: dropped
    std::size_t bytes = 0;                    // read from the log
    std::uint64_t records = 0;
  };
  // The next records, about max_bytes of them, none at `limit` or beyond, appended to `out`. False if there were none.
  Result<bool> read(std::size_t max_bytes, Offset limit, Rows& out);

  Offset position() const { return position_; }
  std::int32_t partition() const { return partition_; }
  const std::string& topic() const { return read_.format.topic; }

 private:
  TopicReader(const ReadNode& read, SchemaRef schema, std::int32_t partition, Offset from,
              std::unique_ptr<Reader> reader, const Surroundings& surroundings);
  // How records of one schema become columns.
  struct Layout {
    SchemaRef schema;
    std::vector<bool> wanted;  // of key and value columns
    std::unique_ptr<Decoder> key, value;
  };
  using SchemaIds = std::pair<std::int32_t, std::int32_t>;  // of key and value; 0: there is none

  Layout make_layout(SchemaRef schema, std::vector<bool> wanted, FormatSpec key, FormatSpec value) const;
  SchemaIds ids_of(const Record& record) const;
  // Error: data or not_found, if these records cannot be read whatever they hold.
  Result<Layout*> layout_of(SchemaIds ids);
  // How many of the records, at least one, can be decoded as one batch; their layout.
  std::size_t stretch(std::span<const Record> records, SchemaIds& ids) const;
  Result<void> decode_all(std::span<const Record> records, const std::shared_ptr<const void>& memory, Rows& out);
  void decode(std::span<const Record> records, Layout& layout, const std::shared_ptr<const void>& memory, Rows& out);
  void truncate(const Record& record, Rows& out) const;
  DeadLetter undecodable(const Record& record, std::string cause) const;
  void set_event_times(Batch& batch, Rows& out);

  const ReadNode read_;
  const SchemaRef schema_;
  std::map<SchemaIds, Layout> layouts_;  // with a schema: only {0, 0}
  SchemaIds last_ids_;                   // tombstones have the layout of what stood before them
  const std::int32_t partition_;
  const Surroundings& surroundings_;
  Offset position_;
  std::unique_ptr<Reader> reader_;
  Records records_;
  std::vector<Text> texts_;
};

}  // namespace levada
