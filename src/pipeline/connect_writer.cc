#include "pipeline/connect_writer.h"

#include <algorithm>

#include "pipeline/row_marks.h"

namespace levada {
namespace {

constexpr std::size_t record_batch_bytes = 64 << 10;

Text text_of(const ColumnRef& column, std::uint32_t row, const Texts& texts) {
  return !column || column->is_null(row) ? Text() : Text(texts[row]);
}

}  // namespace

Result<std::unique_ptr<ConnectWriter>> ConnectWriter::make(RecordWriting writing,
                                                           const PipelineSurroundings& surroundings,
                                                           OptionNotes& notes) {
  TransformChain chain = LV_TRY(TransformChain::make(writing.transforms, notes));
  auto key = LV_TRY(make_converter(writing.key, Side::key, surroundings.schemas));
  auto value = LV_TRY(make_converter(writing.value, Side::value, surroundings.schemas));
  return std::unique_ptr<ConnectWriter>(
      new ConnectWriter(std::move(writing), std::move(chain), std::move(key), std::move(value), surroundings));
}

ConnectWriter::ConnectWriter(RecordWriting writing, TransformChain chain, std::unique_ptr<ConnectConverter> key,
                             std::unique_ptr<ConnectConverter> value, const PipelineSurroundings& surroundings)
    : writing_(std::move(writing)),
      chain_(std::move(chain)),
      key_converter_(std::move(key)),
      value_converter_(std::move(value)),
      around_(surroundings) {}

Result<void> ConnectWriter::append(std::vector<ConnectRecords> records, Transaction& transaction,
                                   std::vector<DeadLetter>& rejected, std::uint64_t& written) {
  chain_.apply(records, rejected);
  for (const ConnectRecords& part : records) LV_TRY(write(part, transaction, rejected, written));
  return {};
}

Result<ConnectWriter::Written*> ConnectWriter::topic(const std::string& name) {
  Written& written = topics_[name];
  if (!written.partitions.empty()) return &written;
  TopicConfig config = writing_.topic_config(name);
  if (auto there = around_.log->topic(name))
    config = there->config;
  else
    LV_TRY(around_.log->create_topic(name, config));
  for (std::int32_t p = 0; p < config.partitions; ++p)
    written.partitions.push_back({{name, p}, RecordBatchBuilder(config.compression)});
  return &written;
}

Result<void> ConnectWriter::encode(const ConnectRecords& records, RowFailures& failures) {
  keys_.clear();
  values_.clear();
  const Selection all = Selection::all(records.size);
  if (records.key)
    LV_TRY(key_converter_->encode(records.topic, records.key_type, *records.key, all.rows(), keys_, failures));
  if (records.value)
    LV_TRY(value_converter_->encode(records.topic, records.value_type, *records.value, all.rows(), values_, failures));
  return {};
}

Result<void> ConnectWriter::write(const ConnectRecords& records, Transaction& transaction,
                                  std::vector<DeadLetter>& rejected, std::uint64_t& written) {
  Written& to = *LV_TRY(topic(records.topic));
  RowFailures failures;
  LV_TRY(encode(records, failures));
  Bits failed(records.size, false);
  for (const RowFailure& failure : failures) {
    if (failed[failure.row]) continue;
    failed.set(failure.row);
    rejected.push_back({.stage = "encode",
                        .cause = failure.why,
                        .topic = records.topic,
                        .timestamp_ms = records.timestamps_ms[failure.row]});
  }
  for (std::uint32_t row = 0; row < records.size; ++row) {
    if (failed[row]) continue;
    Text key = text_of(records.key, row, keys_), value = text_of(records.value, row, values_);
    const std::string_view headers =
        records.headers.empty() ? std::string_view() : std::string_view(records.headers[row]);
    if (is_truncation({.key = key, .value = value, .headers = headers})) {  // in every partition, as readers expect it
      for (Partition& each : to.partitions) each.records.add(records.timestamps_ms[row], key, value, headers);
      ++written;
      continue;
    }
    std::size_t p = 0;
    if (to.partitions.size() > 1)
      p = key.is_null()
              ? to.turn++ % to.partitions.size()
              : static_cast<std::size_t>(partition_of(key.view(), static_cast<std::int32_t>(to.partitions.size())));
    Partition& partition = to.partitions[p];
    partition.records.add(records.timestamps_ms[row], key, value, headers);
    ++written;
    if (partition.records.bytes() < record_batch_bytes) continue;
    transaction.append(partition.to, partition.records.finish());
    partition.records.clear();
  }
  return {};
}

void ConnectWriter::flush(Transaction& transaction) {
  for (auto& [name, written] : topics_)
    for (Partition& partition : written.partitions) {
      if (partition.records.empty()) continue;
      transaction.append(partition.to, partition.records.finish());
      partition.records.clear();
    }
}

void ConnectWriter::discard() {
  for (auto& [name, written] : topics_)
    for (Partition& partition : written.partitions) partition.records.clear();
}

}  // namespace levada
