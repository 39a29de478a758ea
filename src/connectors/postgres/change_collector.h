// Row changes to what a source gives the pipeline: gathered by table, turned into columns many at a time. One thread.
//
//   WAL      ─┐                 ┌─ RowCollector       batches of rows: key, after (row_collector.h)
//   trigger   ├─► RowChange ─►  ┤
//   snapshot ─┘                 └─ EnvelopeCollector  Debezium's envelopes (envelope_collector.h)
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/value_reader.h"
#include "connectors/source.h"

namespace levada {

class Clock;
struct CaptureOptions;

// Where and when a change was committed, for envelopes and event times.
struct ChangePlace {
  std::uint64_t lsn = 0;  // of the change itself; of a change table, the number of the change
  bool from_log = true;   // false: from a change table
  std::uint64_t commit_lsn = 0;
  std::uint64_t previous_commit_lsn = 0;  // of the transaction before; 0: not known
  std::uint32_t xid = 0;
  std::int64_t commit_us = 0;  // since 1970 UTC
  std::uint64_t ordinal = 0;   // within its transaction, from 0
};

// Of rows that come by a snapshot: Debezium's source.snapshot.
enum class SnapshotMark : std::uint8_t { no, yes, first, first_in_table, last_in_table, last };

struct RowChange {
  char op = 'c';  // c inserted, u updated, d deleted, r read by a snapshot, t truncated
  // A value for each column of the table; empty where the server sends no such row. `before` has only the replica
  // identity's columns (others are null) unless that is full.
  std::span<const FieldText> before, after;
  ChangePlace place;
  SnapshotMark snapshot = SnapshotMark::no;
};

// Rows of a snapshot, many at once: row r has its values at values[r * columns], a value for each column of the table.
struct SnapshotRows {
  std::span<const FieldText> values;
  std::uint32_t rows = 0;
  std::shared_ptr<const void> memory;  // of the values and their texts
  std::size_t text_bytes = 0;          // of the texts, about
  ChangePlace place;                   // the same for all
  SnapshotMark first = SnapshotMark::yes,
               last = SnapshotMark::yes;  // the first row's and the last one's; equal for a single row
};

class ChangeCollector {
 public:
  virtual ~ChangeCollector() = default;
  // The texts are copied. A truncation names one table; a key that changes becomes a deletion and an insertion.
  virtual void add(const CapturedTableRef& table, const RowChange& change) = 0;
  // The same as add() with op 'r' for each row, but texts are not copied: whoever keeps them keeps the memory.
  virtual void add_rows(const CapturedTableRef& table, const SnapshotRows& rows);
  // pg_logical_emit_message(): only envelopes have a place for it, others pass it over.
  virtual void add_message(std::string_view prefix, std::string_view content, bool transactional,
                           const ChangePlace& place) = 0;
  // What was collected before a restart of the transaction that goes on: it only counts.
  virtual void pass(const CapturedTableRef&, const RowChange&) {}
  virtual void pass_message() {}
  // The transaction begins and ends, for the transaction topic; it `goes_on` where its beginning was told before.
  virtual void begin(const ChangePlace& place, bool goes_on = false) = 0;
  virtual void commit(const ChangePlace& place) = 0;
  // A sign of life at this time: only envelopes have a place for it.
  virtual void beat(std::int64_t) {}
  virtual std::size_t bytes() const = 0;  // of texts gathered
  virtual std::uint64_t changes() const = 0;
  // Moves everything gathered to `out`, in order within each topic; rows that no column can hold become dead letters.
  virtual void take(SourceRead& out) = 0;
};

// Of the form that the options' values have. `transaction_topic`: empty, there is none; `run` names this run of the
// connector in envelopes.
std::unique_ptr<ChangeCollector> make_change_collector(const CaptureOptions& options,
                                                       const std::string& transaction_topic, const std::string& run,
                                                       const Clock& clock);

}  // namespace levada
