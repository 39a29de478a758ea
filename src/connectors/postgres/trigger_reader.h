// The statements by which a change table and its captured table are read.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/change_collector.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/trigger_cut.h"
#include "connectors/postgres/trigger_setup.h"

namespace levada {

// What a look at one change table says.
struct ChangeLook {
  TriggerCut cut;
  bool news = false;  // it has rows that are not in the cut before
};

// All tables at one instant: those of `progress` in the same order. In the transaction's snapshot, if there is one.
Result<std::vector<ChangeLook>> look_at_changes(PostgresConnection& connection, std::span<const TriggerTable> tables,
                                                std::span<const TriggerProgress> progress);

// The changes of the window that are still to be read, in order.
std::string select_changes(const TriggerTable& table, const TriggerProgress& progress);

// The next rows of the table in the order of its key, `limit` at most; of a table without a unique key, all.
std::string select_rows(const TriggerTable& table, const TriggerProgress& progress, std::int64_t limit);

// Whether the tables have the columns that they are read with.
Result<bool> are_as_planned(PostgresConnection& connection, std::span<const TriggerTable> tables);

// Whether the server has had the transactions of the cut.
Result<bool> knows(PostgresConnection& connection, const TriggerCut& cut);
// Whether the last change of the cut is still where it was read.
Result<bool> still_has(PostgresConnection& connection, const TriggerTable& table, const TriggerCut& cut);

// Until the connection ends nobody else may prune; false: somebody does.
Result<bool> claim(PostgresConnection& connection, const TriggerTable& table);
// Deletes what is in the cut, some rows at a time; the cut's last change stays. How many were deleted.
Result<std::uint64_t> prune_some(PostgresConnection& connection, const TriggerTable& table, const TriggerCut& cut,
                                 std::uint64_t limit);

// A row of select_changes() or select_rows() on its way to the collector. Reused, so that it allocates once.
class TriggerRow {
 public:
  explicit TriggerRow(const TriggerTable& table) : table_(table) {}

  enum class Taken {
    collected,
    incomplete,  // collected, with nulls for values that the table cannot take any more
    keyless,     // not collected: its key is one of them
    rejected,    // not collected: its action is none that we know; `rejected` has the row
    as_text,     // not collected: recorded as text, which a setup moves to the columns (trigger_texts.h)
  };
  // `now_us`: where the change says no time.
  Taken collect_change(const PostgresRow& row, std::int64_t now_us, ChangeCollector& out, DeadLetter& rejected);
  void collect_row(const PostgresRow& row, std::int64_t now_us, ChangeCollector& out);

  std::int64_t id = 0;           // of the change collected last
  std::int64_t time_us = 0;      // its time, if the change table has one
  std::vector<std::string> key;  // of the row collected last

 private:
  DeadLetter letter(std::string cause, std::int64_t us) const;
  void put(const PostgresRow& row, std::size_t first, std::vector<FieldText>& out) const;

  const TriggerTable& table_;
  std::vector<FieldText> row_, old_;
};

}  // namespace levada
