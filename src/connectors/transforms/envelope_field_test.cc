#include "connectors/transforms/envelope_field.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

using Kind = ConnectType::Kind;

EnvelopeField field(const std::string& written) {
  return read_envelope_fields({written}, "__", "add.fields").value()[0];
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("envelope field: plain names are looked for where Debezium has them") {
    CHECK(field("op") == EnvelopeField{"", "op", "__op"});
    CHECK(field("ts_ns") == EnvelopeField{"", "ts_ns", "__ts_ns"});
    CHECK(field("total_order") == EnvelopeField{"transaction", "total_order", "__total_order"});
    CHECK(field("table") == EnvelopeField{"source", "table", "__table"});
    CHECK(field("source.ts_ms") == EnvelopeField{"source", "ts_ms", "__source_ts_ms"});
    CHECK(field("lsn:position") == EnvelopeField{"source", "lsn", "__position"});
    CHECK(field("source.lsn:") == EnvelopeField{"source", "lsn", "__"});
    CHECK(field("source.lsn").text() == "source.lsn");
    CHECK(field("op").text() == "op");
  }

  TEST_CASE("envelope field: what names none is said with its option") {
    for (const char* written : {"", ":name", "a.b.c"}) {
      auto read = read_envelope_fields({"op", written}, "__", "add.headers");
      REQUIRE_FALSE(read);
      CHECK(read.error().kind() == ErrorKind::usage);
      CHECK(read.error().line().find("'add.headers'") != std::string::npos);
    }
  }

  TEST_CASE("envelope field: its place is found by the type, and says where nothing is") {
    ConnectType lsn{.kind = Kind::int64, .fallback = "0"};
    auto source = structure_type(
        "source", std::nullopt, true,
        {{"table", scalar_type(Kind::string)}, {"lsn", std::make_shared<const ConnectType>(std::move(lsn))}});
    auto envelope = structure_type("t.Envelope", 1, false, {{"op", scalar_type(Kind::string)}, {"source", source}});
    CHECK_FALSE(find_place(*envelope, field("ts_ms")));
    CHECK_FALSE(find_place(*envelope, field("id")));
    CHECK_FALSE(find_place(*envelope, field("source.schema")));
    CHECK_FALSE(find_place(*envelope, field("op.length")));
    auto op = find_place(*envelope, field("op")), place = find_place(*envelope, field("lsn"));
    REQUIRE(op);
    REQUIRE(place);
    CHECK(op->type->optional);
    CHECK(place->type->optional);
    CHECK_FALSE(place->type->fallback);

    Column envelopes(physical_type(*envelope));
    envelopes.child(0).append_string("c");
    envelopes.child(1).child(0).append_string("t");
    envelopes.child(1).child(1).append(std::int64_t{7});
    envelopes.child(1).append_structure();
    envelopes.append_structure();
    envelopes.child(0).append_string("d");
    envelopes.child(1).append_null();
    envelopes.append_structure();
    CHECK(op->column(envelopes).string(1) == "d");
    CHECK_FALSE(op->is_missing(envelopes, 1));
    CHECK(place->column(envelopes).values<std::int64_t>()[0] == 7);
    CHECK_FALSE(place->is_missing(envelopes, 0));
    CHECK(place->is_missing(envelopes, 1));
  }
}

}  // namespace levada
