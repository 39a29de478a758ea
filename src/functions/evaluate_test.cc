// How expressions run: which rows are computed, what becomes of nulls and failures, constants, selections.
#include <doctest/doctest.h>

#include "functions/builder.h"
#include "functions/example_reader.h"

namespace levada {
namespace {

// A batch of a few columns with nulls among them.
struct Table {
  SchemaRef schema =
      std::make_shared<Schema>(Schema{{{"K", TypeKind::int32}},
                                      {{"N", TypeKind::int32},
                                       {"B", TypeKind::boolean},
                                       {"S", TypeKind::string},
                                       {"A", Type::array(TypeKind::int32)},
                                       {"R", Type::structure({{"X", TypeKind::int32}, {"Y", TypeKind::string}})}}});
  Batch batch;

  Table() {
    batch.schema = schema;
    auto add = [&](const Type& type, std::initializer_list<Value> values) {
      auto column = std::make_shared<Column>(type);
      for (const Value& v : values) column->append(v);
      batch.size = column->size();
      return column;
    };
    auto n = [](std::int64_t v) { return Value(v); };
    auto list = [](std::initializer_list<Value> items) { return Value(ValueList(items)); };
    batch.key = {add(TypeKind::int32, {n(0), n(1), n(2), n(3)})};
    batch.after = {add(TypeKind::int32, {n(10), {}, n(0), n(-5)}), add(TypeKind::boolean, {true, {}, false, true}),
                   add(TypeKind::string, {"a", {}, "", "dd"}),
                   add(schema->value[3].type, {list({n(1)}), {}, list({}), list({n(7), {}, n(9)})}),
                   add(schema->value[4].type, {list({n(1), "y"}), {}, list({{}, "z"}), list({n(4), {}})})};
    batch.before = {add(TypeKind::int32, {n(1), n(2), {}, n(4)})};
    batch.selection = Selection::all(batch.size);
    batch.timestamps_ms =
        std::make_shared<const std::vector<std::int64_t>>(std::vector<std::int64_t>{100, 200, 300, 400});
    auto origin = std::make_shared<Origin>();
    origin->partition = 3;
    origin->offsets = {50, 51, 52, 53};
    batch.origin = origin;
  }

  ExpressionRef expression(std::string_view text) const {
    auto e = read_expression(text, *schema);
    REQUIRE_MESSAGE(e.has_value(), (e ? "" : e.error().text()));
    return *e;
  }
  // The results of the rows, and in angle brackets the rows that failed.
  std::string run(std::string_view text) const { return run(expression(text), batch.rows()); }
  std::string run(const ExpressionRef& e, Rows rows) const {
    RowFailures failures;
    ColumnRef column = evaluate(*e, batch, rows, {}, failures);
    REQUIRE(column->size() == batch.size);
    std::string out;
    rows.for_each([&](std::uint32_t row) { out += (out.empty() ? "" : " ") + text_of(column->value(row), e->type); });
    for (const RowFailure& f : failures) out += " <" + std::to_string(f.row) + ">";
    return out;
  }
};

TEST_SUITE("functions") {
  TEST_CASE("columns, literals and what stands beside the columns") {
    Table t;
    CHECK(t.run("N") == "10 null 0 -5");
    CHECK(t.run("K") == "0 1 2 3");
    CHECK(t.run("'x'") == "x x x x");
    CHECK(t.run("ARRAY[1]") == "[1] [1] [1] [1]");
    CHECK(t.run(row_expression(ExpressionKind::row_time), t.batch.rows()) == "100 200 300 400");
    CHECK(t.run(row_expression(ExpressionKind::row_partition), t.batch.rows()) == "3 3 3 3");
    CHECK(t.run(row_expression(ExpressionKind::row_offset), t.batch.rows()) == "50 51 52 53");

    Expression before = *t.expression("N");
    before.kind = ExpressionKind::before;
    CHECK(t.run(std::make_shared<Expression>(before), t.batch.rows()) == "1 2 null 4");
    Expression key = *t.expression("K");
    key.kind = ExpressionKind::before;
    CHECK(t.run(std::make_shared<Expression>(key), t.batch.rows()) == "0 1 2 3");
  }

  TEST_CASE("a column is given back, not copied, and so is a field of structures without nulls") {
    Table t;
    RowFailures failures;
    CHECK(evaluate(*t.expression("N"), t.batch, t.batch.rows(), {}, failures) == t.batch.after[0]);
    Column whole(t.schema->value[4].type);
    whole.append(Value(ValueList{std::int64_t{1}, "y"}));
    Batch one = t.batch;
    one.size = 1;
    one.after[4] = std::make_shared<Column>(std::move(whole));
    ColumnRef x = evaluate(*t.expression("R->X"), one, Rows::all(1), {}, failures);
    CHECK(x.get() == &one.after[4]->child(0));
  }

  TEST_CASE("nulls go through strict functions, and their values are zero again") {
    Table t;
    CHECK(t.run("N + 1") == "11 null 1 -4");
    CHECK(t.run("UCASE(S)") == "A null  DD");
    CHECK(t.run("N + NULL") == "null null null null");
    RowFailures failures;
    ColumnRef sum = evaluate(*t.expression("N + 1"), t.batch, t.batch.rows(), {}, failures);
    CHECK(sum->values<std::int32_t>()[1] == 0);
    CHECK(t.run("R->X") == "1 null null 4");
    CHECK(t.run("R->Y") == "y null z null");
    CHECK(t.run("A[1]") == "1 null null 7");
    CHECK(t.run("A[-1]") == "1 null null 9");
    CHECK(t.run("A[2]") == "null null null null");
  }

  TEST_CASE("a row that fails is null and told once") {
    Table t;
    CHECK(t.run("100 / N") == "10 null null -20 <2>");
    CHECK(t.run("100 / N + 1") == "11 null null -19 <2>");
    CHECK(t.run("1 / 0") == "null null null null <0> <1> <2> <3>");
    CHECK(t.run("CAST(S AS INT)") == "null null null null <0> <2> <3>");
  }

  TEST_CASE("only the selected rows are computed") {
    Table t;
    const std::uint32_t some[] = {0, 3};
    CHECK(t.run(t.expression("100 / N"), Rows(some)) == "10 -20");
    CHECK(t.run(t.expression("CASE WHEN N > 0 THEN 100 / N ELSE N END"), Rows(some)) == "10 -5");
    CHECK(t.run(t.expression("SPLIT(S, '')"), Rows(some)) == "[\"a\"] [\"d\",\"d\"]");
    CHECK(t.run(t.expression("A"), Rows(some)) == "[1] [7,null,9]");
    const std::span<const std::uint32_t> none;
    CHECK(t.run(t.expression("100 / N"), Rows(none)) == "");
  }

  TEST_CASE("AND, OR and NOT know three values") {
    auto value = [](std::string_view text) { return Table().run(text).substr(0, 4); };
    const char* names[] = {"true", "false", "CAST(NULL AS BOOLEAN)"};
    const char* ands[3][3] = {{"true", "fals", "null"}, {"fals", "fals", "fals"}, {"null", "fals", "null"}};
    const char* ors[3][3] = {{"true", "true", "true"}, {"true", "fals", "null"}, {"true", "null", "null"}};
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) {
        std::string a = names[i], b = names[j];
        CHECK(value(a + " AND " + b) == ands[i][j]);
        CHECK(value(a + " OR " + b) == ors[i][j]);
        // The same with columns on either side, cheap and not: `same` is as good as the value, but must be computed.
        auto column = [](int k) {
          return std::string(k == 0 ? "(K >= 0)" : k == 1 ? "(K < 0)" : "(NULLIF(K, K) = 1 OR NOT IS_NULL)");
        };
        if (i == 2 || j == 2) continue;
        CHECK(value(column(i) + " AND " + column(j)) == ands[i][j]);
        CHECK(value(column(i) + " OR LCASE(S) IS NULL AND " + column(j)) == ors[i][1]);
      }
    Table t;
    CHECK(t.run("NOT B") == "false null true false");
    CHECK(t.run("B AND K < 2") == "true null false false");
    CHECK(t.run("B OR K < 2") == "true true false true");
    CHECK(t.run("K < 2 AND B") == "true null false false");
    CHECK(t.run("K < 2 OR B") == "true true false true");
    CHECK(t.run("B AND B") == "true null false true");
    CHECK(t.run("B OR NULL") == "true null null true");
    CHECK(t.run("B AND NULL") == "null null false null");
    CHECK(t.run("NULL AND B") == "null null false null");
    CHECK(t.run("NULL OR B") == "true null null true");
  }

  TEST_CASE("AND and OR compute their right side only where the left one leaves it open") {
    Table t;
    CHECK(t.run("N <> 0 AND 100 / N > 0") == "true false false false");
    CHECK(t.run("N = 0 OR 100 / N > 0") == "true false true false");
    CHECK(t.run("N = 0 AND 100 / N > 0") == "false false false false <2>");
    CHECK(t.run("B AND 100 / N > 0") == "true false false false");  // null AND false
    CHECK(t.run("false AND 1 / 0 = 1") == "false false false false");
    CHECK(t.run("true OR 1 / 0 = 1") == "true true true true");
  }

  TEST_CASE("CASE computes a branch only for the rows that take it") {
    Table t;
    CHECK(t.run("CASE WHEN N = 0 THEN -1 ELSE 100 / N END") == "10 null -1 -20");
    CHECK(t.run("CASE WHEN N <> 0 THEN 100 / N END") == "10 null null -20");
    CHECK(t.run("CASE WHEN B THEN 'yes' WHEN N = 0 THEN 'zero' ELSE S END") == "yes null zero yes");
    CHECK(t.run("CASE WHEN NULL THEN 1 ELSE 2 END") == "2 2 2 2");
    CHECK(t.run("CASE N WHEN 10 THEN 'ten' WHEN 0 THEN 'none' END") == "ten null none null");
    CHECK(t.run("CASE WHEN 100 / N > 0 THEN 1 ELSE 2 END") == "1 2 2 2 <2>");
  }

  TEST_CASE("CASE of numbers gives the same whether it is computed by branches or at once") {
    Table t;
    CHECK(t.run("CASE WHEN K < 1 THEN 1 WHEN K < 3 THEN K ELSE 9 END") == "1 1 2 9");
    CHECK(t.run("CASE WHEN true THEN K ELSE 9 END") == "0 1 2 3");
    CHECK(t.run("CASE WHEN false THEN K ELSE 9 END") == "9 9 9 9");
    CHECK(t.run("CASE WHEN K < 2 THEN N ELSE K END") == "10 null 2 3");
    CHECK(t.run("CASE WHEN K < 2 THEN 1.5 ELSE K END") == "1.5 1.5 2.0 3.0");
  }

  TEST_CASE("CASE and COALESCE put nested values together row by row") {
    Table t;
    CHECK(t.run("CASE WHEN K = 0 THEN ARRAY[0] WHEN K < 3 THEN A ELSE CAST(NULL AS ARRAY<INT>) END") ==
          "[0] null [] null");
    CHECK(t.run("COALESCE(A, ARRAY[5, 6])") == "[1] [5,6] [] [7,null,9]");
    CHECK(t.run("COALESCE(R, STRUCT(X := 0, Y := 'none'))->Y") == "y none z null");
  }

  TEST_CASE("COALESCE stops at the first value") {
    Table t;
    CHECK(t.run("COALESCE(N, 7)") == "10 7 0 -5");
    CHECK(t.run("COALESCE(N, 1 / 0)") == "10 null 0 -5 <1>");
    CHECK(t.run("COALESCE(K, 1 / 0)") == "0 1 2 3");
    CHECK(t.run("COALESCE(N, NULL, K)") == "10 1 0 -5");
    CHECK(t.run("COALESCE(S, CAST(N AS STRING), 'none')") == "a none  dd");
    CHECK(t.run("IFNULL(100 / N, 0)") == "10 0 0 -20 <2>");
  }

  TEST_CASE("comparisons with null are false, and so their opposite is true") {
    Table t;
    CHECK(t.run("N = 10") == "true false false false");
    CHECK(t.run("N <> 10") == "false false true true");
    CHECK(t.run("NOT N = 10") == "false true true true");
    CHECK(t.run("N > NULL") == "false false false false");
    CHECK(t.run("N IN (10, NULL, -5)") == "true false false true");
    CHECK(t.run("N NOT IN (10, -5)") == "false true true false");
    CHECK(t.run("N BETWEEN -5 AND 0") == "false false true true");
    CHECK(t.run("N BETWEEN K AND 10") == "true false false false");
    CHECK(t.run("S LIKE '%'") == "true false true true");
    CHECK(t.run("N IS DISTINCT FROM NULL") == "true false true true");
    CHECK(t.run("N IS NOT DISTINCT FROM K") == "false false false false");
  }

  TEST_CASE("a function of constants is folded, unless it fails or is volatile") {
    Table t;
    CHECK(folded(t.expression("1 + 2 * 3"), {})->text == "7");
    CHECK(folded(t.expression("N + (1 + 2)"), {})->arguments[1]->kind == ExpressionKind::literal);
    CHECK(folded(t.expression("1 / 0"), {})->kind == ExpressionKind::call);
    CHECK(folded(t.expression("RANDOM()"), {})->kind == ExpressionKind::call);
    CHECK(!is_constant(*t.expression("RANDOM() + 1")));
    CHECK(!is_constant(*t.expression("N")));
    CHECK(is_constant(*t.expression("CASE WHEN true THEN 1 ELSE 2 END")));
    auto error = fold(*t.expression("1 / 0"), {});
    REQUIRE(!error);
    CHECK(error.error().kind() == ErrorKind::statement);
    CHECK(error.error().why() == "division by zero");
    ExpressionRef same = t.expression("N + K");
    CHECK(folded(same, {}) == same);
  }

  TEST_CASE("expressions know their columns, are compared, and show as SQL") {
    Table t;
    CHECK(columns_of(*t.expression("N + K * N")) == std::vector<std::uint32_t>{0, 1});
    CHECK(columns_of(*t.expression("1 + 1")).empty());
    CHECK(same_expression(*t.expression("N + 1"), *t.expression("N + 1")));
    CHECK(!same_expression(*t.expression("N + 1"), *t.expression("N + 2")));
    CHECK(!same_expression(*t.expression("N + 1"), *t.expression("N - 1")));
    CHECK(!same_expression(*t.expression("RANDOM()"), *t.expression("RANDOM()")));
    CHECK(!same_expression(*t.expression("R->X"), *t.expression("A[1]")));
    for (const char* text :
         {"(N + K)", "NOT B", "-N", "N IS NULL", "(N BETWEEN 0 AND 1)", "(S LIKE 'a%' ESCAPE '!')", "(N IN (1, 2))",
          "R->X", "A[1]", "ARRAY[1, N]", "MAP('a' := N)", "STRUCT(X := N)", "CASE WHEN B THEN N ELSE 0 END",
          "CAST(N AS STRING)", "SUBSTRING(S, 1, 2)", "(B AND (N < 0))", "(N IS DISTINCT FROM K)"})
      CHECK(t.expression(text)->text == text);
    CHECK(t.expression("N + 0.5")->text == "(CAST(N AS DECIMAL(10, 0)) + 0.5)");
  }
}

}  // namespace
}  // namespace levada
