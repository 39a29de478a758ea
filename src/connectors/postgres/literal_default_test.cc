#include "connectors/postgres/literal_default.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("literal default: the text that a literal stands for, and nothing of what only computes") {
    CHECK(literal_default("7") == "7");
    CHECK(literal_default("1.50") == "1.50");
    CHECK(literal_default("'-1'::integer") == "-1");
    CHECK(literal_default("(-1)") == "-1");
    CHECK(literal_default("(0)::numeric") == "0");
    CHECK(literal_default("true") == "t");
    CHECK(literal_default("'x''y'::text") == "x'y");
    CHECK(literal_default("'Câmara'::character varying") == "Câmara");
    CHECK(literal_default("'2020-02-29 12:34:56.789'::timestamp without time zone") == "2020-02-29 12:34:56.789");
    CHECK(literal_default("'sad'::public.\"Mood\"") == "sad");
    CHECK(literal_default("'12'::character varying(5)::text") == "12");
    CHECK(literal_default("''::text") == "");
    for (std::string_view computed :
         {"now()", "nextval('s'::regclass)", "NULL::text", "('a'::text || 'b'::text)", "'a'::text || 'b'", "1 + 2",
          "CURRENT_TIMESTAMP", "'open", "(1", "", "-", "now() + '1 day'::interval", "trueish"})
      CHECK_MESSAGE(!literal_default(computed), computed);
  }
}

}  // namespace levada
