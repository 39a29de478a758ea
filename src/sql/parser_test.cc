#include "sql/parser.h"

#include <doctest/doctest.h>

using namespace levada;
using ast::ExpressionKind;

namespace {

template <class T>
T only(const std::string& text) {
  auto statements = parse({"t", text});
  REQUIRE_MESSAGE(statements, (statements ? "" : statements.error().text()));
  REQUIRE(statements->size() == 1);
  REQUIRE(std::holds_alternative<T>(statements->front().body));
  return std::get<T>(statements->front().body);
}

ast::Expression expression(const std::string& text) {
  auto tree = parse_expression({"t", text});
  REQUIRE_MESSAGE(tree, (tree ? "" : tree.error().text()));
  return *tree;
}

std::string cut(const std::string& text, ast::Span span) { return text.substr(span.begin, span.end - span.begin); }

std::string repeated(int n, std::string_view text) {
  std::string out;
  while (n-- > 0) out += text;
  return out;
}

}  // namespace

TEST_SUITE("sql") {
  TEST_CASE("names are in capitals unless quoted") {
    auto s = only<ast::CreateSource>("CREATE STREAM Orders (Id INT, `Name` STRING, \"a\"\"b\" INT)");
    CHECK(s.name.text == "ORDERS");
    CHECK_FALSE(s.name.quoted);
    CHECK(s.columns[0].name.text == "ID");
    CHECK(s.columns[1].name.text == "Name");
    CHECK(s.columns[1].name.quoted);
    CHECK(s.columns[2].name.text == "a\"b");
  }

  TEST_CASE("the kinds of literals are told apart by their form") {
    struct {
      const char* text;
      ExpressionKind kind;
    } rows[] = {{"1", ExpressionKind::integer_literal},     {"1.0", ExpressionKind::decimal_literal},
                {"1.", ExpressionKind::decimal_literal},    {".5", ExpressionKind::decimal_literal},
                {"1e0", ExpressionKind::double_literal},    {"-1.5E+2", ExpressionKind::double_literal},
                {"-7", ExpressionKind::integer_literal},    {"'1'", ExpressionKind::string_literal},
                {"true", ExpressionKind::boolean_literal},  {"Null", ExpressionKind::null_literal},
                {"date '1'", ExpressionKind::typed_literal}};
    for (const auto& row : rows) {
      CAPTURE(row.text);
      CHECK(expression(row.text).kind == row.kind);
    }
    CHECK(expression("-1.50").text == "-1.50");
    CHECK(expression("- 1").text == "-1");
    CHECK(expression("tRue").text == "TRUE");
    CHECK(expression("'a''b'").text == "a'b");
  }

  TEST_CASE("a tree has the children that ast.h tells of") {
    auto e = expression("CASE WHEN a THEN b WHEN c THEN d ELSE e END");
    CHECK(e.kind == ExpressionKind::searched_case);
    CHECK(e.children.size() == 5);
    CHECK(expression("CASE WHEN a THEN b END").children.size() == 2);
    e = expression("CASE x WHEN a THEN b ELSE e END");
    CHECK(e.kind == ExpressionKind::simple_case);
    CHECK(e.children.size() == 4);
    CHECK(expression("a LIKE b").children.size() == 2);
    e = expression("a NOT LIKE b ESCAPE '!'");
    CHECK(e.kind == ExpressionKind::not_like);
    CHECK(e.children[2].text == "!");
    e = expression("a IN (1, 2, 3)");
    CHECK(e.children.size() == 4);
    e = expression("MAP(a := b, c := d)");
    CHECK(e.children.size() == 4);
    e = expression("STRUCT(a := 1, b := 2)");
    CHECK(e.names.size() == 2);
    CHECK(e.names[1].text == "B");
    e = expression("f((x, y) => x)").children[0];
    CHECK(e.kind == ExpressionKind::lambda);
    CHECK(e.names.size() == 2);
    e = expression("a.b");
    CHECK(e.kind == ExpressionKind::column);
    CHECK(e.qualifier->text == "A");
    CHECK(e.name.text == "B");
    e = expression("COUNT(*)");
    CHECK(e.children.empty());
    CHECK(e.text == "*");
    e = expression("CAST(a AS DECIMAL(4, 2))");
    CHECK(e.type->numbers == std::vector<std::int64_t>{4, 2});
    e = expression("-(5)");
    CHECK(e.kind == ExpressionKind::negate);
  }

  TEST_CASE("every node knows its place") {
    std::string text = "SELECT a + (b * c) x, `d`->e FROM s AS t WHERE f(g) IS NULL";
    auto query = only<ast::Select>(text).query;
    CHECK(cut(text, query.span) == text);
    CHECK(cut(text, query.items[0].span) == "a + (b * c) x");
    CHECK(cut(text, query.items[0].expression.span) == "a + (b * c)");
    CHECK(cut(text, query.items[0].expression.children[1].span) == "b * c");
    CHECK(cut(text, query.items[0].alias->span) == "x");
    CHECK(cut(text, query.items[1].expression.span) == "`d`->e");
    CHECK(cut(text, query.items[1].expression.name.span) == "e");
    CHECK(cut(text, query.items[1].expression.children[0].span) == "`d`");
    CHECK(cut(text, query.from.span) == "s AS t");
    CHECK(cut(text, query.where->span) == "f(g) IS NULL");

    text = " CREATE STREAM s (a DECIMAL(4, 2) KEY CHECK (a > 0)) WITH (x = -1) ; ";
    auto statement = parse({"t", text}).value().at(0);
    CHECK(cut(text, statement.span) == "CREATE STREAM s (a DECIMAL(4, 2) KEY CHECK (a > 0)) WITH (x = -1)");
    auto& create = std::get<ast::CreateSource>(statement.body);
    CHECK(cut(text, create.columns[0].span) == "a DECIMAL(4, 2) KEY CHECK (a > 0)");
    CHECK(cut(text, create.columns[0].type.span) == "DECIMAL(4, 2)");
    CHECK(cut(text, create.checks[0].span) == "CHECK (a > 0)");
    CHECK(cut(text, create.properties[0].name.span) == "x");
    CHECK(cut(text, create.properties[0].value.span) == "-1");
  }

  TEST_CASE("durations are kept as written and known in milliseconds") {
    auto window =
        *only<ast::Select>("SELECT a FROM s WINDOW HOPPING (SIZE 2 HOURS, ADVANCE BY 90 SECONDS)").query.window;
    CHECK(window.size.count == 2);
    CHECK(window.size.unit == "HOUR");
    CHECK(window.size.milliseconds() == 7'200'000);
    CHECK(window.advance->milliseconds() == 90'000);
    CHECK(ast::Duration{3, "DAY", {}}.milliseconds() == 259'200'000);
    CHECK(ast::Duration{3, "MINUTE", {}}.milliseconds() == 180'000);
    CHECK(ast::Duration{3, "MILLISECOND", {}}.milliseconds() == 3);
  }

  TEST_CASE("WITHIN sets both sides") {
    auto join = only<ast::Select>("SELECT a FROM s JOIN t WITHIN 5 SECONDS ON a = b").query.joins.at(0);
    CHECK(join.before->milliseconds() == 5000);
    CHECK(join.after->milliseconds() == 5000);
    CHECK_FALSE(join.grace);
    join = only<ast::Select>("SELECT a FROM s FULL JOIN t WITHIN (1 DAY, 0 DAYS) GRACE PERIOD 1 HOUR ON a = b")
               .query.joins.at(0);
    CHECK(join.kind == ast::JoinKind::full);
    CHECK(join.after->count == 0);
    CHECK(join.grace->unit == "HOUR");
  }

  TEST_CASE("property names keep their quotes in mind") {
    auto s = only<ast::CreateSource>("CREATE STREAM s WITH (kafka_topic='a', 'Value.x'='b', \"k\"='c')");
    CHECK(s.properties[0].name.text == "KAFKA_TOPIC");
    CHECK_FALSE(s.properties[0].name.quoted);
    CHECK(s.properties[1].name.text == "Value.x");
    CHECK(s.properties[1].name.quoted);
    CHECK(s.properties[2].name.quoted);
  }

  TEST_CASE("statements end with a semicolon; empty ones and comments are nothing") {
    CHECK(parse({"t", ""}).value().empty());
    CHECK(parse({"t", " ;; -- x\n ; /* y */"}).value().empty());
    CHECK(parse({"t", "SHOW STREAMS;; SHOW TABLES"}).value().size() == 2);
    CHECK(parse({"t", "--@test: x\nSHOW TYPES;"}).value().size() == 1);
    CHECK(parse({"t", "PRINT 'a;b';"}).value().size() == 1);
  }

  TEST_CASE("after an error the parser goes on with the next statement") {
    Script script{"t", "SHOW; SHOW TYPES; PRINT $x 'y' #; SHOW TABLES; SELECT 'open; SHOW TYPES;"};
    Parser parser(script);
    std::string seen;
    for (int i = 0; i < 10; ++i) {
      auto statement = parser.next({});
      if (statement && !*statement) break;
      seen += statement ? print(**statement) : "! " + statement.error().what();
      seen += "\n";
    }
    CHECK(seen ==
          "! expected what to show, found the end of the statement\n"
          "SHOW TYPES\n"
          "! expected a variable such as ${name}\n"
          "SHOW TABLES\n"
          "! this string has no closing quote\n");
  }

  TEST_CASE("a file that is no SQL at all is refused at once") {
    std::string bytes;
    for (unsigned i = 0; i < 2'000'000; ++i) bytes += static_cast<char>(i * 7919 >> 3 | 0x80);
    auto statements = parse({"t", bytes});
    REQUIRE_FALSE(statements);
    CHECK(statements.error().where().starts_with("t:1:1\n"));
    CHECK(statements.error().where().size() < 1000);
  }

  TEST_CASE("deep nesting is refused, not fatal") {
    struct {
      const char *open, *middle, *close;
    } rows[] = {{"(", "a", ")"},
                {"NOT ", "a", ""},
                {"- ", "a", ""},
                {"f(", "a", ")"},
                {"f(x => ", "x", ")"},
                {"ARRAY[", "1", "]"},
                {"a[", "1", "]"},
                {"CASE WHEN a THEN ", "1", " END"},
                {"CAST(", "1", " AS INT)"},
                {"a IN (", "1", ")"},
                {"STRUCT(a := ", "1", ")"},
                {"a + (", "1", ")"}};
    for (const auto& row : rows) {
      CAPTURE(row.open);
      CHECK(parse_expression({"t", repeated(60, row.open) + row.middle + repeated(60, row.close)}));
      for (int depth : {300, 100'000}) {
        auto tree = parse_expression({"t", repeated(depth, row.open) + row.middle + repeated(depth, row.close)});
        REQUIRE_FALSE(tree);
        CHECK(tree.error().what() == "this is nested more than 200 levels deep");
      }
    }
    std::string type = "CREATE TYPE t AS " + repeated(50'000, "ARRAY<") + "INT" + repeated(50'000, ">");
    CHECK(parse({"t", type}).error().what() == "this is nested more than 200 levels deep");
    CHECK(parse({"t", repeated(50'000, "EXPLAIN ") + "SELECT a FROM b"}).error().what() ==
          "this is nested more than 200 levels deep");
  }

  TEST_CASE("long chains are taken up to a limit, because they are as high as they are long") {
    for (const char* link : {" + a", " || a", " AND a", " OR a = 1", "[1]", "->b", " AT TIME ZONE 'x'"}) {
      CAPTURE(link);
      auto tree = parse_expression({"t", "a" + repeated(990, link)});
      REQUIRE(tree);
      CHECK(tree->height >= 990);
      CHECK(parse_expression({"t", print(*tree)}).value() == *tree);
      auto error = parse_expression({"t", "a" + repeated(200'000, link)});
      REQUIRE_FALSE(error);
      CHECK(error.error().what() == "this expression has more than 1000 levels");
    }
    // Wide is not high.
    auto tree = parse_expression({"t", "a IN (1" + repeated(50'000, ", 2") + ")"});
    REQUIRE(tree);
    CHECK(tree->height == 1);
  }

  TEST_CASE("trees compare by what they say") {
    CHECK(expression("a + b") == expression("A   +`B`"));
    CHECK(expression("a + b") != expression("b + a"));
    CHECK(expression("a.b") != expression("b"));
    CHECK(expression("1") != expression("1.0"));
    CHECK(expression("CAST(a AS INT)") != expression("CAST(a AS ARRAY<INT>)"));
    CHECK(expression("CAST(a AS ARRAY<INT>)") == expression("cast(A as array < int >)"));
    CHECK(parse({"t", "EXPLAIN SELECT a FROM b"}).value() == parse({"t", "explain select A from B;"}).value());
    CHECK(parse({"t", "EXPLAIN SELECT a FROM b"}).value() != parse({"t", "EXPLAIN SELECT a FROM c"}).value());
    CHECK(parse({"t", "EXPLAIN q"}).value() != parse({"t", "EXPLAIN SELECT a FROM c"}).value());
  }
}
