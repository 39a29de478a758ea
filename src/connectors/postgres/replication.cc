#include "connectors/postgres/replication.h"

#include <charconv>

#include "connectors/postgres/names.h"
#include "connectors/postgres/pgoutput.h"
#include "connectors/postgres/value_reader.h"

namespace levada {
namespace {

// A stream that ended is no failure of a statement: the server stops, or has given the slot up (wal_source.cc).
Error ended(const PostgresConnection& connection) {
  return Error(ErrorKind::unreachable, "PostgreSQL at " + connection.place() + " has ended the stream of its log")
      .remedy("Look into the server's log.");
}

// What a role needs, and the server must have left, for a walsender.
Error explained(Error error, const PostgresAddress& address) {
  auto says = [&](std::string_view words) { return error.why().find(words) != std::string::npos; };
  if (error.kind() == ErrorKind::permission && (says("replication") || says("REPLICATION") || says("WAL sender")))
    return std::move(error).remedy("Let a superuser run ALTER ROLE " + quote_name(address.get("user")) +
                                   " REPLICATION;");
  if (says("max_wal_senders"))
    return std::move(error).remedy("Raise max_wal_senders and start the server again, or end a reader of its log.");
  return error;
}

}  // namespace

Result<std::unique_ptr<Replication>> Replication::open(PostgresAddress address, const std::string& application) {
  address.set("replication", "database");
  auto opened = PostgresConnection::open(address, application);
  if (!opened) return explained(std::move(opened).error(), address);
  auto connection = *std::move(opened);
  LV_TRY(connection->execute(set_text_settings()));
  return std::unique_ptr<Replication>(new Replication(std::move(connection)));
}

Result<Replication::System> Replication::identify() {
  auto rows = LV_TRY(connection_->plain_query("IDENTIFY_SYSTEM"));
  System system;
  if (rows.size() == 1 && rows[0].size() >= 3 && rows[0][0] && rows[0][1] && rows[0][2]) {
    system.identifier = *rows[0][0];
    const std::string& timeline = *rows[0][1];
    std::from_chars(timeline.data(), timeline.data() + timeline.size(), system.timeline);
    if (auto flushed = parse_lsn(*rows[0][2])) {
      system.flushed = *flushed;
      return system;
    }
  }
  return Error(ErrorKind::unsupported, "the server at " + connection_->place() + " does not say which system it is");
}

Result<void> Replication::start_streaming(const std::string& slot, std::uint64_t from,
                                          const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string sql = "START_REPLICATION SLOT " + quote_name(slot) + " LOGICAL " + lsn_text(from);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    sql += (i == 0 ? " (" : ", ") + quote_name(parameters[i].first) + " " + quote_text(parameters[i].second);
  if (!parameters.empty()) sql += ")";
  return connection_->begin_stream(sql);
}

Result<Replication::Piece> Replication::next() {
  std::string_view bytes;
  switch (LV_TRY(connection_->next_streamed(bytes))) {
    case PostgresConnection::Streamed::none: return Piece();
    case PostgresConnection::Streamed::end: return ended(*connection_);
    case PostgresConnection::Streamed::message: break;
  }
  ByteReader in(bytes);
  Piece piece;
  char kind = in.big<char>();
  if (kind == 'w') {
    piece.kind = Piece::Kind::message;
    piece.lsn = in.big<std::uint64_t>();
    in.big<std::uint64_t>();  // the end of the server's log, but of a logical walsender only what it has read
    piece.sent_us = in.big<std::int64_t>() + postgres_epoch_us;
    piece.bytes = in.bytes(in.left());
  } else if (kind == 'k') {
    piece.kind = Piece::Kind::alive;
    piece.lsn = in.big<std::uint64_t>();
    piece.sent_us = in.big<std::int64_t>() + postgres_epoch_us;
    piece.reply_asked = in.big<std::uint8_t>() != 0;
  } else {
    return Error(ErrorKind::data, "PostgreSQL at " + connection_->place() + " sends what is no part of its log")
        .why("kind " + std::to_string(kind));
  }
  if (!in.ok())
    return Error(ErrorKind::data, "PostgreSQL at " + connection_->place() + " sends a message that is cut off");
  return piece;
}

Result<void> Replication::confirm(std::uint64_t lsn, std::int64_t now_us, bool ask_for_answer) {
  char reply[34];
  reply[0] = 'r';
  for (int i = 0; i < 3; ++i) store_big(reply + 1 + 8 * i, lsn);  // written, flushed, applied
  store_big(reply + 25, now_us - postgres_epoch_us);
  reply[33] = ask_for_answer ? 1 : 0;
  return connection_->put_copy({reply, sizeof reply});
}

}  // namespace levada
