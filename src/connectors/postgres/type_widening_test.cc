#include "connectors/postgres/type_widening.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("Postgres sink: a type is widened where every value stays what it is") {
    CHECK(widens("smallint", "integer"));
    CHECK(widens("integer", "bigint"));
    CHECK(widens("integer[]", "bigint[]"));
    CHECK(widens("real", "double precision"));
    CHECK(widens("character varying(10)", "character varying(11)"));
    CHECK(widens("character varying(10)", "character varying"));
    CHECK(widens("character varying(10)", "text"));
    CHECK(widens("numeric(10,2)", "numeric(12,2)"));
    CHECK(widens("numeric(10,2)", "numeric(12,4)"));
    CHECK(widens("numeric(10,2)", "numeric"));
    CHECK(widens("integer", "numeric(12,0)"));
    CHECK(widens("integer", "text"));
    CHECK(widens("character(5)", "text"));
    CHECK(widens("timestamp(3) without time zone", "text"));
  }

  TEST_CASE("Postgres sink: a type that would lose something stays") {
    CHECK(!widens("integer", "integer"));
    CHECK(!widens("bigint", "integer"));
    CHECK(!widens("integer", ""));
    CHECK(!widens("integer", "integer[]"));
    CHECK(!widens("double precision", "real"));
    CHECK(!widens("character varying(11)", "character varying(10)"));
    CHECK(!widens("text", "character varying(10)"));
    CHECK(!widens("text", "character varying"));
    CHECK(!widens("numeric(10,2)", "numeric(10,4)"));  // two digits fewer before the point
    CHECK(!widens("numeric(10,2)", "numeric(12,1)"));
    CHECK(!widens("numeric", "numeric(38,10)"));
    CHECK(!widens("double precision", "numeric"));
    CHECK(!widens("integer", "numeric(9,0)"));
    CHECK(!widens("timestamp without time zone", "timestamp with time zone"));
    CHECK(!widens("integer", "character varying(20)"));
    CHECK(!widens("date", "uuid"));
    CHECK(!widens("integer[]", "text"));
    CHECK(!widens("", "uuid"));
  }

  TEST_CASE("Postgres sink: what comes as a type is one, before it stands in a statement") {
    for (const char* type : {"character varying(100)", "numeric(10,2)[]", "timestamp(3) with time zone", "shop.mood",
                             "\"Odd; name\"", "\"char\"", "größe"})
      CHECK_MESSAGE(is_type_text(type), type);
    for (const char* type : {"", "int); DROP TABLE t; --", "int, x int", "int -- ", "int /* */", "\"open", "int)",
                             "(int", "int DEFAULT 'x'", "int\n"})
      CHECK_MESSAGE(!is_type_text(type), type);
  }
}

}  // namespace levada
