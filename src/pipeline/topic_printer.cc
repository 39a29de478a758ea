#include "pipeline/topic_printer.h"

#include <simdjson.h>

#include "base/json.h"
#include "base/near_name.h"
#include "formats/formats.h"
#include "log/record_batch.h"

namespace levada {
namespace {

constexpr std::size_t read_bytes = 256 << 10;

// A side of a record as text.
struct Shown {
  std::optional<std::string> text;
  bool json = false;
};

// Decodes one text at a time: for people's eyes, not for speed.
class SideText {
 public:
  explicit SideText(const FormatSpec* spec) {
    if (!spec || spec->format == "JSON" || spec->format == "DELIMITED" || spec->format == "NONE")
      return;  // these are text already
    fields_ = spec->fields;
    decoder_ = find_format(spec->format)->make_decoder(*spec);
  }

  Shown show(const Text& bytes) const {
    if (bytes.is_null()) return {};
    if (decoder_) {
      std::vector<std::shared_ptr<Column>> columns;
      std::vector<Column*> wanted;
      for (const Field& field : fields_) {
        columns.push_back(std::make_shared<Column>(field.type));
        wanted.push_back(columns.back().get());
      }
      std::string padded(bytes.view());
      padded.resize(padded.size() + Buffer::padding);
      Text text(std::string_view(padded).substr(0, static_cast<std::size_t>(bytes.size)));
      RowFailures failures;
      decoder_->decode(std::span(&text, 1), nullptr, wanted, failures);
      if (failures.empty()) {
        if (columns.size() == 1) return {text_of(columns[0]->value(0), fields_[0].type), fields_[0].type.numeric()};
        Json object;
        for (std::size_t i = 0; i < columns.size(); ++i)
          object.set(fields_[i].name, json_of(columns[i]->value(0), fields_[i].type));
        return {object.text(), true};
      }
    }
    return guess(bytes.view());
  }

 private:
  static Shown guess(std::string_view bytes) {
    if (simdjson::validate_utf8(bytes.data(), bytes.size())) {
      bool printable = bytes.find('\0') == std::string_view::npos;
      if (printable) return {std::string(bytes), Json::parse(bytes).has_value()};
    }
    return {text_of(Value(std::string(bytes)), TypeKind::bytes), false};
  }

  std::vector<Field> fields_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace

Result<void> TopicPrinter::print(const std::string& name, PrintRange range, std::stop_token stop,
                                 const std::function<bool(const PrintedRecord&)>& take) {
  auto topic = log_.topic(name);
  if (!topic) {
    std::vector<std::string> names;
    for (const Topic& t : log_.topics()) names.push_back(t.name);
    return Error(ErrorKind::not_found, "there is no topic " + name).remedy(did_you_mean(name, names));
  }
  auto relations = catalog_.over_topic(name);
  SideText key(relations.empty() ? nullptr : &relations.front()->format.key);
  SideText value(relations.empty() ? nullptr : &relations.front()->format.value);

  std::vector<TopicPartition> partitions;
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<Offset> ends;
  for (std::int32_t p = 0; p < topic->config.partitions; ++p) {
    partitions.push_back({name, p});
    OffsetRange there = LV_TRY(log_.offsets(partitions.back()));
    readers.push_back(LV_TRY(log_.open_reader(partitions.back(), range.from_beginning ? there.first : there.end)));
    ends.push_back(range.follow ? Offset(INT64_MAX) : there.end);
  }
  Wakeup wakeup;
  if (range.follow) log_.watch(wakeup, partitions);
  Records records;
  auto pass = [&]() -> Result<bool> {  // false: enough
    for (std::size_t p = 0; p < readers.size(); ++p) {
      while (readers[p]->position() < ends[p]) {
        Offset from = readers[p]->position();
        Chunk chunk = LV_TRY(readers[p]->read(read_bytes, ends[p]));
        if (chunk.record_batches.empty()) break;
        records.clear();
        LV_TRY(records.append(chunk.record_batches));
        for (const Record& record : records.all()) {
          if (record.offset < from || record.offset >= ends[p]) continue;
          Shown k = key.show(record.key), v = value.show(record.value);
          PrintedRecord printed{.partition = static_cast<std::int32_t>(p),
                                .offset = record.offset.value(),
                                .timestamp_ms = record.timestamp_ms,
                                .time = timestamp_text(record.timestamp_ms * 1000),
                                .key = std::move(k.text),
                                .value = std::move(v.text),
                                .json_key = k.json,
                                .json_value = v.json};
          if (stop.stop_requested() || !take(printed)) return false;
        }
      }
    }
    return true;
  };
  Result<bool> more = pass();
  while (range.follow && more && *more && !stop.stop_requested()) {
    wakeup.wait_for(std::chrono::milliseconds(100));
    more = pass();
  }
  if (range.follow) log_.unwatch(wakeup);
  if (!more) return std::move(more).error();
  return {};
}

}  // namespace levada
