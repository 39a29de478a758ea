#include "connectors/postgres/wal_changes.h"

#include <algorithm>
#include <limits>

namespace levada {

static constexpr std::uint64_t whole = std::numeric_limits<std::uint64_t>::max();

Result<bool> WalChanges::take(std::uint64_t lsn, std::string_view bytes) {
  LV_DEBUG_ASSERT(!holding_);
  if (reader_.in_stream() && !bytes.empty() && bytes[0] != 'E') {
    LV_TRY(parts_.held->add(streamed_, lsn, bytes));
    return true;
  }
  LV_TRY(reader_.read(bytes, message_));
  switch (message_.kind) {
    case 'S': streamed_ = message_.xid; return true;
    case 'E': return true;
    case 'A':
      if (message_.subtransaction == message_.xid)
        parts_.held->drop(message_.xid);
      else
        parts_.held->abort(message_.xid, message_.subtransaction);
      return true;
    case 'c':
      streamed_ = message_.xid;
      begin();
      held_end_ = message_.end_lsn;
      again_ = false;
      holding_ = true;
      held_reader_.set_in_stream(true);
      return true;
    default: return apply(lsn);
  }
}

Result<bool> WalChanges::advance_held() {
  LV_DEBUG_ASSERT(holding_);
  if (!again_) {
    const HeldTransactions::Message* next = nullptr;
    if (skip_to_ != whole) next = LV_TRY(parts_.held->next(streamed_));
    if (!next) {
      holding_ = false;
      parts_.held->drop(streamed_);
      end(held_end_);
      return true;
    }
    LV_TRY(held_reader_.read(next->bytes, message_));
    held_lsn_ = next->lsn;
  }
  again_ = !LV_TRY(apply(held_lsn_));
  return !again_;
}

Result<bool> WalChanges::apply(std::uint64_t lsn) {
  switch (message_.kind) {
    case 'I':
    case 'U':
    case 'D': return change(lsn);
    case 'T': return truncate(lsn);
    case 'M': return message(lsn);
    case 'B': begin(); return true;
    case 'C': end(message_.end_lsn); return true;
    case 'R': LV_TRY(parts_.relations->take_relation(message_, place_.xid)); return true;
    case 'Y': parts_.relations->take_type(message_); return true;
    default: return true;  // O: whence the transaction came first is of no interest
  }
}

void WalChanges::begin() {
  place_ = {.commit_lsn = message_.lsn,
            .previous_commit_lsn = last_commit_lsn_,
            .xid = message_.xid,
            .commit_us = message_.time_us};
  ordinal_ = 0;
  truncated_ = 0;
  skip_to_ = message_.lsn < from_.lsn ? whole : message_.lsn == from_.lsn ? from_.ordinal : 0;
  begun_ = false;
  within_ = true;
}

void WalChanges::end(std::uint64_t end_lsn) {
  if (begun_ && skip_to_ != whole) parts_.collector->commit(place_);
  within_ = false;
  last_commit_lsn_ = place_.commit_lsn;
  commit_us_ = place_.commit_us;
  pass(end_lsn);
}

void WalChanges::pass(std::uint64_t lsn) {
  if (within_) return;
  point_ = std::max(point_, WalPoint{lsn, 0});
  if (parts_.snapshot) parts_.snapshot->passed(lsn);
}

// Whether the change at hand, which is the next of its transaction, is behind the position; it is then where we are.
bool WalChanges::counted(std::uint64_t lsn) {
  place_.lsn = lsn;
  place_.ordinal = ordinal_;
  return ordinal_ >= skip_to_;
}

Error WalChanges::unknown_table(std::uint64_t lsn) const {
  return Error(ErrorKind::data, "a change of the log is of a table that it has not described")
      .where("position " + lsn_text(lsn) + ", table " + std::to_string(message_.oid));
}

Result<bool> WalChanges::change(std::uint64_t lsn) {
  bool fresh = counted(lsn);
  if (fresh || skip_to_ != whole) {
    const WalRelation* relation = parts_.relations->find(message_.oid);
    if (!relation) return unknown_table(lsn);
    for (auto row : {message_.before, message_.after})
      if (!row.empty() && row.size() != relation->width)
        return Error(ErrorKind::data, "a row of the log has not the columns of its table").where(lsn_text(lsn));
    RowChange change{.op = message_.kind == 'I' ? 'c' : message_.kind == 'U' ? 'u' : 'd', .place = place_};
    if (relation->table) {
      change.before = relation->row(message_.before, before_);
      change.after = relation->row(message_.after, after_);
      if (fresh && parts_.unsent && is_moved_in_part(*relation->table, change))
        change.after = LV_TRY(parts_.unsent->complete(*relation->table, change.after, place_.xid));
      if (!fresh)
        recount(*relation, change);
      else if (!LV_TRY(collect(*relation, change)))
        return false;
    }
    if (fresh) point_ = {place_.commit_lsn, ordinal_ + 1};
  }
  ++ordinal_;
  return true;
}

// The row before is there if its identity has changed; with REPLICA IDENTITY FULL always, and then all is in it.
bool WalChanges::is_moved_in_part(const CapturedTable& table, const RowChange& change) {
  return !change.before.empty() && !change.after.empty() && table.identity != 'f' &&
         std::ranges::find(change.after, FieldText::Kind::unchanged, &FieldText::kind) != change.after.end();
}

Result<bool> WalChanges::truncate(std::uint64_t lsn) {
  for (; truncated_ < message_.tables.size(); ++truncated_) {
    bool fresh = counted(lsn);
    if (fresh || skip_to_ != whole) {
      const WalRelation* relation = parts_.relations->find(message_.tables[truncated_]);
      if (!relation) return unknown_table(lsn);
      RowChange change{.op = 't', .place = place_};
      if (!fresh)
        recount(*relation, change);
      else if (relation->table && !LV_TRY(collect(*relation, change)))
        return false;
      if (fresh) point_ = {place_.commit_lsn, ordinal_ + 1};
    }
    ++ordinal_;
  }
  truncated_ = 0;
  return true;
}

// Collected before the restart: it counts within its transaction.
void WalChanges::recount(const WalRelation& relation, const RowChange& change) {
  if (!relation.table || parts_.skipped.find(change.op) != std::string::npos) return;
  if (!begun_) parts_.collector->begin(place_, true);
  begun_ = true;
  parts_.collector->pass(relation.table, change);
}

// False: not now.
Result<bool> WalChanges::collect(const WalRelation& relation, RowChange& change) {
  if (!parts_.skipped.empty() && parts_.skipped.find(change.op) != std::string::npos) return true;
  if (parts_.snapshot) {
    switch (parts_.snapshot->saw(relation.table, change)) {
      case SnapshotVerdict::wait: return false;
      case SnapshotVerdict::skip: return true;
      case SnapshotVerdict::take: break;
      case SnapshotVerdict::complete:
        if (parts_.unsent) change.after = LV_TRY(parts_.unsent->complete(*relation.table, change.after, place_.xid));
        break;
    }
  }
  if (!begun_) parts_.collector->begin(place_);
  begun_ = true;
  parts_.collector->add(relation.table, change);
  ++changes_;
  return true;
}

Result<bool> WalChanges::message(std::uint64_t lsn) {
  if ((message_.flags & 1) == 0) {
    // Outside of all transactions. It is read when all that is before it is.
    if (within_ || message_.lsn > point_.lsn) {
      if (message_.lsn > from_.lsn)
        parts_.collector->add_message(message_.name, message_.content, false, {.lsn = message_.lsn});
      pass(message_.lsn);
    }
    return true;
  }
  if (counted(lsn)) {
    if (!begun_) parts_.collector->begin(place_);
    begun_ = true;
    place_.lsn = message_.lsn;
    parts_.collector->add_message(message_.name, message_.content, true, place_);
    point_ = {place_.commit_lsn, ordinal_ + 1};
  } else if (skip_to_ != whole) {
    if (!begun_) parts_.collector->begin(place_, true);
    begun_ = true;
    parts_.collector->pass_message();
  }
  ++ordinal_;
  return true;
}

}  // namespace levada
