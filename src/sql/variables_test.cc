#include "sql/variables.h"

#include <doctest/doctest.h>

#include "sql/parser.h"

using namespace levada;

namespace {

const Variables variables = {
    {"NAME", "orders"},    {"QUOTED", "`My Orders`"},
    {"DOUBLE", "\"x\""},   {"N", "3"},
    {"MINUS", "-3"},       {"DEC", "-1.50"},
    {"TEXT", "'it''s'"},   {"PLAIN", "it's"},
    {"YES", "true"},       {"NOTHING", "NULL"},
    {"KEYWORD", "FROM"},   {"TWO", "a b"},
    {"ATTACK", "x; DROP"}, {"EMPTY", ""},
    {"NESTED", "${NAME}"}, {"COMMENT", "a -- b"},
    {"PADDED", " a"},      {"PAREN", "(1)"},
    {"HALF", "'open"},     {"SQL", "'); DROP STREAM s; --"},
};

// The statement as SQL, or the error's first line.
std::string result(const std::string& text) {
  Script script{"t", text};
  Parser parser(script);
  auto statement = parser.next(variables);
  if (!statement) return "! " + statement.error().what();
  return *statement ? print(**statement) : "";
}

std::string remedy(const std::string& text) {
  Script script{"t", text};
  auto statement = Parser(script).next(variables);
  return statement ? "" : statement.error().remedy();
}

}  // namespace

TEST_SUITE("sql") {
  TEST_CASE("a variable stands for one name, number, string or literal word") {
    CHECK(result("SELECT ${name} FROM ${quoted}") == "SELECT ORDERS FROM `My Orders`");
    CHECK(result("SELECT ${n}, ${minus}, ${dec}, ${text}, ${yes}, ${nothing} FROM t") ==
          "SELECT 3, -3, -1.50, 'it''s', TRUE, NULL FROM T");
    CHECK(result("SELECT ${name}(${double}.${name}) AS ${name} FROM t AS ${name}") ==
          "SELECT ORDERS(`x`.ORDERS) AS ORDERS FROM T AS ORDERS");
    CHECK(result("CREATE STREAM ${name} (${name} ${name}) WITH (${name} = ${n}, a = ${text}, b = ${yes})") ==
          "CREATE STREAM ORDERS (ORDERS ORDERS) WITH (ORDERS = 3, A = 'it''s', B = TRUE)");
    CHECK(result("SELECT a FROM t WINDOW TUMBLING (SIZE ${n} DAYS) EMIT CHANGES LIMIT ${n}") ==
          "SELECT A FROM T WINDOW TUMBLING (SIZE 3 DAYS) EMIT CHANGES LIMIT 3");
    CHECK(result("SELECT a - ${minus}, -${minus}, a[${n}] FROM t") == "SELECT A - -3, - -3, A[3] FROM T");
    CHECK(result("PRINT ${name}") == "PRINT 'orders'");
  }

  TEST_CASE("a value never is a keyword or several tokens") {
    CHECK(result("SELECT ${keyword} FROM t") == "SELECT `FROM` FROM T");
    CHECK(result("SELECT a ${keyword} t") == "! expected FROM, found 't'");  // it was an alias
    CHECK(result("SELECT * ${keyword} t") == "! expected FROM, found 'FROM', the value of a variable");
    CHECK(result("SELECT a FROM t WHERE b IS ${nothing}") ==
          "! expected NULL, NOT NULL or DISTINCT FROM, found 'NULL', the value of a variable");
    CHECK(result("SELECT a FROM t WINDOW TUMBLING (SIZE ${minus} DAYS)") ==
          "! expected a duration such as 10 SECONDS, found '-3', the value of a variable");
    CHECK(result("CREATE STREAM s WITH (a = -${minus})").starts_with("! expected a string, a number"));
    CHECK(result("CREATE STREAM s WITH (a = ${name})") ==
          "! expected a string, a number, TRUE, FALSE or NULL, found 'orders', the value of a variable");
    CHECK(result("SELECT a FROM ${text}") ==
          "! expected the name of a stream or table, found the string 'it's', the value of a variable");
    for (const char* name : {"TWO", "ATTACK", "COMMENT", "PADDED", "PAREN", "HALF", "NESTED", "EMPTY", "SQL"}) {
      std::string text = result(std::string("SELECT ${") + name + "} FROM t");
      CHECK(text.starts_with(std::string("! the value of variable ") + name + " is not one name, number or string: "));
    }
  }

  TEST_CASE("inside a string the text of the value is put in, and the string goes on") {
    CHECK(result("PRINT 'a-${name}-${N}'") == "PRINT 'a-orders-3'");
    CHECK(result("PRINT '${text}'") == "PRINT 'it''s'");   // without the value's quotes
    CHECK(result("PRINT '${plain}'") == "PRINT 'it''s'");  // a quote does not end the string
    CHECK(result("PRINT '${half}'") == "PRINT '''open'");
    CHECK(result("PRINT 'x ${sql}'") == "PRINT 'x ''); DROP STREAM s; --'");
    CHECK(result("PRINT '${empty}'") == "PRINT ''");
    CHECK(result("PRINT '${nested}'") == "PRINT '$${NAME}'");  // values are not looked into
    CHECK(result("SELECT `${name}_1`, \"${two}\" FROM t") == "SELECT `orders_1`, `a b` FROM T");
    CHECK(result("SELECT `${empty}` FROM t") == "! a name must not be empty");
    CHECK(result("DEFINE x = '${name}_2'") == "DEFINE X = 'orders_2'");
  }

  TEST_CASE("what is escaped, or is no variable, stays") {
    CHECK(result("PRINT '$${name}'") == "PRINT '$${name}'");
    CHECK(result("PRINT '$$${name}'") == "PRINT '$$${name}'");
    CHECK(result("PRINT '$ ${ ${} ${1} ${a b} ${env:HOME} ${file:/a:b} $${env:HOME} {name}'") ==
          "PRINT '$ ${ ${} ${1} ${a b} ${env:HOME} ${file:/a:b} $${env:HOME} {name}'");
  }

  TEST_CASE("an unknown variable is an error with a near name") {
    CHECK(result("SELECT a FROM ${nmae}") == "! there is no variable NMAE");
    CHECK(remedy("SELECT a FROM ${nmae}") == "Did you mean NAME?");
    CHECK(result("PRINT 'a ${elsewhere}'") == "! there is no variable ELSEWHERE");
    CHECK(remedy("PRINT 'a ${elsewhere}'") ==
          "Define it before: DEFINE elsewhere = '…'; or write $${elsewhere} for the text ${elsewhere}.");
  }

  TEST_CASE("DEFINE changes the statements after it") {
    Script script{"t", "DEFINE a = 'x'; PRINT '${a}'; DEFINE a = 'y'; PRINT '${a}'; UNDEFINE a; PRINT '${a}'; PRINT b"};
    Parser parser(script);
    Variables defined;
    std::string seen;
    for (;;) {
      auto statement = parser.next(defined);
      if (!statement) {
        seen += "! " + statement.error().what() + "\n";
        continue;
      }
      if (!*statement) break;
      if (auto* define = std::get_if<ast::Define>(&(*statement)->body)) {
        if (define->value)
          defined[define->name.text] = *define->value;
        else
          defined.erase(define->name.text);
      } else {
        seen += print(**statement) + "\n";
      }
    }
    CHECK(seen == "PRINT 'x'\nPRINT 'y'\n! there is no variable A\nPRINT 'b'\n");
  }

  TEST_CASE("spans are those of the script as it was written") {
    Script script{"t", "SELECT a FROM ${quoted} WHERE"};
    auto statement = Parser(script).next(variables);
    REQUIRE_FALSE(statement);
    CHECK(statement.error().where() == "t:1:30\nSELECT a FROM ${quoted} WHERE\n                             ^");
  }

  TEST_CASE("escaping undoes substitution") {
    for (const std::string text : {"", "${a}", "$${a}", "$$${a}${b}", "${a", "$", "${1}", "a${a}b$"}) {
      CAPTURE(text);
      Script script{"t", ""};
      Token token;
      token.kind = TokenKind::string;
      token.text = escape_variables(text);
      REQUIRE(substitute(script, {}, token));
      CHECK(token.text == text);
    }
  }
}
