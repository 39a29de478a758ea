#include "connectors/postgres/pgoutput.h"

#include <fmt/core.h>

#include <charconv>
#include <limits>

namespace levada {
namespace {

std::int64_t unix_time(std::int64_t postgres_us) {
  std::int64_t sum;
  if (!__builtin_add_overflow(postgres_us, postgres_epoch_us, &sum)) return sum;
  return std::numeric_limits<std::int64_t>::max();
}

}  // namespace

Result<void> PgoutputReader::read(std::string_view bytes, LogMessage& out) {
  out = LogMessage();
  ByteReader in(bytes);
  out.kind = in.big<char>();
  if (in.ok() && read_body(in, out) && in.ok() && in.at_end()) [[likely]] {
    if (out.kind == 'S' || out.kind == 'E') in_stream_ = out.kind == 'S';
    return {};
  }
  return Error(ErrorKind::data, "a message of the write-ahead log's stream cannot be read")
      .why(bytes.empty() ? "it is empty"
                         : fmt::format("kind 0x{:02x}, {} bytes", static_cast<unsigned char>(bytes[0]), bytes.size()))
      .remedy("The server's output plugin must be pgoutput of PostgreSQL 10 to 18.");
}

// False where a letter is not what it should be; lengths are told by the ByteReader.
bool PgoutputReader::read_body(ByteReader& in, LogMessage& out) {
  auto take_xid = [&] {
    if (in_stream_) out.xid = in.big<std::uint32_t>();
  };
  switch (out.kind) {
    case 'I':
      take_xid();
      out.oid = in.big<std::uint32_t>();
      if (in.big<char>() != 'N' || !read_row(in, after_)) return false;
      out.after = after_;
      return true;
    case 'U': {
      take_xid();
      out.oid = in.big<std::uint32_t>();
      char part = in.big<char>();
      if (part == 'K' || part == 'O') {
        out.before_kind = part;
        if (!read_row(in, before_)) return false;
        out.before = before_;
        part = in.big<char>();
      }
      if (part != 'N' || !read_row(in, after_)) return false;
      out.after = after_;
      return true;
    }
    case 'D':
      take_xid();
      out.oid = in.big<std::uint32_t>();
      out.before_kind = in.big<char>();
      if ((out.before_kind != 'K' && out.before_kind != 'O') || !read_row(in, before_)) return false;
      out.before = before_;
      return true;
    case 'B':
      out.lsn = in.big<std::uint64_t>();
      out.time_us = unix_time(in.big<std::int64_t>());
      out.xid = in.big<std::uint32_t>();
      return true;
    case 'c': out.xid = in.big<std::uint32_t>(); [[fallthrough]];
    case 'C':
      out.flags = in.big<std::uint8_t>();
      out.lsn = in.big<std::uint64_t>();
      out.end_lsn = in.big<std::uint64_t>();
      out.time_us = unix_time(in.big<std::int64_t>());
      return true;
    case 'O':
      out.lsn = in.big<std::uint64_t>();
      out.name = in.text();
      return true;
    case 'R': take_xid(); return read_relation(in, out);
    case 'Y':
      take_xid();
      out.oid = in.big<std::uint32_t>();
      out.schema = in.text();
      out.name = in.text();
      return true;
    case 'T': {
      take_xid();
      auto count = in.big<std::uint32_t>();
      out.flags = in.big<std::uint8_t>();
      if (in.left() / sizeof(std::uint32_t) < count) return false;
      tables_.resize(count);
      for (std::uint32_t& table : tables_) table = in.big<std::uint32_t>();
      out.tables = tables_;
      return true;
    }
    case 'M':
      take_xid();
      out.flags = in.big<std::uint8_t>();
      out.lsn = in.big<std::uint64_t>();
      out.name = in.text();
      out.content = in.bytes(in.big<std::uint32_t>());
      return true;
    case 'S':
      out.xid = in.big<std::uint32_t>();
      out.flags = in.big<std::uint8_t>();
      return !in_stream_;
    case 'E': return in_stream_;
    case 'A':
      out.xid = in.big<std::uint32_t>();
      out.subtransaction = in.big<std::uint32_t>();
      return true;
    default: return false;
  }
}

bool PgoutputReader::read_relation(ByteReader& in, LogMessage& out) {
  out.oid = in.big<std::uint32_t>();
  out.schema = in.text();
  if (out.schema.empty()) out.schema = "pg_catalog";
  out.name = in.text();
  out.identity = in.big<char>();
  auto count = in.big<std::uint16_t>();
  if (in.left() / 10 < count) return false;  // no column is shorter
  columns_.resize(count);
  for (LogMessage::Column& column : columns_) {
    column.in_identity = (in.big<std::uint8_t>() & 1) != 0;
    column.name = in.text();
    column.type = in.big<std::uint32_t>();
    column.modifier = in.big<std::int32_t>();
  }
  out.columns = columns_;
  return true;
}

bool PgoutputReader::read_row(ByteReader& in, std::vector<FieldText>& row) {
  auto count = in.big<std::uint16_t>();
  if (in.left() < count) return false;
  row.resize(count);
  for (FieldText& field : row) {
    switch (in.big<char>()) {
      case 't': {
        std::string_view text = in.bytes(in.big<std::uint32_t>());
        field = {FieldText::Kind::text, static_cast<std::uint32_t>(text.size()), text.data()};
        break;
      }
      case 'n': field = {}; break;
      case 'u': field = {.kind = FieldText::Kind::unchanged}; break;
      default: return false;  // 'b' too: we never ask for binary values
    }
  }
  return true;
}

std::string lsn_text(std::uint64_t lsn) { return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xffff'ffff); }

std::optional<std::uint64_t> parse_lsn(std::string_view text) {
  std::uint32_t high = 0, low = 0;
  const char* stop = text.data() + text.size();
  auto [slash, error] = std::from_chars(text.data(), stop, high, 16);
  if (error != std::errc() || slash == stop || *slash != '/') return std::nullopt;
  auto [end, low_error] = std::from_chars(slash + 1, stop, low, 16);
  if (low_error != std::errc() || end != stop) return std::nullopt;
  return std::uint64_t(high) << 32 | low;
}

}  // namespace levada
