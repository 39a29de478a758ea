// Changes as row states: each table's rows in columns of our types, the newest state of a key after the older ones.
//
//   insert, update, snapshot   the key and the row after the change
//   delete                     the key, `deleted`
//   update of the key          the old key, `deleted`; then the new key with the row
//   truncate                   Batch::truncates
//
// A value that the server did not send (stored out of line, not changed) is taken from the row before where the log
// has that (REPLICA IDENTITY FULL), else it is `absent`. Rows of a table without a key have none: its updates are
// further rows, its deletions dead letters, for no row of the topic could say which one is meant.
#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "connectors/postgres/change_collector.h"
#include "connectors/postgres/row_plan.h"
#include "connectors/postgres/topic_stretches.h"

namespace levada {

class RowCollector : public ChangeCollector {
 public:
  explicit RowCollector(ValueModes modes) : modes_(modes) {}

  void add(const CapturedTableRef& table, const RowChange& change) override;
  void add_rows(const CapturedTableRef& table, const SnapshotRows& rows) override;
  void add_message(std::string_view, std::string_view, bool, const ChangePlace&) override {}
  void begin(const ChangePlace&, bool) override {}
  void commit(const ChangePlace&) override {}
  std::size_t bytes() const override { return bytes_; }
  std::uint64_t changes() const override { return changes_; }
  void take(SourceRead& out) override;

 private:
  struct Row {
    ChangePlace place;
    char op;
  };
  // Rows of one table that become one batch: changes, copied into cells, or rows of a snapshot where they are.
  struct Stretch {
    std::shared_ptr<const RowPlan> plan;
    std::shared_ptr<const void> memory;  // of the texts
    Arena* texts = nullptr;              // the same, to copy into; null: rows of a snapshot
    std::vector<FieldText> cells;        // row by row, a cell for each field of the plan
    const FieldText* values = nullptr;   // rows of a snapshot: row by row, a value for each column of the table
    std::vector<Row> rows;               // of a snapshot a single one, which stands for all
    std::uint32_t size = 0;              // rows of a snapshot
    bool truncates = false;

    bool full() const { return rows.size() + 2 > batch_rows; }  // a change of the key is two rows, which stay together
    std::uint32_t count() const { return texts ? static_cast<std::uint32_t>(rows.size()) : size; }
    const Row& row(std::size_t i) const { return rows[texts ? i : 0]; }

    const FieldText* first_of(std::size_t field) const {
      return texts ? cells.data() + field : values + plan->fields[field].column;
    }
    std::size_t stride() const { return texts ? plan->fields.size() : plan->table->columns.size(); }
  };

  Stretch& stretch_of(const CapturedTableRef& table);
  std::shared_ptr<const RowPlan> plan_of(const CapturedTableRef& table);
  void put_row(Stretch& stretch, const RowChange& change);
  void put_deletion(Stretch& stretch, const RowChange& change);
  void refuse(const CapturedTable& table, const RowChange& change, std::string cause);
  Batch batch_of(const Stretch& stretch);

  const ValueModes modes_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const RowPlan>> plans_;  // by the table's oid, the newest
  TopicStretches<Stretch> stretches_;
  std::vector<DeadLetter> refused_;
  std::size_t bytes_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace levada
