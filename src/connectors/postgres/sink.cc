#include "connectors/postgres/sink.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "connectors/postgres/positions.h"
#include "connectors/postgres/round.h"
#include "connectors/postgres/sequences.h"
#include "connectors/postgres/table_writer.h"
#include "connectors/postgres/truncation.h"
#include "connectors/postgres/type_widening.h"

namespace levada {
namespace {

// Whoever makes or changes tables holds this lock of the database, so that two sinks do not make the same one at once.
constexpr std::string_view lock_for_tables = "SELECT pg_advisory_xact_lock(hashtext('levada tables'))";

class PostgresSink : public Sink {
 public:
  // The targets are those of the topics with a schema.
  PostgresSink(SinkContext context, PostgresSinkOptions options, std::vector<Target> targets)
      : context_(std::move(context)),
        options_(std::move(options)),
        targets_(std::move(targets)),
        topics_(context_.topics),
        positions_(context_.pipeline, context_.name),
        sequences_(context_.clock ? *context_.clock : real_clock()) {}

  Retries retries() const override { return options_.retries; }
  Result<std::vector<Error>> preflight() override;
  Result<std::optional<std::vector<PartitionOffset>>> start() override;
  Result<void> add_topic(const SinkTopic& topic) override;
  Result<void> write(const Batch& batch, RowFailures& rejected) override;
  Result<void> flush(std::vector<RejectedRecord>& rejected) override;
  Result<void> commit(std::span<const PartitionOffset> next) override;
  Result<void> close() override;
  std::optional<std::int64_t> due_ms() const override { return sequences_.due_ms(); }

 private:
  // A table that could not be emptied yet.
  struct Emptying {
    std::string table;
    RejectedRecord refused;
  };
  // How the rows of a topic are written, for each schema that its batches have had: a topic that describes itself may
  // have several. Schemas that are alike share a writer.
  struct Route {
    struct Way {
      SchemaRef schema;
      std::shared_ptr<TableWriter> writer;
    };
    std::string topic;
    std::vector<Way> ways = {};
    bool declared = false;                  // one way, whatever a batch's schema says of itself
    std::optional<Emptying> emptying = {};  // waits for other tables
    bool all_wait = false;                  // whatever comes in this round
    bool rows_wait() const {
      return std::ranges::any_of(ways, [](const Way& way) { return way.writer->waits(); });
    }
    bool waits() const { return emptying || rows_wait(); }
    void wait() {
      all_wait = true;
      for (Way& way : ways) way.writer->wait();
    }
  };
  // What a round needs; gone after any error.
  struct Live {
    explicit Live(std::unique_ptr<PostgresConnection> c) : connection(std::move(c)), round(*connection) {}
    std::unique_ptr<PostgresConnection> connection;
    Round round;
    std::deque<Route> routes;
    Route& route(const std::string& topic);
    TableWriter* gathering = nullptr;      // the only one that may hold rows that are not with the server yet
    std::vector<RejectedRecord> rejected;  // by writers that are gone
  };

  Result<void> check_server(PostgresConnection& connection);
  // What is wrong with the table of positions, or with a target's. Changes nothing.
  Result<Misfit> inspect_positions(PostgresConnection& connection);
  Result<Misfit> inspect(PostgresConnection& connection, const Target& target, std::optional<PostgresTable>& table);
  Result<void> prepare_tables(Live& live);
  // Makes or changes the table, if need be and if we may. Within a transaction.
  Result<std::optional<PostgresTable>> prepare_table(PostgresConnection& connection, Target& target, bool& changed);
  Result<void> forget_unknown_types(PostgresConnection& connection, Target& target);
  // The writer for the batch's schema, within the round.
  Result<std::shared_ptr<TableWriter>> writer_of(const Batch& batch);
  Result<std::shared_ptr<TableWriter>> open_way(Route& route, const SchemaRef& schema);
  // All writers of topics that describe themselves are to be made again: a table has changed.
  Result<void> close_ways();
  Result<void> flush_gathering();
  // What waits for other tables: tried until nothing more of it can be written; the rest is refused.
  Result<void> settle();
  Result<bool> try_emptying(Route& route);
  Result<bool> try_rows(Route& route);
  // The same for one topic, at once.
  Result<void> finish(Route& route);
  Result<void> write_in_round(const Batch& batch, RowFailures& rejected);
  Result<void> empty_table(const Batch& batch, RowFailures& rejected);
  Result<void> begin(Live& live, std::vector<PartitionOffset>& offsets);
  bool advances_sequences(const Target& target) const;
  // Nothing of a round is on its way.
  Result<void> advance_sequences();
  Result<void> end_round(std::span<const PartitionOffset> next);
  Error not_started() const;

  const SinkContext context_;
  const PostgresSinkOptions options_;
  const std::vector<Target> targets_;
  std::vector<SinkTopic> topics_;  // with those that came later
  Positions positions_;
  Sequences sequences_;
  std::unique_ptr<Live> live_;
  bool check_at_once_ = false;  // for one round: see end_round()
};

bool PostgresSink::advances_sequences(const Target& target) const {
  return options_.advance_sequences.value_or(target.captured);
}

Result<void> PostgresSink::check_server(PostgresConnection& connection) {
  auto rows = LV_TRY(connection.query("SELECT pg_is_in_recovery(), current_setting('server_encoding')"));
  if (rows[0][0] == "t")
    return Error(ErrorKind::unreachable, "the server at " + connection.place() + " is a standby: it takes no writes")
        .remedy("Name the primary in 'connection.url', or several hosts with targetServerType=primary.");
  if (rows[0][1] != "UTF8")
    context_.logger->warning("the database does not store UTF-8: rows with other characters are rejected",
                             {{"sink", context_.name}, {"encoding", *rows[0][1]}});
  if (options_.time_zone == "UTC") return {};
  std::string zone = quote_text(options_.time_zone);
  if (!connection.query("SELECT now() AT TIME ZONE " + zone))
    return Error(ErrorKind::usage, "'db.timezone': the server knows no time zone " + options_.time_zone)
        .remedy("Give a name as in pg_timezone_names: Europe/Berlin, UTC.");
  return {};
}

// Where a table is to be made: whether we may. Else the problem takes the place of the statement.
Result<void> check_creation(PostgresConnection& connection, const TableName& table, Misfit& misfit) {
  auto may = may_create_tables(connection, table.schema);
  if (!may && may.error().kind() != ErrorKind::not_found) return std::move(may).error();
  if (may && *may) return {};
  misfit.problems.push_back(!may ? std::move(may).error()
                                 : Error(ErrorKind::permission, "no privilege to create table " + table.text())
                                       .remedy("Let the owner of the schema run:\n" + misfit.repair));
  misfit.repair.clear();
  return {};
}

Result<Misfit> PostgresSink::inspect_positions(PostgresConnection& connection) {
  const TableName name{{}, "levada_positions"};
  Misfit misfit;
  auto table = LV_TRY(read_table(connection, name));
  if (!table) {
    misfit.repair = Positions::create_statement();
    LV_TRY(check_creation(connection, name, misfit));
    return misfit;
  }
  std::string lacking;
  for (const std::string& privilege : table->missing_privileges)
    if (privilege != "DELETE") lacking += (lacking.empty() ? "" : ", ") + privilege;
  if (!lacking.empty())
    misfit.problems.push_back(
        Error(ErrorKind::permission, "no privilege to " + lacking + " on table " + table->name.text())
            .remedy("Let the owner run: GRANT " + lacking + " ON " + table->name.quoted() + " TO …;"));
  return misfit;
}

Result<Misfit> PostgresSink::inspect(PostgresConnection& connection, const Target& target,
                                     std::optional<PostgresTable>& table) {
  table = LV_TRY(read_table(connection, target.table));
  Misfit misfit = compare(target, table, options_);
  if (!table && !misfit.repair.empty()) {
    LV_TRY(check_creation(connection, target.table, misfit));
    if (!misfit.problems.empty())
      misfit.problems.back() = std::move(misfit.problems.back()).where("topic " + target.topic);
  }
  return misfit;
}

Result<std::vector<Error>> PostgresSink::preflight() {
  std::vector<Error> problems;
  auto connection = PostgresConnection::open(options_.address, "levada check");
  if (!connection) {
    problems.push_back(std::move(connection).error());
    return problems;
  }
  if (auto good = check_server(**connection); !good) problems.push_back(std::move(good).error());
  LV_TRY((*connection)->execute("BEGIN READ ONLY"));
  auto add = [&](Misfit misfit) { std::ranges::move(misfit.problems, std::back_inserter(problems)); };
  add(LV_TRY(inspect_positions(**connection)));
  std::optional<PostgresTable> table;
  for (Target target : targets_) {
    LV_TRY(forget_unknown_types(**connection, target));
    add(LV_TRY(inspect(**connection, target, table)));
  }
  return problems;
}

// In a transaction of its own: makes what may be made, and reads how the tables are then.
Result<void> PostgresSink::prepare_tables(Live& live) {
  PostgresConnection& connection = *live.connection;
  LV_TRY(connection.execute("BEGIN; " + std::string(lock_for_tables)));
  Misfit positions = LV_TRY(inspect_positions(connection));
  if (!positions.problems.empty()) return std::move(positions.problems.front());
  if (!positions.repair.empty()) LV_TRY(connection.execute(positions.repair));
  for (Target target : targets_) {
    bool changed = false;
    auto table = LV_TRY(prepare_table(connection, target, changed));
    Route& route = live.route(target.topic);
    route.declared = true;
    if (advances_sequences(target)) sequences_.watch(*table);
    route.ways.push_back(
        {nullptr, std::make_shared<TableWriter>(plan_table(target, *table, options_), options_.batch_size)});
  }
  return connection.commit();
}

Result<std::optional<PostgresTable>> PostgresSink::prepare_table(PostgresConnection& connection, Target& target,
                                                                 bool& changed) {
  LV_TRY(forget_unknown_types(connection, target));
  std::optional<PostgresTable> table;
  Misfit misfit = LV_TRY(inspect(connection, target, table));
  if (misfit.problems.empty() && !misfit.repair.empty()) {
    LV_TRY(connection.execute(std::string(lock_for_tables)));  // somebody else may be making it: look again
    misfit = LV_TRY(inspect(connection, target, table));
  }
  if (misfit.problems.empty() && !misfit.repair.empty()) {
    if (auto done = connection.execute(misfit.repair); !done)
      return std::move(done)
          .error()
          .within((table ? "cannot change table " : "cannot create table ") + target.table.text())
          .where("topic " + target.topic)
          .remedy("Run it yourself:\n" + misfit.repair);
    changed = true;
    context_.logger->info(table ? "table changed" : "table created",
                          {{"sink", context_.name}, {"table", target.table.text()}, {"statement", misfit.repair}});
    misfit = LV_TRY(inspect(connection, target, table));
  }
  if (!misfit.problems.empty()) return std::move(misfit.problems.front());
  return table;
}

// Types of the source that this server has not: enumerations, domains, those of extensions.
Result<void> PostgresSink::forget_unknown_types(PostgresConnection& connection, Target& target) {
  for (TargetColumn& column : target.columns) {
    if (column.type.empty()) continue;
    bool known = is_type_text(column.type);
    if (known) {
      auto found = LV_TRY(connection.query("SELECT to_regtype($1)", std::vector<std::string>{column.type}));
      known = !found.empty() && found[0][0].has_value();
    }
    if (!known) forget_type(column);
  }
  return {};
}

Result<void> PostgresSink::begin(Live& live, std::vector<PartitionOffset>& offsets) {
  LV_TRY(check_server(*live.connection));
  LV_TRY(positions_.check_in_charge(*live.connection));
  LV_TRY(positions_.end_predecessors(*live.connection));
  LV_TRY(prepare_tables(live));
  std::vector<SinkTopic> kept = topics_;
  if (!context_.retry_topic.empty()) kept.push_back({.topic = context_.retry_topic});
  offsets = LV_TRY(positions_.take_over(*live.connection, kept));
  live.round.check_at_once(check_at_once_);
  return {};
}

Result<std::optional<std::vector<PartitionOffset>>> PostgresSink::start() {
  live_.reset();
  std::vector<PartitionOffset> offsets;
  auto try_to = [&]() -> Result<void> {
    auto live = std::make_unique<Live>(LV_TRY(PostgresConnection::open(options_.address, positions_.application())));
    LV_TRY(begin(*live, offsets));
    live_ = std::move(live);
    return {};
  };
  if (auto begun = try_to(); !begun) return std::move(begun).error().within("cannot start sink " + context_.name);
  return offsets;
}

PostgresSink::Route& PostgresSink::Live::route(const std::string& topic) {
  auto at = std::ranges::find(routes, topic, &Route::topic);
  return at != routes.end() ? *at : routes.emplace_back(Route{topic});
}

Error PostgresSink::not_started() const {
  return Error(ErrorKind::refused, "sink " + context_.name + " was not started since its last error");
}

Result<void> PostgresSink::add_topic(const SinkTopic& topic) {
  if (!live_) return not_started();
  // The next start() knows it, whatever becomes of this round.
  if (std::ranges::find(topics_, topic.topic, &SinkTopic::topic) == topics_.end()) topics_.push_back(topic);
  auto added = [&]() -> Result<void> {
    LV_TRY(flush_gathering());
    return positions_.add(live_->round, topic);
  }();
  if (!added) {
    live_.reset();
    return std::move(added).error().within("sink " + context_.name);
  }
  return {};
}

Result<void> PostgresSink::write(const Batch& batch, RowFailures& rejected) {
  if (!live_) return not_started();
  if (batch.empty() && !batch.truncates) return {};
  LV_ASSERT(batch.origin != nullptr);
  auto written = batch.truncates ? empty_table(batch, rejected) : write_in_round(batch, rejected);
  if (written) return {};
  live_.reset();
  return std::move(written).error().within("sink " + context_.name);
}

// What came first is with the server first, also across tables: a child's parent, a row's end and its next beginning.
Result<void> PostgresSink::write_in_round(const Batch& batch, RowFailures& rejected) {
  std::shared_ptr<TableWriter> writer = LV_TRY(writer_of(batch));
  if (live_->gathering != writer.get()) LV_TRY(flush_gathering());
  Route& route = live_->route(batch.origin->topic);
  // Of two that write to one table only one may wait.
  if (writer->waits() ? writer->holds_too_much() : route.rows_wait()) LV_TRY(finish(route));
  if (route.all_wait) writer->wait();
  live_->gathering = writer.get();
  return writer->write(live_->round, batch, rejected);
}

Result<void> PostgresSink::flush_gathering() {
  if (TableWriter* last = std::exchange(live_->gathering, nullptr)) LV_TRY(last->flush(live_->round));
  return {};
}

Result<std::shared_ptr<TableWriter>> PostgresSink::writer_of(const Batch& batch) {
  Route& route = live_->route(batch.origin->topic);
  if (route.declared) return route.ways[0].writer;
  for (const Route::Way& way : route.ways)
    if (way.schema == batch.schema) return way.writer;
  for (const Route::Way& way : route.ways)
    if (*way.schema == *batch.schema) {
      auto writer = way.writer;
      route.ways.push_back({batch.schema, writer});
      return writer;
    }
  return open_way(route, batch.schema);
}

Result<std::shared_ptr<TableWriter>> PostgresSink::open_way(Route& route, const SchemaRef& schema) {
  LV_TRY(flush_gathering());
  if (route.rows_wait()) LV_TRY(finish(route));  // their table may be changed
  auto topic = std::ranges::find(topics_, route.topic, &SinkTopic::topic);
  LV_ASSERT(topic != topics_.end());
  SinkTopic described = *topic;
  described.schema = schema;
  Target target = LV_TRY(make_target(described, options_));
  PostgresConnection& connection = *live_->connection;
  for (const std::string& sql : live_->round.before_write()) LV_TRY(connection.execute(sql));
  bool changed = false;
  auto table = LV_TRY(prepare_table(connection, target, changed));
  if (changed) LV_TRY(close_ways());
  if (advances_sequences(target)) sequences_.watch(*table);
  auto writer = std::make_shared<TableWriter>(plan_table(target, *table, options_), options_.batch_size);
  route.ways.push_back({schema, writer});
  return writer;
}

Result<void> PostgresSink::close_ways() {
  for (Route& route : live_->routes) {
    if (route.declared) continue;
    LV_TRY(finish(route));
    for (Route::Way& way : route.ways)
      for (RejectedRecord& record : way.writer->take_rejected()) live_->rejected.push_back(std::move(record));
    route.ways.clear();
  }
  return {};
}

Result<void> PostgresSink::empty_table(const Batch& batch, RowFailures& rejected) {
  LV_TRY(flush_gathering());
  if (options_.truncate_enabled && !*options_.truncate_enabled) return {};
  Route& route = live_->route(batch.origin->topic);
  const TableName name = LV_TRY(table_of(route.topic, options_));
  const auto table = LV_TRY(read_table(*live_->connection, name));
  if (!table) return {};  // nothing has been written to it
  const std::string quoted = table->name.quoted();
  auto refusal = LV_TRY(empty_postgres_table(live_->round, quoted));
  if (!refusal) {
    // What waited stood before it.
    route.emptying.reset();
    for (Route::Way& way : route.ways) way.writer->forget();
    // Where tables are emptied together, one may have waited for the other, or may come yet: then the first new row
    // that refers to an old one would keep it there.
    for (Route& other : live_->routes)
      if (other.emptying) LV_TRY(try_emptying(other));
    if (LV_TRY(refers_to_other_tables(*live_->connection, quoted))) route.wait();
    return {};
  }
  if (!refusal->may_pass) {
    rejected.push_back({0, std::move(refusal->why)});
    return {};
  }
  LV_TRY(finish(route));
  refusal->may_pass = false;  // tried once more within the round, never behind it
  refusal->partition = {route.topic, batch.origin->partition};
  refusal->offset = Offset(batch.origin->offsets[0]);
  route.emptying = Emptying{quoted, *std::move(refusal)};
  route.wait();
  return {};
}

Result<bool> PostgresSink::try_emptying(Route& route) {
  if (LV_TRY(empty_postgres_table(live_->round, route.emptying->table))) return false;
  route.emptying.reset();
  return true;
}

Result<bool> PostgresSink::try_rows(Route& route) {
  bool moved = false;
  for (Route::Way& way : route.ways)
    if (way.writer->waits()) moved |= LV_TRY(way.writer->try_again(live_->round));
  return moved;
}

Result<void> PostgresSink::finish(Route& route) {
  if (route.emptying) {
    if (!LV_TRY(try_emptying(route))) live_->rejected.push_back(std::move(route.emptying->refused));
    route.emptying.reset();
  }
  route.all_wait = false;
  for (Route::Way& way : route.ways)
    if (way.writer->waits()) LV_TRY(way.writer->finish(live_->round));
  return {};
}

Result<void> PostgresSink::settle() {
  while (true) {
    bool moved = false;
    Route* waiting = nullptr;
    for (Route& route : live_->routes)
      if (route.emptying) moved |= LV_TRY(try_emptying(route));
    for (Route& route : live_->routes) {
      if (!route.waits()) continue;
      if (!route.emptying) moved |= LV_TRY(try_rows(route));
      if (route.waits() && (!waiting || route.emptying)) waiting = &route;
    }
    if (!waiting) break;
    if (!moved) LV_TRY(finish(*waiting));
  }
  for (Route& route : live_->routes) route.all_wait = false;
  return {};
}

Result<void> PostgresSink::flush(std::vector<RejectedRecord>& rejected) {
  if (!live_) return not_started();
  auto flushed = flush_gathering();
  if (flushed) flushed = settle();
  if (!flushed) {
    live_.reset();
    return std::move(flushed).error().within("sink " + context_.name);
  }
  auto hand_on = [&](std::vector<RejectedRecord> records) { std::ranges::move(records, std::back_inserter(rejected)); };
  hand_on(std::exchange(live_->rejected, {}));
  for (Route& route : live_->routes)
    for (Route::Way& way : route.ways) hand_on(way.writer->take_rejected());
  return {};
}

Result<void> PostgresSink::commit(std::span<const PartitionOffset> next) {
  if (!live_) return not_started();
  LV_ASSERT(!live_->gathering);  // flush() comes first
  auto ended = [&]() -> Result<void> {
    LV_TRY(end_round(next));
    if (sequences_.due()) LV_TRY(advance_sequences());
    return {};
  }();
  if (ended) return {};
  live_.reset();
  return std::move(ended).error().within("sink " + context_.name);
}

Result<void> PostgresSink::close() {
  if (live_ && sequences_.due_ms()) LV_TRY(advance_sequences());
  return {};
}

// The rows are there; a sequence that we may not set is worth a warning, not more.
Result<void> PostgresSink::advance_sequences() {
  auto advanced = sequences_.advance(*live_->connection);
  if (advanced) return {};
  if (worth_retrying(advanced.error().kind())) return std::move(advanced).error();
  context_.logger->warning("sequences stay behind", {{"sink", context_.name}, {"error", advanced.error().line()}});
  return {};
}

Result<void> PostgresSink::end_round(std::span<const PartitionOffset> next) {
  Round& round = live_->round;
  const bool wrote = round.is_open();
  const auto [statement, rows] = positions_.advance(next);
  auto committed = round.commit_if(statement, rows);
  if (committed && !*committed) return positions_.not_in_charge(*live_->connection);
  if (committed) {
    positions_.advanced(next);
    check_at_once_ = false;
    round.check_at_once(false);
    if (wrote) sequences_.committed();
    return {};
  }
  if (committed.error().kind() != ErrorKind::rejected || round.checks_at_once()) return std::move(committed).error();
  // A constraint that is checked at the end of the transaction. Which row breaks it is found when the round is repeated
  // and checks at once.
  check_at_once_ = true;
  return Error(ErrorKind::unreachable, "the round breaks a deferred constraint and is repeated row by row")
      .why(committed.error().why());
}

}  // namespace

Result<std::unique_ptr<Sink>> make_postgres_sink(SinkContext context) {
  OptionNotes notes;
  auto options = LV_TRY(read_postgres_sink_options(context.properties, notes));
  if (context.notes) context.notes->insert(context.notes->end(), notes.begin(), notes.end());
  std::vector<Target> targets;
  for (const SinkTopic& topic : context.topics) {
    if (topic.schema)
      targets.push_back(LV_TRY(make_target(topic, options)));
    else
      LV_TRY(table_of(topic.topic, options));
  }
  return std::make_unique<PostgresSink>(std::move(context), std::move(options), std::move(targets));
}

}  // namespace levada
