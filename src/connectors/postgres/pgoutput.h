// The messages of PostgreSQL's output plugin pgoutput, protocol versions 1 and 2: bytes of a walsender to what they
// say. Nothing is copied, every length is checked. Format: "Logical Replication Message Formats" of PostgreSQL's
// manual.
//
//   B  begin      R  relation  I  insert  T  truncate    S  stream start   c  stream commit
//   C  commit     Y  type      U  update  M  message     E  stream stop    A  stream abort
//   O  origin                  D  delete
//
// Between S and E stand changes of a transaction that is still in progress; there each change has the number of its
// (sub)transaction in front.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

// One message; what has no meaning for its kind is zero or empty. Texts point into the bytes that were read, lists into
// the reader: both last until the next message.
struct LogMessage {
  struct Column {
    bool in_identity = false;
    std::string_view name;
    std::uint32_t type = 0;  // its oid
    std::int32_t modifier = -1;
  };

  char kind = 0;
  std::uint32_t xid = 0;             // B S c A: the transaction; within a stream: the (sub)transaction of the change
  std::uint32_t subtransaction = 0;  // A; the same as xid: all of it
  std::uint64_t lsn = 0;             // B C c: of the commit record; O M: its own
  std::uint64_t end_lsn = 0;         // C c: behind the commit record
  std::int64_t time_us = 0;          // B C c: when it was committed, since 1970 UTC
  std::uint32_t oid = 0;             // R I U D: of the table; Y: of the type
  std::uint8_t flags = 0;         // T: 1 cascade, 2 restart identity; M: 1 transactional; S: 1 the first of its stream
  std::string_view schema, name;  // R Y; O M: only the name (of a message: its prefix)
  std::string_view content;       // M
  char identity = 0;              // R: pg_class.relreplident
  char before_kind = 0;           // U D: K only the replica identity, O the whole row, 0 none
  std::span<const FieldText> before, after;  // I U D
  std::span<const Column> columns;           // R
  std::span<const std::uint32_t> tables;     // T
};

// One thread.
class PgoutputReader {
 public:
  // 16 bytes behind the message may be read. kind data: this is no message of pgoutput.
  Result<void> read(std::string_view bytes, LogMessage& out);
  // Whether what is read next stands between S and E.
  bool in_stream() const { return in_stream_; }
  // For messages that are kept and read later, or a new connection.
  void set_in_stream(bool inside) { in_stream_ = inside; }

 private:
  bool read_body(ByteReader& in, LogMessage& out);
  bool read_relation(ByteReader& in, LogMessage& out);
  bool read_row(ByteReader& in, std::vector<FieldText>& row);

  bool in_stream_ = false;
  std::vector<FieldText> before_, after_;
  std::vector<LogMessage::Column> columns_;
  std::vector<std::uint32_t> tables_;
};

// "16/B374D848", as PostgreSQL writes a position of its log.
std::string lsn_text(std::uint64_t lsn);
std::optional<std::uint64_t> parse_lsn(std::string_view text);

// Microseconds between 1970 and 2000, where PostgreSQL's times begin.
inline constexpr std::int64_t postgres_epoch_us = 946'684'800'000'000;

}  // namespace levada
