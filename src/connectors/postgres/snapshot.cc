#include "connectors/postgres/snapshot.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "connectors/postgres/snapshot_filter.h"
#include "connectors/postgres/snapshot_reader.h"

namespace levada {
namespace {

using std::chrono::milliseconds;

// Of a read(): one transaction of the log for each block would cost more than the rows.
constexpr std::size_t few_bytes = 1 << 20;
constexpr milliseconds more_rows_wait(5);

// Neighbours of which nothing has been read are one.
std::vector<KeyRange> joined(const std::vector<KeyRange>& ranges, const std::vector<bool>& begun,
                             const std::vector<bool>& ended) {
  std::vector<KeyRange> left;
  bool join = false;  // the last of `left` is untouched
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ended[i]) continue;
    if (join && !begun[i] && left.back().to == ranges[i].above)
      left.back().to = ranges[i].to;
    else
      left.push_back(ranges[i]);
    join = !begun[i];
  }
  return left;
}

bool leaves_out(std::span<const FieldText> row) {
  return std::ranges::any_of(row, [](const FieldText& v) { return v.kind == FieldText::Kind::unchanged; });
}

class TableSnapshot {
 public:
  explicit TableSnapshot(const PlannedTable& planned) : plan(planned), filter(planned.key) {}

  const PlannedTable& plan;
  ChunkFilter filter;
  bool begun = false;  // its ranges are known; what was there of it is truncated
  bool done = false;   // no row of it will come
  std::uint64_t rows = 0;
  std::vector<KeyRange> ranges;
  std::vector<bool> range_begun, range_ended;
  std::size_t ranges_left = 0;

  // None of its rows have been read: those that there are at the point will come.
  bool untouched() const {
    return plan.left.empty() || (plan.left.size() == 1 && plan.left[0].above.empty() && plan.left[0].to.empty());
  }
  // Whether streamed changes must keep away from its rows altogether.
  bool alone() const { return plan.whole || (plan.again && !begun); }
};

class SnapshotRun : public Snapshot {
 public:
  SnapshotRun(const PostgresAddress& address, const SnapshotOptions& options, SnapshotProgress progress,
              std::vector<PlannedTable> tables, const Clock& clock, Logger& logger)
      : address_(address),
        options_(options),
        clock_(clock),
        logger_(logger),
        progress_(std::move(progress)),
        fresh_(progress_ == SnapshotProgress()),
        started_us_(clock.steady_us()),
        work_(std::move(tables), options),
        queue_(options.queue_bytes) {
    for (const PlannedTable& table : work_.tables()) {
      by_oid_[table.table->oid] = tables_.size();
      tables_.emplace_back(table);
      total_rows_ += table.rows;
      if (table.key.empty())
        logger_.warning("a table without key is read and committed as one piece", {{"table", table.table->text()}});
    }
    left_ = tables_.size();
  }
  ~SnapshotRun() override {
    stop_.request_stop();
    queue_.close();
    if (opener_.joinable()) opener_.join();
    readers_.clear();
  }

  // The first connection is there already.
  Result<void> attach(const SnapshotPoint& point, std::unique_ptr<PostgresConnection> first) {
    std::vector<std::unique_ptr<PostgresConnection>> connections;
    connections.push_back(std::move(first));
    for (int i = 1; i < options_.readers; ++i) connections.push_back(LV_TRY(open_snapshot_session(address_)));
    for (auto& connection : connections) LV_TRY(import_snapshot(*connection, point.name));
    std::lock_guard lock(mutex_);
    point_ = point;
    for (auto& connection : connections)
      readers_.push_back(
          std::make_unique<SnapshotReader>(std::move(connection), work_, queue_, options_.rows_at_a_time));
    attached_ = true;
    return {};
  }
  void attach_later(PointMaker make_point, std::unique_ptr<PostgresConnection> first) {
    opener_ = std::thread([this, make_point = std::move(make_point), first = std::move(first)]() mutable {
      auto attached = [&]() -> Result<void> {
        Export exported = LV_TRY(make_point(stop_.get_token()));
        return attach(exported.point, std::move(first));
      }();
      if (attached) return;
      std::lock_guard lock(mutex_);
      failure_ = std::move(attached).error().within("snapshot");
    });
  }

  SnapshotVerdict saw(const CapturedTable& table, const RowChange& change, std::uint64_t place) override;
  void passed(std::uint64_t place) override { passed_ = std::max(passed_, place); }
  Result<std::size_t> read(ChangeCollector& out, std::size_t bytes, milliseconds wait) override;
  const SnapshotProgress& progress() const override { return progress_; }
  bool within() const override {
    return std::ranges::any_of(
        tables_, [&](const TableSnapshot& t) { return t.plan.whole && !t.done && units_begun_.contains(t.plan.unit); });
  }
  bool done() const override { return left_ == 0; }
  Progress shown() const override;

 private:
  // Where the snapshot stands in the stream; nullptr: not known yet.
  const SnapshotPoint* point();
  // Remembers the change's keys, by ChunkFilter::add or add_seen. False: it has none, or there is no room.
  bool remember(TableSnapshot& table, const RowChange& change, bool seen);
  // Of a change that the snapshot has.
  SnapshotVerdict saw_before(TableSnapshot& table, const RowChange& change);
  void begin(TableSnapshot& table, std::vector<KeyRange> ranges, ChangeCollector& out);
  // Returns the bytes of the texts.
  std::size_t collect(TableSnapshot& table, SnapshotBlock& block, ChangeCollector& out);
  void end(TableSnapshot& table);
  void show(const TableSnapshot& table);

  const PostgresAddress address_;
  const SnapshotOptions options_;
  const Clock& clock_;
  Logger& logger_;

  SnapshotProgress progress_;
  const bool fresh_;  // nothing was read before
  const std::int64_t started_us_;
  std::uint64_t passed_ = 0;
  std::vector<TableSnapshot> tables_;
  std::unordered_map<std::uint32_t, std::size_t> by_oid_;
  std::size_t left_ = 0;  // tables
  std::set<std::size_t> units_begun_;
  std::size_t changed_bytes_ = 0;
  bool any_row_ = false;
  std::optional<SnapshotPoint> known_point_;

  std::mutex mutex_;  // of what the opener writes:
  bool attached_ = false;
  std::optional<Error> failure_;
  SnapshotPoint point_;
  std::vector<std::unique_ptr<SnapshotReader>> readers_;

  std::stop_source stop_;
  SnapshotWork work_;
  SnapshotQueue queue_;
  std::thread opener_;

  mutable std::mutex shown_mutex_;
  std::uint64_t total_rows_ = 0, rows_ = 0;
  std::string shown_table_;
};

const SnapshotPoint* SnapshotRun::point() {
  if (!known_point_) {
    std::lock_guard lock(mutex_);
    if (attached_) known_point_ = point_;
  }
  return known_point_ ? &*known_point_ : nullptr;
}

bool SnapshotRun::remember(TableSnapshot& table, const RowChange& change, bool seen) {
  if (changed_bytes_ >= options_.changed_bytes) return false;
  std::size_t before = table.filter.bytes();
  bool added = seen ? table.filter.add_seen(change) : table.filter.add(change);
  changed_bytes_ += table.filter.bytes() - before;
  return added;
}

// ---- the stream ----

SnapshotVerdict SnapshotRun::saw(const CapturedTable& changed, const RowChange& change, std::uint64_t place) {
  using enum SnapshotVerdict;
  if (left_ == 0) return take;
  auto found = by_oid_.find(changed.oid);
  if (found == by_oid_.end() || tables_[found->second].done) return take;
  TableSnapshot& table = tables_[found->second];
  const SnapshotPoint* at = point();
  bool behind = at && place > at->place;
  if (behind) passed_ = std::max(passed_, at->place);  // commits come in their order
  if (table.alone()) return at && !behind ? skip : wait;
  if (change.op == 't') {
    if (!at) return wait;
    if (behind) {  // no row of the snapshot is left
      work_.drop(found->second);
      end(table);
    }
    return take;
  }
  if (at && !behind) return saw_before(table, change);
  // Where the point is not known yet, it may lie behind this change; what it leaves out waits until it is known.
  return !leaves_out(change.after) && remember(table, change, !at) ? take : wait;
}

// It precedes the rows, so nothing must be known of it. Where it is, the row need not come again.
SnapshotVerdict SnapshotRun::saw_before(TableSnapshot& table, const RowChange& change) {
  if (!leaves_out(change.after)) {
    remember(table, change, true);
    return SnapshotVerdict::take;
  }
  // What it leaves out nobody may have yet; its row will come. A change of the key must be told nevertheless, and so
  // must any where some rows are read: perhaps its row is one of them.
  const bool same_key = change.before.empty();
  if (same_key && table.filter.drops(change.after)) return SnapshotVerdict::take;
  if (same_key && table.untouched()) return SnapshotVerdict::skip;
  table.filter.want(change);
  return same_key ? SnapshotVerdict::complete : SnapshotVerdict::take;
}

// ---- the rows ----

Result<std::size_t> SnapshotRun::read(ChangeCollector& out, std::size_t most_bytes, milliseconds wait) {
  if (left_ == 0) return std::size_t{0};
  const SnapshotPoint* at = point();
  if (!at || passed_ < at->place) {  // the stream comes first
    std::this_thread::sleep_for(std::min(wait, milliseconds(1)));
    std::lock_guard lock(mutex_);
    if (failure_) return std::exchange(failure_, std::nullopt).value();
    return std::size_t{0};
  }
  std::size_t bytes = 0;
  while (bytes < most_bytes && left_ > 0) {
    bool few = bytes < few_bytes && wait > milliseconds(0);
    std::optional<SnapshotBlock> block = queue_.pop(bytes == 0 ? wait : few ? more_rows_wait : milliseconds(0));
    if (!block) break;
    if (block->what == SnapshotBlock::What::failed) return *std::move(block->error);
    TableSnapshot& table = tables_[block->table];
    if (table.done) continue;
    if (block->what == SnapshotBlock::What::table)
      begin(table, std::move(block->ranges), out);
    else
      bytes += collect(table, *block, out);
    show(table);
  }
  return bytes;
}

void SnapshotRun::begin(TableSnapshot& table, std::vector<KeyRange> ranges, ChangeCollector& out) {
  table.begun = true;
  units_begun_.insert(table.plan.unit);
  table.ranges = std::move(ranges);
  table.ranges_left = table.ranges.size();
  table.range_begun.assign(table.ranges.size(), false);
  table.range_ended.assign(table.ranges.size(), false);
  if (table.plan.again) out.add(table.plan.table, {.op = 't', .before = {}, .after = {}, .place = known_point_->rows});
  progress_.left[table.plan.table->text()] = joined(table.ranges, table.range_begun, table.range_ended);
  logger_.info("reading the rows of a table", {{"table", table.plan.table->text()},
                                               {"rows", table.plan.rows},
                                               {"ranges", table.ranges.size()},
                                               {"again", table.plan.again}});
}

std::size_t SnapshotRun::collect(TableSnapshot& table, SnapshotBlock& block, ChangeCollector& out) {
  CopiedRows& rows = *block.rows;
  const std::size_t columns = table.plan.table->columns.size();
  std::size_t bytes = rows.text.size();
  KeyRange& range = table.ranges[block.range];
  if (rows.rows > 0 && !table.plan.key.empty()) {
    range.above.clear();
    const FieldText* last = rows.values.data() + (rows.rows - 1) * columns;
    for (std::size_t column : table.plan.key) range.above.emplace_back(last[column].view());
    table.range_begun[block.range] = true;
  }
  bool first_of_table = table.rows == 0 && table.plan.left.empty();
  table.rows += rows.rows;
  if (block.end) {
    table.range_ended[block.range] = true;
    --table.ranges_left;
  }
  bool last_of_table = table.ranges_left == 0;

  std::uint32_t kept = table.filter.keep(rows.values, columns, rows.rows);
  if (kept > 0) {
    using enum SnapshotMark;
    SnapshotRows collected{.values = {rows.values.data(), kept * columns},
                           .rows = kept,
                           .memory = block.rows,
                           .text_bytes = bytes,
                           .place = known_point_->rows};
    if (first_of_table) collected.first = !any_row_ && fresh_ ? first : first_in_table;
    if (last_of_table) collected.last = left_ == 1 ? last : last_in_table;
    // The end says more than the beginning, but the snapshot's beginning more than a table's end.
    if (kept == 1) {
      bool beginning = collected.last == yes || (collected.last == last_in_table && collected.first == first);
      collected.first = collected.last = beginning ? collected.first : collected.last;
    }
    out.add_rows(table.plan.table, collected);
    any_row_ = true;
  }
  if (last_of_table)
    end(table);
  else
    progress_.left[table.plan.table->text()] = joined(table.ranges, table.range_begun, table.range_ended);
  std::lock_guard lock(shown_mutex_);
  rows_ += rows.rows;
  return bytes;
}

void SnapshotRun::end(TableSnapshot& table) {
  table.done = true;
  changed_bytes_ -= table.filter.bytes();
  table.filter = ChunkFilter({});
  table.ranges.clear();
  progress_.left.erase(table.plan.table->text());
  progress_.done.insert(table.plan.table->text());
  --left_;
  logger_.info("all rows of a table are read", {{"table", table.plan.table->text()}, {"rows", table.rows}});
}

// ---- for people ----

void SnapshotRun::show(const TableSnapshot& table) {
  std::lock_guard lock(shown_mutex_);
  shown_table_ = table.plan.table->text();
}

Progress SnapshotRun::shown() const {
  std::lock_guard lock(shown_mutex_);
  Progress progress{.done = rows_, .total = std::max(rows_, total_rows_), .unit = "rows", .detail = {}};
  if (shown_table_.empty()) {
    progress.detail = "snapshot: waiting for a point in the stream";
    return progress;
  }
  double seconds = static_cast<double>(clock_.steady_us() - started_us_) / 1e6;
  double rate = seconds > 0 ? static_cast<double>(rows_) / seconds : 0;
  progress.detail = fmt::format("snapshot of {}, {:.0f} rows/s", shown_table_, rate);
  if (rate > 0) {
    auto left = static_cast<std::uint64_t>(static_cast<double>(progress.total - progress.done) / rate);
    progress.detail += fmt::format(", about {}:{:02}:{:02} left", left / 3600, left / 60 % 60, left % 60);
  }
  return progress;
}

}  // namespace

// ---- making one ----

Result<std::unique_ptr<Snapshot>> Snapshot::open(const PostgresAddress& address, const SnapshotOptions& options,
                                                 std::variant<SnapshotPoint, PointMaker> point,
                                                 std::vector<SnapshotTable> tables, SnapshotProgress progress,
                                                 const Clock& clock, Logger& logger) {
  auto first = LV_TRY(open_snapshot_session(address));
  auto planned = LV_TRY(plan_tables(*first, options, tables, progress));
  auto run = std::make_unique<SnapshotRun>(address, options, std::move(progress), std::move(planned), clock, logger);
  if (auto* there = std::get_if<SnapshotPoint>(&point)) {
    LV_TRY(run->attach(*there, std::move(first)));
  } else {
    run->attach_later(std::get<PointMaker>(std::move(point)), std::move(first));
  }
  return run;
}

}  // namespace levada
