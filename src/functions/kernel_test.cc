#include "functions/kernel.h"

#include <doctest/doctest.h>

#include <string>

namespace levada {
namespace {

// A column of optional values.
template <class T>
Column column_of(const Type& type, const std::vector<std::optional<T>>& values) {
  Column column(type);
  for (const auto& v : values) {
    if (!v)
      column.append_null();
    else if constexpr (std::is_same_v<T, std::string>)
      column.append_string(*v);
    else
      column.append(*v);
  }
  return column;
}

// Calls the kernel the way the evaluator does: nulls of strict arguments are in the result already.
struct Ran {
  Column result;
  RowFailures failures;
  std::string row(std::uint32_t i) const { return text_of(result.value(i), result.type()); }
};
Ran run(Kernel kernel, const Type& type, std::uint32_t size, Rows rows, std::vector<Argument> arguments,
        bool strict = true) {
  Ran ran{Column(type), {}};
  ran.result.resize_zeroed(size);
  if (strict)
    for (const Argument& a : arguments)
      for (std::uint32_t i = 0; i < size; ++i)
        if (a.is_null(i)) ran.result.set_null(i);
  kernel(Call{arguments, rows, ran.result, ran.failures, {}});
  return ran;
}

constexpr Kernel subtract = map<[](std::int64_t a, std::int64_t b) { return a - b; }>;
constexpr Kernel divide = map<[](std::int64_t a, std::int64_t b) -> Computed<std::int64_t> {
  if (b == 0) return Computed<std::int64_t>::failure("by zero");
  if (a == b) return std::nullopt;
  return a / b;
}>;

TEST_SUITE("functions") {
  TEST_CASE("a kernel takes columns and constants in every position, all rows or some") {
    constexpr std::uint32_t n = 100;
    Column a(TypeKind::int64), b(TypeKind::int64), one(TypeKind::int64), two(TypeKind::int64);
    for (std::int64_t i = 0; i < n; ++i) {
      a.append(i * i);
      b.append(i + 7);
    }
    one.append(std::int64_t{1000});
    two.append(std::int64_t{-3});
    std::vector<std::uint32_t> some;
    for (std::uint32_t i = 0; i < n; i += 3) some.push_back(i);
    for (bool a_constant : {false, true})
      for (bool b_constant : {false, true})
        for (bool all : {false, true}) {
          Argument x{a_constant ? &one : &a, a_constant}, y{b_constant ? &two : &b, b_constant};
          Rows rows = all ? Rows::all(n) : Rows(some);
          for (Kernel kernel : {subtract, divide}) {
            Ran ran = run(kernel, TypeKind::int64, n, rows, {x, y});
            rows.for_each([&](std::uint32_t row) {
              std::int64_t p = x.value<std::int64_t>(row), q = y.value<std::int64_t>(row);
              CHECK(ran.row(row) == (kernel == subtract ? std::to_string(p - q)
                                     : p == q           ? "null"
                                                        : std::to_string(p / q)));
            });
            if (!all && kernel == subtract) CHECK(ran.row(1) == "0");  // not asked for, not touched
          }
        }
  }

  TEST_CASE("a kernel that may fail never sees nulls; one that may not computes over them") {
    Column a = column_of<std::int64_t>(TypeKind::int64, {8, std::nullopt, 9, 5, 6});
    Column b = column_of<std::int64_t>(TypeKind::int64, {2, 3, 0, std::nullopt, 6});
    Ran ran = run(divide, TypeKind::int64, 5, Rows::all(5), {{&a, false}, {&b, false}});
    CHECK(ran.row(0) == "4");
    CHECK(ran.row(1) == "null");
    CHECK(ran.row(2) == "null");
    CHECK(ran.row(3) == "null");  // the divisor of a null is 0: no failure
    CHECK(ran.row(4) == "null");
    REQUIRE(ran.failures.size() == 1);
    CHECK(ran.failures[0].row == 2);
    CHECK(ran.failures[0].why == "by zero");
  }

  TEST_CASE("optional parameters see nulls") {
    Column a = column_of<std::string>(TypeKind::string, {"x", std::nullopt, "y"});
    Column none(TypeKind::string);
    none.append_null();
    constexpr Kernel show =
        map<[](std::optional<std::string_view> s, std::optional<std::string_view> t) -> std::string {
          return std::string(s.value_or("none")) + "/" + std::string(t.value_or("none"));
        }>;
    Ran ran = run(show, TypeKind::string, 3, Rows::all(3), {{&a, false}, {&none, true}}, false);
    CHECK(ran.row(0) == "x/none");
    CHECK(ran.row(1) == "none/none");
    Ran turned = run(show, TypeKind::string, 3, Rows::all(3), {{&none, true}, {&a, false}}, false);
    CHECK(turned.row(2) == "none/y");
  }

  TEST_CASE("texts may point into arguments, and live as long as the result") {
    constexpr Kernel rest = map<[](std::string_view s) { return s.substr(1); }>;
    constexpr Kernel twice =
        map<[](Arena& out, std::string_view s) { return out.copy(std::string(s) + std::string(s)); }>;
    Ran ran{Column(TypeKind::string), {}}, doubled{Column(TypeKind::string), {}};
    {
      Column a = column_of<std::string>(TypeKind::string, {"a long enough text", "b"});
      ran = run(rest, TypeKind::string, 2, Rows::all(2), {{&a, false}});
      doubled = run(twice, TypeKind::string, 2, Rows::all(2), {{&a, false}});
    }
    CHECK(ran.row(0) == " long enough text");
    CHECK(ran.row(1) == "");
    CHECK(doubled.row(1) == "bb");
  }

  TEST_CASE("surroundings are handed on") {
    constexpr Kernel zone = map<[](const Surroundings& s, std::string_view t) { return s.time_zone + std::string(t); }>;
    Column a = column_of<std::string>(TypeKind::string, {"!"});
    CHECK(run(zone, TypeKind::string, 1, Rows::all(1), {{&a, false}}).row(0) == "UTC!");
  }

  TEST_CASE("a list writer leaves the rows between empty") {
    Column result(Type::array(TypeKind::int32));
    result.resize_zeroed(6);
    {
      ListWriter out(result);
      out.child(0).append(std::int32_t{1});
      out.child(0).append(std::int32_t{2});
      out.end(1);
      out.end(2);
      out.child(0).append(std::int32_t{3});
      out.end(4);
    }
    const char* wanted[] = {"[]", "[1,2]", "[]", "[]", "[3]", "[]"};
    for (std::uint32_t i = 0; i < 6; ++i) CHECK(text_of(result.value(i), result.type()) == wanted[i]);
  }

  TEST_CASE("a kernel over no rows does nothing") {
    Column empty(TypeKind::int64);
    CHECK(run(subtract, TypeKind::int64, 0, Rows::all(0), {{&empty, false}, {&empty, false}}).result.size() == 0);
  }
}

}  // namespace
}  // namespace levada
