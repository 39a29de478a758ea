// The dead letter topics: records that could not be read, decoded, checked or written, with their original bytes as key
// and value, and what is known of them in headers. Connect's header names where it has one:
//
//   __connect.errors.connector.name   the object that gave up on it
//   __connect.errors.stage            read, decode, check, encode, write
//   __connect.errors.exception.message the cause
//   __connect.errors.topic, .partition, .offset   where the record stood, if it stood in the log
//   levada.origin                     where it came from outside the log: a file and row
//   levada.refusals                   how often the target has refused it
//   levada.replay.of                  the dead letter that it was before it was replayed
//   levada.timestamp                  of the original; behind it stand the original's own headers, which say nothing
//   here
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/dead_letter.h"
#include "levada/levada.h"
#include "log/log.h"
#include "log/record_batch.h"

namespace levada {

inline constexpr std::string_view dead_letter_topic = "_dead_letters";
// One partition, kept for ever.
TopicConfig dead_letter_topic_config();

// Puts the letters into the transaction that makes us forget the originals.
void append_dead_letters(const std::string& topic, const std::string& object, std::span<const DeadLetter> letters,
                         std::int64_t now_ms, Transaction& transaction);

// Tells a letter of an object from all others of it: which record, and which of its replays. With its time, as a topic
// that was made anew begins with offset 0 again.
struct LetterName {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string replay_of;
  auto operator<=>(const LetterName&) const = default;
};
LetterName name_of(const DeadLetter& letter);

struct StoredDeadLetter {
  Offset offset;  // in the dead letter topic: its number in `levada dlq`
  std::int64_t written_ms = 0;
  std::string object;
  DeadLetter letter;
};
// All letters of the topic, or those from an offset on. Each is given once, however often it was told.
Result<std::vector<StoredDeadLetter>> read_dead_letters(Log& log, const std::string& topic, Offset from = Offset(0));
// As the library tells it; whether it was replayed is not known here.
DeadLetterReport report_of(StoredDeadLetter stored);

}  // namespace levada
