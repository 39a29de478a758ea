// All aggregates, whatever they compute: rows added in any portions, states saved and loaded in between, rows taken out
// again, broken bytes. And what the single ones compute where the examples in their rows do not say it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"
#include "functions/example_reader.h"
#include "functions/functions.h"

namespace levada {
namespace {

// The groups of an aggregation, as the operator keeps them.
class Groups {
 public:
  Groups(const ResolvedAggregate& function, std::size_t count) : function_(function) {
    for (std::size_t i = 0; i < count; ++i) {
      blocks_.push_back(std::make_unique<Block>());
      function.overload->start(blocks_.back()->bytes);
    }
  }
  Groups(const Groups&) = delete;
  ~Groups() {
    if (function_.overload->end)
      for (auto& block : blocks_) function_.overload->end(block->bytes);
  }

  void add(std::span<const Argument> arguments, Rows rows, std::span<const std::uint32_t> group_of_row,
           std::span<const std::int64_t> offsets = {}) {
    run(function_.overload->add, arguments, rows, group_of_row, offsets);
  }
  void remove(std::span<const Argument> arguments, Rows rows, std::span<const std::uint32_t> group_of_row) {
    run(function_.overload->remove, arguments, rows, group_of_row, {});
  }
  std::vector<Value> results() {
    std::vector<char*> states;
    for (auto& block : blocks_) states.push_back(block->bytes);
    Column out(function_.result);
    function_.overload->result(states, out);
    REQUIRE(out.size() == blocks_.size());
    std::vector<Value> values;
    for (std::uint32_t i = 0; i < out.size(); ++i) values.push_back(out.value(i));
    return values;
  }
  // Every state through its bytes.
  void save_and_load() {
    for (auto& block : blocks_) {
      Buffer bytes;
      function_.overload->save(block->bytes, bytes);
      if (function_.overload->end) function_.overload->end(block->bytes);
      function_.overload->start(block->bytes);
      std::string whole(bytes.empty() ? "" : bytes.view());
      ByteReader in(whole);
      REQUIRE(function_.overload->load(block->bytes, in));
      CHECK(in.at_end());
    }
  }
  std::string saved(std::size_t group) const {
    Buffer bytes;
    function_.overload->save(blocks_[group]->bytes, bytes);
    return std::string(bytes.empty() ? "" : bytes.view());
  }
  RowFailures failures;

 private:
  struct alignas(16) Block {
    char bytes[128];
  };
  void run(void (*f)(const AggregateCall&), std::span<const Argument> arguments, Rows rows,
           std::span<const std::uint32_t> group_of_row, std::span<const std::int64_t> offsets) {
    std::vector<char*> states;
    for (std::uint32_t i = 0; i < rows.size(); ++i) states.push_back(blocks_[group_of_row[rows[i]]]->bytes);
    f({arguments, rows, states, offsets, failures});
  }
  const ResolvedAggregate& function_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

Value random_value(const Type& type, Random& random) {
  if (random.one_in(6)) return {};
  switch (type.kind()) {
    case TypeKind::boolean: return random.one_in(2);
    case TypeKind::float64: return static_cast<double>(random.below(64)) / 4 - 8;  // sums of these are exact
    case TypeKind::decimal: return static_cast<Int128>(random.below(2000)) - 1000;
    case TypeKind::string:
    case TypeKind::bytes: return std::string(random.below(20), static_cast<char>('a' + random.below(3)));
    case TypeKind::array: {
      ValueList items;
      for (std::uint64_t n = random.below(3); n > 0; --n) items.push_back(random_value(type.element(), random));
      return items;
    }
    case TypeKind::map: return ValueList{"k", random_value(type.value(), random)};
    case TypeKind::structure: return ValueList{random_value(type.fields()[0].type, random)};
    default: return static_cast<std::int64_t>(random.below(40)) - 20;
  }
}

struct Case {
  const char* name;
  std::vector<Type> arguments;
  std::vector<Value> literals = {};  // of the last arguments
};
std::vector<Case> cases() {
  const Type i = TypeKind::int32, l = TypeKind::int64, d = TypeKind::float64, s = TypeKind::string,
             n = Type::decimal(20, 2);
  const Type nested = Type::structure({{"A", Type::map(s, Type::array(i))}});
  std::vector<Case> all = {{"COUNT", {}},
                           {"COUNT", {s}},
                           {"CORRELATION", {d, d}},
                           {"HISTOGRAM", {s}},
                           {"SUM_LIST", {Type::array(i)}},
                           {"SUM_LIST", {Type::array(l)}},
                           {"SUM_LIST", {Type::array(d)}},
                           {"SUM_LIST", {Type::array(n)}},
                           {"TOPK", {i, s, nested, i}, {std::int64_t{3}}},
                           {"TOPKDISTINCT", {d, i}, {std::int64_t{3}}}};
  for (const char* name : {"AVG", "SUM", "STDDEV_SAMP", "STDDEV_SAMPLE"})
    for (const Type& t : {i, l, d}) all.push_back({name, {t}});
  all.push_back({"SUM", {n}});
  for (const char* name : {"MIN", "MAX"})
    for (const Type& t :
         {i, l, d, n, s, Type(TypeKind::bytes), Type(TypeKind::date), Type(TypeKind::time), Type(TypeKind::timestamp)})
      all.push_back({name, {t}});
  for (const Type& t : {i, l, d, n, s, Type(TypeKind::boolean), Type(TypeKind::timestamp)})
    all.push_back({"TOPK", {t, i}, {std::int64_t{2}}});
  for (const char* name :
       {"ATTR", "COLLECT_LIST", "COLLECT_SET", "COUNT_DISTINCT", "EARLIEST_BY_OFFSET", "LATEST_BY_OFFSET"})
    for (const Type& t : {i, d, n, s, nested}) all.push_back({name, {t}});
  for (const char* name : {"EARLIEST_BY_OFFSET", "LATEST_BY_OFFSET"}) {
    all.push_back({name, {s, TypeKind::boolean}, {false}});
    all.push_back({name, {s, i}, {std::int64_t{3}}});
    all.push_back({name, {s, i, TypeKind::boolean}, {std::int64_t{2}, false}});
  }
  return all;
}

// Random rows for a case: columns for the arguments, groups, offsets.
struct Rowset {
  static constexpr std::uint32_t size = 300, groups = 5;
  ResolvedAggregate function;
  Columns columns;
  std::vector<Argument> arguments;
  std::vector<std::uint32_t> group;
  std::vector<std::int64_t> offsets;
  std::string name;

  Rowset(const Case& c, Random& random) {
    const AggregateFunction* f = find_aggregate_function(c.name);
    REQUIRE(f != nullptr);
    std::vector<std::optional<Type>> types(c.arguments.begin(), c.arguments.end());
    auto resolved = resolve(*f, types);
    REQUIRE(resolved);
    function = *resolved;
    name = c.name;
    std::size_t free = c.arguments.size() - c.literals.size();
    for (std::size_t i = 0; i < c.arguments.size(); ++i) {
      REQUIRE(function.arguments[i] == c.arguments[i]);
      name += (i == 0 ? " of " : ", ") + c.arguments[i].text();
      auto column = std::make_shared<Column>(c.arguments[i]);
      for (std::uint32_t row = 0; row < size; ++row)
        column->append(i < free ? random_value(c.arguments[i], random) : c.literals[i - free]);
      columns.push_back(column);
      arguments.push_back({columns.back().get(), false});
    }
    for (std::uint32_t row = 0; row < size; ++row) {
      group.push_back(static_cast<std::uint32_t>(random.below(groups)));
      offsets.push_back(1000 + row);
    }
  }
};

bool same(const Value& a, const Value& b, const Type& type) {
  if (type.kind() != TypeKind::float64 || a.is_null() || b.is_null()) return text_of(a, type) == text_of(b, type);
  double x = std::get<double>(a), y = std::get<double>(b);
  return (std::isnan(x) && std::isnan(y)) || std::fabs(x - y) <= 1e-9 * std::max(1.0, std::fabs(x));
}
void check_same(const std::vector<Value>& a, const std::vector<Value>& b, const Type& type) {
  for (std::size_t i = 0; i < a.size(); ++i)
    CHECK_MESSAGE(same(a[i], b[i], type), (text_of(a[i], type) + " is not " + text_of(b[i], type)));
}

TEST_SUITE("functions") {
  TEST_CASE("every aggregate gives the same however its rows are portioned, saved and loaded") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    std::set<std::string_view> seen;
    for (const Case& c : cases()) {
      seen.insert(c.name);
      Rowset rows(c, random);
      CAPTURE(rows.name);
      Groups at_once(rows.function, Rowset::groups);
      at_once.add(rows.arguments, Rows::all(Rowset::size), rows.group, rows.offsets);

      Groups in_portions(rows.function, Rowset::groups);
      in_portions.save_and_load();  // states that have seen nothing
      std::vector<std::uint32_t> portion;
      for (std::uint32_t row = 0; row < Rowset::size; ++row) {
        portion.push_back(row);
        if (!random.one_in(10) && row + 1 < Rowset::size) continue;
        in_portions.add(rows.arguments, Rows(portion), rows.group, rows.offsets);
        portion.clear();
        if (random.one_in(3)) in_portions.save_and_load();
      }
      CHECK(at_once.failures.empty());
      check_same(at_once.results(), in_portions.results(), rows.function.result);
      CHECK(at_once.saved(0) == in_portions.saved(0));

      // Arguments that are one value for all rows.
      if (!rows.arguments.empty()) {
        Column one(rows.arguments[0].type());
        one.append_from(*rows.columns[0], 0);
        Column many(rows.arguments[0].type());
        for (std::uint32_t row = 0; row < Rowset::size; ++row) many.append_from(*rows.columns[0], 0);
        std::vector<Argument> constant = rows.arguments, repeated = rows.arguments;
        constant[0] = {&one, true};
        repeated[0] = {&many, false};
        Groups a(rows.function, Rowset::groups), b(rows.function, Rowset::groups);
        a.add(constant, Rows::all(Rowset::size), rows.group, rows.offsets);
        b.add(repeated, Rows::all(Rowset::size), rows.group, rows.offsets);
        check_same(a.results(), b.results(), rows.function.result);
      }
    }
    for (auto family : aggregate_families())
      for (const AggregateFunction& f : family) CHECK_MESSAGE(seen.contains(f.name), std::string(f.name));
  }

  TEST_CASE("aggregates that can take rows out again give what the rest gives") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    std::set<std::string_view> can;
    for (const Case& c : cases()) {
      Rowset rows(c, random);
      CAPTURE(rows.name);
      if (!rows.function.overload->remove) continue;
      can.insert(c.name);
      std::vector<std::uint32_t> gone, rest;
      for (std::uint32_t row = 0; row < Rowset::size; ++row) (random.one_in(2) ? gone : rest).push_back(row);
      Groups all(rows.function, Rowset::groups), some(rows.function, Rowset::groups);
      all.add(rows.arguments, Rows::all(Rowset::size), rows.group);
      all.remove(rows.arguments, Rows(gone), rows.group);
      some.add(rows.arguments, Rows(rest), rows.group);
      std::vector<Value> a = all.results(), b = some.results();
      // Lists and counts of values may come in another order.
      if (std::string_view(c.name) == "COLLECT_LIST" || std::string_view(c.name) == "HISTOGRAM") {
        auto sorted = [&](const Value& v, std::size_t group) {
          std::vector<std::string> texts;
          const Type& type = rows.function.result;
          const auto& items = std::get<ValueList>(v);
          for (std::size_t i = 0; i < items.size(); i += group)
            texts.push_back(text_of(items[i], type.children()[0].type) +
                            (group == 2 ? text_of(items[i + 1], type.value()) : ""));
          std::ranges::sort(texts);
          return texts;
        };
        for (std::size_t i = 0; i < a.size(); ++i)
          CHECK(sorted(a[i], c.name[0] == 'H' ? 2 : 1) == sorted(b[i], c.name[0] == 'H' ? 2 : 1));
      } else {
        check_same(a, b, rows.function.result);
      }
      // And nothing when everything is gone.
      Groups fresh(rows.function, Rowset::groups);
      all.remove(rows.arguments, Rows(rest), rows.group);
      if (std::string_view(c.name) != "CORRELATION") check_same(all.results(), fresh.results(), rows.function.result);
    }
    CHECK(can == std::set<std::string_view>{"ATTR", "AVG", "COLLECT_LIST", "CORRELATION", "COUNT", "HISTOGRAM",
                                            "STDDEV_SAMP", "STDDEV_SAMPLE", "SUM", "SUM_LIST"});
  }

  TEST_CASE("bytes that are cut off or changed are no state, or at least do no harm") {
    std::uint64_t seed = random_seed();
    CAPTURE(seed);
    Random random(seed);
    for (const Case& c : cases()) {
      Rowset rows(c, random);
      CAPTURE(rows.name);
      Groups groups(rows.function, Rowset::groups);
      groups.add(rows.arguments, Rows::all(40), rows.group, rows.offsets);
      std::string bytes = groups.saved(0);
      auto loads = [&](const std::string& from) {
        alignas(16) char state[128];
        rows.function.overload->start(state);
        ByteReader in(from);
        bool good = rows.function.overload->load(state, in) && in.ok();
        char* one = state;
        Column out(rows.function.result);
        rows.function.overload->result({&one, 1}, out);  // must not read beyond what was loaded
        if (rows.function.overload->end) rows.function.overload->end(state);
        return good;
      };
      CHECK(loads(bytes));
      for (std::size_t n = 0; n < bytes.size(); ++n) CHECK(!loads(bytes.substr(0, n)));
      for (int i = 0; i < 50; ++i) {
        std::string broken = bytes;
        broken[random.below(broken.size())] = static_cast<char>(random());
        loads(broken);
      }
    }
  }

  // The result of an aggregate over rows in one group, with what failed.
  std::string over(std::string_view name, std::string_view rows_text, std::string_view type,
                   std::initializer_list<std::pair<Type, Value>> literals = {}) {
    auto values =
        fold(**read_expression("CAST(ARRAY[" + std::string(rows_text) + "] AS ARRAY<" + std::string(type) + ">)"), {});
    REQUIRE(values);
    std::vector<std::optional<Type>> types = {*read_type(type)};
    std::vector<Column> columns;
    columns.emplace_back(*types[0]);
    for (const Value& v : std::get<ValueList>(*values)) columns[0].append(v);
    for (const auto& [t, v] : literals) {
      types.push_back(t);
      columns.emplace_back(t);
      columns.back().append(v);
    }
    ResolvedAggregate function = *resolve(*find_aggregate_function(name), types);
    std::vector<Argument> arguments;
    for (std::size_t i = 0; i < columns.size(); ++i) arguments.push_back({&columns[i], i > 0});
    Groups groups(function, 1);
    std::vector<std::uint32_t> zeros(columns[0].size(), 0);
    groups.add(arguments, Rows::all(columns[0].size()), zeros);
    std::string text = text_of(groups.results()[0], function.result);
    for (const RowFailure& f : groups.failures) text += " <" + std::to_string(f.row) + " " + f.why + ">";
    return text;
  }

  TEST_CASE("a sum that does not fit fails for the row, which does not count") {
    CHECK(over("SUM", "2147483647, 1, -1", "INT") ==
          "2147483646 <1 numeric field overflow: the sum does not fit into INTEGER>");
    CHECK(over("SUM", "9223372036854775807, 1, -1", "BIGINT") ==
          "9223372036854775806 <1 numeric field overflow: the sum does not fit into BIGINT>");
    CHECK(over("SUM", "922.2, 100.1, 0.1", "DECIMAL(4,1)") ==
          "922.3 <1 numeric field overflow: the sum does not fit into DECIMAL(4, 1)>");
    std::string nines(38, '9');
    CHECK(over("SUM", "'" + nines + "', '" + nines + "'", "DECIMAL(38,0)") ==
          nines + " <1 numeric field overflow: the sum does not fit into DECIMAL(38, 0)>");
    CHECK(over("SUM", "1e308, 1e308", "DOUBLE") == "Infinity");
  }

  TEST_CASE("averages of whole numbers are exact sums divided") {
    CHECK(over("AVG", "-1, 9223372036854775807", "BIGINT") == "4.611686018427388E18");
    CHECK(over("AVG", "9223372036854775807, 9223372036854775807", "BIGINT") == "9.223372036854776E18");
    CHECK(over("AVG", "CAST(NULL AS INT)", "INT") == "0.0");
    CHECK(over("AVG", "2.5, 3.5", "DOUBLE") == "3.0");
  }

  TEST_CASE("variances and correlations have Java's digits") {
    CHECK(over("STDDEV_SAMPLE", "0, 10, 7, 6", "INT") == "4.193248541803041");
    CHECK(over("STDDEV_SAMPLE", "-1.8, 2.3, 100.2", "DOUBLE") == "57.74256084841869");
    CHECK(over("STDDEV_SAMP", "500, 100, 0, -6", "BIGINT") == "57275.666666666664");
  }

  TEST_CASE("MIN and MAX order what has no usual order") {
    CHECK(over("MAX", "1.0, 'NaN', 2.0", "DOUBLE") == "NaN");
    CHECK(over("MIN", "1.0, 'NaN', 2.0", "DOUBLE") == "1.0");
    CHECK(over("MIN", "'NaN', 'Infinity'", "DOUBLE") == "Infinity");
    CHECK(over("MIN", "'', 'a'", "STRING") == "");
    CHECK(over("MAX", "'Z', 'a', 'ä'", "STRING") == "ä");
  }

  TEST_CASE("the greatest values keep the order in which equal ones came") {
    auto k = [](std::int64_t n) { return std::pair<Type, Value>(TypeKind::int32, n); };
    CHECK(over("TOPK", "0, 100, 99, 7, 100", "INT", {k(3)}) == "[100,100,99]");
    CHECK(over("TOPKDISTINCT", "0, 100, 99, 7, 100", "INT", {k(3)}) == "[100,99,7]");
    CHECK(over("TOPK", "-1.5, 'NaN', '-Infinity', 2.0", "DOUBLE", {k(9)}) == "[\"NaN\",2.0,-1.5,\"-Infinity\"]");
    CHECK(over("TOPK", "'a', 'ab', '', 'b'", "STRING", {k(3)}) == "[\"b\",\"ab\",\"a\"]");
    CHECK(over("TOPK", "-5, 3, -100", "DECIMAL(38,0)", {k(2)}) == "[3,-5]");
    CHECK(over("TOPK", "1", "INT", {k(0)}) == "[] <0 the number of values to keep must be at least 1>");
  }

  TEST_CASE("first and last go by offset, not by arrival") {
    for (auto [name, one, two] :
         {std::tuple{"LATEST_BY_OFFSET", "30", "[20,30]"}, {"EARLIEST_BY_OFFSET", "10", "[10,20]"}}) {
      Column values(TypeKind::int32), count(TypeKind::int32);
      for (std::int32_t v : {20, 30, 10}) values.append(v);
      count.append(std::int32_t{2});
      const std::int64_t offsets[] = {2, 3, 1};
      const std::uint32_t group[] = {0, 0, 0};
      ResolvedAggregate single =
          *resolve(*find_aggregate_function(name), std::vector<std::optional<Type>>{TypeKind::int32});
      Groups a(single, 1);
      const Argument argument{&values, false};
      a.add({&argument, 1}, Rows::all(3), group, offsets);
      CHECK(text_of(a.results()[0], single.result) == one);
      ResolvedAggregate several =
          *resolve(*find_aggregate_function(name), std::vector<std::optional<Type>>{TypeKind::int32, TypeKind::int32});
      Groups b(several, 1);
      const Argument arguments[] = {{&values, false}, {&count, true}};
      b.add(arguments, Rows::all(3), group, offsets);
      CHECK(text_of(b.results()[0], several.result) == two);
    }
  }

  TEST_CASE("many different values are counted within two percent") {
    ResolvedAggregate function =
        *resolve(*find_aggregate_function("COUNT_DISTINCT"), std::vector<std::optional<Type>>{TypeKind::int64});
    for (std::int64_t n : {1, 100, 512, 513, 5'000, 200'000}) {
      Groups groups(function, 1);
      Column values(TypeKind::int64);
      for (int twice = 0; twice < 2; ++twice)
        for (std::int64_t i = 0; i < n; ++i) values.append(i * 7919);
      std::vector<std::uint32_t> zeros(values.size(), 0);
      const Argument argument{&values, false};
      groups.add({&argument, 1}, Rows::all(values.size()), zeros);
      auto counted = static_cast<double>(std::get<std::int64_t>(groups.results()[0]));
      double error = std::fabs(counted - static_cast<double>(n)) / static_cast<double>(n);
      CAPTURE(n);
      CHECK(error <= (n <= 512 ? 0 : 0.04));
      CHECK(groups.saved(0).size() <= 4200);
    }
  }

  TEST_CASE("a histogram keeps a thousand texts and counts them on") {
    std::string rows;
    for (int i = 0; i < 1100; ++i) rows += (i > 0 ? ", '" : "'") + std::to_string(i) + "'";
    rows += ", '5', '1099'";
    std::string text = over("HISTOGRAM", rows, "STRING");
    CHECK(text.find("\"5\":2") != std::string::npos);
    CHECK(text.find("\"999\":1") != std::string::npos);
    CHECK(text.find("\"1000\"") == std::string::npos);
  }

  TEST_CASE("aggregates say which of their arguments must be literals") {
    auto literals = [](const char* name, std::vector<std::optional<Type>> types) {
      return resolve(*find_aggregate_function(name), types)->overload->literals;
    };
    const Type i = TypeKind::int32;
    CHECK(literals("TOPK", {i, i}) == 1);
    CHECK(literals("LATEST_BY_OFFSET", {i}) == 0);
    CHECK(literals("LATEST_BY_OFFSET", {i, Type(TypeKind::boolean)}) == 1);
    CHECK(literals("LATEST_BY_OFFSET", {i, i, Type(TypeKind::boolean)}) == 2);
  }
}

}  // namespace
}  // namespace levada
