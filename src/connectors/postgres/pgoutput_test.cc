// Bytes as PostgreSQL 15 sent them.
#include "connectors/postgres/pgoutput.h"

#include <doctest/doctest.h>

#include "base/random.h"

namespace levada {
namespace {

constexpr std::string_view captured_v1[] = {
    "420000000001951130000303cbeb6b4bc1000002dc",
    "59000040017075626c6963006d6f6f6400",
    "52000040057075626c69630074006400040169640000000017ffffffff006e616d650000000019ffffffff006d0000004001ffffffff006269"
    "67"
    "0000000019ffffffff",
    "55000040054e000474000000013174000000016274000000026f6b75",
    "55000040054b00047400000001316e6e6e4e000474000000013274000000016274000000026f6b75",
    "44000040054b00047400000001326e6e6e",
    "430000000000019511300000000001951160000303cbeb6b4bc1",
    "490000400c4e00027400000001316e",
    "550000400c4f00027400000001316e4e0002740000000131740000000179",
    "440000400c4f0002740000000131740000000179",
    "540000000202000040050000400c",
    "4d0100000000019528a870726500000000027478",
};
constexpr std::string_view captured_v2[] = {
    "53000002e001",
    "52000002e00000400c7075626c696300660066000201610000000017ffffffff01620000000019ffffffff",
    "49000002e00000400c4e00027400000001327400000003617a7a",
    "45",
    "63000002e0000000000001960b780000000001960bb0000303cbeb6eb188",
    "41000002e0000002e1",
};

// With the bytes behind it that may be read.
Buffer from_hex(std::string_view hex) {
  Buffer bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.append(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

std::string text_of(std::span<const FieldText> row) {
  std::string text;
  for (const FieldText& field : row) {
    if (!text.empty()) text += ',';
    text += field.kind == FieldText::Kind::null        ? "NULL"
            : field.kind == FieldText::Kind::unchanged ? "UNCHANGED"
                                                       : std::string(field.view());
  }
  return text;
}

struct Read {
  Buffer bytes;
  PgoutputReader reader;
  LogMessage message;

  explicit Read(std::string_view hex, bool in_stream = false) : bytes(from_hex(hex)) {
    reader.set_in_stream(in_stream);
    auto read = reader.read(bytes.view(), message);
    REQUIRE_MESSAGE(read, read.error().text());
  }
};

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("pgoutput: a transaction begins and ends with the place of its commit") {
    Read begin(captured_v1[0]);
    CHECK(begin.message.kind == 'B');
    CHECK(begin.message.xid == 0x2dc);
    CHECK(lsn_text(begin.message.lsn) == "0/1951130");
    Read commit(captured_v1[6]);
    CHECK(commit.message.kind == 'C');
    CHECK(commit.message.lsn == begin.message.lsn);
    CHECK(lsn_text(commit.message.end_lsn) == "0/1951160");
    CHECK(commit.message.time_us == begin.message.time_us);
    CHECK(commit.message.time_us / 1'000'000 == 1'795'284'093);  // 2026-11-21
  }

  TEST_CASE("pgoutput: a table with its columns, identity and types of its own") {
    Read type(captured_v1[1]);
    CHECK(type.message.oid == 0x4001);
    CHECK(type.message.schema == "public");
    CHECK(type.message.name == "mood");
    Read table(captured_v1[2]);
    CHECK(table.message.oid == 0x4005);
    CHECK(table.message.name == "t");
    CHECK(table.message.identity == 'd');
    REQUIRE(table.message.columns.size() == 4);
    CHECK(table.message.columns[0].in_identity);
    CHECK(table.message.columns[0].name == "id");
    CHECK(table.message.columns[0].type == 23);
    CHECK_FALSE(table.message.columns[2].in_identity);
    CHECK(table.message.columns[2].type == 0x4001);
    CHECK(table.message.columns[3].modifier == -1);
  }

  TEST_CASE("pgoutput: rows before and after") {
    Read update(captured_v1[3]);
    CHECK(update.message.before_kind == 0);
    CHECK(text_of(update.message.after) == "1,b,ok,UNCHANGED");
    Read moved(captured_v1[4]);
    CHECK(moved.message.before_kind == 'K');
    CHECK(text_of(moved.message.before) == "1,NULL,NULL,NULL");
    CHECK(text_of(moved.message.after) == "2,b,ok,UNCHANGED");
    Read deleted(captured_v1[5]);
    CHECK(text_of(deleted.message.before) == "2,NULL,NULL,NULL");
    CHECK(deleted.message.after.empty());
    CHECK(text_of(Read(captured_v1[7]).message.after) == "1,NULL");
    Read full(captured_v1[8]);
    CHECK(full.message.before_kind == 'O');
    CHECK(text_of(full.message.before) == "1,NULL");
  }

  TEST_CASE("pgoutput: truncations and messages") {
    Read truncation(captured_v1[10]);
    CHECK(truncation.message.flags == 2);
    REQUIRE(truncation.message.tables.size() == 2);
    CHECK(truncation.message.tables[1] == 0x400c);
    Read message(captured_v1[11]);
    CHECK(message.message.flags == 1);
    CHECK(message.message.name == "pre");
    CHECK(message.message.content == "tx");
  }

  TEST_CASE("pgoutput: in a stream every change names its transaction") {
    Read start(captured_v2[0]);
    CHECK(start.reader.in_stream());
    CHECK(start.message.xid == 0x2e0);
    Read row(captured_v2[2], true);
    CHECK(row.message.xid == 0x2e0);
    CHECK(row.message.oid == 0x400c);
    CHECK(text_of(row.message.after) == "2,azz");
    Read stop(captured_v2[3], true);
    CHECK_FALSE(stop.reader.in_stream());
    Read commit(captured_v2[4]);
    CHECK(commit.message.xid == 0x2e0);
    CHECK(lsn_text(commit.message.end_lsn) == "0/1960BB0");
    Read abort(captured_v2[5]);
    CHECK(abort.message.subtransaction == 0x2e1);
  }

  TEST_CASE("pgoutput: a message that is cut off or longer than it should be is an error") {
    auto holds = [](std::string_view hex, bool in_stream) {
      Buffer whole = from_hex(hex);
      LogMessage message;
      for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        PgoutputReader reader;
        reader.set_in_stream(in_stream);
        Buffer part;
        part.append(whole.view().substr(0, size));
        auto read = reader.read(part.view(), message);
        REQUIRE_FALSE(read);
        CHECK(read.error().kind() == ErrorKind::data);
        CHECK(reader.in_stream() == in_stream);
      }
      whole.append('x');
      PgoutputReader reader;
      reader.set_in_stream(in_stream);
      CHECK_FALSE(reader.read(whole.view(), message));
    };
    for (std::string_view hex : captured_v1) holds(hex, false);
    for (std::string_view hex : captured_v2) holds(hex, hex.starts_with("52") || hex.starts_with("49") || hex == "45");
  }

  TEST_CASE("pgoutput: counts that lie and values in binary are refused") {
    LogMessage message;
    PgoutputReader reader;
    for (std::string_view hex :
         {"490000400c4effff7400000001316e", "54ffffffff0200004005", "490000400c4e0001620000000131",
          "490000400c4e000174ffffffff31", "490000400c4e000174fffffffe31", "5a00"}) {
      CAPTURE(hex);
      Buffer bytes = from_hex(hex);
      CHECK_FALSE(reader.read(bytes.view(), message));
    }
  }

  TEST_CASE("positions of the log as text") {
    CHECK(lsn_text(0x16'B374'D848) == "16/B374D848");
    CHECK(parse_lsn("16/B374D848") == 0x16'B374'D848u);
    CHECK(parse_lsn("0/0") == 0u);
    CHECK(parse_lsn(lsn_text(~std::uint64_t(0))) == ~std::uint64_t(0));
    for (std::string_view text : {"", "/", "1", "1/", "/1", "1/2/3", "1/123456789", "x/1", "1/ 2"})
      CHECK_FALSE(parse_lsn(text));
  }
}

}  // namespace levada
