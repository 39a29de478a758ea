#include <doctest/doctest.h>

#include "sql/parser.h"

using namespace levada;

namespace {

// As it is printed; or the error. What was printed must read as the same tree.
std::string printed(const std::string& text) {
  auto statements = parse({"t", text});
  if (!statements) return statements.error().text();
  if (statements->size() != 1) return std::to_string(statements->size()) + " statements";
  std::string out = print(statements->front());
  auto again = parse({"printed", out});
  if (!again) return out + "\n" + again.error().text();
  if (*again != *statements) return "another tree: " + out;
  return out;
}

std::string expression(const std::string& text) {
  auto tree = parse_expression({"t", text});
  if (!tree) return tree.error().text();
  std::string out = print(*tree);
  auto again = parse_expression({"printed", out});
  if (!again) return out + "\n" + again.error().text();
  if (*again != *tree) return "another tree: " + out;
  return out;
}

struct Row {
  std::string written, printed;
};

}  // namespace

TEST_SUITE("sql") {
  TEST_CASE("statements print as they are meant") {
    const Row rows[] = {
        // sources
        {"create stream s (a int key, b string) with (kafka_topic='s', value_format='json');",
         "CREATE STREAM S (A INT KEY, B STRING) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'json')"},
        {"CREATE OR REPLACE TABLE t (id BIGINT PRIMARY KEY, `v w` DECIMAL(10,2))",
         "CREATE OR REPLACE TABLE T (ID BIGINT PRIMARY KEY, `v w` DECIMAL(10, 2))"},
        {"CREATE SOURCE TABLE IF NOT EXISTS t (a INT PRIMARY KEY) WITH (\"kafka_topic\"='x')",
         "CREATE SOURCE TABLE IF NOT EXISTS T (A INT PRIMARY KEY) WITH ('kafka_topic' = 'x')"},
        {"CREATE STREAM s WITH (PARTITIONS=-1, a=1.5, b=-2e3, c=true, d=False, e=null)",
         "CREATE STREAM S WITH (PARTITIONS = -1, A = 1.5, B = -2e3, C = TRUE, D = FALSE, E = NULL)"},
        {"CREATE STREAM s", "CREATE STREAM S"},
        {"CREATE STREAM s (h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS, x BYTES HEADER('a''b'))",
         "CREATE STREAM S (H ARRAY<STRUCT<KEY STRING, VALUE BYTES>> HEADERS, X BYTES HEADER('a''b'))"},
        {"CREATE STREAM s (a MAP<STRING, ARRAY<INT>>, b STRUCT<>, c STRUCT< >, d VARCHAR(STRING), e VARCHAR(20), f "
         "mine)",
         "CREATE STREAM S (A MAP<STRING, ARRAY<INT>>, B STRUCT<>, C STRUCT<>, D VARCHAR, E VARCHAR(20), F MINE)"},
        {"CREATE STREAM s (key INT KEY, primary INT, check INT, constraint INT, headers STRING HEADERS)",
         "CREATE STREAM S (KEY INT KEY, PRIMARY INT, CHECK INT, CONSTRAINT INT, HEADERS STRING HEADERS)"},
        {"CREATE STREAM s (a int, b `INT`, c `my type`)", "CREATE STREAM S (A INT, B `INT`, C `my type`)"},
        // checks
        {"CREATE STREAM s (a INT CHECK (a > 0), CONSTRAINT c CHECK (a < 9), b INT KEY CONSTRAINT d CHECK (b <> a) "
         "CHECK (true))",
         "CREATE STREAM S (A INT, B INT KEY, CHECK (A > 0), CONSTRAINT C CHECK (A < 9), CONSTRAINT D CHECK (B <> A), "
         "CHECK "
         "(TRUE))"},
        {"CREATE TABLE t (a INT CHECK (a > 0) PRIMARY KEY)", "CREATE TABLE T (A INT PRIMARY KEY, CHECK (A > 0))"},
        {"CREATE STREAM s (CHECK (a > 0), CONSTRAINT `b c` CHECK (a IS NOT NULL)) WITH (a=1) AS SELECT a FROM t",
         "CREATE STREAM S (CHECK (A > 0), CONSTRAINT `b c` CHECK (A IS NOT NULL)) WITH (A = 1) AS SELECT A FROM T"},
        // made by queries
        {"CREATE STREAM s AS SELECT * FROM t", "CREATE STREAM S AS SELECT * FROM T"},
        {"CREATE OR REPLACE TABLE IF NOT EXISTS t WITH (a='b') AS SELECT k, COUNT(*) c FROM s GROUP BY k EMIT CHANGES;",
         "CREATE OR REPLACE TABLE IF NOT EXISTS T WITH (A = 'b') AS SELECT K, COUNT(*) AS C FROM S GROUP BY K EMIT "
         "CHANGES"},
        {"INSERT INTO s SELECT a FROM t", "INSERT INTO S SELECT A FROM T"},
        {"INSERT INTO s WITH (query_id='q') SELECT a FROM t", "INSERT INTO S WITH (QUERY_ID = 'q') SELECT A FROM T"},
        // rows
        {"INSERT INTO s VALUES (1, -2, 'x', null, MAP('a':=1), ARRAY[1.0, 2e0])",
         "INSERT INTO S VALUES (1, -2, 'x', NULL, MAP('a' := 1), ARRAY[1.0, 2e0])"},
        {"insert into `s` (a, \"b\") values (1, 2), (3, 4)", "INSERT INTO `s` (A, `b`) VALUES (1, 2), (3, 4)"},
        // change and end
        {"ALTER STREAM s ADD COLUMN a INT", "ALTER STREAM S ADD COLUMN A INT"},
        {"ALTER TABLE s ADD a INT, b STRUCT<x INT>, ADD COLUMN c mine, ADD d INT",
         "ALTER TABLE S ADD COLUMN A INT, ADD COLUMN B STRUCT<X INT>, ADD COLUMN C MINE, ADD COLUMN D INT"},
        {"ALTER STREAM s ADD column INT, add INT, column ARRAY<INT>",
         "ALTER STREAM S ADD COLUMN COLUMN INT, ADD COLUMN ADD INT, ADD COLUMN COLUMN ARRAY<INT>"},
        {"ALTER SYSTEM 'a'='b'", "ALTER SYSTEM 'a' = 'b'"},
        {"DROP STREAM s", "DROP STREAM S"},
        {"DROP TABLE IF EXISTS t DELETE TOPIC", "DROP TABLE IF EXISTS T DELETE TOPIC"},
        {"DROP STREAM if", "DROP STREAM IF"},
        {"DROP CONNECTOR IF EXISTS \"c\"", "DROP CONNECTOR IF EXISTS `c`"},
        {"DROP TYPE t", "DROP TYPE T"},
        {"CREATE TYPE IF NOT EXISTS address AS STRUCT<street STRING, `no` INT>",
         "CREATE TYPE IF NOT EXISTS ADDRESS AS STRUCT<STREET STRING, `no` INT>"},
        {"CREATE SOURCE CONNECTOR IF NOT EXISTS c WITH ('connector.class'='csv', \"a.b\"='${env:X}', topic='t')",
         "CREATE SOURCE CONNECTOR IF NOT EXISTS C WITH ('connector.class' = 'csv', 'a.b' = '${env:X}', TOPIC = 't')"},
        {"CREATE SINK CONNECTOR c WITH (a=1)", "CREATE SINK CONNECTOR C WITH (A = 1)"},
        // control
        {"TERMINATE ctas_1", "TERMINATE CTAS_1"},
        {"TERMINATE ALL", "TERMINATE ALL"},
        {"PAUSE `ALL`", "PAUSE `ALL`"},
        {"resume all", "RESUME ALL"},
        {"EXPLAIN ctas_1", "EXPLAIN CTAS_1"},
        {"EXPLAIN `ctas`", "EXPLAIN `ctas`"},
        {"EXPLAIN show", "EXPLAIN SHOW"},
        {"EXPLAIN SELECT a FROM b", "EXPLAIN SELECT A FROM B"},
        {"EXPLAIN EXPLAIN CREATE STREAM s AS SELECT 1 FROM t", "EXPLAIN EXPLAIN CREATE STREAM S AS SELECT 1 FROM T"},
        // looking
        {"LIST PROPERTIES", "SHOW PROPERTIES"},
        {"SHOW TOPICS", "SHOW TOPICS"},
        {"SHOW ALL TOPICS EXTENDED", "SHOW ALL TOPICS EXTENDED"},
        {"list streams extended", "SHOW STREAMS EXTENDED"},
        {"SHOW TABLES", "SHOW TABLES"},
        {"SHOW FUNCTIONS", "SHOW FUNCTIONS"},
        {"SHOW VARIABLES", "SHOW VARIABLES"},
        {"SHOW TYPES", "SHOW TYPES"},
        {"SHOW QUERIES EXTENDED", "SHOW QUERIES EXTENDED"},
        {"SHOW CONNECTORS", "SHOW CONNECTORS"},
        {"SHOW SOURCE CONNECTORS", "SHOW SOURCE CONNECTORS"},
        {"LIST SINK CONNECTORS", "SHOW SINK CONNECTORS"},
        {"SHOW CONNECTOR PLUGINS", "SHOW CONNECTOR PLUGINS"},
        {"DESCRIBE s", "DESCRIBE S"},
        {"DESCRIBE s EXTENDED", "DESCRIBE S EXTENDED"},
        {"DESCRIBE STREAMS EXTENDED", "DESCRIBE STREAMS EXTENDED"},
        {"DESCRIBE TABLES", "DESCRIBE TABLES"},
        {"DESCRIBE `STREAMS`", "DESCRIBE `STREAMS`"},
        {"DESCRIBE FUNCTION count", "DESCRIBE FUNCTION COUNT"},
        {"DESCRIBE CONNECTOR c", "DESCRIBE CONNECTOR C"},
        {"PRINT my_topic", "PRINT 'my_topic'"},
        {"PRINT 'my-topic' FROM BEGINNING INTERVAL 5 LIMIT 10", "PRINT 'my-topic' FROM BEGINNING INTERVAL 5 LIMIT 10"},
        {"PRINT `My.Topic` SAMPLE 2", "PRINT 'My.Topic' INTERVAL 2"},
        // session
        {"SET 'a.b' = 'c'", "SET 'a.b' = 'c'"},
        {"UNSET 'a.b'", "UNSET 'a.b'"},
        {"DEFINE a = 'it''s'", "DEFINE A = 'it''s'"},
        {"UNDEFINE a", "UNDEFINE A"},
        // asserts and the test tool's own
        {"ASSERT TOPIC t WITH (partitions=1) TIMEOUT 5 SECONDS",
         "ASSERT TOPIC 't' WITH (PARTITIONS = 1) TIMEOUT 5 SECONDS"},
        {"ASSERT NOT EXISTS TOPIC 'a-b'", "ASSERT NOT EXISTS TOPIC 'a-b'"},
        {"ASSERT SCHEMA SUBJECT 's-value' ID 3 TIMEOUT 1 MINUTE",
         "ASSERT SCHEMA SUBJECT 's-value' ID 3 TIMEOUT 1 MINUTE"},
        {"ASSERT NOT EXISTS SCHEMA ID 7", "ASSERT NOT EXISTS SCHEMA ID 7"},
        {"ASSERT VALUES s (a, b) VALUES (1, 'x')", "ASSERT VALUES S (A, B) VALUES (1, 'x')"},
        {"ASSERT VALUES s VALUES (1)", "ASSERT VALUES S VALUES (1)"},
        {"ASSERT NULL VALUES t (k) KEY (1)", "ASSERT NULL VALUES T (K) KEY (1)"},
        {"ASSERT STREAM s (a INT KEY) WITH (kafka_topic='s')", "ASSERT STREAM S (A INT KEY) WITH (KAFKA_TOPIC = 's')"},
        {"ASSERT TABLE t", "ASSERT TABLE T"},
        {"RUN SCRIPT './a.sql'", "RUN SCRIPT './a.sql'"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.written);
      CHECK(printed(row.written) == row.printed);
    }
  }

  TEST_CASE("queries print as they are meant") {
    const Row rows[] = {
        {"SELECT *, s.*, a, a b, a AS `c`, s.a, f->x->y, f->* FROM s",
         "SELECT *, S.*, A, A AS B, A AS `c`, S.A, F->X->Y, F->* FROM S"},
        {"SELECT a[1]->*, f(x)->* g, (a)->* FROM s", "SELECT A[1]->*, F(X)->* AS G, A->* FROM S"},
        {"SELECT a FROM s AS x", "SELECT A FROM S AS X"},
        {"SELECT a emit FROM s emit", "SELECT A AS EMIT FROM S AS EMIT"},
        {"SELECT a FROM s emit WHERE b emit changes", "SELECT A FROM S AS EMIT WHERE B EMIT CHANGES"},
        {"SELECT a FROM partition partition BY a", "SELECT A FROM PARTITION PARTITION BY A"},
        {"SELECT key, value, source, topic, size, list FROM type",
         "SELECT KEY, VALUE, SOURCE, TOPIC, SIZE, LIST FROM TYPE"},
        {"SELECT a FROM l JOIN r ON l.a = r.a", "SELECT A FROM L JOIN R ON L.A = R.A"},
        {"SELECT a FROM l x INNER JOIN r y ON x.a = y.a LEFT JOIN t ON true RIGHT OUTER JOIN u ON false FULL OUTER "
         "JOIN v ON 1",
         "SELECT A FROM L AS X JOIN R AS Y ON X.A = Y.A LEFT JOIN T ON TRUE RIGHT JOIN U ON FALSE FULL JOIN V ON 1"},
        {"SELECT a FROM l JOIN r WITHIN 7 DAYS ON a = b", "SELECT A FROM L JOIN R WITHIN 7 DAYS ON A = B"},
        {"SELECT a FROM l JOIN r WITHIN (1 HOUR, 2 HOURS) GRACE PERIOD 10 MINUTES ON a = b",
         "SELECT A FROM L JOIN R WITHIN (1 HOUR, 2 HOURS) GRACE PERIOD 10 MINUTES ON A = B"},
        {"SELECT a FROM l JOIN r WITHIN (1 HOUR, 1 HOURS) ON a = b", "SELECT A FROM L JOIN R WITHIN 1 HOUR ON A = B"},
        {"SELECT a FROM s WINDOW TUMBLING (SIZE 1 MILLISECONDS)",
         "SELECT A FROM S WINDOW TUMBLING (SIZE 1 MILLISECOND)"},
        {"SELECT a FROM s WINDOW w HOPPING(SIZE 30 SECOND, ADVANCE BY 10 SECOND, RETENTION 1 DAY, GRACE PERIOD 0 "
         "MINUTE)",
         "SELECT A FROM S WINDOW W HOPPING (SIZE 30 SECONDS, ADVANCE BY 10 SECONDS, RETENTION 1 DAY, GRACE PERIOD 0 "
         "MINUTES)"},
        {"SELECT a FROM s WINDOW SESSION (60 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY a EMIT FINAL",
         "SELECT A FROM S WINDOW SESSION (60 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY A EMIT FINAL"},
        {"SELECT a FROM s WINDOW tumbling tumbling (size 1 day)",
         "SELECT A FROM S WINDOW TUMBLING TUMBLING (SIZE 1 DAY)"},
        {"SELECT a FROM s WHERE b GROUP BY c, d PARTITION BY e, f HAVING g EMIT CHANGES LIMIT 3",
         "SELECT A FROM S WHERE B GROUP BY C, D PARTITION BY E, F HAVING G EMIT CHANGES LIMIT 3"},
        {"SELECT a FROM s GROUP BY (a, f(b, c))", "SELECT A FROM S GROUP BY A, F(B, C)"},
        {"SELECT a FROM s GROUP BY (a)", "SELECT A FROM S GROUP BY A"},
        {"SELECT a FROM s GROUP BY (a + b) * c, d", "SELECT A FROM S GROUP BY (A + B) * C, D"},
        {"SELECT a FROM s GROUP BY (a = b), (x AND y)", "SELECT A FROM S GROUP BY (A = B), (X AND Y)"},
        {"SELECT a FROM s PARTITION BY (a, b)", "SELECT A FROM S PARTITION BY A, B"},
        {"SELECT a FROM s PARTITION BY null", "SELECT A FROM S PARTITION BY NULL"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.written);
      CHECK(printed(row.written) == row.printed);
    }
  }

  TEST_CASE("expressions print with the parentheses they need and no others") {
    const Row rows[] = {
        // literals
        {"null", "NULL"},
        {"tRUE", "TRUE"},
        {"'it''s'", "'it''s'"},
        {"''", "''"},
        {"0012", "0012"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1.50", "1.50"},
        {"1.5E-3", "1.5E-3"},
        {"1e-999", "1e-999"},
        {"DATE '2020-01-01'", "DATE '2020-01-01'"},
        {"time '10:00'", "TIME '10:00'"},
        {"TIMESTAMP '2020-01-01T10:00:00'", "TIMESTAMP '2020-01-01T10:00:00'"},
        // names
        {"a", "A"},
        {"`a`.\"B c\"", "`a`.`B c`"},
        {"2nd.3rd", "`2ND`.`3RD`"},
        {"`a``b`", "`a``b`"},
        {"`select`.`SELECT`", "`select`.`SELECT`"},
        {"date + time - timestamp", "DATE + TIME - TIMESTAMP"},
        {"map[array->map]", "MAP[`ARRAY`->MAP]"},
        {"`ARRAY`[1]", "`ARRAY`[1]"},
        {"`MAP`(1) + `STRUCT`(2) + `DATE`('x')", "`MAP`(1) + `STRUCT`(2) + DATE('x')"},
        // operators and their order
        {"a+b*c", "A + B * C"},
        {"(a+b)*c", "(A + B) * C"},
        {"a-b-c", "A - B - C"},
        {"a-(b-c)", "A - (B - C)"},
        {"a/b%c*d", "A / B % C * D"},
        {"a/(b%c)", "A / (B % C)"},
        {"a||b+c||d", "A || B + C || D"},
        {"(a||b)+c", "(A || B) + C"},
        {"a||(b||c)", "A || (B || C)"},
        {"a or b and not c or d", "A OR B AND NOT C OR D"},
        {"(a or b) and not (c or d)", "(A OR B) AND NOT (C OR D)"},
        {"a and (b and c)", "A AND (B AND C)"},
        {"not not a", "NOT NOT A"},
        {"not a = b", "NOT A = B"},
        {"(not a) = b", "(NOT A) = B"},
        {"a = (not b)", "A = (NOT B)"},
        {"a = b and c <> d or e != f", "A = B AND C <> D OR E <> F"},
        {"a < b and c <= d and e > f and g >= h", "A < B AND C <= D AND E > F AND G >= H"},
        {"(a = b) = (c = d)", "(A = B) = (C = D)"},
        {"a + 1 > b || 'x'", "A + 1 > B || 'x'"},
        {"(a and b) + 1", "(A AND B) + 1"},
        // signs
        {"-a", "-A"},
        {"-5", "-5"},
        {"-(5)", "-(5)"},
        {"- -5", "- -5"},
        {"- - a", "- -A"},
        {"-(-(5))", "- -(5)"},
        {"+ + -a", "++-A"},
        {"+5", "+5"},
        {"a - -5", "A - -5"},
        {"a--5\n-5", "A - 5"},
        {"a - - 5", "A - -5"},
        {"-a[1]", "-A[1]"},
        {"(-a)[1]", "(-A)[1]"},
        {"-5[1]", "-5[1]"},
        {"-(5[1])", "-(5[1])"},
        {"-(.5)", "-(.5)"},
        {"-a*b", "-A * B"},
        {"-(a*b)", "-(A * B)"},
        {"a * -b", "A * -B"},
        {"1 - 1", "1 - 1"},
        {"1 -1", "1 - 1"},
        // predicates
        {"a is null", "A IS NULL"},
        {"a + b is not null and c", "A + B IS NOT NULL AND C"},
        {"(a is null) is null", "(A IS NULL) IS NULL"},
        {"a IS DISTINCT FROM b || c", "A IS DISTINCT FROM B || C"},
        {"a IS NOT DISTINCT FROM null", "A IS NOT DISTINCT FROM NULL"},
        {"a between 1 and 2 and b", "A BETWEEN 1 AND 2 AND B"},
        {"a not between b and (c and d)", "A NOT BETWEEN B AND (C AND D)"},
        {"a in (1, b or c, 'x')", "A IN (1, B OR C, 'x')"},
        {"a not in (1)", "A NOT IN (1)"},
        {"not a in (1)", "NOT A IN (1)"},
        {"a like 'x%'", "A LIKE 'x%'"},
        {"a not like b || '%' escape '!' or c", "A NOT LIKE B || '%' ESCAPE '!' OR C"},
        {"a like escape", "A LIKE ESCAPE"},
        // the rest
        {"case when a then b end", "CASE WHEN A THEN B END"},
        {"case when a then b when c or d then e else f end", "CASE WHEN A THEN B WHEN C OR D THEN E ELSE F END"},
        {"case a when 1 then 'x' else 'y' end || 'z'", "CASE A WHEN 1 THEN 'x' ELSE 'y' END || 'z'"},
        {"case a when 1 then 2 end", "CASE A WHEN 1 THEN 2 END"},
        {"cast(a + 1 as decimal(4, 2))", "CAST(A + 1 AS DECIMAL(4, 2))"},
        {"cast(a as array<struct<x int, y map<string, bytes>>>)",
         "CAST(A AS ARRAY<STRUCT<X INT, Y MAP<STRING, BYTES>>>)"},
        {"a at time zone 'UTC' + b", "A AT TIME ZONE 'UTC' + B"},
        {"-a at time zone b->c at time zone 'x'", "-A AT TIME ZONE B->C AT TIME ZONE 'x'"},
        {"(a + b) at time zone (c at time zone d)", "(A + B) AT TIME ZONE (C AT TIME ZONE D)"},
        {"a[1][b + 1]->c[d->e]", "A[1][B + 1]->C[D->E]"},
        {"a[(b or c)]", "A[(B OR C)]"},
        {"(a || b)[1]->c", "(A || B)[1]->C"},
        {"f()", "F()"},
        {"count(*)", "COUNT(*)"},
        {"f(a, g(b), 'x')", "F(A, G(B), 'x')"},
        {"`f g`(1)", "`f g`(1)"},
        {"dateadd(days, 3, d)", "DATEADD(DAYS, 3, D)"},
        {"transform(a, x => x + 1)", "TRANSFORM(A, X => X + 1)"},
        {"reduce(m, 0, (s, k, v) => case when v then s else k end)",
         "REDUCE(M, 0, (S, K, V) => CASE WHEN V THEN S ELSE K END)"},
        {"f(a, (x) => x or y, b)", "F(A, X => X OR Y, B)"},
        {"f(x => transform(x, y => y))", "F(X => TRANSFORM(X, Y => Y))"},
        {"f((a), (b + c) * d)", "F(A, (B + C) * D)"},
        {"array[]", "ARRAY[]"},
        {"array[1, a or b][1]", "ARRAY[1, A OR B][1]"},
        {"map()", "MAP()"},
        {"map('a':=1, b:=c or d)", "MAP('a' := 1, B := C OR D)"},
        {"struct()", "STRUCT()"},
        {"struct(a := 1, `b c` := struct(d := e))->a", "STRUCT(A := 1, `b c` := STRUCT(D := E))->A"},
        {"replace(a, 'x', 'y') + if(b)", "REPLACE(A, 'x', 'y') + IF(B)"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.written);
      CHECK(expression(row.written) == row.printed);
    }
  }

  TEST_CASE("types and names print alone") {
    CHECK(print(ast::Name{"A", true, {}}) == "A");
    CHECK(print(ast::Name{"a", false, {}}) == "`a`");
    ast::TypeName integer{{"INT", false, {}}, {}, {}, {}};
    CHECK(print(integer) == "INT");
    CHECK(print(ast::TypeName{{"MAP", false, {}}, {}, {{{}, integer}, {{}, integer}}, {}}) == "MAP<INT, INT>");
    CHECK(print(ast::TypeName{{"my type", true, {}}, {}, {}, {}}) == "`my type`");
  }
}
