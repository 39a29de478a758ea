// Records of one table that become one ConnectRecords: envelopes and tombstones, gathered as the server's texts row by
// row, turned into columns at the end. One thread.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "connectors/connect_records.h"
#include "connectors/dead_letter.h"
#include "connectors/postgres/envelope_plan.h"
#include "connectors/postgres/refused_rows.h"
#include "connectors/postgres/source_block.h"
#include "connectors/postgres/transaction_count.h"
#include "log/record_batch.h"

namespace levada {

struct EnvelopeRecord {
  ChangePlace place;
  std::int64_t seen_us = 0;
  char op = 0;  // 0: a tombstone
  SnapshotMark snapshot = SnapshotMark::no;
  bool has_key = false, has_before = false, has_after = false;
  TransactionOrder order;
  // Of a key that changes: the record with the other key, and whether that is the new one.
  std::int32_t other = -1;
  bool other_is_new = false;
};

// What records say besides their rows.
struct EnvelopeSurroundings {
  const SourceBlock& source;
  const TransactionCount& transactions;
  std::span<const Header> headers;  // of every record
};

class EnvelopeStretch {
 public:
  explicit EnvelopeStretch(std::shared_ptr<const EnvelopePlan> plan)
      : plan_(std::move(plan)), texts_(std::make_shared<Arena>()) {}

  const EnvelopePlan& plan() const { return *plan_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(records_.size()); }
  // A change of the key is three records, which stay together.
  bool full() const { return size() + 3 > batch_rows; }

  // Copies the rows that the record has, and its key: a deletion's and a tombstone's of the row before. Adds to
  // `bytes` what that takes. The key's column that the log does not hold, and nothing is put; null: all is well.
  const CapturedColumn* put(const RowChange& change, EnvelopeRecord record, std::size_t& bytes);
  EnvelopeRecord& last() { return records_.back(); }

  // Once, at the end. Rows that no column can hold become dead letters.
  ConnectRecords records(const EnvelopeSurroundings& around, std::vector<DeadLetter>& refused);

 private:
  FieldText keep(const FieldText& text, std::size_t& bytes);
  void read(const ValueReader& reader, const std::vector<FieldText>& cells, std::size_t field, std::size_t width,
            const std::string& name, Column& column, RefusedRows& refused) const;
  ColumnRef value_column(const EnvelopeSurroundings& around, RefusedRows& refused) const;
  ColumnRef key_column(RefusedRows& refused) const;
  void put_headers(std::span<const Header> headers, ConnectRecords& records) const;
  DeadLetter letter_of(RowFailure& failure) const;
  const std::string& name_of(std::size_t field) const {
    return plan_->table->columns[plan_->fields[field].column].name;
  }

  std::shared_ptr<const EnvelopePlan> plan_;
  std::shared_ptr<Arena> texts_;
  std::vector<FieldText> before_, after_, keys_;  // row by row
  std::vector<EnvelopeRecord> records_;
};

}  // namespace levada
