// Debezium as a peer: Kafka's broker, Connect and the connector, run by the scripts of the folder in LEVADA_DEBEZIUM
// (debezium/measure/measure) with a PostgreSQL of their own. Once only, as it takes a minute; its figures stand beside
// each run of ours.
#pragma once
#include <string>

#include "bench/pairs.h"

namespace levada::bench {

class Debezium {
 public:
  // `what` are the words for the script; empty: do not. Where it cannot be run that is said on standard error.
  Debezium(const std::string& id, const std::string& what);

  Side rate() const { return side(per_second_); }
  // Connect and the broker, in us for each record.
  double cpu_us() const { return cpu_us_; }

 private:
  std::string run(const std::string& what);
  Side side(double value) const;

  double per_second_ = 0, cpu_us_ = 0, cpu_seconds_ = 0;
};

}  // namespace levada::bench
