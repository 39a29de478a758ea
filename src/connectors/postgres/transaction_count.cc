#include "connectors/postgres/transaction_count.h"

#include <fmt/core.h>

#include <algorithm>

namespace levada {
namespace {

using Kind = ConnectType::Kind;

ConnectTypeRef key_type() {
  return structure_type("io.debezium.connector.common.TransactionMetadataKey", 1, false,
                        {{"id", scalar_type(Kind::string)}});
}

ConnectTypeRef value_type() {
  ConnectType collections{.kind = Kind::array, .optional = true};
  collections.element =
      structure_type("event.collection", 1, true,
                     {{"data_collection", scalar_type(Kind::string)}, {"event_count", scalar_type(Kind::int64)}});
  return structure_type("io.debezium.connector.common.TransactionMetadataValue", 1, false,
                        {{"status", scalar_type(Kind::string)},
                         {"id", scalar_type(Kind::string)},
                         {"event_count", scalar_type(Kind::int64, true)},
                         {"data_collections", std::make_shared<const ConnectType>(std::move(collections))},
                         {"ts_ms", scalar_type(Kind::int64)}});
}

}  // namespace

ConnectTypeRef transaction_block_type() {
  return structure_type("event.block", 1, true,
                        {{"id", scalar_type(Kind::string)},
                         {"total_order", scalar_type(Kind::int64)},
                         {"data_collection_order", scalar_type(Kind::int64)}});
}

TransactionCount::TransactionCount(std::string topic)
    : topic_(std::move(topic)), key_(key_type()), value_(value_type()) {}

void TransactionCount::begin(const ChangePlace& place, bool goes_on) {
  transactions_.push_back({.id = fmt::format("{}:{}", place.xid, place.lsn),
                           .end_id = {},
                           .begin_ms = place.commit_us / 1000,
                           .collections = {},
                           .begun = !goes_on});
}

void TransactionCount::commit(const ChangePlace& place) {
  if (!counts()) return;
  transactions_.back().end_id = fmt::format("{}:{}", place.xid, place.commit_lsn);
  transactions_.back().end_ms = place.commit_us / 1000;
}

TransactionOrder TransactionCount::next(std::string_view collection) {
  if (!counts()) return {};
  Transaction& transaction = transactions_.back();
  auto found = std::ranges::find(transaction.collections, collection, &std::pair<std::string, std::int64_t>::first);
  if (found == transaction.collections.end())
    found = transaction.collections.insert(found, {std::string(collection), 0});
  return {.transaction = static_cast<std::int64_t>(transactions_.size() - 1),
          .total = ++transaction.events,
          .of_collection = ++found->second};
}

void TransactionCount::append_block(Column& block, const TransactionOrder& order) const {
  if (order.transaction < 0) return block.append_null();
  block.child(0).append_string(transactions_[static_cast<std::size_t>(order.transaction)].id);
  block.child(1).append(order.total);
  block.child(2).append(order.of_collection);
  block.append_structure();
}

ConnectRecords TransactionCount::take() {
  ConnectRecords records{.topic = topic_, .key_type = key_, .value_type = value_};
  auto key = std::make_shared<Column>(physical_type(*key_));
  auto value = std::make_shared<Column>(physical_type(*value_));
  auto put = [&](std::string_view status, std::string_view id, const Transaction* ended, std::int64_t ms) {
    key->child(0).append_string(id);
    key->append_structure();
    value->child(0).append_string(status);
    value->child(1).append_string(id);
    Column& collections = value->child(3);
    if (ended) {
      value->child(2).append(ended->events);
      Column& element = collections.child(0);
      for (const auto& [collection, events] : ended->collections) {
        element.child(0).append_string(collection);
        element.child(1).append(events);
        element.append_structure();
      }
      collections.append_list();
    } else {
      value->child(2).append_null();
      collections.append_null();
    }
    value->child(4).append(ms);
    value->append_structure();
    records.timestamps_ms.push_back(ms);
    ++records.size;
  };
  for (const Transaction& transaction : transactions_) {
    if (transaction.begun) put("BEGIN", transaction.id, nullptr, transaction.begin_ms);
    if (!transaction.end_id.empty()) put("END", transaction.end_id, &transaction, transaction.end_ms);
  }
  records.key = key;
  records.value = value;
  if (counts()) {
    transactions_.erase(transactions_.begin(), transactions_.end() - 1);
    transactions_.back().begun = false;
  } else {
    transactions_.clear();
  }
  return records;
}

}  // namespace levada
