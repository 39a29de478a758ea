// A change of a sink's retry queue, as its topic holds it: a record with the original's key and, where it brings the
// record, its value and headers. In front of those stands one header of ours; one of the same name behind it is the
// original's own and says nothing here.
//
//   levada.retry   {"what":"parked","topic":"orders","partition":0,"offset":12,"time":…,"refusals":1,"due":…,
//                   "cause":"…","follows":4,"from":4}
//
// Changes of a round of the sink say how far the target had this topic when the round began (`follows`), and where the
// topic ended (`from`): what lies in between belongs to rounds that never came about (docs/decisions/0012-retries.md).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "log/log.h"
#include "log/record_batch.h"

namespace levada {

struct RetryChange {
  enum class What : std::uint8_t {
    parked,    // waits from now on, behind what waits of its key; brings the record
    replayed,  // likewise, but from a dead letter and not from a round: it stands whatever became of the rounds around
               // it
    refused,   // once more
    gone,      // written, or a dead letter now
  };
  What what = What::parked;
  TopicPartition partition;  // where the original stands
  Offset offset;
  std::int64_t timestamp_ms = 0;  // the original's
  std::int64_t refusals = 0;
  std::int64_t due_ms = 0;
  std::string cause;
  Offset follows, from;   // not of `replayed`
  std::string replay_of;  // of `replayed`: the dead letter, "_dead_letters 3"
  Offset at;              // of the change itself; set by read_retry_change
  std::optional<std::string> key;
  bool deletion = false;  // the record has no value; set by read_retry_change
};

// One partition, kept for ever: what waits must not go.
TopicConfig retry_topic_config();

// `value` and `headers` (in stored form, or empty) are the original's; of `parked` and `replayed`.
void append_retry_change(RecordBatchBuilder& records, const RetryChange& change, std::int64_t now_ms, Text value = {},
                         std::string_view headers = {});
// nullopt: the record is none of ours.
std::optional<RetryChange> read_retry_change(const Record& record);
// The original's headers of a change that brings a record, in stored form; empty for none.
std::string original_headers(std::string_view headers);

// Those that count when the target has the topic up to `stored`: of rounds that came about, and replays, also those
// behind it. In the order of the topic.
std::vector<RetryChange> effective_changes(std::vector<RetryChange> changes, Offset stored);

}  // namespace levada
