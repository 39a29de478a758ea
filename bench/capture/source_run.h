// `levada run` with the WAL source alone, from its start until it has caught up and everything is durable.
#pragma once
#include <cstdint>
#include <string>

#include "bench/capture/server.h"
#include "bench/program.h"
#include "bench/scratch.h"

namespace levada::bench {

class SourceRun {
 public:
  // More properties of the connector, as SQL. Slot and publication are called levada_bench unless they say otherwise.
  SourceRun(const Server& server, const std::string& properties, const std::string& slot = "levada_bench");
  ~SourceRun();

  void run();
  // In all topics of the log.
  std::int64_t records() const;
  double peak_mb() const { return ran_.peak_mb; }

 private:
  const Server& server_;
  const std::string slot_;
  Scratch scratch_;
  Ran ran_;
};

}  // namespace levada::bench
