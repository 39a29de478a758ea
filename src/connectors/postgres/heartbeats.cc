#include "connectors/postgres/heartbeats.h"

namespace levada {

using Kind = ConnectType::Kind;

Heartbeats::Heartbeats(std::string topic, std::string name)
    : topic_(std::move(topic)),
      name_(std::move(name)),
      key_(structure_type("io.debezium.connector.common.ServerNameKey", 1, false,
                          {{"serverName", scalar_type(Kind::string)}})),
      value_(
          structure_type("io.debezium.connector.common.Heartbeat", 1, false, {{"ts_ms", scalar_type(Kind::int64)}})) {}

ConnectRecords Heartbeats::take() {
  auto key = std::make_shared<Column>(physical_type(*key_));
  auto value = std::make_shared<Column>(physical_type(*value_));
  for (std::int64_t ms : beats_ms_) {
    key->child(0).append_string(name_);
    key->append_structure();
    value->child(0).append(ms);
    value->append_structure();
  }
  ConnectRecords records{.topic = topic_,
                         .key_type = key_,
                         .value_type = value_,
                         .size = static_cast<std::uint32_t>(beats_ms_.size()),
                         .key = key,
                         .value = value};
  records.timestamps_ms.swap(beats_ms_);
  return records;
}

}  // namespace levada
