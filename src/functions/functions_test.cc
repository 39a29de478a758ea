// Every row of every table: its examples, its documentation, its signatures.
#include "functions/functions.h"

#include <doctest/doctest.h>

#include <set>

#include "functions/aggregate_state.h"
#include "functions/builder.h"
#include "functions/example_reader.h"
#include "functions/signature.h"

namespace levada {
namespace {

// An aggregate's example: "TOPK(x, 2)" over the rows "1, 3, NULL".
std::string aggregate_of(const AggregateFunction& function, std::string_view call, std::string_view rows) {
  auto list = read_expression("ARRAY[" + std::string(rows) + "]");
  if (!list) return "error: " + list.error().what();
  auto values = fold(**list, {});
  if (!values) return "error: " + values.error().what();
  const Type& type = (*list)->type.element();

  Batch batch;
  batch.schema = std::make_shared<Schema>(Schema{{}, {{"x", type}}});
  auto column = std::make_shared<Column>(type);
  for (const Value& v : std::get<ValueList>(*values)) column->append(v);
  batch.size = column->size();
  batch.selection = Selection::all(batch.size);
  batch.after = {column};

  // The arguments, read as the elements of a call of a function that takes anything.
  std::string_view inside = call.substr(call.find('(') + 1);
  inside.remove_suffix(1);
  std::vector<std::optional<Type>> types;
  std::vector<ExpressionRef> arguments;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= inside.size() && !inside.empty(); ++i) {
    if (i < inside.size()) {
      depth += inside[i] == '(' ? 1 : inside[i] == ')' ? -1 : 0;
      if (inside[i] != ',' || depth > 0) continue;
    }
    auto e = read_expression(inside.substr(begin, i - begin), *batch.schema);
    if (!e) return "error: " + e.error().what();
    arguments.push_back(*e);
    types.push_back((*e)->type);
    begin = i + 1;
  }
  auto resolved = resolve(function, types);
  if (!resolved) return "error: " + resolved.error().what();

  RowFailures failures;
  Columns columns;
  std::vector<Argument> evaluated;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    ExpressionRef cast = take(cast_expression(arguments[i], resolved->arguments[i]));
    columns.push_back(evaluate(*cast, batch, batch.rows(), {}, failures));
    evaluated.push_back({columns.back().get(), false});
  }
  alignas(16) char state[256];
  REQUIRE(resolved->overload->state_size <= sizeof state);
  resolved->overload->start(state);
  std::vector<char*> states(batch.size, state);
  resolved->overload->add({evaluated, batch.rows(), states, {}, failures});
  if (!failures.empty()) return "failed: " + failures[0].why;
  Column out(resolved->result);
  char* one = state;
  resolved->overload->result({&one, 1}, out);
  if (resolved->overload->end) resolved->overload->end(state);
  return text_of(out.value(0), resolved->result);
}

TEST_SUITE("functions") {
  TEST_CASE("every example gives what it says") {
    for (auto family : function_families())
      for (const Function& function : family)
        for (const Example& example : function.examples) {
          CAPTURE(std::string(example.call));
          CHECK(value_of_example(example.call) == std::string(example.result));
        }
    for (auto family : aggregate_families())
      for (const AggregateFunction& function : family)
        for (const AggregateFunction::Example& example : function.examples) {
          CAPTURE(std::string(example.call) + " over " + std::string(example.rows));
          CHECK(aggregate_of(function, example.call, example.rows) == std::string(example.result));
        }
  }

  TEST_CASE("every row has a line of documentation, an example and signatures that can be read") {
    std::set<std::string_view> names;
    auto check = [&](std::string_view name, std::string_view doc, std::size_t examples, const auto& overloads) {
      CAPTURE(std::string(name));
      CHECK(names.insert(name).second);
      CHECK(!doc.empty());
      CHECK(doc.back() == '.');
      CHECK(doc.find('\n') == std::string_view::npos);
      CHECK(examples > 0);
      CHECK(!overloads.empty());
      for (const auto& overload : overloads) parse_signature(overload.signature);
    };
    for (auto family : function_families())
      for (const Function& f : family) {
        check(f.name, f.doc, f.examples.size(), f.overloads);
        CHECK(!f.category.empty());
        CHECK(find_function(f.name) == &f);
      }
    for (auto family : aggregate_families())
      for (const AggregateFunction& f : family) {
        check(f.name, f.doc, f.examples.size(), f.overloads);
        CHECK(find_aggregate_function(f.name) == &f);
        for (const AggregateOverload& o : f.overloads) CHECK(o.state_size % 8 == 0);
      }
    CHECK(find_function("NO_SUCH_FUNCTION") == nullptr);
    CHECK(find_aggregate_function("LEN") == nullptr);
  }

  TEST_CASE("all functions of ksqlDB are there, but for those on lambdas and tables") {
    std::vector<std::string> names = function_names();
    CHECK(std::ranges::is_sorted(names));
    for (const char* name : {"CHR",
                             "CONCAT",
                             "CONCAT_WS",
                             "ELT",
                             "ENCODE",
                             "FIELD",
                             "FROM_BYTES",
                             "INITCAP",
                             "INSTR",
                             "LCASE",
                             "LEN",
                             "LPAD",
                             "MASK",
                             "MASK_KEEP_LEFT",
                             "MASK_KEEP_RIGHT",
                             "MASK_LEFT",
                             "MASK_RIGHT",
                             "MD5",
                             "REPLACE",
                             "RPAD",
                             "SPLIT",
                             "SPLIT_TO_MAP",
                             "SUBSTRING",
                             "TO_BYTES",
                             "TRIM",
                             "UCASE",
                             "UUID",
                             "ABS",
                             "ACOS",
                             "ASIN",
                             "ATAN",
                             "ATAN2",
                             "CBRT",
                             "CEIL",
                             "COS",
                             "COSH",
                             "COT",
                             "DEGREES",
                             "EXP",
                             "FLOOR",
                             "GREATEST",
                             "LEAST",
                             "LN",
                             "LOG",
                             "PI",
                             "POWER",
                             "RADIANS",
                             "RANDOM",
                             "ROUND",
                             "SIGN",
                             "SIN",
                             "SINH",
                             "SQRT",
                             "TAN",
                             "TANH",
                             "TRUNC",
                             "CONVERT_TZ",
                             "DATEADD",
                             "DATESUB",
                             "DATETOSTRING",
                             "FORMAT_DATE",
                             "FORMAT_TIME",
                             "FORMAT_TIMESTAMP",
                             "FROM_DAYS",
                             "FROM_UNIXTIME",
                             "PARSE_DATE",
                             "PARSE_TIME",
                             "PARSE_TIMESTAMP",
                             "STRINGTODATE",
                             "STRINGTOTIMESTAMP",
                             "TIMEADD",
                             "TIMESUB",
                             "TIMESTAMPADD",
                             "TIMESTAMPSUB",
                             "TIMESTAMPTOSTRING",
                             "UNIX_DATE",
                             "UNIX_TIMESTAMP",
                             "ARRAY_CONCAT",
                             "ARRAY_CONTAINS",
                             "ARRAY_DISTINCT",
                             "ARRAY_EXCEPT",
                             "ARRAY_INTERSECT",
                             "ARRAY_JOIN",
                             "ARRAY_LENGTH",
                             "ARRAY_MAX",
                             "ARRAY_MIN",
                             "ARRAY_REMOVE",
                             "ARRAY_SORT",
                             "ARRAY_UNION",
                             "GENERATE_SERIES",
                             "SLICE",
                             "EXTRACTJSONFIELD",
                             "IS_JSON_STRING",
                             "JSON_ARRAY_CONTAINS",
                             "JSON_ARRAY_LENGTH",
                             "JSON_CONCAT",
                             "JSON_ITEMS",
                             "JSON_KEYS",
                             "JSON_RECORDS",
                             "TO_JSON_STRING",
                             "URL_DECODE_PARAM",
                             "URL_ENCODE_PARAM",
                             "URL_EXTRACT_FRAGMENT",
                             "URL_EXTRACT_HOST",
                             "URL_EXTRACT_PARAMETER",
                             "URL_EXTRACT_PATH",
                             "URL_EXTRACT_PORT",
                             "URL_EXTRACT_PROTOCOL",
                             "URL_EXTRACT_QUERY",
                             "AS_MAP",
                             "ENTRIES",
                             "MAP_KEYS",
                             "MAP_UNION",
                             "MAP_VALUES",
                             "REGEXP_EXTRACT",
                             "REGEXP_EXTRACT_ALL",
                             "REGEXP_REPLACE",
                             "REGEXP_SPLIT_TO_ARRAY",
                             "COALESCE",
                             "IFNULL",
                             "NULLIF",
                             "INT_FROM_BYTES",
                             "BIGINT_FROM_BYTES",
                             "DOUBLE_FROM_BYTES",
                             "AS_VALUE",
                             "GEO_DISTANCE",
                             "ATTR",
                             "AVG",
                             "COLLECT_LIST",
                             "COLLECT_SET",
                             "CORRELATION",
                             "COUNT",
                             "COUNT_DISTINCT",
                             "EARLIEST_BY_OFFSET",
                             "HISTOGRAM",
                             "LATEST_BY_OFFSET",
                             "MAX",
                             "MIN",
                             "STDDEV_SAMP",
                             "STDDEV_SAMPLE",
                             "SUM",
                             "SUM_LIST",
                             "TOPK",
                             "TOPKDISTINCT"})
      CHECK_MESSAGE(std::ranges::binary_search(names, std::string(name)), std::string(name));
    CHECK(!std::ranges::binary_search(names, std::string("+")));
  }
}

}  // namespace
}  // namespace levada
