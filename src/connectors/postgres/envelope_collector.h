// Changes as Debezium's PostgreSQL connector 3.5 writes them, as records of Kafka Connect:
//
//   key     {"id": 1}
//   value   {"before": …, "after": …, "source": {…}, "transaction": …, "op": "u", "ts_ms": …}
//
// A deletion is followed by a tombstone, a change of the key is a deletion, a tombstone and an insertion with each
// other's key in a header. Messages of the log, heartbeats, and the beginnings and ends of transactions have topics of
// their own.
// What is deliberately different from Debezium stands in docs/debezium-differences.md.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "connectors/postgres/change_collector.h"
#include "connectors/postgres/envelope_plan.h"

namespace levada {

struct EnvelopeOptions {
  std::string name;      // topic.prefix: source.name, and in front of the other topics' names
  std::string database;  // of messages, which are of no table
  bool tombstones = true;
  bool transactions = false;      // provide.transaction.metadata
  std::string transaction_topic;  // empty: NAME.transaction
  std::string heartbeat_topic;    // of beat()
  std::string run;                // names this run of the connector, in a header
};

// A random UUID for it.
std::string new_run();

class EnvelopeCollector : public ChangeCollector {
 public:
  // The clock says when a change was seen (ts_ms of the envelope).
  EnvelopeCollector(EnvelopeOptions options, ValueModes modes, const Clock& clock);

  void add(const CapturedTableRef& table, const RowChange& change) override;
  void add_message(std::string_view prefix, std::string_view content, bool transactional,
                   const ChangePlace& place) override;
  void pass(const CapturedTableRef& table, const RowChange& change) override;
  void pass_message() override { next_order("message"); }
  void begin(const ChangePlace& place, bool goes_on = false) override;
  void commit(const ChangePlace& place) override;
  void beat(std::int64_t now_us) override;
  std::size_t bytes() const override { return bytes_; }
  std::uint64_t changes() const override { return changes_; }
  void take(SourceRead& out) override;

 private:
  // Where a change stands in its transaction.
  struct Order {
    std::int64_t transaction = -1;  // of transactions_; -1: none
    std::int64_t total = 0, of_table = 0;
  };
  struct Record {
    ChangePlace place;
    std::int64_t seen_us = 0;
    char op = 0;  // 0: a tombstone
    SnapshotMark snapshot = SnapshotMark::no;
    bool has_key = false, has_before = false, has_after = false;
    Order order;
    // Of a key that changes: the record with the other key, and whether that is the new one.
    std::int32_t other = -1;
    bool other_is_new = false;
  };
  // Records of one table that become one ConnectRecords.
  struct Stretch {
    std::shared_ptr<const EnvelopePlan> plan;
    std::shared_ptr<Arena> texts;
    std::vector<FieldText> before, after, keys;  // row by row
    std::vector<Record> records;
  };
  struct Message {
    std::string prefix, content;
    bool transactional;
    ChangePlace place;
    std::int64_t seen_us;
    Order order;
  };
  struct Transaction {
    std::string id, end_id;  // end_id: empty while it is not over
    std::int64_t begin_ms = 0, end_ms = 0, events = 0;
    std::vector<std::pair<std::string, std::int64_t>> tables;
    bool begun = true;  // its beginning is to be told with the next take()
  };

  Stretch& stretch_of(const CapturedTableRef& table);
  std::shared_ptr<const EnvelopePlan> plan_of(const CapturedTableRef& table);
  Order next_order(const std::string& table);
  // A key column of the row before that the log does not hold; nullptr: it is whole.
  static const CapturedColumn* unknown_key(const EnvelopePlan& plan, const RowChange& change);
  static bool moves(const EnvelopePlan& plan, const RowChange& change);
  bool deletes(Stretch& stretch, const RowChange& change, std::int32_t other);
  void put(Stretch& stretch, const RowChange& change, Record record, bool key_from_before);
  FieldText keep(Stretch& stretch, const FieldText& text);
  void refuse(const CapturedTable& table, const RowChange& change, std::string cause);
  ConnectRecords records_of(Stretch& stretch);
  ConnectRecords heartbeat_records();
  ConnectRecords message_records();
  ConnectRecords transaction_records();
  void put_source(Column& source, const CapturedTable* table, const ChangePlace& place, SnapshotMark snapshot,
                  bool transactional);
  void put_transaction(Column& block, const Order& order);

  const EnvelopeOptions options_;
  const ValueModes modes_;
  const Clock& clock_;
  const ConnectTypeRef message_key_, message_value_, transaction_key_, transaction_value_, heartbeat_key_,
      heartbeat_value_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const EnvelopePlan>> plans_;  // by the table's oid, the newest
  std::vector<Stretch> stretches_;
  std::unordered_map<const CapturedTable*, std::size_t> open_;
  const CapturedTable* last_table_ = nullptr;
  std::size_t last_ = 0;
  std::vector<Message> messages_;
  std::vector<std::int64_t> beats_ms_;
  std::vector<Transaction> transactions_;  // the last one may go on
  std::vector<DeadLetter> refused_;
  std::size_t bytes_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace levada
