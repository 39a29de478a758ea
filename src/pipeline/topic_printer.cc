#include "pipeline/topic_printer.h"

#include <simdjson.h>

#include <map>

#include "base/json.h"
#include "base/near_name.h"
#include "formats/avro_schema.h"
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
  SideText(const FormatSpec* spec, SchemaStore& schemas) : schemas_(schemas) {
    if (!spec || spec->format == "JSON" || spec->format == "DEBEZIUM_JSON" || spec->format == "DELIMITED" ||
        spec->format == "NONE")
      return;  // these are text already
    declared_ = {spec->fields, find_format(spec->format)->make_decoder(*spec), spec->fields.size() == 1};
  }

  Shown show(const Text& bytes) {
    if (bytes.is_null()) return {};
    const Layout* layout = named(bytes.view());
    if (!layout && declared_.decoder) layout = &declared_;
    if (layout) {
      std::vector<std::shared_ptr<Column>> columns;
      std::vector<Column*> wanted;
      for (const Field& field : layout->fields) {
        columns.push_back(std::make_shared<Column>(field.type));
        wanted.push_back(columns.back().get());
      }
      std::string padded(bytes.view());
      padded.resize(padded.size() + Buffer::padding);
      Text text(std::string_view(padded).substr(0, static_cast<std::size_t>(bytes.size)));
      RowFailures failures;
      layout->decoder->decode(std::span(&text, 1), nullptr, wanted, failures);
      if (failures.empty()) {
        const std::vector<Field>& fields = layout->fields;
        if (layout->bare) return {text_of(columns[0]->value(0), fields[0].type), fields[0].type.numeric()};
        Json object{Json::Object()};
        for (std::size_t i = 0; i < columns.size(); ++i)
          object.set(fields[i].name, json_of(columns[i]->value(0), fields[i].type));
        return {object.text(), true};
      }
    }
    return guess(bytes.view());
  }

 private:
  struct Layout {
    std::vector<Field> fields;
    std::unique_ptr<Decoder> decoder;
    bool bare = false;
  };

  // By the schema that the bytes name; nullptr: they name none that is known.
  const Layout* named(std::string_view bytes) {
    std::int32_t id = framed_schema_id(bytes);
    if (id == 0) return nullptr;
    auto [place, is_new] = named_.try_emplace(id);
    Layout& layout = place->second;
    if (is_new) {
      const Format& avro = *find_format("AVRO");
      auto text = schemas_.schema(id);
      auto schema = text ? avro.read_schemas("", *text) : Result<Schema>(std::move(text).error());
      if (schema) {
        layout.fields = schema->value;
        auto parsed = AvroSchema::parse(*text);
        layout.bare = layout.fields.size() == 1 && parsed && parsed->record() == nullptr;
        layout.decoder = avro.make_decoder(
            {.format = "AVRO", .fields = layout.fields, .wrap_single = !layout.bare, .schemas = &schemas_});
      }
    }
    return layout.decoder ? &layout : nullptr;
  }

  static Shown guess(std::string_view bytes) {
    if (simdjson::validate_utf8(bytes.data(), bytes.size())) {
      bool printable = bytes.find('\0') == std::string_view::npos;
      if (printable) return {std::string(bytes), Json::parse(bytes).has_value()};
    }
    return {text_of(Value(std::string(bytes)), TypeKind::bytes), false};
  }

  SchemaStore& schemas_;
  Layout declared_;  // as a stream or table has it; without a decoder: there is none, or the bytes are text
  std::map<std::int32_t, Layout> named_;  // by the number of the schema
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
  SideText key(relations.empty() ? nullptr : &relations.front()->format.key, schemas_);
  SideText value(relations.empty() ? nullptr : &relations.front()->format.value, schemas_);

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
