#include "pipeline/topic_writer.h"

#include <algorithm>

#include "batch/kernels.h"
#include "formats/formats.h"
#include "pipeline/event_time.h"
#include "pipeline/row_marks.h"

namespace levada {

// Large enough that its 61 bytes of header cost nothing, small enough for a reader who wants few records.
static constexpr std::size_t record_batch_bytes = 64 << 10;

TopicWriter::TopicWriter(RecordFormat format, SchemaRef schema, std::vector<CheckRule> checks, Compression compression,
                         const Surroundings& surroundings)
    : format_(std::move(format)),
      schema_(std::move(schema)),
      checks_(std::move(checks)),
      surroundings_(surroundings),
      bare_value_(schema_->value.size() == 1 && (format_.value.format == "KAFKA" || !format_.value.wrap_single)) {
  for (std::int32_t p = 0; p < format_.partitions; ++p)
    partitions_.push_back({{format_.topic, p}, RecordBatchBuilder(compression)});
}
TopicWriter::~TopicWriter() = default;

Result<void> TopicWriter::make_encoders() {
  key_encoder_ = LV_TRY(make_encoder(format_.key));
  value_encoder_ = LV_TRY(make_encoder(format_.value));
  return {};
}

// Equal keys must have equal bytes: where a source has written a table's rows into the topic, keys are written as it
// writes them.
Result<void> TopicWriter::write_keys_as_captured(FormatSpec& spec, const std::string& subject) const {
  const Format& format = *find_format(spec.format);
  auto key = LV_TRY(spec.schemas->latest(subject)), value = LV_TRY(spec.schemas->latest(format_.topic + "-value"));
  if (!key || !value) return {};
  auto captured = format.read_schemas(key->text, value->text);
  if (!captured || !captured->origin || !std::ranges::equal(captured->key, spec.fields, {}, &Field::type, &Field::type))
    return {};
  FormatSpec as = spec;
  as.fields = captured->key;
  as.whole = std::make_shared<const Schema>(*std::move(captured));
  if (format.schema_text(as) == key->text) spec = std::move(as);
  return {};
}

Result<std::unique_ptr<Encoder>> TopicWriter::make_encoder(FormatSpec& spec) {
  const Format& format = *find_format(spec.format);
  // Whoever takes a captured table over from its topic knows it by the value's schema, also where all is in the key.
  bool captured = spec.side == Side::value && spec.whole && spec.whole->origin;
  if (!format.schema_text || spec.schema_id != 0 || (spec.fields.empty() && !captured))
    return format.make_encoder(spec);
  LV_ASSERT(spec.schemas != nullptr);
  const std::string subject = format_.topic + (spec.side == Side::key ? "-key" : "-value");
  if (spec.side == Side::key) LV_TRY(write_keys_as_captured(spec, subject));
  spec.schema_id = LV_TRY(spec.schemas->put(subject, format.schema_text(spec)));
  return format.make_encoder(spec);
}

Batch TopicWriter::admit(const Batch& batch, Problems& problems, const Batch* declared) {
  Batch admitted = batch;
  for (const CheckRule& check : checks_) {
    std::vector<std::uint32_t> present, kept, broken;
    admitted.rows().for_each([&](std::uint32_t row) {
      if (!admitted.is_deletion(row)) present.push_back(row);
    });
    RowFailures failures;
    ColumnRef passes =
        evaluate(*check.condition, declared ? *declared : admitted, Rows(present), surroundings_, failures);
    // Standard SQL: only false breaks a rule, unknown does not. A rule that cannot be computed is not kept.
    Bits failed(admitted.size, false);
    for (const RowFailure& failure : failures) failed.set(failure.row);
    for (std::uint32_t row : present)
      if (failed[row] || (!passes->is_null(row) && passes->values<std::uint8_t>()[row] == 0)) {
        broken.push_back(row);
        failed.set(row);
      }
    if (broken.empty()) continue;
    refuse(admitted, Rows(broken), "check", "breaks constraint " + check.name + ": " + check.condition->text, problems);
    admitted.rows().for_each([&](std::uint32_t row) {
      if (!failed[row]) kept.push_back(row);
    });
    admitted.selection = Selection(std::move(kept));
  }
  if (format_.event_time) {
    Output out;
    replace_event_times(admitted, *format_.event_time, surroundings_, out);
    problems.failures.insert(problems.failures.end(), std::make_move_iterator(out.failures.begin()),
                             std::make_move_iterator(out.failures.end()));
  }
  return admitted;
}

void TopicWriter::encode(const Batch& batch, Rows rows, RowFailures& failures) {
  keys_.clear();
  values_.clear();
  null_keys_.assign(rows.size(), batch.key.empty());
  key_encoder_->encode(batch.key, rows, keys_, failures);
  // A key is null where all its columns are.
  bool never = batch.key.size() > 1 && !format_.null_keys;
  for (std::size_t k = 0; k < batch.key.size() && !never; ++k) {
    if (!batch.key[k]->has_nulls()) {
      null_keys_.assign(rows.size(), false);
      break;
    }
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      bool is_null = batch.key[k]->is_null(rows[i]);
      null_keys_.put(i, k == 0 ? is_null : null_keys_[i] && is_null);
    }
  }
  // A deletion has no value, so nothing can be wrong with it.
  RowFailures of_values;
  value_encoder_->encode(batch.after, rows, values_, of_values);
  for (RowFailure& failure : of_values)
    if (!batch.is_deletion(failure.row)) failures.push_back(std::move(failure));
}

void TopicWriter::append(const Batch& batch, std::optional<std::int32_t> partition, Transaction& transaction,
                         Problems& problems) {
  Rows rows = batch.rows();
  RowFailures failures;
  encode(batch, rows, failures);
  Bits failed;
  if (!failures.empty()) {
    failed.assign(batch.size, false);
    for (const RowFailure& failure : failures) failed.set(failure.row);
  }
  if (partition || format_.partitions == 1) {
    Partition& to = partitions_[static_cast<std::size_t>(partition.value_or(0))];
    for (std::uint32_t i = 0; i < rows.size(); ++i)
      if (failed.empty() || !failed[rows[i]]) add(to, batch, rows[i], i, transaction);
  } else {
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      if (!failed.empty() && failed[rows[i]]) continue;
      std::int32_t p = null_keys_[i] ? turn_ : partition_of(keys_[i], format_.partitions);
      add(partitions_[static_cast<std::size_t>(p)], batch, rows[i], i, transaction);
    }
    turn_ = (turn_ + 1) % format_.partitions;
  }
  records_ += rows.size() - failed.count();
  for (const RowFailure& failure : failures) {
    if (!failed[failure.row]) continue;
    failed.reset(failure.row);  // key and value may both have failed
    refuse(batch, Rows(std::span(&failure.row, 1)), "encode", failure.why, problems);
  }
}

void TopicWriter::add(Partition& partition, const Batch& batch, std::uint32_t row, std::uint32_t i,
                      Transaction& transaction) {
  Text key = null_keys_[i] ? Text() : Text(keys_[i]);
  bool is_null = batch.is_deletion(row) || (bare_value_ && batch.after[0]->is_null(row));
  Text value = is_null ? Text() : Text(values_[i]);
  std::string_view headers;
  if (batch.origin && !batch.origin->headers.empty()) headers = batch.origin->headers[row];
  std::string marked;
  if (!batch.absent.empty() || headers.size() > 1) headers = marked = headers_with_marks(batch, row, headers);
  partition.records.add(batch.timestamp_ms(row), key, value, headers);
  if (partition.records.bytes() < record_batch_bytes) return;
  transaction.append(partition.to, partition.records.finish());
  partition.records.clear();
}

void TopicWriter::truncate(const Batch& batch, std::optional<std::int32_t> partition) {
  LV_ASSERT(batch.truncates);
  const std::string headers = truncation_headers();
  for (std::int32_t p = 0; p < format_.partitions; ++p)
    if (!partition || p == *partition)
      partitions_[static_cast<std::size_t>(p)].records.add(batch.timestamps_ms->front(), Text(), Text(), headers);
}

void TopicWriter::flush(Transaction& transaction) {
  for (Partition& partition : partitions_) {
    if (partition.records.empty()) continue;
    transaction.append(partition.to, partition.records.finish());
    partition.records.clear();
  }
}

void TopicWriter::discard() {
  for (Partition& partition : partitions_) partition.records.clear();
}

void TopicWriter::refuse(const Batch& batch, Rows rows, const std::string& stage, const std::string& cause,
                         Problems& problems) {
  RowFailures ignored;
  encode(batch, rows, ignored);
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    DeadLetter letter{
        .stage = stage, .cause = cause, .topic = format_.topic, .timestamp_ms = batch.timestamp_ms(rows[i])};
    if (!null_keys_[i]) letter.key = std::string(keys_[i]);
    letter.value = std::string(values_[i]);
    std::string_view headers;
    if (batch.origin && !batch.origin->headers.empty()) headers = batch.origin->headers[rows[i]];
    if (!batch.absent.empty() || headers.size() > 1) letter.headers = headers_with_marks(batch, rows[i], headers);
    if (batch.origin && !batch.origin->offsets.empty()) letter.origin = batch.origin->text(rows[i]);
    problems.refused.push_back(std::move(letter));
  }
}

}  // namespace levada
