#include "connectors/postgres/wal_source.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/fail_point.h"
#include "base/random.h"
#include "connectors/postgres/catalogue.h"
#include "connectors/postgres/envelope_collector.h"
#include "connectors/postgres/held_transactions.h"
#include "connectors/postgres/names.h"
#include "connectors/postgres/replication.h"
#include "connectors/postgres/retained_log.h"
#include "connectors/postgres/row_plan.h"
#include "connectors/postgres/slot.h"
#include "connectors/postgres/slot_confirmation.h"
#include "connectors/postgres/stop_file.h"
#include "connectors/postgres/wal_beginning.h"
#include "connectors/postgres/wal_changes.h"
#include "connectors/postgres/wal_options.h"
#include "connectors/postgres/wal_position.h"
#include "connectors/postgres/wal_relations.h"
#include "connectors/postgres/wal_snapshot.h"

namespace levada {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::int64_t look_pause_us = 10'000'000;  // between two looks at what the server keeps for us
constexpr std::int64_t behind_us = 20'000;  // changes older than this come from a backlog: rather many than soon
constexpr std::int64_t linger_us = 5'000;   // and so long at most is waited for more of them
constexpr std::size_t linger_bytes = 1 << 20;
constexpr milliseconds snapshot_wait(20);  // for rows, where the stream has none

class WalSource : public Source {
 public:
  WalSource(SourceContext context, WalOptions options, CaptureFilter filter)
      : context_(std::move(context)),
        options_(std::move(options)),
        filter_(std::move(filter)),
        catalogue_({.filter = &filter_,
                    .topic_prefix = options_.topic_prefix,
                    .masks = options_.masks,
                    .through_root = options_.through_root}),
        held_(*context_.files, options_.spill_directory, static_cast<std::uint64_t>(options_.spill_bytes)),
        retained_(options_.slot, options_.warn_retained_bytes, context_.name, context_.metrics, *context_.logger),
        confirmation_(status_us(), !context_.follow, steady_us()) {
    if (context_.metrics)
      lag_ms_ = &context_.metrics->gauge("levada_source_lag_milliseconds", {{"object", context_.name}});
  }
  ~WalSource() override;

  Result<std::vector<Error>> preflight() override;
  Result<void> start(const std::optional<std::string>& position) override;
  Result<SourceRead> read(std::stop_token stop, milliseconds wait) override;
  Result<void> acknowledge(const std::string& position) override;
  Progress progress() const override;
  Result<std::optional<Schema>> describe(const std::string& topic) override;

 private:
  std::string application() const { return "levada " + context_.name; }
  std::unique_ptr<ChangeCollector> make_collector() const;
  std::int64_t steady_us() const { return context_.clock->steady_us(); }
  std::int64_t status_us() const { return options_.status_ms * 1000; }

  Result<void> start_streaming();
  Result<void> gather(std::stop_token stop);
  struct Pass {
    bool taken = false, lingered = false;  // what has arrived; more was waited for
  };
  Result<bool> gather_one(Pass& pass);
  Result<void> confirm(const SlotConfirmation::Word& word);
  Result<void> do_duties();
  bool at_end() const;
  bool collected() const { return collector_->bytes() > 0 || collector_->changes() > 0; }
  void give_position(SourceRead& out);
  Result<void> explained(Result<void> result) const;

  const SourceContext context_;
  const WalOptions options_;
  const std::string run_ = new_run();  // names this run in envelopes
  const CaptureFilter filter_;
  Catalogue catalogue_;
  HeldTransactions held_;
  StopFile stop_file_;
  RetainedLog retained_;
  SlotConfirmation confirmation_;

  std::unique_ptr<PostgresConnection> side_;  // for the catalogue, and to look after the slot
  std::unique_ptr<Replication> replication_;
  std::unique_ptr<ChangeCollector> collector_;
  const std::string round_ = std::to_string(random_seed());  // a retry is no new start
  mutable std::mutex snapshot_mutex_;                        // of the pointer, for progress()
  std::shared_ptr<WalSnapshot> snapshot_;
  std::unique_ptr<WalRelations> relations_;
  std::unique_ptr<UnsentValues> unsent_;  // for rows; envelopes say that a value was not sent
  std::unique_ptr<WalChanges> changes_;
  Replication::Piece piece_;       // what has arrived and could not be taken yet
  WalPosition position_;           // what was given last
  bool given_ = false;             // since the start
  std::uint64_t end_lsn_ = 0;      // !follow: where to end
  std::int64_t last_sent_us_ = 0;  // of the last change's message, by the server's clock
  std::int64_t given_us_ = 0, looked_us_ = 0, beaten_us_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  Gauge* lag_ms_ = nullptr;
};

std::unique_ptr<ChangeCollector> WalSource::make_collector() const {
  return make_change_collector(options_, options_.transaction_topic, run_, *context_.clock);
}

WalSource::~WalSource() {
  bool streaming = replication_ != nullptr && changes_ != nullptr;
  if (auto left = confirmation_.left(); streaming && left)
    if (auto told = confirm(*left); !told) context_.logger->warning("slot not moved", {{"slot", options_.slot}});
  replication_.reset();
  if (!options_.drop_slot || !streaming) return;
  auto dropped = [&]() -> Result<void> {
    auto connection = LV_TRY(Replication::open(options_.address, application()));
    return drop_slot(*connection, options_.slot);
  }();
  if (!dropped)
    context_.logger->warning("slot not dropped", {{"slot", options_.slot}, {"why", dropped.error().line()}});
}

// ---- looking ----

Result<std::vector<Error>> WalSource::preflight() {
  auto connection = PostgresConnection::open(options_.address, application());
  std::vector<Error> found;
  if (!connection) {
    found.push_back(std::move(connection).error());
    return found;
  }
  auto tables = LV_TRY(catalogue_.tables(**connection));
  OptionNotes notes;
  found = LV_TRY(check_capture(**connection, options_, tables, notes));
  if (context_.notes) context_.notes->insert(context_.notes->end(), notes.begin(), notes.end());
  return found;
}

Result<std::optional<Schema>> WalSource::describe(const std::string& topic) {
  if (!topic.starts_with(options_.topic_prefix + ".")) return std::nullopt;
  auto connection = LV_TRY(PostgresConnection::open(options_.address, application()));
  for (const CapturedTableRef& table : LV_TRY(catalogue_.tables(*connection)))
    if (table->topic == topic) return *plan_rows(table, options_.values)->schema;
  return std::nullopt;
}

// ---- starting ----

Result<void> WalSource::start(const std::optional<std::string>& position) {
  changes_.reset();
  {
    std::lock_guard lock(snapshot_mutex_);
    snapshot_.reset();
  }
  replication_.reset();
  relations_.reset();
  unsent_.reset();
  held_.clear();
  stop_file_.clear();
  piece_ = {};
  given_ = false;
  catalogue_.forget_types();

  side_ = LV_TRY(PostgresConnection::open(options_.address, application()));
  auto tables = LV_TRY(catalogue_.tables(*side_));
  OptionNotes notes;
  LV_TRY(check_capture(*side_, options_, tables, notes));  // only for the notes: what is wrong is told where it is
  for (const std::string& note : notes) context_.logger->warning("capture", {{"note", note}});
  replication_ = LV_TRY(Replication::open(options_.address, application()));
  auto beginning = LV_TRY(begin_wal(*side_, *replication_, options_, position, tables, *context_.logger));
  position_ = std::move(beginning.position);
  if (!context_.follow) end_lsn_ = LV_TRY(end_of_log(*side_));

  collector_ = make_collector();
  relations_ = std::make_unique<WalRelations>(catalogue_, side_.get());
  relations_->know(tables);
  if (context_.form == RecordForm::rows) unsent_ = std::make_unique<UnsentValues>(*side_);
  if (options_.snapshot_mode != SnapshotMode::no_data) {
    std::shared_ptr<WalSnapshot> snapshot = make_wal_snapshot({.connector = context_.name,
                                                               .options = &options_,
                                                               .make_collector = [this] { return make_collector(); },
                                                               .clock = context_.clock,
                                                               .logger = context_.logger,
                                                               .metrics = context_.metrics,
                                                               .round = round_});
    LV_TRY(snapshot->start(tables, position_.snapshot, beginning.exported));
    std::lock_guard lock(snapshot_mutex_);
    snapshot_ = std::move(snapshot);
  }
  return start_streaming();
}

Result<void> WalSource::start_streaming() {
  bool version_14 = side_->server_version() >= 140000;
  bool stream = options_.stream_large && version_14;
  std::vector<std::pair<std::string, std::string>> parameters = {
      {"proto_version", stream ? "2" : "1"}, {"publication_names", quote_name(options_.publication)}};
  if (version_14) parameters.emplace_back("messages", "true");
  if (stream) parameters.emplace_back("streaming", "on");
  parameters.insert(parameters.end(), options_.slot_parameters.begin(), options_.slot_parameters.end());
  if (auto started = replication_->start_streaming(options_.slot, position_.point.lsn, parameters); !started)
    return explain_stream_error(std::move(started).error(), replication_->connection(), options_, position_.point);
  changes_ = std::make_unique<WalChanges>(WalChanges::Parts{.relations = relations_.get(),
                                                            .held = &held_,
                                                            .collector = collector_.get(),
                                                            .snapshot = snapshot_.get(),
                                                            .unsent = unsent_.get(),
                                                            .skipped = options_.skipped},
                                          position_.point);
  given_us_ = looked_us_ = beaten_us_ = steady_us();
  confirmation_ = SlotConfirmation(status_us(), !context_.follow, given_us_);
  return retained_.look(*side_, position_.point.lsn);
}

// ---- reading ----

Result<SourceRead> WalSource::read(std::stop_token stop, milliseconds wait) {
  std::stop_callback wake(stop, [this] { stop_file_.signal(); });
  std::int64_t deadline_us = steady_us() + microseconds(wait).count();
  SourceRead out;
  while (true) {
    LV_TRY(explained(do_duties()));
    // Beside a snapshot nobody need wait, and what has arrived must not pile up.
    if (snapshot_ && !snapshot_->done()) LV_TRY(explained(replication_->take()));
    // Where only the rows are wanted the stream is left alone behind them; what it sends meanwhile must not pile up.
    bool over = options_.snapshot_mode == SnapshotMode::initial_only && snapshot_->done();
    if (!over) LV_TRY(explained(gather(stop)));
    bool snapshot_runs = snapshot_ && !snapshot_->done();
    if (collected()) collector_->take(out);
    if (snapshot_runs)
      LV_TRY(snapshot_->read(
          out, static_cast<std::size_t>(options_.most_bytes),
          out.parts.empty() && out.records.empty() && !stop.stop_requested() ? snapshot_wait : milliseconds(0)));
    bool something = !out.parts.empty() || !out.records.empty() || !out.rejected.empty();
    bool idle_position =
        changes_->point() > position_.point && steady_us() - given_us_ >= status_us() && !changes_->within();
    bool end = !context_.follow && at_end();
    if (something || ((idle_position || !given_) && !out.together) || end) {
      give_position(out);
      out.end = end && !out.together;
      return out;
    }
    std::int64_t left_us = deadline_us - steady_us();
    if (left_us <= 0 || stop.stop_requested()) return out;
    if (snapshot_runs || changes_->holding() || piece_.kind != Replication::Piece::Kind::none) continue;
    if (over)
      stop_file_.wait(microseconds(left_us));
    else
      LV_TRY(explained(replication_->wait(microseconds(std::min<std::int64_t>(left_us, 100'000)), stop_file_.file())));
  }
}

void WalSource::give_position(SourceRead& out) {
  done_ = changes_->changes();
  if (lag_ms_ && changes_->commit_us() > 0)
    lag_ms_->set(std::max<std::int64_t>(0, (context_.clock->now_us() - changes_->commit_us()) / 1000));
  if (options_.whole_transactions && changes_->within()) out.together = true;
  if (out.together) return;
  position_.point = changes_->point();
  if (snapshot_) position_.snapshot = snapshot_->position();
  out.position = position_.text();
  given_ = true;
  given_us_ = steady_us();
}

bool WalSource::at_end() const {
  if (snapshot_ && !snapshot_->done()) return false;
  if (options_.snapshot_mode == SnapshotMode::initial_only) return true;
  return changes_->point().lsn >= end_lsn_ && !changes_->within() && !changes_->holding();
}

// All that has arrived, as far as one read() goes.
Result<void> WalSource::gather(std::stop_token stop) {
  Pass pass;
  while (collector_->bytes() < static_cast<std::size_t>(options_.most_bytes) &&
         collector_->changes() < static_cast<std::uint64_t>(options_.most_rows) && !stop.stop_requested())
    if (!LV_TRY(gather_one(pass))) break;
  return {};
}

// False: no more now.
Result<bool> WalSource::gather_one(Pass& pass) {
  if (changes_->holding()) return changes_->advance_held();
  if (piece_.kind == Replication::Piece::Kind::none) {
    piece_ = LV_TRY(replication_->next());
    if (piece_.kind == Replication::Piece::Kind::none) {
      if (!pass.taken) {
        pass.taken = true;
        LV_TRY(replication_->take());
        return true;
      }
      // To be woken for each message would cost more than all else. And 16 KB at a time, no more: behind a window that
      // is full the server's messages go together, which takes it half the time of sending each one alone.
      bool backlog = changes_->commit_us() > 0 && last_sent_us_ - changes_->commit_us() > behind_us;
      if (!backlog || pass.lingered || collector_->bytes() >= linger_bytes) return false;
      ::usleep(400);
      std::int64_t started_us = steady_us();
      LV_TRY(replication_->wait(microseconds(linger_us), stop_file_.file()));
      pass.lingered = steady_us() - started_us >= linger_us;
      return true;
    }
    if (piece_.kind == Replication::Piece::Kind::message) last_sent_us_ = piece_.sent_us;
  }
  if (piece_.kind == Replication::Piece::Kind::alive) {
    changes_->pass(piece_.lsn);
    if (piece_.reply_asked) confirmation_.reply_asked();
  } else if (!LV_TRY(changes_->take(piece_.lsn, piece_.bytes))) {
    return false;
  }
  piece_.kind = Replication::Piece::Kind::none;
  return true;
}

// ---- the server's side ----

Result<void> WalSource::acknowledge(const std::string& position) {
  confirmation_.durable(LV_TRY(WalPosition::parse(position)).point.lsn);
  return {};
}

Result<void> WalSource::confirm(const SlotConfirmation::Word& word) {
  if (word.moves) fail_point(FailPoint::before_acknowledge);
  LV_TRY(replication_->confirm(word.lsn, context_.clock->now_us(), word.asks));
  if (word.moves) fail_point(FailPoint::after_acknowledge);
  confirmation_.sent(word, steady_us());
  return {};
}

Result<void> WalSource::do_duties() {
  std::int64_t now_us = steady_us();
  if (auto word = confirmation_.due(now_us)) LV_TRY(confirm(*word));
  if (options_.heartbeat_ms > 0 && now_us - beaten_us_ >= options_.heartbeat_ms * 1000) {
    beaten_us_ = now_us;
    LV_TRY(run_heartbeat_query(*side_, options_.heartbeat_query, *context_.logger));
    collector_->beat(context_.clock->now_us());
  }
  if (now_us - looked_us_ >= look_pause_us) {
    looked_us_ = now_us;
    LV_TRY(retained_.look(*side_, changes_->point().lsn));
  }
  return {};
}

Result<void> WalSource::explained(Result<void> result) const {
  if (result) return {};
  return explain_stream_error(std::move(result).error(), replication_->connection(), options_, changes_->point());
}

Progress WalSource::progress() const {
  std::shared_ptr<WalSnapshot> snapshot;
  {
    std::lock_guard lock(snapshot_mutex_);
    snapshot = snapshot_;
  }
  if (snapshot)
    if (Progress shown = snapshot->progress(); !shown.unit.empty()) return shown;
  return {.done = done_, .total = 0, .unit = "rows", .detail = "changes of " + options_.address.place()};
}

}  // namespace

Result<std::unique_ptr<Source>> make_wal_source(SourceContext context) {
  OptionNotes notes;
  WalOptions options = LV_TRY(read_wal_options(context.properties, context.name, context.form, notes));
  if (context.notes) context.notes->insert(context.notes->end(), notes.begin(), notes.end());
  CaptureFilter filter = LV_TRY(CaptureFilter::compile(options.lists));
  return std::make_unique<WalSource>(std::move(context), std::move(options), std::move(filter));
}

}  // namespace levada
