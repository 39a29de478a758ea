#include "connectors/postgres/sink.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "connectors/postgres/positions.h"
#include "connectors/postgres/round.h"
#include "connectors/postgres/sequences.h"
#include "connectors/postgres/table_writer.h"
#include "connectors/postgres/target_tables.h"
#include "connectors/postgres/truncation.h"

namespace levada {
namespace {

class PostgresSink : public Sink {
 public:
  // The targets are those of the topics with a schema.
  PostgresSink(SinkContext context, PostgresSinkOptions options, std::vector<Target> targets)
      : context_(std::move(context)),
        options_(std::move(options)),
        targets_(std::move(targets)),
        tables_(context_, options_),
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

  Result<void> prepare_tables(Live& live);
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
  const TargetTables tables_;
  std::vector<SinkTopic> topics_;  // with those that came later
  Positions positions_;
  Sequences sequences_;
  std::unique_ptr<Live> live_;
  bool check_at_once_ = false;  // for one round: see end_round()
};

bool PostgresSink::advances_sequences(const Target& target) const {
  return options_.advance_sequences.value_or(target.captured);
}

Result<std::vector<Error>> PostgresSink::preflight() {
  std::vector<Error> problems;
  auto connection = PostgresConnection::open(options_.address, "levada check");
  if (!connection) {
    problems.push_back(std::move(connection).error());
    return problems;
  }
  if (auto good = tables_.check_server(**connection); !good) problems.push_back(std::move(good).error());
  LV_TRY((*connection)->execute("BEGIN READ ONLY"));
  std::ranges::move(LV_TRY(tables_.inspect(**connection, targets_)), std::back_inserter(problems));
  return problems;
}

// In a transaction of its own: makes what may be made, and reads how the tables are then.
Result<void> PostgresSink::prepare_tables(Live& live) {
  PostgresConnection& connection = *live.connection;
  LV_TRY(connection.execute("BEGIN"));
  LV_TRY(tables_.prepare_positions(connection));
  for (Target target : targets_) {
    bool changed = false;
    auto table = LV_TRY(tables_.prepare(connection, target, changed));
    Route& route = live.route(target.topic);
    route.declared = true;
    if (advances_sequences(target)) sequences_.watch(*table);
    route.ways.push_back(
        {nullptr, std::make_shared<TableWriter>(plan_table(target, *table, options_), options_.batch_size)});
  }
  return connection.commit();
}

Result<void> PostgresSink::begin(Live& live, std::vector<PartitionOffset>& offsets) {
  LV_TRY(tables_.check_server(*live.connection));
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
  auto table = LV_TRY(tables_.prepare(connection, target, changed));
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
