// A record that could not be read, decoded, computed or written: its bytes, why, and where it came from. It goes to the
// dead letter topic (pipeline/dead_letters.h) before anything that makes us forget the original is committed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace levada {

struct DeadLetter {
  std::string stage;   // read, decode, check, encode, write
  std::string cause;   // one line for a person: "Salary: 'abc' is not a number"
  std::string origin;  // "/in/salaries.csv row 17"; empty for records of the log, whose place follows
  std::string topic;   // empty for records that never were in the log
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key, value;  // the original bytes
  std::string headers;                    // of the original, in the log's form (log/record_batch.h); empty: none
  std::int64_t refusals = 0;              // by a target, the attempts that followed the first included; 0: none
  std::string replay_of;                  // the dead letter that this one was before: "_dead_letters 3"
};

}  // namespace levada
