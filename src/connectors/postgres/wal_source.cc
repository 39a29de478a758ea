#include "connectors/postgres/wal_source.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>

#include "base/fail_point.h"
#include "base/random.h"
#include "connectors/postgres/catalogue.h"
#include "connectors/postgres/envelope_collector.h"
#include "connectors/postgres/held_transactions.h"
#include "connectors/postgres/names.h"
#include "connectors/postgres/replication.h"
#include "connectors/postgres/row_plan.h"
#include "connectors/postgres/slot.h"
#include "connectors/postgres/stop_file.h"
#include "connectors/postgres/wal_changes.h"
#include "connectors/postgres/wal_options.h"
#include "connectors/postgres/wal_position.h"
#include "connectors/postgres/wal_relations.h"
#include "connectors/postgres/wal_snapshot.h"

namespace levada {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::int64_t confirm_pause_us = 500'000;  // between two of our replies, where nobody waits for one
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
        held_(*context_.files, options_.spill_directory, static_cast<std::uint64_t>(options_.spill_bytes)) {
    if (!context_.metrics) return;
    Labels labels = {{"object", context_.name}};
    retained_ = &context_.metrics->gauge("levada_wal_retained_bytes", labels);
    lag_bytes_ = &context_.metrics->gauge("levada_source_lag_bytes", labels);
    lag_ms_ = &context_.metrics->gauge("levada_source_lag_milliseconds", labels);
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

  Result<std::unique_ptr<Replication>> open_replication() const;
  Result<std::optional<ExportedSnapshot>> begin_at(const std::optional<std::string>& position,
                                                   std::span<const CapturedTableRef> tables);
  Result<void> start_streaming();
  Result<void> gather(std::stop_token stop);
  struct Pass {
    bool taken = false, lingered = false;  // what has arrived; more was waited for
  };
  Result<bool> gather_one(Pass& pass);
  void keep_alive(const Replication::Piece& piece);
  Result<void> confirm_now(bool ask_for_answer);
  Result<void> do_duties();
  Result<void> look_at_server();
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

  std::unique_ptr<PostgresConnection> side_;  // for the catalogue, and to look after the slot
  std::unique_ptr<Replication> replication_;
  std::unique_ptr<ChangeCollector> collector_;
  const std::string round_ = std::to_string(random_seed());  // a retry is no new start
  mutable std::mutex snapshot_mutex_;                        // of the pointer, for progress()
  std::shared_ptr<WalSnapshot> snapshot_;
  std::unique_ptr<WalRelations> relations_;
  std::unique_ptr<UnsentValues> unsent_;  // for rows; envelopes say that a value was not sent
  std::unique_ptr<WalChanges> changes_;
  Replication::Piece piece_;  // what has arrived and could not be taken yet
  WalPosition position_;      // what was given last
  bool given_ = false;        // since the start
  bool reply_asked_ = false;
  std::uint64_t confirmed_ = 0, told_ = 0;  // durable in our log; what the server knows of it
  std::uint64_t end_lsn_ = 0;               // !follow: where to end
  std::int64_t last_sent_us_ = 0;           // of the last change's message, by the server's clock
  std::int64_t told_us_ = 0, given_us_ = 0, looked_us_ = 0, beaten_us_ = 0, asked_us_ = 0;
  bool warned_ = false;
  std::atomic<std::uint64_t> done_ = 0;
  Gauge* retained_ = nullptr;
  Gauge* lag_bytes_ = nullptr;
  Gauge* lag_ms_ = nullptr;
};

std::unique_ptr<ChangeCollector> WalSource::make_collector() const {
  return make_change_collector(options_, options_.transaction_topic, run_, *context_.clock);
}

WalSource::~WalSource() {
  bool streaming = replication_ != nullptr && changes_ != nullptr;
  if (streaming && confirmed_ > told_)
    if (auto told = confirm_now(false); !told) context_.logger->warning("slot not moved", {{"slot", options_.slot}});
  replication_.reset();
  if (!options_.drop_slot || !streaming) return;
  auto dropped = [&]() -> Result<void> {
    auto connection = LV_TRY(open_replication());
    return drop_slot(*connection, options_.slot);
  }();
  if (!dropped)
    context_.logger->warning("slot not dropped", {{"slot", options_.slot}, {"why", dropped.error().line()}});
}

Result<std::unique_ptr<Replication>> WalSource::open_replication() const {
  auto opened = Replication::open(options_.address, application());
  if (opened) return opened;
  Error error = std::move(opened).error();
  auto says = [&](std::string_view words) { return error.why().find(words) != std::string::npos; };
  if (error.kind() == ErrorKind::permission && (says("replication") || says("REPLICATION") || says("WAL sender")))
    return std::move(error).remedy("Let a superuser run ALTER ROLE " + quote_name(options_.address.get("user")) +
                                   " REPLICATION;");
  if (says("max_wal_senders"))
    return std::move(error).remedy("Raise max_wal_senders and start the server again, or end a reader of its log.");
  return error;
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
  given_ = reply_asked_ = false;
  catalogue_.forget_types();

  side_ = LV_TRY(PostgresConnection::open(options_.address, application()));
  auto tables = LV_TRY(catalogue_.tables(*side_));
  OptionNotes notes;
  LV_TRY(check_capture(*side_, options_, tables, notes));  // only for the notes: what is wrong is told where it is
  for (const std::string& note : notes) context_.logger->warning("capture", {{"note", note}});
  auto exported = LV_TRY(begin_at(position, tables));

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
    LV_TRY(snapshot->start(tables, position_.snapshot, exported));
    std::lock_guard lock(snapshot_mutex_);
    snapshot_ = std::move(snapshot);
  }
  return start_streaming();
}

// Publication and slot; position_ becomes where to go on. The snapshot of a slot that was made for this.
Result<std::optional<ExportedSnapshot>> WalSource::begin_at(const std::optional<std::string>& position,
                                                            std::span<const CapturedTableRef> tables) {
  replication_ = LV_TRY(open_replication());
  auto system = LV_TRY(replication_->identify());
  LV_TRY(prepare_publication(*side_, options_, tables));  // before the slot
  auto slot = LV_TRY(look_at_slot(*side_, options_.slot));

  position_ = {};
  bool make = !slot;
  if (position) {
    position_ = LV_TRY(WalPosition::parse(*position));
    auto good = check_position(*replication_, system, options_, slot, position_);
    if (!good && good.error().kind() == ErrorKind::position_lost &&
        options_.snapshot_mode == SnapshotMode::when_needed) {
      context_.logger->warning("position lost: all tables are read again", {{"why", good.error().line()}});
      if (slot) LV_TRY(drop_slot(*replication_, options_.slot));
      make = true;
    } else if (!good) {
      return std::move(good).error();
    }
  } else if (slot) {
    LV_TRY(check_slot(*slot, options_, *side_));
    position_.point = {slot->confirmed_lsn, 0};
  }
  position_.system = system.identifier;
  position_.timeline = system.timeline;
  position_.database = side_->database();
  position_.slot = options_.slot;
  std::optional<ExportedSnapshot> exported;
  if (make) {
    fail_point(FailPoint::before_slot);
    exported = LV_TRY(create_slot(*replication_, options_));
    fail_point(FailPoint::after_slot);
    position_.point = {exported->lsn, 0};
    context_.logger->info("slot made", {{"slot", options_.slot}, {"lsn", lsn_text(exported->lsn)}});
  }
  if (!context_.follow) {
    auto rows = LV_TRY(side_->query("SELECT pg_current_wal_insert_lsn()"));
    end_lsn_ = rows.empty() ? 0 : parse_lsn(rows[0][0].value_or("")).value_or(0);
    // At the beginning of a page the place is behind its head, and the end of the record before it in front.
    if (std::uint64_t in_page = end_lsn_ % 8192; in_page == 24 || in_page == 40) end_lsn_ -= in_page;
  }
  return exported;
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
  confirmed_ = told_ = 0;
  told_us_ = given_us_ = looked_us_ = beaten_us_ = steady_us();
  asked_us_ = 0;
  return look_at_server();
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
    bool idle_position = changes_->point() > position_.point && steady_us() - given_us_ >= options_.status_ms * 1000 &&
                         !changes_->within();
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
  if (piece_.kind == Replication::Piece::Kind::alive)
    keep_alive(piece_);
  else if (!LV_TRY(changes_->take(piece_.lsn, piece_.bytes)))
    return false;
  piece_.kind = Replication::Piece::Kind::none;
  return true;
}

void WalSource::keep_alive(const Replication::Piece& piece) {
  changes_->pass(piece.lsn);
  reply_asked_ = reply_asked_ || piece.reply_asked;
}

// ---- the server's side ----

Result<void> WalSource::acknowledge(const std::string& position) {
  confirmed_ = std::max(confirmed_, LV_TRY(WalPosition::parse(position)).point.lsn);
  return {};
}

Result<void> WalSource::confirm_now(bool ask_for_answer) {
  const bool moves = confirmed_ > told_;
  if (moves) fail_point(FailPoint::before_acknowledge);
  LV_TRY(replication_->confirm(confirmed_, context_.clock->now_us(), ask_for_answer));
  if (moves) fail_point(FailPoint::after_acknowledge);
  told_ = confirmed_;
  told_us_ = steady_us();
  reply_asked_ = false;
  return {};
}

Result<void> WalSource::do_duties() {
  std::int64_t now_us = steady_us();
  if (!context_.follow && now_us - asked_us_ > 20'000) {
    asked_us_ = now_us;
    LV_TRY(confirm_now(true));  // the answer says how far the server has got
  } else if (reply_asked_ || (confirmed_ > told_ && now_us - told_us_ >= confirm_pause_us) ||
             now_us - told_us_ >= options_.status_ms * 1000) {
    LV_TRY(confirm_now(false));
  }
  if (options_.heartbeat_ms > 0 && now_us - beaten_us_ >= options_.heartbeat_ms * 1000) {
    beaten_us_ = now_us;
    LV_TRY(run_heartbeat_query(*side_, options_.heartbeat_query, *context_.logger));
    collector_->beat(context_.clock->now_us());
  }
  if (now_us - looked_us_ >= look_pause_us) {
    looked_us_ = now_us;
    LV_TRY(look_at_server());
  }
  return {};
}

// What the server keeps for us, and how far behind we are.
Result<void> WalSource::look_at_server() {
  const std::vector<std::string> asked = {options_.slot, lsn_text(changes_->point().lsn)};
  auto rows =
      LV_TRY(side_->query("SELECT pg_current_wal_lsn() - restart_lsn, pg_current_wal_lsn() - $2::pg_lsn "
                          "FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
                          asked));
  if (rows.empty()) return {};
  std::int64_t kept = std::atoll(rows[0][0].value_or("0").c_str());
  if (retained_) retained_->set(kept);
  if (lag_bytes_) lag_bytes_->set(std::max(0LL, std::atoll(rows[0][1].value_or("0").c_str())));
  bool much = options_.warn_retained_bytes > 0 && kept > options_.warn_retained_bytes;
  if (much && !warned_)
    context_.logger->warning("the server keeps much of its log for this slot",
                             {{"slot", options_.slot}, {"bytes", kept}, {"place", side_->place()}});
  warned_ = much;
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
