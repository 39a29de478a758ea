// Which tables need a snapshot, when; the rest is snapshot.h's. Its part of the position is SnapshotProgress, and
//
//   "former": ["public.t"]   tables that have rows in their topics from before: a snapshot of them truncates first
//   "round": "…"             snapshot.mode = always: of which start the snapshot is
#include "connectors/postgres/wal_snapshot.h"

#include <algorithm>
#include <set>
#include <thread>
#include <unordered_set>

#include "base/fail_point.h"
#include "base/random.h"
#include "connectors/postgres/snapshot_plan.h"
#include "connectors/postgres/snapshot_point.h"

namespace levada {
namespace {

SnapshotOptions snapshot_options(const WalOptions& options) {
  SnapshotOptions made;
  made.tables = options.snapshot_tables;
  for (const auto& [table, select] : options.snapshot_selects) made.selects[table] = select;
  made.readers = static_cast<int>(options.snapshot_readers);
  made.by_row_count = options.snapshot_order;
  made.changed_bytes = options.snapshot_changed_bytes;
  if (options.snapshot_rows > 0)
    made.rows_at_a_time = static_cast<std::uint32_t>(std::min<std::int64_t>(options.snapshot_rows, batch_rows));
  return made;
}

class TableSnapshots : public WalSnapshot {
 public:
  explicit TableSnapshots(WalSnapshotContext context)
      : context_(std::move(context)), options_(snapshot_options(*context_.options)) {}

  Result<void> start(std::span<const CapturedTableRef> tables, const Json& part,
                     const std::optional<ExportedSnapshot>& exported) override;
  SnapshotVerdict saw(const CapturedTableRef& table, const RowChange& change) override;
  void passed(std::uint64_t lsn) override {
    passed_ = std::max(passed_, lsn);
    if (run_) run_->passed(lsn);
  }
  Result<void> read(SourceRead& out, std::size_t bytes, std::chrono::milliseconds wait) override;
  Json position() const override;
  bool done() const override { return !run_ && added_.empty() && !failure_; }
  Progress progress() const override {
    std::lock_guard lock(run_mutex_);
    return run_ ? run_->shown() : Progress{};
  }

 private:
  bool wanted(const CapturedTable& table) const {
    return context_.options->snapshot_mode != SnapshotMode::no_data && in_snapshot(options_, table);
  }
  const SnapshotProgress& now() const { return run_ ? run_->progress() : progress_; }
  // What is done is to be done again.
  void forget(const std::string& table);
  void forget_all();
  std::vector<SnapshotTable> marked(std::vector<CapturedTableRef> tables) const;
  void replace_run(std::unique_ptr<Snapshot> run) {
    std::lock_guard lock(run_mutex_);
    run_ = std::move(run);
  }
  // A snapshot of these tables at a point of its own.
  Result<void> begin(std::vector<CapturedTableRef> tables);
  SnapshotVerdict saw_new(const CapturedTableRef& table, const RowChange& change);

  const WalSnapshotContext context_;
  const SnapshotOptions options_;
  std::unique_ptr<ChangeCollector> collector_;
  SnapshotProgress progress_;  // of what is over
  std::set<std::string> former_;
  std::string round_;
  std::uint64_t passed_ = 0;
  std::unordered_set<std::uint32_t> known_;  // oids of tables that have, had or need no snapshot
  std::vector<CapturedTableRef> added_;      // they come when the one that runs is over
  std::optional<Error> failure_;             // for the next read()
  mutable std::mutex run_mutex_;             // of run_, for progress()
  std::unique_ptr<Snapshot> run_;            // the one that runs now
};

void TableSnapshots::forget(const std::string& table) {
  if (progress_.done.erase(table) + progress_.left.erase(table) > 0) former_.insert(table);
}

void TableSnapshots::forget_all() {
  SnapshotProgress before = std::exchange(progress_, {});
  former_.merge(before.done);
  for (const auto& [table, ranges] : before.left) former_.insert(table);
}

Result<void> TableSnapshots::start(std::span<const CapturedTableRef> tables, const Json& part,
                                   const std::optional<ExportedSnapshot>& exported) {
  replace_run(nullptr);
  collector_ = context_.make_collector();
  added_.clear(), known_.clear(), former_.clear();
  failure_.reset();
  passed_ = 0;
  progress_ = LV_TRY(SnapshotProgress::parse(part));
  if (const Json* former = part.find("former"); former && former->array())
    for (const Json& table : *former->array())
      if (table.string()) former_.insert(*table.string());
  round_ = part.text_of("round");

  bool always = context_.options->snapshot_mode == SnapshotMode::always;
  // Behind a slot that was made anew changes may be missing: only the rows as they are now put it right.
  if ((exported && !part.is_null()) || (always && round_ != context_.round)) forget_all();
  round_ = always ? context_.round : "";

  // What is not captured any more has changes that nobody sees. When it comes back it begins anew.
  std::set<std::string> captured;
  for (const CapturedTableRef& table : tables) captured.insert(table->text());
  SnapshotProgress stored = progress_;
  for (const std::string& table : stored.done)
    if (!captured.contains(table)) forget(table);
  for (const auto& [table, ranges] : stored.left)
    if (!captured.contains(table)) forget(table);

  std::vector<CapturedTableRef> missing;
  for (const CapturedTableRef& table : tables) {
    known_.insert(table->oid);
    if (progress_.done.contains(table->text())) continue;
    if (wanted(*table))
      missing.push_back(table);
    else
      progress_.done.insert(table->text());
  }
  if (missing.empty()) return {};
  if (!exported) return begin(std::move(missing));
  SnapshotPoint point = point_before(exported->lsn, exported->name, *context_.clock);
  replace_run(LV_TRY(Snapshot::open(context_.options->address, options_, point, marked(std::move(missing)), progress_,
                                    *context_.clock, *context_.logger)));
  passed(exported->lsn);  // nothing before it comes by the stream
  return {};
}

std::vector<SnapshotTable> TableSnapshots::marked(std::vector<CapturedTableRef> tables) const {
  std::vector<SnapshotTable> marked;
  for (CapturedTableRef& table : tables) {
    bool again = former_.contains(table->text());
    marked.push_back({std::move(table), again});
  }
  return marked;
}

Result<void> TableSnapshots::begin(std::vector<CapturedTableRef> tables) {
  auto make_point = [this](std::stop_token stop) {
    return export_snapshot(context_.options->address, *context_.clock, std::move(stop));
  };
  replace_run(LV_TRY(Snapshot::open(context_.options->address, options_, make_point, marked(std::move(tables)),
                                    progress_, *context_.clock, *context_.logger)));
  run_->passed(passed_);
  return {};
}

// ---- the stream ----

SnapshotVerdict TableSnapshots::saw(const CapturedTableRef& table, const RowChange& change) {
  if (failure_) return SnapshotVerdict::wait;
  if (!known_.contains(table->oid)) return saw_new(table, change);
  return run_ ? run_->saw(*table, change, change.place.commit_lsn) : SnapshotVerdict::take;
}

SnapshotVerdict TableSnapshots::saw_new(const CapturedTableRef& table, const RowChange& change) {
  if (run_) {
    // Its point will lie behind this change, so rows with a key may come a second time; others must not.
    if (std::ranges::find(added_, table->oid, [](const auto& t) { return t->oid; }) == added_.end())
      added_.push_back(table);
    return table->key.empty() && wanted(*table) ? SnapshotVerdict::wait : SnapshotVerdict::take;
  }
  known_.insert(table->oid);
  forget(table->text());  // another table had this name
  if (!wanted(*table)) {
    progress_.done.insert(table->text());
    return SnapshotVerdict::take;
  }
  context_.logger->info("a table has come; its rows are read",
                        {{"connector", context_.connector}, {"table", table->text()}});
  if (auto begun = begin({table}); !begun) {
    failure_ = std::move(begun).error();
    return SnapshotVerdict::wait;
  }
  return run_->saw(*table, change, change.place.commit_lsn);
}

// ---- the rows ----

Result<void> TableSnapshots::read(SourceRead& out, std::size_t bytes, std::chrono::milliseconds wait) {
  if (failure_) return std::exchange(failure_, std::nullopt).value();
  if (!run_) return {};
  const bool rows = LV_TRY(run_->read(*collector_, bytes, wait)) > 0;
  collector_->take(out);
  out.together |= run_->within();
  if (rows) fail_point(run_->done() ? FailPoint::after_last_chunk : FailPoint::between_chunks);
  if (!run_->done()) return {};
  progress_ = run_->progress();
  replace_run(nullptr);
  std::vector<CapturedTableRef> next;
  for (CapturedTableRef& table : std::exchange(added_, {})) {
    known_.insert(table->oid);
    forget(table->text());
    if (wanted(*table))
      next.push_back(std::move(table));
    else
      progress_.done.insert(table->text());
  }
  if (!next.empty()) LV_TRY(begin(std::move(next)));
  return {};
}

Json TableSnapshots::position() const {
  const SnapshotProgress& progress = now();
  Json json = progress.json();
  Json::Array former;
  for (const std::string& table : former_)
    if (!progress.done.contains(table) && !progress.left.contains(table)) former.emplace_back(table);
  if (!former.empty()) json.set("former", std::move(former));
  if (!round_.empty()) json.set("round", round_);
  return json;
}

}  // namespace

std::unique_ptr<WalSnapshot> make_wal_snapshot(WalSnapshotContext context) {
  return std::make_unique<TableSnapshots>(std::move(context));
}

}  // namespace levada
