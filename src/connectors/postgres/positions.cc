#include "connectors/postgres/positions.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/random.h"
#include "batch/kernels.h"
#include "connectors/postgres/names.h"

namespace levada {
namespace {

std::string hexadecimal(std::uint64_t v) {
  char text[16];
  return std::string(text, std::to_chars(text, text + sizeof text, v, 16).ptr);
}

std::string host_name() {
  char name[256] = "";
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "?";
}

std::int64_t number(const std::optional<std::string>& text) { return text ? std::stoll(*text) : 0; }

}  // namespace

Positions::Positions(std::string pipeline, std::string sink)
    : pipeline_(std::move(pipeline)),
      sink_(std::move(sink)),
      holder_(host_name() + " " + std::to_string(::getpid()) + " " + hexadecimal(random_seed())),
      mine_("p.pipeline = " + quote_text(pipeline_) + " AND p.sink = " + quote_text(sink_)) {}

// The server keeps 63 characters of ASCII, so the whole name goes in as a hash.
std::string Positions::application() const {
  std::string shown = pipeline_ + "/" + sink_, whole = std::to_string(pipeline_.size()) + ":" + shown;
  for (char& c : shown)
    if (c < ' ' || c > '~') c = '?';
  return "levada " + shown.substr(0, 38) + " " + hexadecimal(hash_bytes(whole.data(), whole.size()));
}

const std::string& Positions::create_statement() {
  static const std::string statement =
      "CREATE TABLE levada_positions (\n"
      "  pipeline text, sink text, topic text, partition integer,\n"
      "  epoch bigint NOT NULL, holder text, next_offset bigint,\n"
      "  PRIMARY KEY (pipeline, sink, topic, partition)\n"
      ");";
  return statement;
}

Result<void> Positions::check_in_charge(PostgresConnection& connection) {
  if (epoch_ == 0) return {};
  // An epoch that is ours may be held by somebody else, where our own taking over was lost on its way; one below it is
  // of those whom we have followed.
  auto others = LV_TRY(connection.query("SELECT 1 FROM levada_positions p WHERE " + mine_ +
                                            " AND holder <> $1 AND epoch >= " + std::to_string(epoch_) + " LIMIT 1",
                                        std::vector<std::string>{holder_}));
  if (!others.empty()) return not_in_charge(connection);
  return {};
}

Result<void> Positions::end_predecessors(PostgresConnection& connection) {
  auto ended = connection.query(
      "SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name = $1 "
      "AND pid <> pg_backend_pid() AND datname = current_database() AND pg_has_role(usesysid, 'MEMBER')",
      std::vector<std::string>{application()});
  if (!ended && ended.error().kind() != ErrorKind::permission) return std::move(ended).error();
  return {};
}

std::string Positions::turn_statement() const {
  return "SELECT pg_advisory_xact_lock(hashtext(" + quote_text("levada " + pipeline_) + "), hashtext(" +
         quote_text(sink_) + "))";
}

// A sink without topics has one row all the same: whoever takes over must find something to take.
std::string Positions::insert_statement(std::span<const SinkTopic> topics, std::int64_t epoch) const {
  std::string rows;
  auto add = [&](const std::string& topic, std::int32_t partition) {
    rows += (rows.empty() ? "(" : ", (") + quote_text(pipeline_) + ", " + quote_text(sink_) + ", " + quote_text(topic) +
            ", " + std::to_string(partition) + ", " + std::to_string(epoch) + ", " + quote_text(holder_) + ")";
  };
  for (const SinkTopic& t : topics)
    for (std::int32_t p = 0; p < t.partitions; ++p) add(t.topic, p);
  if (rows.empty()) add("", 0);
  return "INSERT INTO levada_positions (pipeline, sink, topic, partition, epoch, holder) VALUES " + rows +
         " ON CONFLICT DO NOTHING";
}

Result<void> Positions::add(Round& round, const SinkTopic& topic) {
  PostgresConnection& connection = round.connection();
  for (const std::string& sql : round.before_write()) LV_TRY(connection.execute(sql));
  LV_TRY(connection.execute(turn_statement()));
  auto ours = LV_TRY(connection.query("SELECT 1 FROM levada_positions p WHERE " + mine_ +
                                      " AND epoch = " + std::to_string(epoch_) + " LIMIT 1 FOR SHARE"));
  if (ours.empty()) return not_in_charge(connection);
  return connection.execute(insert_statement(std::span(&topic, 1), epoch_));
}

Result<std::vector<PartitionOffset>> Positions::take_over(PostgresConnection& connection,
                                                          std::span<const SinkTopic> topics) {
  // Two that start at once take turns.
  LV_TRY(connection.execute("BEGIN; " + turn_statement()));
  LV_TRY(check_in_charge(connection));
  LV_TRY(connection.execute(insert_statement(topics, 0)));
  // Waits for a commit of an older instance that is still on its way, and then sees what it has written.
  auto positions = LV_TRY(connection.query(
      "UPDATE levada_positions p SET holder = $1, epoch = 1 + (SELECT max(epoch) FROM levada_positions p WHERE " +
          mine_ + ") WHERE " + mine_ + " RETURNING topic, partition, next_offset, epoch",
      std::vector<std::string>{holder_}));
  std::int64_t epoch = positions.empty() ? 1 : number(positions[0][3]);
  epoch_ = epoch;  // from here on it may be ours, whether or not we hear of it
  LV_TRY(connection.commit());

  std::vector<PartitionOffset> offsets;
  for (const auto& row : positions)
    if (row[2]) offsets.push_back({{*row[0], static_cast<std::int32_t>(number(row[1]))}, Offset(number(row[2]))});
  stored_.clear();
  advanced(offsets);
  return offsets;
}

Positions::Advance Positions::advance(std::span<const PartitionOffset> next) const {
  LV_ASSERT(epoch_ != 0);
  const std::string in_charge = mine_ + " AND p.epoch = " + std::to_string(epoch_);
  std::string moved;
  std::uint64_t rows = 0;
  for (const PartitionOffset& n : next) {
    if (auto at = stored_.find(n.partition); at != stored_.end() && at->second == n.next) continue;
    moved += (rows++ == 0 ? "(" : ", (") + quote_text(n.partition.topic) + ", " +
             std::to_string(n.partition.partition) + ", " + std::to_string(n.next.value()) + ")";
  }
  if (rows == 0) return {"SELECT 1 FROM levada_positions p WHERE " + in_charge + " LIMIT 1 FOR SHARE", 1};
  return {"UPDATE levada_positions p SET next_offset = v.n FROM (VALUES " + moved + ") AS v(t, i, n) WHERE " +
              in_charge + " AND p.topic = v.t AND p.partition = v.i",
          rows};
}

void Positions::advanced(std::span<const PartitionOffset> next) {
  for (const PartitionOffset& n : next) stored_.insert_or_assign(n.partition, n.next);
}

Error Positions::not_in_charge(PostgresConnection& connection) {
  auto newest =
      connection.query("SELECT epoch, holder FROM levada_positions p WHERE " + mine_ + " ORDER BY epoch DESC LIMIT 1");
  if (!newest) return std::move(newest).error();
  std::string whose = "sink " + sink_ + " of pipeline " + pipeline_;
  const bool ours = newest->empty() || number((*newest)[0][0]) < epoch_ ||
                    (number((*newest)[0][0]) == epoch_ && (*newest)[0][1] == holder_);
  if (ours)
    return Error(ErrorKind::refused, "levada_positions has no row for a partition of " + whose)
        .why("somebody has removed it while we were writing, or the topic has got more partitions")
        .remedy("Start the pipeline again; if rows were removed, compare the target with the topic first.");
  const auto& row = (*newest)[0];
  return Error(ErrorKind::fenced, "another instance of " + whose + " has taken over")
      .why("it runs as " + row[1].value_or("?") + " (host, process, number) and has epoch " + *row[0] + "; ours is " +
           std::to_string(epoch_))
      .remedy("Run a pipeline only once, or give one of the two another name.");
}

}  // namespace levada
