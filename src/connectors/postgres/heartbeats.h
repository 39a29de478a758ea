// Signs of life as Debezium's records: key {"serverName": …}, value {"ts_ms": …}. One thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/connect_records.h"

namespace levada {

class Heartbeats {
 public:
  // `name` is topic.prefix.
  Heartbeats(std::string topic, std::string name);

  void add(std::int64_t ms) { beats_ms_.push_back(ms); }
  bool empty() const { return beats_ms_.empty(); }
  ConnectRecords take();

 private:
  const std::string topic_, name_;
  const ConnectTypeRef key_, value_;
  std::vector<std::int64_t> beats_ms_;
};

}  // namespace levada
