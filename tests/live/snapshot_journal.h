// What the live tests of snapshots keep instead of a log: changes as texts, and the position stored with them.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/change_collector.h"
#include "tests/live/postgres_stage.h"

namespace levada {

struct JournalEvent {
  // A value that was not sent stands as "(unchanged)", null as "NULL".
  using Row = std::vector<std::string>;

  CapturedTableRef table;
  char op = 'c';
  Row before, after;
  SnapshotMark mark = SnapshotMark::no;
};

// What is not committed is gone with the process.
class CaptureJournal : public ChangeCollector {
 public:
  void add(const CapturedTableRef& table, const RowChange& change) override;
  void add_message(std::string_view, std::string_view, bool, const ChangePlace&) override {}
  void begin(const ChangePlace&, bool) override {}
  void commit(const ChangePlace&) override {}
  std::size_t bytes() const override { return 0; }
  std::uint64_t changes() const override { return pending_.size(); }
  void take(SourceRead&) override {}

  void commit_all(std::string behind);
  void crash() { pending_.clear(); }
  std::size_t pending() const { return pending_.size(); }

  // The rows that came by snapshots, values with | between them; sorted lines.
  std::string rows_read(const std::string& table) const;
  // The table as it is when all events have been applied one after the other, likewise. A row is known by its first
  // `key` columns, or as a whole where that is 0. Fails the test where a row that is deleted or replaced is not there.
  std::string table_after(const std::string& table, std::size_t key) const;

  std::vector<JournalEvent> events;
  std::string position = "null";
  std::size_t commits = 0;

 private:
  std::vector<JournalEvent> pending_;
};

// Hands everything on to a journal, as a source makes a collector of its own.
class JournalPen : public ChangeCollector {
 public:
  explicit JournalPen(CaptureJournal& journal) : journal_(journal) {}
  void add(const CapturedTableRef& table, const RowChange& change) override { journal_.add(table, change); }
  void add_message(std::string_view, std::string_view, bool, const ChangePlace&) override {}
  void begin(const ChangePlace&, bool) override {}
  void commit(const ChangePlace&) override {}
  std::size_t bytes() const override { return 0; }
  std::uint64_t changes() const override { return 0; }
  void take(SourceRead&) override {}

 private:
  CaptureJournal& journal_;
};

// Enough of what the catalogue says of a table on the search path.
CapturedTableRef captured(PostgresStage& stage, const std::string& name);
// Its rows as the journal has them.
std::string rows_in(PostgresStage& stage, const std::string& table);

}  // namespace levada
