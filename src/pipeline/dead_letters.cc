#include "pipeline/dead_letters.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "log/each_record.h"

namespace levada {
namespace {

constexpr std::string_view prefix = "__connect.errors.";

std::int64_t number(std::string_view text) {
  std::int64_t v = -1;
  std::from_chars(text.data(), text.data() + text.size(), v);
  return v;
}

Text text_of(const std::optional<std::string>& bytes) { return bytes ? Text(*bytes) : Text(); }

std::optional<std::string> copy(const Text& text) {
  if (text.is_null()) return std::nullopt;
  return std::string(text.view());
}

Result<StoredDeadLetter> read_letter(const Record& record) {
  StoredDeadLetter stored{.offset = record.offset, .written_ms = record.timestamp_ms};
  DeadLetter& letter = stored.letter;
  letter.key = copy(record.key);
  letter.value = copy(record.value);
  const std::vector<Header> headers = LV_TRY(parse_headers(record.headers));
  for (std::size_t i = 0; i < headers.size(); ++i) {
    std::string_view name = headers[i].name, value = headers[i].value.view();
    if (name == "levada.origin") letter.origin = value;
    if (name == "levada.refusals") letter.refusals = number(value);
    if (name == "levada.replay.of") letter.replay_of = value;
    if (name == "levada.timestamp") {
      letter.timestamp_ms = number(value);
      if (i + 1 < headers.size()) append_headers(letter.headers, std::span(headers).subspan(i + 1));
      break;  // ours are no more
    }
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    if (name == "connector.name")
      stored.object = value;
    else if (name == "stage")
      letter.stage = value;
    else if (name == "exception.message")
      letter.cause = value;
    else if (name == "topic")
      letter.topic = value;
    else if (name == "partition")
      letter.partition = static_cast<std::int32_t>(number(value));
    else if (name == "offset")
      letter.offset = number(value);
  }
  return stored;
}

}  // namespace

TopicConfig dead_letter_topic_config() { return {.partitions = 1, .retention_ms = -1}; }

void append_dead_letters(const std::string& topic, const std::string& object, std::span<const DeadLetter> letters,
                         std::int64_t now_ms, Transaction& transaction) {
  if (letters.empty()) return;
  RecordBatchBuilder records;
  std::string headers;
  for (const DeadLetter& letter : letters) {
    std::string partition = std::to_string(letter.partition), offset = std::to_string(letter.offset),
                timestamp = std::to_string(letter.timestamp_ms);
    std::vector<Header> list = {{"__connect.errors.connector.name", std::string_view(object)},
                                {"__connect.errors.stage", std::string_view(letter.stage)},
                                {"__connect.errors.exception.message", std::string_view(letter.cause)}};
    if (!letter.topic.empty()) list.push_back({"__connect.errors.topic", std::string_view(letter.topic)});
    if (letter.partition >= 0) {
      list.push_back({"__connect.errors.partition", std::string_view(partition)});
      list.push_back({"__connect.errors.offset", std::string_view(offset)});
    }
    if (!letter.origin.empty()) list.push_back({"levada.origin", std::string_view(letter.origin)});
    const std::string refusals = std::to_string(letter.refusals);
    if (letter.refusals > 0) list.push_back({"levada.refusals", std::string_view(refusals)});
    if (!letter.replay_of.empty()) list.push_back({"levada.replay.of", std::string_view(letter.replay_of)});
    list.push_back({"levada.timestamp", std::string_view(timestamp)});
    if (!letter.headers.empty())
      if (auto own = parse_headers(letter.headers)) list.insert(list.end(), own->begin(), own->end());
    headers.clear();
    append_headers(headers, list);
    records.add(now_ms, text_of(letter.key), text_of(letter.value), headers);
    if (records.bytes() > (256 << 10)) {
      transaction.append({topic, 0}, records.finish());
      records.clear();
    }
  }
  if (!records.empty()) transaction.append({topic, 0}, records.finish());
}

LetterName name_of(const DeadLetter& letter) {
  return {letter.topic, letter.partition, letter.offset, letter.timestamp_ms, letter.replay_of};
}

Result<std::vector<StoredDeadLetter>> read_dead_letters(Log& log, const std::string& topic, Offset from) {
  std::vector<StoredDeadLetter> letters;
  if (!log.topic(topic)) return letters;
  OffsetRange range = LV_TRY(log.offsets({topic, 0}));
  std::set<std::pair<std::string, LetterName>> seen;
  LV_TRY(each_record(log, {topic, 0}, std::clamp(from, range.first, range.end), to_the_end,
                     [&](const Record& record) -> Result<void> {
                       StoredDeadLetter stored = LV_TRY(read_letter(record));
                       if (stored.letter.offset < 0 || seen.emplace(stored.object, name_of(stored.letter)).second)
                         letters.push_back(std::move(stored));
                       return {};
                     }));
  return letters;
}

DeadLetterReport report_of(StoredDeadLetter stored) {
  DeadLetter& letter = stored.letter;
  return {.number = stored.offset.value(),
          .written_ms = stored.written_ms,
          .object = std::move(stored.object),
          .stage = std::move(letter.stage),
          .cause = std::move(letter.cause),
          .origin = std::move(letter.origin),
          .topic = std::move(letter.topic),
          .partition = letter.partition,
          .offset = letter.offset,
          .key = std::move(letter.key),
          .value = std::move(letter.value),
          .refusals = letter.refusals,
          .replay_of = std::move(letter.replay_of)};
}

}  // namespace levada
