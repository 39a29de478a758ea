#include "pipeline/retry_change.h"

#include <algorithm>
#include <array>

#include "base/json.h"

namespace levada {
namespace {

constexpr std::string_view header_name = "levada.retry";
constexpr std::array<std::string_view, 4> names = {"parked", "replayed", "refused", "gone"};

}  // namespace

TopicConfig retry_topic_config() { return {.partitions = 1, .retention_ms = -1}; }

void append_retry_change(RecordBatchBuilder& records, const RetryChange& change, std::int64_t now_ms, Text value,
                         std::string_view headers) {
  Json json;
  json.set("what", names[static_cast<std::size_t>(change.what)]).set("topic", change.partition.topic);
  json.set("partition", change.partition.partition).set("offset", change.offset.value());
  if (change.what != RetryChange::What::gone) {
    json.set("time", change.timestamp_ms).set("refusals", change.refusals).set("due", change.due_ms);
    json.set("cause", change.cause);
  }
  if (change.what == RetryChange::What::replayed)
    json.set("of", change.replay_of);
  else
    json.set("follows", change.follows.value()).set("from", change.from.value());
  const std::string text = json.text();
  std::vector<Header> list = {{header_name, Text(text)}};
  if (!headers.empty())
    if (auto own = parse_headers(headers)) list.insert(list.end(), own->begin(), own->end());
  std::string bytes;
  append_headers(bytes, list);
  records.add(now_ms, change.key ? Text(*change.key) : Text(), value, bytes);
}

std::optional<RetryChange> read_retry_change(const Record& record) {
  auto headers = parse_headers(record.headers);
  if (!headers || headers->empty() || headers->front().name != header_name) return std::nullopt;
  auto json = Json::parse(headers->front().value.view());
  if (!json) return std::nullopt;
  auto what = std::ranges::find(names, json->text_of("what"));
  auto integer = [&](std::string_view name) {
    const Json* member = json->find(name);
    return member ? member->integer().value_or(-1) : -1;
  };
  RetryChange change{.partition = {json->text_of("topic"), static_cast<std::int32_t>(integer("partition"))},
                     .offset = Offset(integer("offset")),
                     .timestamp_ms = integer("time"),
                     .refusals = integer("refusals"),
                     .due_ms = integer("due"),
                     .cause = json->text_of("cause"),
                     .follows = Offset(integer("follows")),
                     .from = Offset(integer("from")),
                     .replay_of = json->text_of("of"),
                     .at = record.offset,
                     .deletion = record.value.is_null()};
  if (what == names.end() || change.partition.topic.empty() || change.partition.partition < 0 ||
      change.offset.value() < 0)
    return std::nullopt;
  change.what = static_cast<RetryChange::What>(what - names.begin());
  if (!record.key.is_null()) change.key = std::string(record.key.view());
  return change;
}

std::string original_headers(std::string_view headers) {
  std::string bytes;
  auto list = parse_headers(headers);
  if (list && list->size() > 1) append_headers(bytes, std::span(*list).subspan(1));
  return bytes;
}

std::vector<RetryChange> effective_changes(std::vector<RetryChange> changes, Offset stored) {
  std::vector<RetryChange> effective;
  Offset follows, from;
  for (RetryChange& change : changes) {
    const bool replayed = change.what == RetryChange::What::replayed;
    if (!replayed && change.at >= stored) continue;  // its round never came about
    if (!replayed && (change.follows != follows || change.from != from)) {
      follows = change.follows;
      from = change.from;
      std::erase_if(effective, [&](const RetryChange& earlier) {
        return earlier.what != RetryChange::What::replayed && earlier.at >= follows && earlier.at < from;
      });
    }
    effective.push_back(std::move(change));
  }
  return effective;
}

}  // namespace levada
