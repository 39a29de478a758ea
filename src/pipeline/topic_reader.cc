#include "pipeline/topic_reader.h"

#include "formats/formats.h"
#include "pipeline/event_time.h"

namespace levada {
namespace {

// The columns of one side: the wanted ones to be filled, the others null.
struct SideColumns {
  std::vector<std::shared_ptr<Column>> owned;
  std::vector<Column*> wanted;
  bool any = false;

  SideColumns(const std::vector<Field>& fields, const std::vector<bool>& is_wanted, std::size_t first) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      owned.push_back(is_wanted[first + i] ? std::make_shared<Column>(fields[i].type) : nullptr);
      wanted.push_back(owned.back().get());
      any |= is_wanted[first + i];
    }
  }
  Columns columns() const { return Columns(owned.begin(), owned.end()); }
};

std::optional<std::string> copy(const Text& text) {
  if (text.is_null()) return std::nullopt;
  return std::string(text.view());
}

}  // namespace

Result<std::unique_ptr<TopicReader>> TopicReader::open(Log& log, const ReadNode& read, SchemaRef schema,
                                                       std::int32_t partition, Offset from,
                                                       const Surroundings& surroundings) {
  auto reader = LV_TRY(log.open_reader({read.format.topic, partition}, from));
  return std::unique_ptr<TopicReader>(
      new TopicReader(read, std::move(schema), partition, from, std::move(reader), surroundings));
}

TopicReader::TopicReader(const ReadNode& read, SchemaRef schema, std::int32_t partition, Offset from,
                         std::unique_ptr<Reader> reader, const Surroundings& surroundings)
    : read_(read),
      schema_(std::move(schema)),
      partition_(partition),
      surroundings_(surroundings),
      position_(from),
      reader_(std::move(reader)),
      key_(find_format(read.format.key.format)->make_decoder(read.format.key)),
      value_(find_format(read.format.value.format)->make_decoder(read.format.value)) {}

Result<bool> TopicReader::read(std::size_t max_bytes, Offset limit, Rows& out) {
  if (position_ >= limit) return false;
  Chunk chunk = LV_TRY(reader_->read(max_bytes, limit));
  if (chunk.record_batches.empty()) return false;
  records_.clear();
  LV_TRY(records_.append(chunk.record_batches));
  std::shared_ptr<const void> memory = chunk.memory;
  if (auto decompressed = records_.memory())
    memory = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(chunk.memory,
                                                                                                   decompressed);

  // The first batch may begin before our position, the last may reach beyond the limit.
  std::span<const Record> records = records_.all();
  while (!records.empty() && records.front().offset < position_) records = records.subspan(1);
  std::size_t count = records.size();
  while (count > 0 && records[count - 1].offset >= limit) --count;
  records = records.first(count);

  out.bytes += chunk.record_batches.size();
  out.records += records.size();
  for (std::size_t at = 0; at < records.size(); at += batch_rows)
    decode(records.subspan(at, std::min<std::size_t>(batch_rows, records.size() - at)), memory, out);
  position_ = std::min(reader_->position(), limit);
  return true;
}

void TopicReader::decode(std::span<const Record> records, const std::shared_ptr<const void>& memory, Rows& out) {
  auto size = static_cast<std::uint32_t>(records.size());
  Batch batch;
  batch.schema = schema_;
  batch.size = size;
  auto origin = std::make_shared<Origin>();
  origin->topic = read_.format.topic;
  origin->partition = partition_;
  origin->offsets.resize(size);
  auto timestamps = std::make_shared<std::vector<std::int64_t>>(size);
  bool any_headers = false, any_deletion = false;
  for (std::uint32_t i = 0; i < size; ++i) {
    origin->offsets[i] = records[i].offset.value();
    (*timestamps)[i] = records[i].timestamp_ms;
    any_headers |= records[i].headers.size() > 1;
    any_deletion |= records[i].value.is_null();
  }
  if (any_headers) {
    origin->memory = memory;
    for (const Record& record : records) origin->headers.push_back(record.headers);
  }
  if (any_deletion) {
    batch.deleted.assign(size, false);
    for (std::uint32_t i = 0; i < size; ++i) batch.deleted.put(i, records[i].value.is_null());
  }
  batch.origin = std::move(origin);
  batch.timestamps_ms = std::move(timestamps);

  RowFailures failures;
  texts_.resize(size);
  SideColumns key(schema_->key, read_.wanted, 0), value(schema_->value, read_.wanted, schema_->key.size());
  if (key.any) {
    for (std::uint32_t i = 0; i < size; ++i) texts_[i] = records[i].key;
    key_->decode(texts_, memory, key.wanted, failures);
  }
  if (value.any) {
    for (std::uint32_t i = 0; i < size; ++i) texts_[i] = records[i].value;
    value_->decode(texts_, memory, value.wanted, failures);
  }
  batch.key = key.columns();
  batch.after = value.columns();

  // A table's rows are told apart by their keys.
  if (read_.table)
    for (std::uint32_t i = 0; i < size; ++i)
      if (records[i].key.is_null()) failures.push_back({i, "the key of a table's row is null"});

  if (failures.empty()) {
    batch.selection = Selection::all(size);
  } else {
    Bits failed(size, false);
    for (const RowFailure& failure : failures) {
      if (failed[failure.row]) continue;
      failed.set(failure.row);
      const Record& record = records[failure.row];
      out.undecodable.push_back({.stage = "decode",
                                 .cause = failure.why,
                                 .topic = read_.format.topic,
                                 .partition = partition_,
                                 .offset = record.offset.value(),
                                 .timestamp_ms = record.timestamp_ms,
                                 .key = copy(record.key),
                                 .value = copy(record.value)});
    }
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < size; ++i)
      if (!failed[i]) rows.push_back(i);
    batch.selection = Selection(std::move(rows));
  }
  if (read_.format.event_time) set_event_times(batch, out);
  if (!batch.empty()) out.batches.push_back(std::move(batch));
}

void TopicReader::set_event_times(Batch& batch, Rows& out) {
  Output problems;
  replace_event_times(batch, *read_.format.event_time, surroundings_, problems);
  out.failures.insert(out.failures.end(), std::make_move_iterator(problems.failures.begin()),
                      std::make_move_iterator(problems.failures.end()));
}

}  // namespace levada
