#include "tests/debezium_events.h"

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "tests/skip.h"

namespace levada {
namespace {

std::string folder() {
  const char* named = std::getenv("LEVADA_DEBEZIUM_EVENTS");
  return named ? std::string(named) + "/" : LEVADA_ROOT "/../shared/peers/debezium/events/";
}

}  // namespace

std::vector<std::string> debezium_event_files() {
  std::vector<std::string> files;
  for (std::string_view variant : {"default", "string", "options", "unwrap-tombstone", "unwrap-drop", "unwrap-rewrite",
                                   "unwrap-rewrite-with-tombstone", "unwrap-delete-to-tombstone"})
    for (std::string_view server : {"postgres", "mariadb"})
      files.push_back(std::string(server) + "-" + std::string(variant));
  for (std::string_view variant : {"default", "string", "options", "unwrap-rewrite"})
    files.push_back("mysql-" + std::string(variant));
  return files;
}

std::optional<std::vector<DebeziumEvent>> read_debezium_events(const std::string& file) {
  auto text = read_file(real_files(), folder() + file + ".jsonl");
  if (!text) return std::nullopt;
  std::vector<DebeziumEvent> events;
  for (std::size_t at = 0; at < text->size();) {
    std::size_t end = std::min(text->find('\n', at), text->size());
    Json line = Json::parse(std::string_view(*text).substr(at, end - at)).value();
    DebeziumEvent event{.topic = line.text_of("topic")};
    for (const Json& header : *line.find("headers")->array())
      event.headers.emplace_back(header.text_of("key"), *header.find("value"));
    event.key = *line.find("key");
    event.value = *line.find("value");
    events.push_back(std::move(event));
    at = end + 1;
  }
  return events;
}

void skip_debezium_events() {
  skip_test("Debezium's events are not there (../shared/peers/debezium/events, or LEVADA_DEBEZIUM_EVENTS)");
}

bool same_json(const Json& a, const Json& b) {
  if (a.number() && b.number()) return *a.number() == *b.number() || a.real() == b.real();
  if (a.array() && b.array()) return std::ranges::equal(*a.array(), *b.array(), same_json);
  if (a.object() && b.object())
    return std::ranges::equal(*a.object(), *b.object(), [](const Json::Member& x, const Json::Member& y) {
      return x.first == y.first && same_json(x.second, y.second);
    });
  return a == b;
}

}  // namespace levada
