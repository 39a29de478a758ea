// Changes as Debezium's PostgreSQL connector 3.5 writes them, as records of Kafka Connect:
//
//   key     {"id": 1}
//   value   {"before": …, "after": …, "source": {…}, "transaction": …, "op": "u", "ts_ms": …}
//
// A deletion is followed by a tombstone, a change of the key is a deletion, a tombstone and an insertion with each
// other's key in a header. Messages of the log, heartbeats, and the beginnings and ends of transactions have topics of
// their own.
//
//   RowChange ─► EnvelopeStretch, of each table ─┐
//   message   ─► LogicalMessages                 ├─► SourceRead::records
//   beat      ─► Heartbeats                      │
//   begin …   ─► TransactionCount               ─┘
//
// What is deliberately different from Debezium stands in docs/debezium-differences.md.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "connectors/postgres/change_collector.h"
#include "connectors/postgres/envelope_stretch.h"
#include "connectors/postgres/heartbeats.h"
#include "connectors/postgres/logical_messages.h"
#include "connectors/postgres/topic_stretches.h"

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
  void pass_message() override { count_.next(message_collection); }
  void begin(const ChangePlace& place, bool goes_on = false) override;
  void commit(const ChangePlace& place) override { count_.commit(place); }
  void beat(std::int64_t now_us) override;
  std::size_t bytes() const override { return bytes_; }
  std::uint64_t changes() const override { return changes_; }
  void take(SourceRead& out) override;

 private:
  static constexpr std::string_view message_collection = "message";  // what messages are counted as

  EnvelopeStretch& stretch_of(const CapturedTableRef& table);
  std::shared_ptr<const EnvelopePlan> plan_of(const CapturedTableRef& table);
  void put(EnvelopeStretch& stretch, const RowChange& change, EnvelopeRecord record);
  bool put_deletion(EnvelopeStretch& stretch, const RowChange& change, std::int32_t other);
  void refuse(const CapturedTable& table, const RowChange& change, std::string cause);

  const EnvelopeOptions options_;
  const ValueModes modes_;
  const Clock& clock_;
  const SourceBlock source_;
  const std::vector<Header> headers_;                                             // of every record
  std::unordered_map<std::uint32_t, std::shared_ptr<const EnvelopePlan>> plans_;  // by the table's oid, the newest
  TopicStretches<EnvelopeStretch> stretches_;
  LogicalMessages messages_;
  Heartbeats heartbeats_;
  TransactionCount count_;
  std::vector<DeadLetter> refused_;
  std::size_t bytes_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace levada
