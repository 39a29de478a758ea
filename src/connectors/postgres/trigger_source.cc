#include "connectors/postgres/trigger_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/fail_point.h"
#include "connectors/postgres/column_mask.h"
#include "connectors/postgres/envelope_collector.h"
#include "connectors/postgres/row_plan.h"
#include "connectors/postgres/table_references.h"
#include "connectors/postgres/trigger_options.h"
#include "connectors/postgres/trigger_reader.h"
#include "connectors/postgres/trigger_session.h"

namespace levada {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_bytes = 4 << 20;  // of one read()
constexpr std::uint64_t prune_rows = 1000;   // at a time, or twice what was read last: nobody waits for it
constexpr std::int64_t check_every_us = 1'000'000;
constexpr std::int64_t prune_every_us = 1'000'000, prune_again_us = 10'000'000;

class TriggerSource : public Source {
 public:
  TriggerSource(SourceContext context, TriggerOptions options)
      : context_(std::move(context)), options_(std::move(options)) {}

  Result<std::vector<Error>> preflight() override;
  Result<void> start(const std::optional<std::string>& position) override;
  Result<SourceRead> read(std::stop_token stop, milliseconds wait) override;
  Result<void> acknowledge(const std::string& position) override;
  Progress progress() const override;
  Result<std::optional<Schema>> describe(const std::string& topic) override;

 private:
  enum class Doing { nothing, changes, rows };

  bool wants_rows() const { return options_.rows != TriggerRows::no_data; }
  bool wants_changes() const { return options_.rows != TriggerRows::initial_only; }

  Result<void> check_position();
  void start_over(std::size_t table);
  void read_rows_again(std::size_t table);
  void truncate(std::size_t table);
  Result<void> check_tables();
  Result<bool> begin_rows();
  Result<bool> wait_for_news(milliseconds wait);
  Result<void> look(bool in_one_snapshot);
  Result<void> read_changes(SourceRead& out);
  Result<void> read_rows();
  Result<void> end_rows();
  Result<void> prune();
  Result<void> beat();
  bool full() const {
    return collector_->changes() >= static_cast<std::uint64_t>(options_.most_rows) || collector_->bytes() >= most_bytes;
  }
  std::string position() const;
  void show(std::size_t table);

  const SourceContext context_;
  const TriggerOptions options_;
  const std::string run_ = new_run();

  std::unique_ptr<PostgresConnection> connection_;
  std::vector<TriggerTable> tables_;
  std::vector<TriggerProgress> progress_;  // of each
  std::vector<TriggerRow> rows_;           // of each
  std::vector<std::size_t> order_;         // in which their rows are read: what others refer to first
  std::unique_ptr<ChangeCollector> collector_;

  Doing doing_ = Doing::nothing;
  std::size_t table_ = 0;               // whose changes are being read
  std::optional<std::size_t> rows_of_;  // the table whose rows come behind the changes, in the snapshot of the look
  bool streaming_ = false;              // the answer to a SELECT is coming
  std::int64_t rows_in_chunk_ = 0, looked_us_ = 0;
  bool moved_ = false;    // the position is another one
  bool noticed_ = true;   // there may be something: look
  bool altered_ = false;  // the next change is recorded as text: set up before it is read
  std::int64_t next_look_us_ = 0;
  std::int64_t next_check_us_ = 0, beaten_us_ = 0;

  TriggerPosition acknowledged_;
  bool prunable_ = false, prune_failed_ = false;
  std::uint64_t read_last_ = 0;  // changes
  std::int64_t next_prune_us_ = 0;

  std::atomic<std::uint64_t> rows_done_ = 0, rows_total_ = 0;
  mutable std::mutex shown_mutex_;
  std::string shown_;
};

Result<std::vector<Error>> TriggerSource::preflight() {
  std::vector<Error> problems;
  auto connection = open_trigger_session(options_, context_.name);
  if (!connection) {
    problems.push_back(std::move(connection).error());
    return problems;
  }
  auto plans = plan_trigger_tables(**connection, options_);
  if (!plans) {
    problems.push_back(std::move(plans).error());
    return problems;
  }
  for (TriggerPlan& plan : *plans) {
    if (context_.notes)
      for (std::string& line : unmasked_columns(*plan.table.table)) context_.notes->push_back("column " + line);
    for (SetupStep& step : plan.steps)
      if (options_.setup != TriggerSetup::automatic || !step.allowed || step.sql.empty())
        problems.push_back(std::move(step.problem));
  }
  return problems;
}

Result<std::optional<Schema>> TriggerSource::describe(const std::string& topic) {
  auto connection = LV_TRY(open_trigger_session(options_, context_.name));
  for (const TriggerPlan& plan : LV_TRY(plan_trigger_tables(*connection, options_)))
    if (plan.table.table->topic == topic) return *plan_rows(plan.table.table, options_.values)->schema;
  return std::nullopt;
}

Result<void> TriggerSource::start(const std::optional<std::string>& position) {
  connection_.reset();
  doing_ = Doing::nothing;
  streaming_ = moved_ = prunable_ = altered_ = false;
  beaten_us_ = context_.clock->steady_us();
  rows_of_.reset();
  noticed_ = true;
  TriggerPosition stored;
  if (position) stored = LV_TRY(parse_trigger_position(*position));

  connection_ = LV_TRY(open_trigger_session(options_, context_.name));
  tables_ = LV_TRY(set_up_triggers(*connection_, options_, *context_.logger));
  for (const TriggerTable& table : tables_)
    if (options_.prune && !LV_TRY(claim(*connection_, table)))
      return Error(ErrorKind::unreachable, "another connector reads and prunes " + table.changes)
          .remedy("Stop it, or give each a change table of its own by 'change.table'.");
  for (const TriggerTable& table : tables_)
    for (const std::string& line : unmasked_columns(*table.table))
      context_.logger->warning("capture", {{"note", line}});
  if (options_.notify) LV_TRY(connection_->execute(std::string("LISTEN ") + trigger_channel));
  collector_ = make_change_collector(options_, "", run_, *context_.clock);
  progress_.clear();
  rows_.clear();
  std::uint64_t total = 0;
  for (const TriggerTable& table : tables_) {
    TriggerProgress& at = progress_.emplace_back(stored[table.table->text()]);
    rows_.emplace_back(table);
    if (!wants_rows()) at.rows_done = true;
    if (options_.rows == TriggerRows::always) at.rows_done = false, at.above.clear();
    if (!at.rows_done) total += static_cast<std::uint64_t>(std::max(table.rows, 0.0));
  }
  rows_total_ = total;
  rows_done_ = 0;
  std::vector<std::uint32_t> oids;
  for (const TriggerTable& table : tables_) oids.push_back(table.table->oid);
  order_ = referred_first(LV_TRY(read_references(*connection_, oids)));
  LV_TRY(check_position());
  for (std::size_t t = 0; t < tables_.size(); ++t)
    if (progress_[t].window) doing_ = Doing::changes;  // cut off in the middle
  table_ = 0;
  return {};
}

// Nobody but us deletes changes, and the last one we leave. Where it is gone, others may be that we have not read.
Result<void> TriggerSource::check_position() {
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    TriggerProgress& at = progress_[t];
    const CapturedTable& table = *tables_[t].table;
    const std::vector<TriggerColumn>& columns = tables_[t].columns;
    const bool differ = at.columns.empty() ? !at.mark.empty() && at.mark != columns_mark(columns)
                                           : rows_differ(at.columns, at.gone, columns);
    if (at.read.through != 0 && (!LV_TRY(knows(*connection_, at.read)) ||
                                 (options_.prune && !LV_TRY(still_has(*connection_, tables_[t], at.read))))) {
      if (options_.rows != TriggerRows::when_needed)
        return Error(ErrorKind::position_lost,
                     "the change table of " + table.text() + " does not have the change read last")
            .where(tables_[t].changes + " change " + std::to_string(at.read.id) + " of transaction " +
                   std::to_string(at.read.through))
            .why(
                "the table was emptied, restored or made anew, the server is another one, or it has crashed and lost "
                "commits that were not durable; changes that were not read may be gone too")
            .remedy(
                "Read the rows anew: 'snapshot.mode' = 'when_needed'. If somebody has deleted changes that were "
                "read already, start once with 'prune' = 'false'.");
      context_.logger->warning("changes may be lost, the rows are read anew", {{"table", table.text()}});
      start_over(t);
    } else if (at.table != 0 && at.table != table.oid) {
      context_.logger->warning("the table was made anew, its rows are read", {{"table", table.text()}});
      start_over(t);
    } else if (differ && wants_rows()) {
      context_.logger->info("the table's columns have changed, its rows are read anew", {{"table", table.text()}});
      read_rows_again(t);
    }
    at.gone = names_gone(at.columns, std::move(at.gone), columns);
    at.table = table.oid;
    at.columns = columns;
    at.mark.clear();
  }
  return {};
}

// What the topic has is not to be trusted: rows may have been deleted and nothing said so.
void TriggerSource::start_over(std::size_t t) {
  progress_[t] = {};
  progress_[t].rows_done = !wants_rows();
  truncate(t);
}

void TriggerSource::read_rows_again(std::size_t t) {
  progress_[t].rows_done = false;
  progress_[t].above.clear();
}

void TriggerSource::truncate(std::size_t t) {
  RowChange truncated;
  truncated.op = 't';
  truncated.place.commit_us = context_.clock->now_us();
  collector_->add(tables_[t].table, truncated);
}

// A table that was altered is planned, and where need be set up, anew.
Result<void> TriggerSource::check_tables() {
  if (!context_.follow || doing_ != Doing::nothing || moved_ || context_.clock->steady_us() < next_check_us_) return {};
  next_check_us_ = context_.clock->steady_us() + check_every_us;
  if (LV_TRY(are_as_planned(*connection_, tables_))) return {};
  return start(position());
}

std::string TriggerSource::position() const {
  TriggerPosition position;
  for (std::size_t t = 0; t < tables_.size(); ++t) position[tables_[t].table->text()] = progress_[t];
  return text_of(position);
}

// ---- reading ----

Result<SourceRead> TriggerSource::read(std::stop_token stop, milliseconds wait) {
  SourceRead out;
  if (altered_) LV_TRY(start(position()));
  LV_TRY(check_tables());
  LV_TRY(prune());
  LV_TRY(beat());
  if (doing_ == Doing::nothing && !LV_TRY(begin_rows())) {
    if (!wants_changes()) {
      LV_TRY(connection_->wait_for_notification(wait));
    } else if (LV_TRY(wait_for_news(context_.follow ? wait : milliseconds(0)))) {
      LV_TRY(look(false));
    }
  }
  while (doing_ != Doing::nothing && !altered_ && !full() && !stop.stop_requested()) {
    LV_TRY(doing_ == Doing::changes ? read_changes(out) : read_rows());
    if (doing_ == Doing::nothing && !full()) LV_TRY(begin_rows());
  }
  // Nothing has begun whose middle has no position.
  const bool whole = doing_ != Doing::rows || tables_[*rows_of_].key_is_unique;
  read_last_ = collector_->changes();
  if (read_last_ > 0) moved_ = true;
  collector_->take(out);
  out.together = !whole;
  if (moved_ && whole) {
    out.position = position();
    moved_ = false;
  }
  out.end = !context_.follow && doing_ == Doing::nothing && !altered_ && !out.position && out.parts.empty() &&
            out.records.empty();
  return out;
}

// Goes on with the rows of a table that is not done; false: there is none.
Result<bool> TriggerSource::begin_rows() {
  auto left = std::ranges::find_if(order_, [&](std::size_t t) { return !progress_[t].rows_done; });
  if (left == order_.end()) return false;
  rows_of_ = *left;
  LV_TRY(look(true));
  return true;
}

Result<bool> TriggerSource::wait_for_news(milliseconds wait) {
  std::int64_t left_us = next_look_us_ - context_.clock->steady_us();
  if (noticed_ || left_us <= 0 || !context_.follow) {
    LV_TRY(connection_->wait_for_notification(milliseconds(0)));  // what was told until now is seen now
    return true;
  }
  if (LV_TRY(connection_->wait_for_notification(std::min(wait, milliseconds(left_us / 1000 + 1))))) return true;
  return context_.clock->steady_us() >= next_look_us_;
}

Result<void> TriggerSource::look(bool in_one_snapshot) {
  if (in_one_snapshot)
    // The lock is taken before the snapshot: a table that is rewritten in between would look empty.
    LV_TRY(connection_->execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE " +
                                tables_[*rows_of_].source + " IN ACCESS SHARE MODE"));
  if (in_one_snapshot && !LV_TRY(are_as_planned(*connection_, tables_))) {
    altered_ = true;  // rows that are read now would lack what was written since
    rows_of_.reset();
    return {};
  }
  auto looks = LV_TRY(look_at_changes(*connection_, tables_, progress_));
  looked_us_ = context_.clock->now_us();
  noticed_ = false;
  next_look_us_ = context_.clock->steady_us() + options_.poll_ms * 1000;
  std::size_t running = 0;
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    TriggerProgress& at = progress_[t];
    running = std::max(running, looks[t].cut.running.size());
    if (wants_rows() && !at.rows_begun) {
      // What the change table shows now, the rows have already.
      at.read = std::move(looks[t].cut);
      at.rows_begun = moved_ = true;
    } else if (looks[t].news) {
      at.window = std::move(looks[t].cut);
      at.last = INT64_MIN;
    } else {
      at.read = std::move(looks[t].cut);
    }
    if (at.window) doing_ = Doing::changes;
  }
  if (rows_of_ && doing_ == Doing::nothing) doing_ = Doing::rows;
  table_ = 0;
  if (context_.metrics)
    context_.metrics->gauge("levada_capture_open_transactions", {{"object", context_.name}})
        .set(static_cast<std::int64_t>(running));
  return {};
}

Result<void> TriggerSource::read_changes(SourceRead& out) {
  while (table_ < tables_.size() && !progress_[table_].window) ++table_;
  if (table_ == tables_.size()) {
    doing_ = rows_of_ ? Doing::rows : Doing::nothing;
    return {};
  }
  TriggerProgress& at = progress_[table_];
  TriggerRow& change = rows_[table_];
  if (!streaming_) {
    LV_TRY(connection_->begin_rows(select_changes(tables_[table_], at)));
    streaming_ = true;
  }
  while (!full()) {
    auto row = LV_TRY(connection_->next_row());
    if (!row) {
      at.read = *std::move(at.window);
      at.window.reset();
      streaming_ = false;
      moved_ = true;
      break;
    }
    using Taken = TriggerRow::Taken;
    DeadLetter rejected;
    const Taken taken = change.collect_change(*row, looked_us_, *collector_, rejected);
    if (taken == Taken::as_text) {
      altered_ = true;
      break;
    }
    if (taken == Taken::rejected || (taken == Taken::keyless && !wants_rows()))
      out.rejected.push_back(std::move(rejected));
    if ((taken == Taken::incomplete || taken == Taken::keyless) && wants_rows()) {
      context_.logger->info("a change was recorded that the table's columns cannot take, its rows are read anew",
                            {{"table", tables_[table_].table->text()}});
      // Nobody knows which row it was of.
      if (taken == Taken::keyless) truncate(table_);
      read_rows_again(table_);
    }
    at.last = change.id;
    moved_ = true;
  }
  if (context_.metrics && change.time_us != 0)
    context_.metrics->gauge("levada_capture_lag_ms", {{"object", context_.name}})
        .set((context_.clock->now_us() - change.time_us) / 1000);
  return {};
}

Result<void> TriggerSource::read_rows() {
  const std::size_t t = *rows_of_;
  if (!streaming_) {
    show(t);
    LV_TRY(connection_->begin_rows(select_rows(tables_[t], progress_[t], options_.chunk_rows)));
    streaming_ = true;
    rows_in_chunk_ = 0;
  }
  while (!full()) {
    auto row = LV_TRY(connection_->next_row());
    if (!row) {
      streaming_ = false;
      return end_rows();
    }
    rows_[t].collect_row(*row, looked_us_, *collector_);
    if (tables_[t].key_is_unique) progress_[t].above = rows_[t].key;
    ++rows_in_chunk_;
    ++rows_done_;
  }
  return {};
}

Result<void> TriggerSource::end_rows() {
  const std::size_t t = *rows_of_;
  const bool last = !tables_[t].key_is_unique || rows_in_chunk_ < options_.chunk_rows;
  fail_point(last ? FailPoint::after_last_chunk : FailPoint::between_chunks);
  if (last) {
    progress_[t].rows_done = true;
    progress_[t].above.clear();
    context_.logger->info("rows read", {{"table", tables_[t].table->text()}});
  }
  moved_ = true;
  rows_of_.reset();
  doing_ = Doing::nothing;
  return connection_->commit();
}

// ---- pruning ----

Result<void> TriggerSource::acknowledge(const std::string& position) {
  acknowledged_ = LV_TRY(parse_trigger_position(position));
  prunable_ = options_.prune;
  // No read() follows.
  while (!context_.follow && prunable_ && !prune_failed_ && doing_ == Doing::nothing) LV_TRY(prune());
  return {};
}

// Between two results, some rows at a time. What goes wrong here can wait; a lost connection is noticed by who reads.
Result<void> TriggerSource::prune() {
  if (!prunable_ || doing_ != Doing::nothing) return {};
  if (context_.follow && context_.clock->steady_us() < next_prune_us_) return {};
  bool more = false;
  for (const TriggerTable& table : tables_) {
    const TriggerCut& read = acknowledged_[table.table->text()].read;
    if (read.through == 0) continue;
    const std::uint64_t limit = std::max(prune_rows, 2 * read_last_);
    fail_point(FailPoint::before_prune);
    auto pruned = prune_some(*connection_, table, read, limit);
    if (!pruned) {
      if (!prune_failed_) context_.logger->warning("changes cannot be pruned", {{"why", pruned.error().line()}});
      prune_failed_ = true;
      next_prune_us_ = context_.clock->steady_us() + prune_again_us;
      return {};
    }
    if (*pruned > 0) fail_point(FailPoint::after_prune);
    more |= *pruned == limit;
    if (context_.metrics)
      context_.metrics->counter("levada_capture_pruned_rows_total", {{"object", context_.name}}).add(*pruned);
  }
  prune_failed_ = false;
  prunable_ = more;
  if (!more) next_prune_us_ = context_.clock->steady_us() + prune_every_us;
  return {};
}

// Between two results, as a statement may be run.
Result<void> TriggerSource::beat() {
  std::int64_t now_us = context_.clock->steady_us();
  if (!context_.follow || options_.heartbeat_ms == 0 || doing_ != Doing::nothing) return {};
  if (now_us - beaten_us_ < options_.heartbeat_ms * 1000) return {};
  beaten_us_ = now_us;
  LV_TRY(run_heartbeat_query(*connection_, options_.heartbeat_query, *context_.logger));
  collector_->beat(context_.clock->now_us());
  if (collector_->bytes() > 0) moved_ = true;
  return {};
}

// ---- showing ----

void TriggerSource::show(std::size_t table) {
  std::lock_guard lock(shown_mutex_);
  shown_ = tables_[table].table->text();
}

Progress TriggerSource::progress() const {
  std::lock_guard lock(shown_mutex_);
  return {
      .done = rows_done_, .total = std::max(rows_total_.load(), rows_done_.load()), .unit = "rows", .detail = shown_};
}

}  // namespace

Result<std::unique_ptr<Source>> make_postgres_trigger_source(SourceContext context) {
  OptionNotes unread;
  auto options = LV_TRY(
      read_trigger_options(context.properties, context.name, context.form, context.notes ? *context.notes : unread));
  return std::unique_ptr<Source>(new TriggerSource(std::move(context), std::move(options)));
}

}  // namespace levada
