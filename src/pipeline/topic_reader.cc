#include "pipeline/topic_reader.h"

#include <utility>

#include "formats/formats.h"
#include "pipeline/event_time.h"
#include "pipeline/row_marks.h"

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

void add_deletions(const Bits* deleted, Batch& batch) {
  if (!deleted) return;
  if (batch.deleted.empty()) batch.deleted.assign(batch.size, false);
  for (std::uint32_t row = 0; row < batch.size; ++row)
    if ((*deleted)[row]) batch.deleted.set(row);
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
      reader_(std::move(reader)) {
  if (schema_) layouts_[{0, 0}] = make_layout(schema_, read_.wanted, read_.format.key, read_.format.value);
}

TopicReader::Layout TopicReader::make_layout(SchemaRef schema, std::vector<bool> wanted, FormatSpec key,
                                             FormatSpec value) const {
  return {std::move(schema), std::move(wanted), find_format(key.format)->make_decoder(key),
          find_format(value.format)->make_decoder(value)};
}

// ---- records that say themselves what they are ----

TopicReader::SchemaIds TopicReader::ids_of(const Record& record) const {
  if (schema_) return {0, 0};
  SchemaIds ids{framed_schema_id(record.key.view()), framed_schema_id(record.value.view())};
  if (record.value.is_null() && ids.first == last_ids_.first) ids.second = last_ids_.second;
  return ids;
}

Result<TopicReader::Layout*> TopicReader::layout_of(SchemaIds ids) {
  if (auto known = layouts_.find(ids); known != layouts_.end()) return &known->second;
  FormatSpec key = read_.format.key, value = read_.format.value;
  const Format& format = *find_format(value.format);
  auto text = [&](std::int32_t id, const std::string& subject) -> Result<std::string> {
    if (id != 0) return value.schemas->schema(id);
    auto latest = LV_TRY(value.schemas->latest(subject));  // a tombstone before any value
    return latest ? latest->text : std::string();
  };
  std::string key_text = ids.first == 0 ? std::string() : LV_TRY(text(ids.first, {}));
  std::string value_text = LV_TRY(text(ids.second, read_.format.topic + "-value"));
  auto schema = std::make_shared<const Schema>(LV_TRY(format.read_schemas(key_text, value_text)));
  key.fields = schema->key;
  value.fields = schema->value;
  if (schema->key.empty()) key.format = "NONE";
  auto layout = make_layout(schema, std::vector<bool>(schema->size(), true), std::move(key), std::move(value));
  return &(layouts_[ids] = std::move(layout));
}

std::size_t TopicReader::stretch(std::span<const Record> records, SchemaIds& ids) const {
  ids = ids_of(records.front());
  std::size_t most = std::min<std::size_t>(batch_rows, records.size()), count = 1;
  for (; count < most && !is_truncation(records[count]); ++count) {
    if (schema_) continue;
    SchemaIds next{framed_schema_id(records[count].key.view()), framed_schema_id(records[count].value.view())};
    if (records[count].value.is_null() && next.first == ids.first) continue;
    if (next != ids) break;
  }
  return count;
}

Result<void> TopicReader::decode_all(std::span<const Record> records, const std::shared_ptr<const void>& memory,
                                     Rows& out) {
  while (!records.empty()) {
    if (is_truncation(records.front())) {
      if (read_.table || !schema_) truncate(records.front(), out);  // of a stream's rows none goes away
      records = records.subspan(1);
      continue;
    }
    SchemaIds ids;
    std::size_t count = stretch(records, ids);
    auto layout = layout_of(ids);
    if (layout) {
      last_ids_ = ids;
      decode(records.first(count), **layout, memory, out);
    } else if (layout.error().kind() == ErrorKind::data || layout.error().kind() == ErrorKind::not_found) {
      for (const Record& record : records.first(count))
        out.undecodable.push_back(undecodable(record, layout.error().line()));
    } else {
      return std::move(layout).error();
    }
    records = records.subspan(count);
  }
  return {};
}

void TopicReader::truncate(const Record& record, Rows& out) const {
  Batch batch;
  batch.schema = schema_;
  batch.truncates = true;
  auto origin = std::make_shared<Origin>();
  origin->topic = read_.format.topic;
  origin->partition = partition_;
  origin->offsets = {record.offset.value()};
  batch.origin = std::move(origin);
  batch.timestamps_ms = std::make_shared<const std::vector<std::int64_t>>(1, record.timestamp_ms);
  out.batches.push_back(std::move(batch));
}

// ---- reading ----

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
  LV_TRY(decode_all(records, memory, out));
  position_ = std::min(reader_->position(), limit);
  return true;
}

void TopicReader::decode(std::span<const Record> records, Layout& layout, const std::shared_ptr<const void>& memory,
                         Rows& out) {
  const Schema& schema = *layout.schema;
  auto size = static_cast<std::uint32_t>(records.size());
  Batch batch;
  batch.schema = layout.schema;
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
  SideColumns key(schema.key, layout.wanted, 0), value(schema.value, layout.wanted, schema.key.size());
  if (key.any) {
    for (std::uint32_t i = 0; i < size; ++i) texts_[i] = records[i].key;
    layout.key->decode(texts_, memory, key.wanted, failures);
  }
  const Bits *truncated = nullptr, *passed_over = nullptr;
  if (value.any || layout.value->tells_rows()) {
    for (std::uint32_t i = 0; i < size; ++i) texts_[i] = records[i].value;
    layout.value->decode(texts_, memory, value.wanted, failures);
    add_deletions(layout.value->deletions(), batch);
    if (const auto* absent = layout.value->absent()) batch.absent = *absent;
    truncated = layout.value->truncations();
    passed_over = layout.value->passed_over();
  }
  auto is_row = [&](std::uint32_t i) { return !(truncated && (*truncated)[i]) && !(passed_over && (*passed_over)[i]); };
  batch.key = key.columns();
  batch.after = value.columns();
  if (any_headers) read_marks(records, batch);

  // A table's rows are told apart by their keys.
  if (read_.table)
    for (std::uint32_t i = 0; i < size; ++i)
      if (records[i].key.is_null() && is_row(i)) failures.push_back({i, "the key of a table's row is null"});
  if (truncated && read_.table && read_.format.partitions > 1)  // who knows what was before it in the others
    for (std::uint32_t i = 0; i < size; ++i)
      if ((*truncated)[i])
        failures.push_back({i, "a table of several partitions was emptied by a record in one of them"});

  auto give = [&](Batch&& some) {
    if (read_.format.event_time) set_event_times(some, out);
    if (!some.empty()) out.batches.push_back(std::move(some));
  };
  if (failures.empty() && !truncated && !passed_over) {
    batch.selection = Selection::all(size);
    return give(std::move(batch));
  }
  Bits failed(size, false);
  for (const RowFailure& failure : failures) {
    if (failed[failure.row]) continue;
    failed.set(failure.row);
    out.undecodable.push_back(undecodable(records[failure.row], failure.why));
  }
  std::vector<std::uint32_t> rows;
  auto give_rows = [&] {
    Batch some = batch;
    some.selection = Selection(std::exchange(rows, {}));
    give(std::move(some));
  };
  for (std::uint32_t i = 0; i < size; ++i) {
    if (failed[i]) continue;
    if (is_row(i)) {
      rows.push_back(i);
    } else if (truncated && (*truncated)[i] && read_.table) {  // of a stream's rows none goes away
      give_rows();
      truncate(records[i], out);
    }
  }
  give_rows();
}

DeadLetter TopicReader::undecodable(const Record& record, std::string cause) const {
  return {.stage = "decode",
          .cause = std::move(cause),
          .topic = read_.format.topic,
          .partition = partition_,
          .offset = record.offset.value(),
          .timestamp_ms = record.timestamp_ms,
          .key = copy(record.key),
          .value = copy(record.value),
          .headers = std::string(record.headers.size() > 1 ? record.headers : std::string_view())};
}

void TopicReader::set_event_times(Batch& batch, Rows& out) {
  Output problems;
  replace_event_times(batch, *read_.format.event_time, surroundings_, problems);
  out.failures.insert(out.failures.end(), std::make_move_iterator(problems.failures.begin()),
                      std::make_move_iterator(problems.failures.end()));
}

}  // namespace levada
