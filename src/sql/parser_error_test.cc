// What users see when a statement is wrong: the exact text.
#include <doctest/doctest.h>

#include "sql/parser.h"

using namespace levada;

namespace {

std::string error_of(const std::string& text) {
  Script script{"a.sql", text};
  Parser parser(script);
  for (;;) {
    auto statement = parser.next({});
    if (!statement) return statement.error().text();
    if (!*statement) return "none";
  }
}

const std::string query_form =
    "SELECT … FROM … [WINDOW …] [WHERE …] [GROUP BY …] [PARTITION BY …] [HAVING …] [EMIT CHANGES | EMIT FINAL] [LIMIT "
    "n]";

// The first line and the remedy.
std::string brief(const std::string& text) {
  Script script{"a.sql", text};
  Parser parser(script);
  for (;;) {
    auto statement = parser.next({});
    if (!statement) {
      const Error& e = statement.error();
      CHECK(e.kind() == ErrorKind::statement);
      std::string remedy = e.remedy();
      if (remedy == "The form is: " + query_form) remedy = "query form";
      return e.what() + (remedy.empty() ? "" : " | " + remedy);
    }
    if (!*statement) return "none";
  }
}

struct Row {
  std::string text, error;
};

}  // namespace

TEST_SUITE("sql") {
  TEST_CASE("an error says what was found and expected, where, and what to do") {
    CHECK(error_of("CREATE STRAEM s (a INT);") ==
          "error: expected STREAM, TABLE, TYPE, SOURCE or SINK CONNECTOR, found 'STRAEM'\n"
          "  a.sql:1:8\n"
          "  CREATE STRAEM s (a INT);\n"
          "         ^^^^^^\n"
          "  do: Did you mean STREAM?");
    CHECK(error_of("SHOW STREAMS;\n\n\tCREATE STREAM `größer` (from INT);") ==
          "error: expected a column name, found 'from'\n"
          "  a.sql:3:26\n"
          "  \tCREATE STREAM `größer` (from INT);\n"
          "  \t                        ^^^^\n"
          "  do: If it is a name, write `FROM`: FROM is a reserved word.");
    CHECK(
        error_of("DROP STREAM s\n  DELETE;") ==
        "error: expected TOPIC, found the end of the statement\n"
        "  a.sql:2:9\n"
        "    DELETE;\n"
        "          ^\n"
        "  do: The form is: DROP STREAM|TABLE [IF EXISTS] name [DELETE TOPIC] | DROP CONNECTOR|TYPE [IF EXISTS] name");
    CHECK(error_of("SELECT a\nFROM\n\n-- that was all\n") ==
          "error: expected the name of a stream or table, found the end of the text\n"
          "  a.sql:2:5\n"
          "  FROM\n"
          "      ^\n"
          "  do: The form is: " +
              query_form);
    CHECK(error_of("SELECT 'abc\ndef' 'x' FROM t") ==
          "error: expected FROM, found the string 'x'\n"
          "  a.sql:2:6\n"
          "  def' 'x' FROM t\n"
          "       ^^^\n"
          "  do: The form is: " +
              query_form);
  }

  TEST_CASE("misspelt keywords are recognised") {
    const Row rows[] = {
        {"SELCT a FROM t", "expected a statement, found 'SELCT' | Did you mean SELECT?"},
        {"creat stream s", "expected a statement, found 'creat' | Did you mean CREATE?"},
        {"CREATE OR REPLCE STREAM s", "expected REPLACE, found 'REPLCE' | Did you mean REPLACE?"},
        {"CREATE SOURCE CONECTOR c WITH (a=1)",
         "expected STREAM, TABLE or CONNECTOR, found 'CONECTOR' | Did you mean CONNECTOR?"},
        {"CREATE STREAM IF NOT EXIST s", "expected EXISTS, found 'EXIST' | Did you mean EXISTS?"},
        {"CREATE TABLE t (a INT PRIMRY KEY)", "expected ')', found 'PRIMRY' | Did you mean PRIMARY?"},
        {"CREATE TABLE t (a INT PRIMARY KYE)", "expected KEY, found 'KYE' | Did you mean KEY?"},
        {"INSERT IN s VALUES (1)",
         "expected INTO, found 'IN' | The form is: INSERT INTO name [(column, …)] VALUES (value, …) | "
         "INSERT INTO name [WITH (…)] SELECT …"},
        {"INSERT INTO s VALEUS (1)", "expected VALUES or SELECT, found 'VALEUS' | Did you mean VALUES?"},
        {"SELECT a FRM t", "expected FROM, found 't' | Did you mean FROM instead of FRM?"},
        {"SELECT a FROM t WHER a = 1",
         "expected the end of the statement, found 'a' | Did you mean WHERE instead of WHER?"},
        {"SELECT a FROM t x WHER a = 1", "expected the end of the statement, found 'WHER' | Did you mean WHERE?"},
        {"SELECT a FROM t WHERE b GRUOP BY a",
         "expected the end of the statement, found 'GRUOP' | Did you mean GROUP?"},
        {"SELECT a FROM t EMIT CHANGE", "expected CHANGES or FINAL, found 'CHANGE' | Did you mean CHANGES?"},
        {"SELECT a FROM t WINDOW TUMBLNG (SIZE 1 DAY)",
         "expected TUMBLING, HOPPING or SESSION, found 'TUMBLNG' | Did you mean TUMBLING?"},
        {"SELECT a FROM t WINDOW TUMBLING (SIZE 1 MINTUE)",
         "expected a unit of time: DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS, found 'MINTUE' | Did you mean "
         "MINUTE?"},
        {"SELECT a FROM t WHERE a BETWEN 1 AND 2",
         "expected the end of the statement, found 'BETWEN' | Did you mean BETWEEN?"},
        {"SELECT a ADN b FROM t", "expected FROM, found 'b' | Did you mean AND instead of ADN?"},
        {"SELECT CASE WHEN a THAN b END FROM t", "expected THEN, found 'THAN' | Did you mean THEN?"},
        {"SHOW STREAM", "expected what to show, found 'STREAM' | Did you mean STREAMS?"},
        {"DROP STREM s", "expected STREAM, TABLE, CONNECTOR or TYPE, found 'STREM' | Did you mean STREAM?"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text);
      CHECK(brief(row.text) == row.error);
    }
  }

  TEST_CASE("wrong statements are refused with a reason") {
    const std::string end = "expected the end of the statement, found ";
    const Row rows[] = {
        // queries
        {"SELECT FROM t", "expected an expression, found 'FROM' | query form"},
        {"SELECT a, FROM t", "expected an expression, found 'FROM' | query form"},
        {"SELECT a", "expected FROM, found the end of the text | query form"},
        {"SELECT DISTINCT a FROM t", "expected an expression, found 'DISTINCT' | query form"},
        {"SELECT a AS FROM t", "expected an alias, found 'FROM' | query form"},
        {"SELECT a FROM t WHERE", "expected an expression, found the end of the text | query form"},
        {"SELECT a FROM t, u", end + "',' | query form"},
        {"SELECT a FROM t GROUP a", "expected BY, found 'a' | query form"},
        {"SELECT a FROM t GROUP BY", "expected an expression, found the end of the text | query form"},
        {"SELECT a FROM t GROUP BY ()", "expected an expression, found ')' | query form"},
        {"SELECT a FROM t GROUP BY a, (b, c)", "expected ')', found ',' | query form"},
        {"SELECT a FROM t GROUP BY (a, b), c", end + "',' | query form"},
        {"SELECT a FROM t GROUP BY a = b", "a condition must stand in parentheses here | Write (… = …)."},
        {"SELECT a FROM t PARTITION BY a and b", "a condition must stand in parentheses here | Write (… AND …)."},
        {"SELECT a FROM t PARTITION BY a is null", "a condition must stand in parentheses here | Write (… IS …)."},
        {"SELECT a FROM t GROUP BY a WHERE b",
         "WHERE cannot stand here | Every clause may stand once, in this order: " + query_form},
        {"SELECT a FROM t LIMIT 1 LIMIT 2",
         "LIMIT cannot stand here | Every clause may stand once, in this order: " + query_form},
        {"SELECT a FROM t LIMIT -1", "expected a whole number of rows, found '-' | query form"},
        {"SELECT a FROM t LIMIT 2.5", "expected a whole number of rows, found '2.5' | query form"},
        {"SELECT a FROM t LIMIT 99999999999999999999", "the number 99999999999999999999 is too large"},
        {"SELECT a FROM t ORDER BY a", end + "'ORDER' | query form"},
        {"SELECT a FROM t UNION SELECT b FROM u",
         end + "'SELECT' | If a new statement begins here, end the one before with ';'."},
        {"SELECT a FROM (SELECT b FROM t)",
         "a query cannot stand inside of another one | Make a stream or table of the inner one first: CREATE STREAM "
         "name AS "
         "SELECT …; then read from that."},
        {"SELECT a FROM EXPLODE(b)",
         "a function cannot stand where a stream or table is read | Table functions such as EXPLODE stand in the "
         "SELECT list."},
        {"SELECT a FROM t JOIN u",
         "expected ON, found the end of the text | The form is: [INNER] | LEFT | RIGHT | FULL [OUTER] "
         "JOIN name [WITHIN n unit | (n unit, n unit) [GRACE PERIOD n unit]] ON condition"},
        {"SELECT a FROM t WINDOW HOPPING (SIZE 1 DAY)",
         "expected ',', found ')' | The form is: WINDOW TUMBLING (SIZE n unit …) | HOPPING (SIZE n unit, ADVANCE BY n "
         "unit …) | "
         "SESSION (n unit …), each with [, RETENTION n unit] [, GRACE PERIOD n unit]"},
        {"SELECT a FROM t WINDOW SESSION (99999999999999 DAYS)", "this duration is too long"},
        {"SELECT t.* x FROM t", "expected FROM, found 'x' | query form"},
        // expressions
        {"SELECT a = b = c FROM t",
         "a comparison cannot follow another one | Put one of them in parentheses, or AND between them."},
        {"SELECT a FROM t WHERE a IS NULL = b",
         "a comparison cannot follow another one | Put one of them in parentheses, or AND between them."},
        {"SELECT a FROM t WHERE 1 < a < 2",
         "a comparison cannot follow another one | Put one of them in parentheses, or AND between them."},
        {"SELECT a FROM t WHERE a == b", "expected an expression, found '=' | query form"},
        {"SELECT a FROM t WHERE a IN ()", "expected an expression, found ')' | query form"},
        {"SELECT a FROM t WHERE a IS b", "expected NULL, NOT NULL or DISTINCT FROM, found 'b' | query form"},
        {"SELECT a FROM t WHERE a NOT b", end + "'NOT' | query form"},
        {"SELECT a + s->* FROM t",
         "->* cannot be part of an expression | It stands for all fields, each a column of its own: SELECT name->* "
         "FROM …"},
        {"SELECT f(s->*) FROM t",
         "->* cannot be part of an expression | It stands for all fields, each a column of its own: SELECT name->* "
         "FROM …"},
        {"SELECT a FROM t WHERE s->*",
         "->* cannot be part of an expression | It stands for all fields, each a column of its own: SELECT name->* "
         "FROM …"},
        {"SELECT (a FROM t", "expected ')', found 'FROM' | query form"},
        {"SELECT a[1 FROM t", "expected ']', found 'FROM' | query form"},
        {"SELECT a[] FROM t", "expected an expression, found ']' | query form"},
        {"SELECT f(a FROM t", "expected ')', found 'FROM' | query form"},
        {"SELECT f(a, *) FROM t", "expected an expression, found '*' | query form"},
        {"SELECT a.b.c FROM t", "expected FROM, found '.' | query form"},
        {"SELECT x => x FROM t", "expected FROM, found '=>' | query form"},
        {"SELECT f(() => 1) FROM t", "expected an expression, found ')' | query form"},
        {"SELECT CASE a END FROM t",
         "expected WHEN, found 'END' | The form is: CASE [value] WHEN … THEN … [WHEN … THEN …] [ELSE …] END"},
        {"SELECT CAST(a, INT) FROM t", "expected AS, found ',' | The form is: CAST(value AS TYPE)"},
        {"SELECT MAP(a = b) FROM t", "expected ':=', found ')' | The form is: MAP(key := value, …)"},
        {"SELECT STRUCT(1 := b) FROM t", "expected a field name, found '1' | The form is: STRUCT(field := value, …)"},
        {"SELECT 9223372036854775808 FROM t",
         "the number 9223372036854775808 is too large for a BIGINT | Write "
         "9223372036854775808.0 for a DECIMAL, or 9223372036854775808e0 for a DOUBLE."},
        {"SELECT -9223372036854775809 FROM t",
         "the number -9223372036854775809 is too large for a BIGINT | Write "
         "-9223372036854775809.0 for a DECIMAL, or -9223372036854775809e0 for a DOUBLE."},
        {"SELECT 1e999 FROM t", "the number 1e999 is too large for a DOUBLE"},
        // sources
        {"CREATE STREAM (a INT)",
         "expected the name of the stream, found '(' | The form is: CREATE [OR REPLACE] [SOURCE] "
         "STREAM|TABLE [IF NOT EXISTS] name [(column TYPE [KEY], …)] [WITH (property = value, …)] [AS "
         "SELECT …]"},
        {"CREATE STREAM s (a INT PRIMARY KEY)",
         "the column A of a stream cannot be a PRIMARY KEY | Streams may have many rows "
         "with one key: write A … KEY."},
        {"CREATE TABLE s (a INT KEY)",
         "the column A of a table cannot be a KEY | Tables have a PRIMARY KEY: write A … PRIMARY KEY."},
        {"CREATE STREAM s (a INT KEY HEADERS)", "the column A can be only one of KEY, HEADERS and HEADER"},
        {"CREATE STREAM s (a BYTES HEADER)",
         "expected '(', found ')' | The form is: CREATE [OR REPLACE] [SOURCE] STREAM|TABLE "
         "[IF NOT EXISTS] name [(column TYPE [KEY], …)] [WITH (property = value, …)] [AS "
         "SELECT …]"},
        {"CREATE STREAM s (a ARRAY)",
         "expected '<', found ')' | The form is: BOOLEAN | INT | BIGINT | DOUBLE | DECIMAL(precision, scale) | STRING "
         "| BYTES | "
         "DATE | TIME | TIMESTAMP | ARRAY<type> | MAP<type, type> | STRUCT<field type, …> | a name of CREATE TYPE"},
        {"CREATE STREAM s (a `MAP`)", "a type of one's own cannot be called MAP"},
        {"CREATE STREAM s (a INT CHECK a > 0)",
         "expected ')', found 'CHECK' | The form is: CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] name "
         "[(column "
         "TYPE [KEY], …)] [WITH (property = value, …)] [AS SELECT …]"},
        {"CREATE STREAM s (CHECK (a > 0)",
         "expected ')', found the end of the text | The form is: CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT "
         "EXISTS] name "
         "[(column TYPE [KEY], …)] [WITH (property = value, …)] [AS SELECT …]"},
        {"CREATE STREAM s (CHECK (a >))",
         "expected an expression, found ')' | The form is: [CONSTRAINT name] CHECK (condition)"},
        {"CREATE STREAM s (a INT) AS SELECT a FROM t",
         "the query says which columns S has | Leave the columns out; only CHECK (…) may stand in the parentheses "
         "before AS."},
        {"CREATE SOURCE STREAM s AS SELECT a FROM t",
         "what is made by a query cannot be a SOURCE | Leave SOURCE out: it is for what is only read here."},
        {"CREATE STREAM s WITH ()",
         "expected the name of a property, found ')' | The form is: WITH (property = value, 'property' = 'value', …)"},
        {"CREATE STREAM s WITH (a = b)",
         "expected a string, a number, TRUE, FALSE or NULL, found 'b' | The form is: WITH "
         "(property = value, 'property' = 'value', …)"},
        {"CREATE STREAM s WITH (a = \"b\")",
         "expected a string, a number, TRUE, FALSE or NULL, found the name `b` | Strings "
         "stand in single quotes; double quotes and backticks are for names."},
        {"CREATE STREAM s WITH (a = 1, A = 2)", "the property A is set twice"},
        {"CREATE STREAM s WITH ('a' = 1) SELECT a FROM t",
         end + "'SELECT' | If a new statement begins here, end the one before "
               "with ';'."},
        {"CREATE SINK CONNECTOR c",
         "expected WITH, found the end of the text | The form is: CREATE SOURCE|SINK CONNECTOR [IF NOT EXISTS] name "
         "WITH "
         "('property' = 'value', …)"},
        {"CREATE SINK TABLE t",
         "expected CONNECTOR, found 'TABLE' | The form is: CREATE SOURCE|SINK CONNECTOR [IF NOT EXISTS] "
         "name WITH ('property' = 'value', …)"},
        {"INSERT INTO s (a, ) VALUES (1)",
         "expected a column name, found ')' | The form is: INSERT INTO name [(column, …)] "
         "VALUES (value, …) | INSERT INTO name [WITH (…)] SELECT …"},
        {"INSERT INTO s VALUES ()",
         "expected an expression, found ')' | The form is: INSERT INTO name [(column, …)] VALUES "
         "(value, …) | INSERT INTO name [WITH (…)] SELECT …"},
        {"ASSERT STREAM s (CHECK (a))", "an ASSERT cannot hold a CHECK"},
        {"ASSERT NOT EXISTS VALUES s VALUES (1)",
         "expected what to assert: TOPIC or SCHEMA, found 'VALUES' | The form is: ASSERT "
         "[NOT EXISTS] TOPIC topic … | ASSERT [NOT EXISTS] SCHEMA …"},
        {"ASSERT SCHEMA",
         "expected SUBJECT or ID, found the end of the text | The form is: ASSERT [NOT EXISTS] SCHEMA [SUBJECT "
         "'subject'] [ID n] [TIMEOUT n SECONDS]"},
        {"SET a = 'b'", "expected the property as a string, found 'a' | The form is: SET 'property' = 'value'"},
        {"SET \"a\" = 'b'",
         "expected the property as a string, found the name `a` | Strings stand in single quotes; double "
         "quotes and backticks are for names."},
        {"DEFINE a = 1", "expected the value as a string, found '1' | The form is: DEFINE variable = 'value'"},
        {"SHOW STREAMS EXTENDED EXTENDED",
         end + "'EXTENDED' | The form is: SHOW PROPERTIES | [ALL] TOPICS | STREAMS | TABLES | "
               "FUNCTIONS | VARIABLES | TYPES | QUERIES | [SOURCE | SINK] CONNECTORS | "
               "CONNECTOR PLUGINS"},
        {"SHOW TABLES\nSHOW STREAMS",
         end + "'SHOW' | The form is: SHOW PROPERTIES | [ALL] TOPICS | STREAMS | TABLES | FUNCTIONS | "
               "VARIABLES | TYPES | QUERIES | [SOURCE | SINK] CONNECTORS | CONNECTOR PLUGINS"},
        {"DROP STREAM s\nDROP STREAM t", end + "'DROP' | If a new statement begins here, end the one before with ';'."},
        {"UPDATE s SET a = 1",
         "expected a statement, found 'UPDATE' | The form is: SELECT … | CREATE … | INSERT INTO … | ALTER … "
         "| DROP … | SHOW … | DESCRIBE … | EXPLAIN … | SET …"},
        {"'x'",
         "expected a statement, found the string 'x' | The form is: SELECT … | CREATE … | INSERT INTO … | ALTER … | "
         "DROP … "
         "| SHOW … | DESCRIBE … | EXPLAIN … | SET …"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text);
      CHECK(brief(row.text) == row.error);
    }
  }

  TEST_CASE("an expression alone is taken whole") {
    auto error = [](const std::string& text) {
      auto tree = parse_expression({"rule", text});
      return tree ? "none" : tree.error().text();
    };
    CHECK(error("a > 1") == "none");
    CHECK(error("a b") == "error: expected the end of the expression, found 'b'\n  rule:1:3\n  a b\n    ^");
    CHECK(error("") == "error: expected an expression, found the end of the text\n  rule:1:1\n  \n  ^");
    CHECK(error("a; b") == "error: expected the end of the expression, found ';'\n  rule:1:2\n  a; b\n   ^");
    CHECK(error("${a}").starts_with("error: there is no variable A"));
    CHECK(error("s->*").starts_with("error: ->* cannot be part of an expression"));
  }
}
