#include "connectors/postgres/logical_messages.h"

#include "connectors/postgres/binary_value.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

ConnectTypeRef key_type() {
  return structure_type("io.debezium.connector.postgresql.MessageKey", 1, false,
                        {{"prefix", scalar_type(Kind::string, true)}});
}

ConnectTypeRef value_type(Kind content) {
  return structure_type("io.debezium.connector.postgresql.MessageValue", 1, false,
                        {{"op", scalar_type(Kind::string)},
                         {"ts_ms", scalar_type(Kind::int64, true)},
                         {"source", source_type()},
                         {"transaction", transaction_block_type()},
                         {"message", structure_type("io.debezium.connector.postgresql.Message", 1, false,
                                                    {{"prefix", scalar_type(Kind::string, true)},
                                                     {"content", scalar_type(content, true)}})}});
}

}  // namespace

LogicalMessages::LogicalMessages(std::string topic, ValueModes::Binary binary)
    : topic_(std::move(topic)),
      binary_(binary),
      key_(key_type()),
      value_(value_type(binary == ValueModes::Binary::bytes ? Kind::bytes : Kind::string)) {}

ConnectRecords LogicalMessages::take(const SourceBlock& source, const TransactionCount& count) {
  ConnectRecords records{
      .topic = topic_, .key_type = key_, .value_type = value_, .size = static_cast<std::uint32_t>(messages_.size())};
  auto key = std::make_shared<Column>(physical_type(*key_));
  auto value = std::make_shared<Column>(physical_type(*value_));
  for (const LogicalMessage& message : messages_) {
    key->child(0).append_string(message.prefix);
    key->append_structure();
    value->child(0).append_string("m");
    value->child(1).append(message.seen_us / 1000);
    source.append(value->child(2), nullptr, message.place, SnapshotMark::no, message.transactional);
    count.append_block(value->child(3), message.order);
    Column& body = value->child(4);
    body.child(0).append_string(message.prefix);
    Column& content = body.child(1);
    content.append(binary_value(content.keep(message.content).view(), binary_, content.arena()));
    body.append_structure();
    value->append_structure();
    records.timestamps_ms.push_back(message.place.commit_us / 1000);
  }
  records.key = key;
  records.value = value;
  messages_.clear();
  return records;
}

}  // namespace levada
