#include "connectors/postgres/column_mask.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "connectors/postgres/captured_samples.h"
#include "connectors/postgres/envelope_collector.h"
#include "connectors/postgres/refused_change.h"
#include "connectors/postgres/row_collector.h"
#include "formats/connect_json.h"

namespace levada {
namespace {

ColumnMasks masks_of(const Properties& masks, const Properties& cuts = {}) {
  auto compiled = ColumnMasks::compile(masks, cuts);
  REQUIRE_MESSAGE(compiled, compiled.error().text());
  return *std::move(compiled);
}

std::shared_ptr<const ColumnMask> mask_of(const std::string& property) {
  bool cut = property.starts_with("to.");
  Properties one = {{property, "a\\.b\\.c"}};
  auto mask = masks_of(cut ? Properties() : one, cut ? one : Properties()).of("a", "b", "c");
  REQUIRE(mask);
  return mask;
}

// What becomes of the text: "~" is null.
std::string masked(const std::string& property, std::string_view text, std::string_view type = "text") {
  SampleTexts texts;
  Arena arena;
  FieldText out =
      mask_of(property)->apply(text == "~" ? SampleTexts::null() : texts.text(text), captured_type(type), arena);
  return out.kind == FieldText::Kind::null ? "~" : std::string(out.view());
}

// id text (the key), name text, mood, ssn varchar(8), n integer
CapturedTable people(const ColumnMasks& masks) {
  CapturedTable table =
      captured_table("people", {captured_column("id", "text"), captured_column("name", "text"),
                                captured_column("mood", "enum(sad,ok)"), captured_column("ssn", "character varying(8)"),
                                captured_column("n", "integer")});
  for (CapturedColumn& column : table.columns) column.mask = masks.of("inventory", "people", column.name);
  return table;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("column masks: stars are as many as asked for, whatever the text is") {
    CHECK(masked("with.5.chars", "Anna") == "*****");
    CHECK(masked("with.5.chars", "~") == "*****");
    CHECK(masked("with.0.chars", "Anna") == "");
  }

  TEST_CASE("column masks: hashes are Debezium's, of Java's object or of the text") {
    // Debezium's own record (tests/live/debezium_test.cc, variant options, table evolve).
    CHECK(masked("hash.SHA-256.with.salt.s", "before") ==
          "c06edb47e68973d5a171a29b13c002277ca009a6b310f8c40d2ead0a94ea671d");
    CHECK(masked("hash.v2.SHA-256.with.salt.salt", "Grüße") ==
          "9e46cf089f3b0e75d21a712ac780a0a4e65b609ddcd759699f50b4b959f7ed11");
    // NUL, and what Java has as two surrogates.
    CHECK(masked("hash.MD5.with.salt.s", std::string_view("a\0\xf0\x9f\x98\x80", 6)) ==
          "e895a94f5e14e33a7f1765a1ca9d7ead");
    CHECK(masked("hash.SHA-1.with.salt.s", std::string(70'000, 'x')) == "7ef8eff3c8017462f546e9f0cb9f9a065a9c162b");
    CHECK(masked("hash.v2.SHA-256.with.salt.salt", "Grüße", "character varying(10)") == "9e46cf089f");
    CHECK(masked("hash.v2.SHA-256.with.salt.a.b", "x").size() == 64);
    CHECK(masked("hash.SHA-256.with.salt.s", "~") == "~");
  }

  TEST_CASE("column masks: a text is cut at whole characters, which count as in Java") {
    CHECK(masked("to.3.chars", "Grüße") == "Grü");
    CHECK(masked("to.9.chars", "Grüße") == "Grüße");
    CHECK(masked("to.2.chars", "a\U0001F600b") == "a");
    CHECK(masked("to.3.chars", "a\U0001F600b") == "a\U0001F600");
    CHECK(masked("to.3.chars", "~") == "~");
    CHECK(masked("to.3.chars", "\\x0102030405", "bytea") == "\\x010203");
    CHECK(masked("to.3.chars", "\\x01", "bytea") == "\\x01");
  }

  TEST_CASE("column masks: patterns match whole names, and what hides most counts") {
    ColumnMasks masks =
        masks_of({{"hash.MD5.with.salt.s", "s\\.t\\.(a|b)"}, {"with.3.chars", "S.T.A, s.u.*"}}, {{"to.5.chars", ".*"}});
    CHECK(masks.of("s", "t", "a")->kind == ColumnMask::Kind::stars);
    CHECK(masks.of("s", "u", "x")->kind == ColumnMask::Kind::stars);
    CHECK(masks.of("s", "t", "b")->kind == ColumnMask::Kind::hash);
    CHECK(masks.of("s", "t", "bb")->kind == ColumnMask::Kind::cut);
    CHECK_FALSE(masks_of({{"with.3.chars", "t.a"}}).of("s", "t", "a"));
  }

  TEST_CASE("column masks: row states have what the mask makes, their key and what was not sent stay") {
    ColumnMasks masks =
        masks_of({{"with.12.chars", "inventory.people.(id|mood|ssn|n)"}}, {{"to.2.chars", "inventory.people.name"}});
    auto table = std::make_shared<const CapturedTable>(people(masks));
    SampleTexts texts;
    auto row = texts.row({"key", "Anna", "sad", "123", "7"});
    auto partly = texts.row({"key", "…", "ok", "…", "8"});
    RowCollector collector{ValueModes()};
    collector.add(table, {.op = 'c', .before = {}, .after = row, .place = {}});
    collector.add(table, {.op = 'u', .before = {}, .after = partly, .place = {}});
    SourceRead out;
    collector.take(out);
    REQUIRE(out.parts.size() == 1);
    const Batch& batch = out.parts[0].batch;
    auto cell = [&](std::size_t field, std::uint32_t at) {
      return text_of(batch.column(field)->value(at), batch.column(field)->type());
    };
    CHECK(cell(0, 0) == "key");
    CHECK(cell(1, 0) == "An");
    CHECK(cell(2, 0) == "************");
    CHECK(cell(3, 0) == "************");
    CHECK(cell(4, 0) == "7");
    CHECK(batch.is_absent(0, 1));
    CHECK(batch.is_absent(2, 1));
    CHECK(cell(2, 1) == "************");
    // A replica's columns can hold it.
    const TableOrigin& origin = *batch.schema->origin;
    CHECK(origin.columns[0].type == "text");
    CHECK(origin.columns[2].type == "text");
    CHECK(origin.columns[3].type == "character varying(12)");
    CHECK(unmasked_columns(*table) ==
          std::vector<std::string>{
              "inventory.people.id is not masked in the records' keys: rows are told apart by it",
              "inventory.people.n is captured as it is: only texts are masked and truncated, and its type is integer"});
  }

  TEST_CASE("column masks: envelopes say it in their schema, and their key stays") {
    ColumnMasks masks = masks_of({{"with.3.chars", "inventory.people.(id|mood)"}},
                                 {{"to.2.chars", "inventory.people.name"}, {"to.9.chars", "inventory.people.ssn"}});
    auto table = std::make_shared<const CapturedTable>(people(masks));
    SampleTexts texts;
    auto row = texts.row({"key", "…", "~", "123", "7"});
    FakeClock clock{2'000'123};
    ValueModes modes;
    modes.form = RecordForm::connect;
    EnvelopeCollector collector({.name = "shop", .database = "d", .transaction_topic = {}, .run = {}}, modes, clock);
    collector.add(table, {.op = 'c', .before = {}, .after = row, .place = {}});
    SourceRead out;
    collector.take(out);
    REQUIRE(out.records.size() == 1);
    const ConnectRecords& records = out.records[0];
    Buffer key, value;
    REQUIRE(ConnectJsonWriter(*records.key_type, {.schemas = false}).append(key, *records.key, 0));
    REQUIRE(ConnectJsonWriter(*records.value_type, {.schemas = false}).append(value, *records.value, 0));
    CHECK(key.view() == R"({"id":"key"})");
    CHECK(Json::parse(value.view())->find("after")->text() ==
          R"({"id":"***","name":"__debezium_unavailable_value","mood":"***","ssn":"123","n":7})");
    const auto& fields = records.value_type->fields[1].type->fields;
    auto has = [&](std::size_t field, const std::string& name, const std::string& said) {
      const auto& all = fields[field].type->parameters;
      return std::ranges::find(all, std::pair(name, said)) != all.end();
    };
    CHECK(has(0, "masked", "true"));
    CHECK(has(1, "truncateLength", "2"));
    CHECK(has(2, "masked", "true"));
    CHECK_FALSE(has(3, "truncateLength", "9"));
    CHECK(records.key_type->fields[0].type->parameters.empty());
  }

  TEST_CASE("column masks: dead letters hide it too") {
    auto table = people(masks_of({{"with.3.chars", "inventory.people.(name|n)"}}));
    SampleTexts texts;
    auto row = texts.row({"key", "Anna", "~", "123", "7"});
    DeadLetter letter = refused_change(table, 'c', {}, "why", {}, named_texts(table, row));
    CHECK(*letter.value == R"({"op":"c","after":{"id":"key","name":"***","mood":null,"ssn":"123","n":"7"}})");
  }
}

}  // namespace levada
