// For tests of transforms: records from the texts of JsonConverter, and back.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "connectors/transforms/chain.h"
#include "connectors/transforms/records.h"
#include "formats/connect_json.h"
#include "formats/format_samples.h"

namespace levada {

// A record as texts; "" is none.
struct TextRecord {
  std::string topic;
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool operator==(const TextRecord&) const = default;
};

class RecordsFixture {
 public:
  // Records that follow one another with the same topic and types are put together.
  std::vector<ConnectRecords> read(const std::vector<TextRecord>& texts) {
    std::vector<ConnectRecords> all;
    for (const TextRecord& text : texts) {
      auto [key_type, key] = part(text.key);
      auto [value_type, value] = part(text.value);
      if (all.empty() || all.back().topic != text.topic || (key_type && key_type != all.back().key_type) ||
          (value_type && value_type != all.back().value_type) || (!key_type && all.back().key_type)) {
        all.push_back({.topic = text.topic, .key_type = key_type, .value_type = value_type});
        keys_.push_back(key_type ? std::make_shared<Column>(physical_type(*key_type)) : nullptr);
        values_.push_back(value_type ? std::make_shared<Column>(physical_type(*value_type)) : nullptr);
        all.back().key = keys_.back();
        all.back().value = values_.back();
      }
      ConnectRecords& records = all.back();
      if (keys_.back()) append(*keys_.back(), *records.key_type, key);
      if (values_.back()) append(*values_.back(), *records.value_type, value);
      std::vector<Header> headers;
      for (const auto& [name, said] : text.headers) headers.push_back({name, Text(said)});
      records.headers.emplace_back();
      add_headers(records.headers.back(), headers);
      records.timestamps_ms.push_back(records.size++);
    }
    return all;
  }

  static std::vector<TextRecord> write(const std::vector<ConnectRecords>& all, const ConverterSpec& spec = {}) {
    std::vector<TextRecord> texts;
    auto converter = make_connect_json(spec);
    for (const ConnectRecords& records : all) {
      REQUIRE(records.timestamps_ms.size() == records.size);
      auto side = [&](const ConnectTypeRef& type, const ColumnRef& column) {
        Texts out;
        RowFailures failures;
        if (!type || !column) return std::vector<std::string>(records.size);
        REQUIRE(column->type() == physical_type(*type));
        REQUIRE(column->size() == records.size);
        REQUIRE(converter->encode(records.topic, type, *column, Rows::all(records.size), out, failures));
        REQUIRE(failures.empty());
        std::vector<std::string> result;
        for (std::size_t i = 0; i < out.size(); ++i) result.emplace_back(out[i]);
        return result;
      };
      auto keys = side(records.key_type, records.key), values = side(records.value_type, records.value);
      for (std::uint32_t row = 0; row < records.size; ++row) {
        TextRecord text{.topic = records.topic, .key = keys[row], .value = values[row]};
        if (!records.headers.empty() && !records.headers[row].empty()) {
          const std::vector<Header> headers = parse_headers(records.headers[row]).value();
          for (const Header& header : headers)
            text.headers.emplace_back(header.name, header.value.is_null() ? "null" : std::string(header.value.view()));
        }
        texts.push_back(std::move(text));
      }
    }
    return texts;
  }

 private:
  std::pair<ConnectTypeRef, Json> part(const std::string& text) {
    if (text.empty()) return {};
    samples::PaddedTexts padded = samples::padded({text});
    auto parts = reader_.split(padded[0]);
    REQUIRE(parts);
    REQUIRE(parts->type);
    std::string schema = text.substr(0, text.size() - parts->payload.size() - 1);
    auto [known, fresh] = types_.try_emplace(schema, parts->type);  // the same type, the same address
    return {known->second, Json::parse(parts->payload).value()};
  }
  static void append(Column& column, const ConnectType& type, const Json& payload) {
    auto appended = append_connect_value(column, type, payload);
    REQUIRE_MESSAGE(appended, appended.error().what());
  }

  ConnectJsonReader reader_;
  std::map<std::string, ConnectTypeRef> types_;
  std::vector<std::shared_ptr<Column>> keys_, values_;
};

// What the chain makes of the texts; a dead letter is a record of topic "dead" with its cause.
inline std::vector<TextRecord> transformed(const Properties& properties, const std::vector<TextRecord>& texts,
                                           const ConverterSpec& spec = {.schemas = false}) {
  OptionNotes notes;
  auto chain = TransformChain::make(properties, notes);
  REQUIRE_MESSAGE(chain, chain.error().text());
  RecordsFixture fixture;
  std::vector<ConnectRecords> records = fixture.read(texts);
  std::vector<DeadLetter> rejected;
  chain->apply(records, rejected);
  std::vector<TextRecord> result = RecordsFixture::write(records, spec);
  for (const DeadLetter& letter : rejected)
    result.push_back({"dead", letter.key.value_or(""), letter.cause + " " + letter.value.value_or("")});
  return result;
}

// One line a record: "topic key value name=header", for comparing.
inline std::string lines_of(const std::vector<TextRecord>& records) {
  std::string text;
  for (const TextRecord& record : records) {
    text += record.topic + " " + (record.key.empty() ? "-" : record.key) + " " +
            (record.value.empty() ? "-" : record.value);
    for (const auto& [name, value] : record.headers) text += " " + name + "=" + value;
    text += "\n";
  }
  return text;
}

}  // namespace levada
