#include "formats/row.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "formats/row_bytes.h"

using namespace levada;

namespace {

const std::vector<Field> fields = {
    {"B", TypeKind::boolean},
    {"I", TypeKind::int32},
    {"L", TypeKind::int64},
    {"D", TypeKind::float64},
    {"M", Type::decimal(38, 3)},
    {"S", TypeKind::string},
    {"Y", TypeKind::bytes},
    {"T", TypeKind::timestamp},
    {"A", Type::array(TypeKind::string)},
    {"P", Type::map(TypeKind::string, TypeKind::int32)},
    {"R", Type::structure({{"X", TypeKind::int32}, {"Z", Type::array(TypeKind::int64)}})}};

Value random_value(const Type& type, Random& random) {
  if (random.one_in(4)) return {};
  auto number = [&] { return static_cast<std::int64_t>(random()) >> random.below(64); };
  auto text = [&] { return std::string(random.below(20), static_cast<char>('a' + random.below(26))); };
  switch (type.kind()) {
    case TypeKind::boolean: return random.one_in(2);
    case TypeKind::int32: return std::int64_t{static_cast<std::int32_t>(number())};
    case TypeKind::int64:
    case TypeKind::timestamp: return number();
    case TypeKind::float64: return static_cast<double>(number()) / 7;
    case TypeKind::decimal: return Int128(number()) * 1'000'000;
    case TypeKind::array: {
      ValueList list;
      for (std::size_t i = random.below(4); i > 0; --i) list.push_back(random_value(type.element(), random));
      return list;
    }
    case TypeKind::map: return {};
    case TypeKind::structure: {
      ValueList list;
      for (const Field& field : type.fields()) list.push_back(random_value(field.type, random));
      return list;
    }
    default: return text();
  }
}

Columns random_columns(std::uint32_t rows, Random& random) {
  Columns columns;
  for (const Field& field : fields) {
    auto column = std::make_shared<Column>(field.type);
    for (std::uint32_t row = 0; row < rows; ++row) column->append(random_value(field.type, random));
    columns.push_back(column);
  }
  return columns;
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("ROW: random rows of all types come back as they were; null is not the empty string") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    Columns columns = random_columns(300, random);
    FormatSpec spec;
    spec.fields = fields;
    Texts texts;
    RowFailures failures;
    make_row_encoder(spec)->encode(columns, Rows::all(300), texts, failures);
    REQUIRE(failures.empty());
    REQUIRE(texts.ends.size() == 300);
    std::vector<Text> views;
    std::size_t from = 0;
    for (std::uint32_t end : texts.ends) {
      views.emplace_back(texts.bytes.view().substr(from, end - from));
      from = end;
    }
    std::vector<Column> back;
    for (const Field& field : fields) back.emplace_back(field.type);
    std::vector<Column*> all;
    for (std::size_t i = 0; i < back.size(); ++i) all.push_back(i == 4 ? nullptr : &back[i]);  // one is not wanted
    make_row_decoder(spec)->decode(views, nullptr, all, failures);
    CHECK(failures.empty());
    for (std::size_t i = 0; i < fields.size(); ++i)
      for (std::uint32_t row = 0; all[i] && row < 300; ++row)
        CHECK(text_of(back[i].value(row), fields[i].type) == text_of(columns[i]->value(row), fields[i].type));

    FormatSpec one;
    one.fields = {{"S", TypeKind::string}};
    auto strings = std::make_shared<Column>(TypeKind::string);
    strings->append_string("");
    strings->append_null();
    Texts two;
    make_row_encoder(one)->encode(Columns{strings}, Rows::all(2), two, failures);
    Column out(TypeKind::string);
    Column* wanted = &out;
    std::vector<Text> cut{Text(two.bytes.view().substr(0, two.ends[0])),
                          Text(two.bytes.view().substr(two.ends[0], two.ends[1] - two.ends[0]))};
    make_row_decoder(one)->decode(cut, nullptr, std::span(&wanted, 1), failures);
    CHECK(!out.is_null(0));
    CHECK(out.is_null(1));
  }

  TEST_CASE("row bytes: cut anywhere, or with something behind, they are no row, and columns stay of one length") {
    Random random(7);
    Columns columns = random_columns(20, random);
    RowBytes rows(fields);
    std::vector<std::string_view> encoded;
    Bits with_null;
    rows.encode(columns, Rows::all(20), encoded, with_null);
    std::vector<Column> back;
    for (const Field& field : fields) back.emplace_back(field.type);
    std::vector<Column*> all;
    for (Column& column : back) all.push_back(&column);
    std::uint32_t count = 0;
    for (std::string_view whole : encoded) {
      for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK(!rows.decode(whole.substr(0, size), all));
        for (Column& column : back) REQUIRE(column.size() == count + 1);
        ++count;
        CHECK(back[0].is_null(count - 1));
      }
      CHECK(!rows.decode(std::string(whole) + "x", all));
      CHECK(rows.decode(whole, all));
      count += 2;
    }
  }

  TEST_CASE("row bytes: equal keys have equal bytes, whatever zero or NaN they are; nulls are marked") {
    std::vector<Field> key = {{"D", TypeKind::float64}, {"S", TypeKind::string}};
    auto d = std::make_shared<Column>(TypeKind::float64);
    auto s = std::make_shared<Column>(TypeKind::string);
    for (double v : {0.0, -0.0, __builtin_nan(""), -__builtin_nan("1"), 1.0}) {
      d->append(v);
      s->append_string("k");
    }
    d->append(1.0);
    s->append_null();
    RowBytes rows(key);
    std::vector<std::string_view> bytes;
    Bits with_null;
    rows.encode(Columns{d, s}, Rows::all(6), bytes, with_null);
    CHECK(bytes[0] == bytes[1]);
    CHECK(bytes[2] == bytes[3]);
    CHECK(bytes[0] != bytes[4]);
    CHECK(with_null.count() == 1);
    CHECK(with_null[5]);
  }
}
