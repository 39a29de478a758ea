// All formats alike: what the table promises, the bytes that formats/README.md shows, and that what is written can be
// read.
#include "formats/formats.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/files.h"
#include "batch/decimal.h"
#include "formats/format_samples.h"

namespace levada {
namespace {

using samples::PaddedTexts;

samples::SchemasInMemory& schemas() {
  static samples::SchemasInMemory store;
  return store;
}

FormatSpec spec_of(std::string_view format, std::vector<Field> fields) {
  return samples::registered({.format = std::string(format), .fields = std::move(fields)}, schemas());
}

Texts encode(const FormatSpec& spec, const Columns& columns, Rows rows) {
  Texts texts;
  RowFailures failures;
  find_format(spec.format)->make_encoder(spec)->encode(columns, rows, texts, failures);
  CHECK(failures.empty());
  return texts;
}

PaddedTexts padded(const Texts& texts) {
  PaddedTexts padded;
  for (std::size_t i = 0; i < texts.size(); ++i) padded.add(texts[i]);
  return padded;
}

// Writes the rows, reads them and compares.
void check_round_trip(const FormatSpec& spec, const std::vector<ValueList>& rows) {
  const Format* format = find_format(spec.format);
  auto checked = format->check(spec);
  REQUIRE_MESSAGE(checked.has_value(), (checked ? "" : checked.error().text()));
  Columns columns = samples::columns_of(spec.fields, rows);
  std::vector<std::uint32_t> some;
  for (std::uint32_t i = 0; i < rows.size(); ++i)
    if (i % 3 != 1) some.push_back(i);
  Texts texts = encode(spec, columns, Rows(some));
  REQUIRE(texts.size() == some.size());
  auto decoder = format->make_decoder(spec);
  samples::Decoded decoded = samples::decode(*decoder, spec.fields, padded(texts));
  for (const RowFailure& failure : decoded.failures) FAIL_CHECK(failure.why, " in ", texts[failure.row]);
  for (std::size_t i = 0; i < some.size(); ++i)
    for (std::size_t f = 0; f < spec.fields.size(); ++f) {
      Value was = rows[some[i]][f];
      if (spec.format == "DELIMITED" && was == Value(std::string())) was = {};  // the format cannot tell
      CHECK_MESSAGE(samples::same(decoded.at(f, static_cast<std::uint32_t>(i)), was), texts[i], " field ", f, " ",
                    spec.fields[f].type.text(), ": ", text_of(was, spec.fields[f].type), " became ",
                    text_of(decoded.at(f, static_cast<std::uint32_t>(i)), spec.fields[f].type));
    }
}

// A row of the README's table.
struct Sample {
  Type type;
  Value value;
};
using namespace std::string_literals;
const Sample readme_samples[] = {
    {TypeKind::boolean, true},
    {TypeKind::int32, std::int64_t{-7}},
    {TypeKind::int64, std::int64_t{1'700'000'000'000}},
    {TypeKind::float64, 2800.5},
    {TypeKind::float64, 1e10},
    {TypeKind::float64, NAN},
    {TypeKind::float64, -INFINITY},
    {Type::decimal(6, 4), Int128(100'000)},
    {TypeKind::string, "say \"hi\"\n"s},
    {TypeKind::string, "café"s},
    {TypeKind::string, ""s},
    {TypeKind::bytes, "\x01\xff"s},
    {TypeKind::date, std::int64_t{-10}},
    {TypeKind::time, std::int64_t{5'000'000}},
    {TypeKind::timestamp, std::int64_t{1'700'000'000'123'000}},
    {Type::array(TypeKind::int32), ValueList{std::int64_t{1}, Value()}},
    {Type::map(TypeKind::string, TypeKind::boolean), ValueList{"a"s, true, "b"s, Value()}},
    {Type::structure({{"F", TypeKind::int32}, {"G", TypeKind::string}}), ValueList{std::int64_t{1}, Value()}},
    {TypeKind::int32, Value()},
};

std::string cell(const Sample& sample, std::string_view format) {
  FormatSpec spec = spec_of(format, {{"A", sample.type}});
  if (format != "KAFKA") spec.fields.push_back({"B", TypeKind::int32});
  if (!find_format(format)->check(spec)) return "-";
  ValueList row = {sample.value};
  if (format != "KAFKA") row.emplace_back(std::int64_t{0});
  if (format == "KAFKA" && sample.value.is_null()) return "no record";
  std::string text(encode(spec, samples::columns_of(spec.fields, {row}), Rows::all(1))[0]);
  if (format == "JSON") text = text.substr(5, text.size() - 5 - 7);  // {"A":…,"B":0}
  if (format == "DELIMITED") text = text.substr(0, text.size() - 2);
  if (format == "KAFKA" && !sample.type.textual()) return "`" + text_of(Value(text), TypeKind::bytes).substr(2) + "`";
  if (format == "KAFKA" && sample.type.kind() == TypeKind::bytes) return "as they are";
  if (format == "KAFKA") return "as it is";
  std::string shown;
  for (char c : text) shown += c == '\n' ? "⏎" : std::string(1, c);
  return shown.empty() ? "nothing" : "`" + shown + "`";
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("a format is found by its name in capitals") {
    CHECK(find_format("JSON") != nullptr);
    CHECK(find_format("json") == nullptr);
    CHECK(find_format("") == nullptr);
    for (const Format& format : formats()) CHECK(find_format(format.name) == &format);
  }

  TEST_CASE("what a format cannot hold is refused, with field and format named") {
    auto complaint = [](FormatSpec spec) {
      auto checked = find_format(spec.format)->check(spec);
      return checked ? std::string() : checked.error().text();
    };
    auto names = [&](const FormatSpec& spec, std::initializer_list<std::string_view> words) {
      std::string text = complaint(spec);
      for (std::string_view word : words) CHECK_MESSAGE(text.find(word) != std::string::npos, word, " not in ", text);
    };
    Type map = Type::map(TypeKind::string, TypeKind::int32), array = Type::array(TypeKind::int32);
    Type record = Type::structure({{"F", map}});
    names(spec_of("JSON", {{"A", Type::array(Type::map(TypeKind::int32, TypeKind::int32))}}), {"JSON", "A", "STRING"});
    for (std::string_view format : {"JSON", "DELIMITED", "KAFKA", "AVRO", "DEBEZIUM_JSON"}) {
      FormatSpec key = spec_of(format, {{"K", record}});
      key.side = Side::key;
      names(key, {"K", "MAP", "key"});
    }
    FormatSpec array_key = spec_of("JSON", {{"K", array}});
    array_key.side = Side::key;
    CHECK(complaint(array_key).empty());
    CHECK(complaint(spec_of("JSON", {{"A", map}, {"B", record}, {"C", array}})).empty());
    names(spec_of("DELIMITED", {{"A", TypeKind::int32}, {"B", array}}), {"DELIMITED", "ARRAY", "B"});
    names(spec_of("DELIMITED", {{"B", record}}), {"DELIMITED", "STRUCT", "B"});
    names(spec_of("KAFKA", {{"A", TypeKind::int32}, {"B", TypeKind::int32}}), {"KAFKA", "one column", "2"});
    names(spec_of("KAFKA", {{"A", TypeKind::boolean}}), {"KAFKA", "BOOLEAN", "A"});
    names(spec_of("KAFKA", {{"A", Type::decimal(4, 2)}}), {"KAFKA", "DECIMAL", "A"});
    CHECK(complaint(spec_of("KAFKA", {})).empty());
    names(spec_of("NONE", {{"A", TypeKind::int32}}), {"NONE", "`A` INTEGER"});
    CHECK(complaint(spec_of("NONE", {})).empty());
  }

  TEST_CASE("what is written can be read: every format, random types and values") {
    std::uint64_t seed = random_seed();
    INFO("seed ", seed);
    Random random(seed);
    for (int round = 0; round < 200; ++round) {
      std::size_t rows = random.one_in(8) ? 200 : 5, count = 1 + random.below(5);
      FormatSpec json = spec_of("JSON", samples::random_fields(random, samples::Nesting::all, count));
      if (count == 1) json.wrap_single = random.one_in(2);
      check_round_trip(json, samples::random_rows(random, json.fields, rows));

      FormatSpec flat = spec_of("JSON", samples::random_fields(random, samples::Nesting::structures, count));
      check_round_trip(flat, samples::random_rows(random, flat.fields, rows));

      FormatSpec avro = spec_of("AVRO", samples::random_fields(random, samples::Nesting::all, count));
      if (count == 1) avro.wrap_single = random.one_in(2);
      avro = samples::registered(avro, schemas());
      // A bare null has no text.
      std::vector<ValueList> avro_rows = samples::random_rows(random, avro.fields, rows);
      if (count == 1 && !avro.wrap_single)
        std::erase_if(avro_rows, [](const ValueList& row) { return row[0].is_null(); });
      check_round_trip(avro, avro_rows);

      FormatSpec plain = spec_of("AVRO", samples::random_fields(random, samples::Nesting::none, count));
      check_round_trip(plain, samples::random_rows(random, plain.fields, rows));

      FormatSpec debezium = spec_of("DEBEZIUM_JSON", samples::random_fields(random, samples::Nesting::all, count));
      check_round_trip(debezium, samples::random_rows(random, debezium.fields, rows));

      FormatSpec delimited = spec_of("DELIMITED", samples::random_fields(random, samples::Nesting::none, count));
      static const std::string delimiters[] = {",", ";", "|", "SPACE", "TAB", "-", "a", "0", "$"};
      delimited.delimiter = delimiters[random.below(std::size(delimiters))];
      check_round_trip(delimited, samples::random_rows(random, delimited.fields, rows));

      static constexpr TypeKind kinds[] = {TypeKind::int32, TypeKind::int64, TypeKind::float64, TypeKind::string,
                                           TypeKind::bytes};
      FormatSpec kafka = spec_of("KAFKA", {{"A", kinds[random.below(std::size(kinds))]}});
      std::vector<ValueList> values;
      while (values.size() < rows) values.push_back({samples::random_value(random, kafka.fields[0].type, false)});
      check_round_trip(kafka, values);
    }
  }

  TEST_CASE("columns that are not wanted are not touched, null texts are null rows") {
    for (std::string_view format : {"JSON", "DELIMITED", "AVRO"}) {
      FormatSpec spec = spec_of(format, {{"A", TypeKind::int32}, {"B", TypeKind::string}, {"C", TypeKind::int64}});
      PaddedTexts texts;
      for (int i = 0; i < 100; ++i) {
        if (i % 10 == 3)
          texts.add_null();
        else if (format == "AVRO")
          texts.add(encode(spec, samples::columns_of(spec.fields, {{std::int64_t{1}, "x"s, std::int64_t{i}}}),
                           Rows::all(1))[0]);
        else
          texts.add(format == "JSON" ? R"({"A":1,"B":"x","C":)" + std::to_string(i) + "}" : "1,x," + std::to_string(i));
      }
      auto decoder = find_format(format)->make_decoder(spec);
      samples::Decoded decoded = samples::decode(*decoder, spec.fields, texts, {false, true, true});
      CHECK(decoded.failures.empty());
      CHECK(decoded.columns[0] == nullptr);
      for (std::uint32_t row = 0; row < 100; ++row) {
        CHECK(decoded.at(1, row) == (row % 10 == 3 ? Value() : Value("x"s)));
        CHECK(decoded.at(2, row) == (row % 10 == 3 ? Value() : Value(std::int64_t{row})));
      }
    }
  }

  TEST_CASE("the memory of texts is held by the columns that point into it") {
    for (std::string_view format : {"JSON", "DELIMITED", "KAFKA", "AVRO"}) {
      FormatSpec spec = spec_of(format, {{"A", TypeKind::string}});
      auto texts = std::make_unique<PaddedTexts>();
      Columns written = samples::columns_of(spec.fields, {{"a string of some length"s}});
      texts->add(encode(spec, written, Rows::all(1))[0]);
      Column column(TypeKind::string);
      Column* columns[] = {&column};
      RowFailures failures;
      find_format(format)->make_decoder(spec)->decode(texts->all(), texts->memory(), columns, failures);
      std::weak_ptr<const void> watched = texts->memory();
      texts.reset();
      CHECK(!watched.expired());
      CHECK(column.string(0) == "a string of some length");
      column.clear();
      CHECK(watched.expired());
    }
  }

  TEST_CASE("NONE has neither columns nor bytes") {
    FormatSpec spec = spec_of("NONE", {});
    CHECK(encode(spec, {}, Rows::all(3)).size() == 3);
    CHECK(encode(spec, {}, Rows::all(3)).bytes.empty());
    auto decoder = find_format("NONE")->make_decoder(spec);
    CHECK(samples::decode(*decoder, {}, samples::padded({"not", "looked at"})).failures.empty());
  }

  TEST_CASE("the README shows the bytes that are written") {
    auto readme = read_file(real_files(), LEVADA_ROOT "/src/formats/README.md");
    REQUIRE(readme.has_value());
    for (const Sample& sample : readme_samples) {
      std::string shown;
      for (char c : text_of(sample.value, sample.type)) shown += c == '\n' ? "⏎" : std::string(1, c);
      std::string row = "| " + sample.type.text() + " | " + shown + " | " + cell(sample, "JSON") + " | " +
                        cell(sample, "DELIMITED") + " | " + cell(sample, "KAFKA") + " |\n";
      CHECK_MESSAGE(readme->find(row) != std::string::npos, "not in src/formats/README.md:\n", row);
    }
  }
}

}  // namespace levada
