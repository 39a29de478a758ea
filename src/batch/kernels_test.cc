#include "batch/kernels.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "base/random.h"
#include "batch/batch.h"

namespace levada {
namespace {

Column column_of(const Type& type, const std::vector<Value>& values) {
  Column column(type);
  for (const Value& v : values) column.append(v);
  return column;
}

std::vector<std::uint64_t> hashes_of(const Column& column) {
  std::vector<std::uint64_t> hashes(column.size(), 0);
  hash(column, Rows::all(column.size()), hashes);
  return hashes;
}

// Values of the type, rising, all different; null first.
std::vector<Value> rising(const Type& type) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  switch (type.kind()) {
    case TypeKind::boolean: return {{}, false, true};
    case TypeKind::int32:
    case TypeKind::date:
      return {{}, std::int64_t{-2147483648}, std::int64_t{-1}, std::int64_t{0}, std::int64_t{2147483647}};
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp:
      return {{},
              std::numeric_limits<std::int64_t>::min(),
              std::int64_t{-1},
              std::int64_t{0},
              std::int64_t{1},
              std::numeric_limits<std::int64_t>::max()};
    case TypeKind::float64: return {{}, -inf, -1.5, 0.0, 5e-324, 1.5, inf, std::nan("")};
    case TypeKind::decimal: return {{}, -power_of_ten[37], Int128(-1), Int128(0), Int128(1), power_of_ten[37]};
    case TypeKind::string:
    case TypeKind::bytes:
      return {{},  "",        std::string(1, '\0'), "a", std::string("a\0", 2), "aa", "aaaa", "aaaaa", "aaaab", "ab",
              "b", "\xc3\xa4"};
    default: return {};
  }
}

TEST_SUITE("batch") {
  TEST_CASE("comparison orders every scalar type, null first and NaN last") {
    for (Type type : {Type(TypeKind::boolean), Type(TypeKind::int32), Type(TypeKind::int64), Type(TypeKind::float64),
                      Type::decimal(38, 2), Type(TypeKind::string), Type(TypeKind::bytes), Type(TypeKind::date),
                      Type(TypeKind::time), Type(TypeKind::timestamp)}) {
      CAPTURE(type.text());
      Column column = column_of(type, rising(type));
      for (std::uint32_t i = 0; i < column.size(); ++i)
        for (std::uint32_t j = 0; j < column.size(); ++j) {
          int order = compare(column, i, column, j);
          CHECK((order > 0) - (order < 0) == (i > j) - (i < j));
        }
      std::vector<std::uint64_t> hashes = hashes_of(column);
      CHECK(std::set(hashes.begin(), hashes.end()).size() == hashes.size());
    }
  }

  TEST_CASE("equal doubles have equal hashes") {
    Column column = column_of(TypeKind::float64, {0.0, -0.0, std::nan(""), -std::nan("1")});
    auto h = hashes_of(column);
    CHECK(h[0] == h[1]);
    CHECK(h[2] == h[3]);
    CHECK(h[0] != h[2]);
    CHECK(compare(column, 0, column, 1) == 0);
    CHECK(compare(column, 2, column, 3) == 0);
  }

  TEST_CASE("nested values compare element by element, the shorter first") {
    Type ints = Type::array(TypeKind::int32);
    auto list = [](std::initializer_list<Value> items) { return ValueList(items); };
    std::vector<Value> values = {{},
                                 list({}),
                                 list({Value{}}),
                                 list({std::int64_t{1}}),
                                 list({std::int64_t{1}, Value{}}),
                                 list({std::int64_t{1}, std::int64_t{0}}),
                                 list({std::int64_t{2}})};
    Column column = column_of(ints, values);
    for (std::uint32_t i = 0; i < column.size(); ++i)
      for (std::uint32_t j = 0; j < column.size(); ++j)
        CHECK((compare(column, i, column, j) > 0) - (compare(column, i, column, j) < 0) == (i > j) - (i < j));
    auto h = hashes_of(column);
    CHECK(std::set(h.begin(), h.end()).size() == h.size());

    Type pair = Type::structure({{"A", TypeKind::string}, {"B", TypeKind::int32}});
    Column pairs =
        column_of(pair, {list({"a", std::int64_t{1}}), list({"a", std::int64_t{2}}), list({"a", std::int64_t{1}})});
    CHECK(compare(pairs, 0, pairs, 1) < 0);
    CHECK(compare(pairs, 0, pairs, 2) == 0);
    CHECK(hashes_of(pairs)[0] == hashes_of(pairs)[2]);
  }

  TEST_CASE("maps are equal whatever the order of their entries") {
    Type type = Type::map(TypeKind::string, TypeKind::int32);
    auto map = [](std::initializer_list<std::pair<const char*, Value>> entries) {
      ValueList list;
      for (const auto& [k, v] : entries) {
        list.push_back(k);
        list.push_back(v);
      }
      return list;
    };
    Column column = column_of(type, {map({{"a", std::int64_t{1}}, {"b", std::int64_t{2}}}),
                                     map({{"b", std::int64_t{2}}, {"a", std::int64_t{1}}}),
                                     map({{"a", std::int64_t{2}}, {"b", std::int64_t{1}}}),
                                     map({{"a", std::int64_t{1}}}), map({{"a", Value{}}}), map({})});
    auto h = hashes_of(column);
    for (std::uint32_t i = 0; i < column.size(); ++i)
      for (std::uint32_t j = 0; j < column.size(); ++j) {
        bool same = i == j || i + j == 1;
        CHECK((compare(column, i, column, j) == 0) == same);
        CHECK((h[i] == h[j]) == same);
        CHECK(compare(column, i, column, j) == -compare(column, j, column, i));
      }
  }

  TEST_CASE("gather takes the rows in the order asked for and shares strings") {
    Column column = column_of(TypeKind::string, {"a", {}, "a longer text that stands in the arena", "d"});
    const std::uint32_t list[] = {0, 1, 2};
    ColumnRef some = gather(column, Rows(list));
    REQUIRE(some->size() == 3);
    CHECK(some->string(0) == "a");
    CHECK(some->is_null(1));
    CHECK(some->string(2).data() == column.string(2).data());
    CHECK(gather(column, Rows::all(4))->string(3) == "d");
    CHECK(gather(column, Rows::all(0))->size() == 0);
  }

  TEST_CASE("hashes depend on all columns folded in, and not on the selection") {
    Column a = column_of(TypeKind::int32, {std::int64_t{1}, std::int64_t{1}, std::int64_t{2}});
    Column b = column_of(TypeKind::string, {"x", "y", "x"});
    std::vector<std::uint64_t> all(3, 7);
    hash(a, Rows::all(3), all);
    hash(b, Rows::all(3), all);
    CHECK(std::set(all.begin(), all.end()).size() == 3);
    const std::uint32_t list[] = {0, 2};
    std::vector<std::uint64_t> some(2, 7);
    hash(a, Rows(list), some);
    hash(b, Rows(list), some);
    CHECK(some[0] == all[0]);
    CHECK(some[1] == all[2]);
  }

  TEST_CASE("hashes of bytes use every bit of every byte") {
    // Flipping any one bit flips about half of the hash's bits.
    for (std::size_t n : {1u, 3u, 4u, 7u, 8u, 9u, 16u, 17u, 31u, 32u, 33u, 100u}) {
      std::string text(n, 'x');
      std::uint64_t h = hash_bytes(text.data(), n);
      double flipped = 0;
      for (std::size_t bit = 0; bit < 8 * n; ++bit) {
        text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
        std::uint64_t other = hash_bytes(text.data(), n);
        CHECK(other != h);
        flipped += __builtin_popcountll(h ^ other);
        text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
      }
      CAPTURE(n);
      double mean = flipped / static_cast<double>(8 * n);
      CHECK(mean > 24);
      CHECK(mean < 40);
    }
    CHECK(hash_bytes("", 0) != hash_bytes("\0", 1));
  }

  TEST_CASE("small integers spread over the low bits of their hashes") {
    Column column(TypeKind::int64);
    for (std::int64_t i = 0; i < 65'536; ++i) column.append(i);
    std::vector<int> buckets(256);
    for (std::uint64_t h : hashes_of(column)) ++buckets[h % 256];
    for (int n : buckets) {
      CHECK(n > 128);
      CHECK(n < 384);
    }
  }

  TEST_CASE("select keeps what is true, of all rows or of some") {
    Column column = column_of(TypeKind::boolean, {true, false, {}, true, true});
    CHECK(select_true(column, Rows::all(5)) == std::vector<std::uint32_t>{0, 3, 4});
    const std::uint32_t list[] = {1, 2, 4};
    CHECK(select_true(column, Rows(list)) == std::vector<std::uint32_t>{4});
    CHECK(select_true(column, Rows::all(0)).empty());
  }

  TEST_CASE("compacting a batch leaves only what was selected") {
    Batch batch;
    batch.size = 4;
    batch.key = {std::make_shared<Column>(
        column_of(TypeKind::int32, {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{4}}))};
    batch.after = {std::make_shared<Column>(column_of(TypeKind::string, {"a", {}, "c", "d"}))};
    batch.deleted = Bits(4, false);
    batch.deleted.set(1);
    batch.timestamps_ms = std::make_shared<const std::vector<std::int64_t>>(std::vector<std::int64_t>{10, 20, 30, 40});
    auto origin = std::make_shared<Origin>();
    origin->offsets = {100, 101, 102, 103};
    batch.origin = origin;
    batch.selection = Selection(std::vector<std::uint32_t>{1, 3});
    Batch dense = compact(batch);
    CHECK(dense.size == 2);
    CHECK(dense.selection.is_all());
    CHECK(dense.key[0]->values<std::int32_t>()[1] == 4);
    CHECK(dense.after[0]->is_null(0));
    CHECK(dense.is_deletion(0));
    CHECK(!dense.is_deletion(1));
    CHECK(dense.timestamp_ms(1) == 40);
    CHECK(dense.origin->offsets == std::vector<std::int64_t>{101, 103});
    CHECK(batch.size == 4);
  }
}

}  // namespace
}  // namespace levada
