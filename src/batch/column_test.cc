#include "batch/column.h"

#include <doctest/doctest.h>

#include <string>

#include "base/random.h"

namespace levada {
namespace {

using namespace std::string_literals;

// One of everything, nested ones within one another.
Type everything() {
  return Type::structure({{"B", TypeKind::boolean},
                          {"I", TypeKind::int32},
                          {"L", TypeKind::int64},
                          {"D", TypeKind::float64},
                          {"N", Type::decimal(10, 2)},
                          {"S", TypeKind::string},
                          {"Y", TypeKind::bytes},
                          {"T", TypeKind::date},
                          {"C", TypeKind::time},
                          {"Z", TypeKind::timestamp},
                          {"A", Type::array(Type::array(TypeKind::string))},
                          {"M", Type::map(TypeKind::string, Type::array(TypeKind::int32))},
                          {"R", Type::structure({{"X", TypeKind::int32}, {"Y", Type::array(TypeKind::float64)}})}});
}

Value random_value(const Type& type, Random& random) {
  if (random.one_in(5)) return {};
  switch (type.kind()) {
    case TypeKind::boolean: return random.one_in(2);
    case TypeKind::int32:
    case TypeKind::date: return static_cast<std::int64_t>(static_cast<std::int32_t>(random()));
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp: return static_cast<std::int64_t>(random());
    case TypeKind::float64: return random.fraction();
    case TypeKind::decimal: return static_cast<Int128>(random.below(1'000'000));
    case TypeKind::string:
    case TypeKind::bytes: return std::string(random.below(20), static_cast<char>('a' + random.below(26)));
    case TypeKind::array: {
      ValueList items;
      for (std::uint64_t n = random.below(4); n > 0; --n) items.push_back(random_value(type.element(), random));
      return items;
    }
    case TypeKind::map: {
      ValueList items;
      for (std::uint64_t n = random.below(4); n > 0; --n) {
        items.push_back(std::to_string(n));
        items.push_back(random_value(type.value(), random));
      }
      return items;
    }
    case TypeKind::structure: {
      ValueList fields;
      for (const Field& f : type.fields()) fields.push_back(random_value(f.type, random));
      return fields;
    }
  }
  LV_UNREACHABLE();
}

// A structure with an array: what is below a column in both ways.
Type nested_type() { return Type::structure({{"A", Type::array(TypeKind::string)}, {"I", TypeKind::int32}}); }

Value row(int i) { return ValueList{ValueList{std::to_string(i), Value()}, std::int64_t{i}}; }

TEST_SUITE("batch") {
  TEST_CASE("what is appended is read back, whatever the type") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    Type type = everything();
    Column column(type);
    std::vector<Value> values;
    for (int i = 0; i < 500; ++i) {
      values.push_back(random_value(type, random));
      column.append(values.back());
    }
    REQUIRE(column.size() == 500);
    for (std::uint32_t i = 0; i < 500; ++i) CHECK(text_of(column.value(i), type) == text_of(values[i], type));

    // Chosen rows of it, to the end of a column that has some already.
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < 500; ++i)
      if (random.one_in(3)) rows.push_back(i);
    Column part(type);
    part.append(values[7]);
    part.append_from(column, Rows(rows));
    part.append_from(column, Rows::all(column.size()));
    part.append_from(column, 3);
    REQUIRE(part.size() == 1 + rows.size() + 500 + 1);
    for (std::uint32_t i = 0; i < rows.size(); ++i)
      CHECK(text_of(part.value(1 + i), type) == text_of(values[rows[i]], type));
    CHECK(text_of(part.value(part.size() - 1), type) == text_of(values[3], type));

    part.clear();
    CHECK(part.size() == 0);
    CHECK(!part.has_nulls());
    part.append(values[9]);
    CHECK(text_of(part.value(0), type) == text_of(values[9], type));
  }

  TEST_CASE("validity appears with the first null and not before") {
    Column column(TypeKind::int32);
    for (std::int32_t i = 0; i < 100; ++i) column.append(i);
    CHECK(!column.has_nulls());
    column.append_null();
    REQUIRE(column.has_nulls());
    CHECK(column.validity().count() == 100);
    CHECK(column.is_null(100));
    CHECK(!column.is_null(99));
    CHECK(column.values<std::int32_t>()[100] == 0);
    column.append(std::int32_t{5});
    CHECK(!column.is_null(101));

    column.set_null(7);
    CHECK(column.is_null(7));
    CHECK(column.values<std::int32_t>()[7] == 0);
  }

  TEST_CASE("the first value may be null") {
    for (Type type : {Type(TypeKind::boolean), Type(TypeKind::string), Type::decimal(38, 0),
                      Type::array(TypeKind::int32), Type::structure({{"A", TypeKind::string}})}) {
      Column column(type);
      column.append_null();
      CHECK(column.size() == 1);
      CHECK(column.is_null(0));
      Column copy(type);
      copy.append_from(column, Rows::all(1));
      copy.append_from(column, 0);
      CHECK(copy.size() == 2);
      CHECK(copy.validity().count() == 0);
    }
  }

  TEST_CASE("a null that is appended after rows without any keeps those") {
    Column a(TypeKind::string), b(TypeKind::string);
    a.append_string("x");
    b.append_null();
    a.append_from(b, 0);
    CHECK(!a.is_null(0));
    CHECK(a.is_null(1));
    b.append_from(a, Rows::all(2));
    CHECK(b.is_null(0));
    CHECK(!b.is_null(1));
    CHECK(b.is_null(2));
  }

  TEST_CASE("strings outlive the column they came from") {
    Column out(TypeKind::string);
    {
      Column in(TypeKind::string);
      in.append_string(std::string(10'000, 'x'));
      in.append_string("short");
      out.append_from(in, Rows::all(2));
    }
    CHECK(out.string(0) == std::string(10'000, 'x'));
    CHECK(out.string(1) == "short");
    {
      auto memory = std::make_shared<std::string>("borrowed text, padded behind    ");
      out.append(StringView(memory->data(), 8));
      out.hold(memory);
    }
    CHECK(out.string(2) == "borrowed");
  }

  TEST_CASE("resized columns are valid, and zero where that is asked for") {
    Column strings(TypeKind::string), lists(Type::array(TypeKind::int32)), whole(everything());
    strings.resize_zeroed(3);
    lists.resize_zeroed(3);
    whole.resize_zeroed(3);
    CHECK(strings.string(2).empty());
    CHECK(lists.offsets().size() == 4);
    CHECK(lists.offsets()[3] == 0);
    CHECK(text_of(whole.value(1), whole.type()) ==
          "{\"B\":false,\"I\":0,\"L\":0,\"D\":0.0,\"N\":0.00,\"S\":\"\",\"Y\":\"\",\"T\":\"1970-01-01\",\"C\":\"00:00:"
          "00\","
          "\"Z\":\"1970-01-01T00:00:00.000\",\"A\":[],\"M\":{},\"R\":{\"X\":0,\"Y\":[]}}");
  }

  TEST_CASE("a string view's order and equality are those of its bytes") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    Arena arena;
    auto view = [&](std::string_view t) {
      std::string_view kept = arena.copy(t);
      return StringView(kept.data(), static_cast<std::uint32_t>(kept.size()));
    };
    for (int i = 0; i < 20'000; ++i) {
      // Few letters, zeros and high bytes among them, so that common beginnings are frequent.
      auto text = [&] {
        std::string t(random.below(9), ' ');
        for (char& c : t) c = "\0\0a\xff"[random.below(4)];
        return t;
      };
      std::string a = text(), b = text();
      CHECK((view(a) == view(b)) == (a == b));
      CHECK((view(a) < view(b)) == (std::string_view(a) < std::string_view(b)));
      CHECK(view(a).view() == a);
    }
  }

  TEST_CASE("an arena gives room of any size that stays where it is") {
    Arena arena;
    std::vector<std::pair<std::string_view, std::string>> kept;
    for (std::size_t n : {0, 1, 15, 16, 17, 4095, 4096, 5'000, 2'000'000, 3}) {
      std::string text(n, static_cast<char>('a' + n % 26));
      kept.emplace_back(arena.copy(text), text);
    }
    for (const auto& [view, text] : kept) CHECK(view == text);
  }

  TEST_CASE("a column extends by rows that are valid and zero, in all kinds") {
    Column column(nested_type());
    column.append(row(1));
    column.append_null();
    column.extend(2);
    REQUIRE(column.size() == 4);
    CHECK(column.value(0) == row(1));
    CHECK(column.value(1) == Value());
    CHECK(column.value(2) == Value(ValueList{ValueList{}, std::int64_t{0}}));
    CHECK(column.value(3) == column.value(2));
    column.append(row(5));
    CHECK(column.value(4) == row(5));
  }

  TEST_CASE("a column is cut off, with what was begun in its children") {
    Column column(nested_type());
    for (int i = 0; i < 4; ++i) column.append(row(i));
    column.append_null();
    column.child(0).child(0).append_string("begun");
    column.truncate(3);
    REQUIRE(column.size() == 3);
    CHECK(column.child(0).child(0).size() == 6);
    CHECK(column.child(1).size() == 3);
    column.append(row(9));
    CHECK(column.value(2) == row(2));
    CHECK(column.value(3) == row(9));
    column.truncate(0);
    CHECK(column.size() == 0);
    CHECK(column.child(0).child(0).size() == 0);
  }

  TEST_CASE("the fields of a structure become null with it") {
    Column column(Type::structure({{"I", TypeKind::int32}, {"S", TypeKind::string}}));
    column.append(Value(ValueList{std::int64_t{1}, "x"s}));
    column.append(Value(ValueList{std::int64_t{2}, "y"s}));
    column.set_null(0);
    CHECK(column.is_null(0));
    CHECK(column.child(0).is_null(0));
    CHECK(column.child(1).string(0).empty());
    CHECK(column.value(1) == Value(ValueList{std::int64_t{2}, "y"s}));
  }
}

}  // namespace
}  // namespace levada
