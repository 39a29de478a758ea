// Our envelopes against what Debezium recorded for the same SQL (../shared/peers/debezium/events, or LEVADA_DEBEZIUM).
//
// The part of the SQL above its mark is there before the source starts and comes by snapshot, the part below while it
// streams. What depends on clocks and positions is masked; every other difference stands in debezium/VARIANT.txt, a
// line each, in the words of docs/debezium-differences.md. LEVADA_WRITE_DEBEZIUM=1 writes those files.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "base/metrics.h"
#include "batch/number_text.h"
#include "connectors/connectors.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/url.h"
#include "connectors/transforms/chain.h"
#include "formats/connect_json.h"
#include "tests/live/postgres_stage.h"
#include "tests/skip.h"

namespace levada {
namespace {

std::string events_folder() {
  const char* given = std::getenv("LEVADA_DEBEZIUM");
  return given ? given : LEVADA_ROOT "/../shared/peers/debezium/events";
}

// ---- records, as the peers' capture wrote them ----

struct Event {
  Json key, value;      // null, or {"schema": …, "payload": …}
  std::string headers;  // those that depend on the change
  void add_header(std::string_view name, std::string_view said) {
    headers += std::string(headers.empty() ? "" : " ") + std::string(name) + "=" + std::string(said);
  }
  std::string op() const {
    const Json* payload = value.find("payload");
    return payload && !payload->is_null() ? payload->text_of("op") : "tombstone";
  }
};
using Events = std::map<std::string, std::vector<Event>>;  // by topic

bool is_volatile(std::string_view path, std::string_view name) {
  static const std::set<std::string_view> of_source = {"ts_ms", "ts_us", "ts_ns", "lsn", "txId", "xmin", "sequence"};
  static const std::set<std::string_view> of_event = {"ts_ms", "ts_us", "ts_ns"};
  if (path == "payload.source") return of_source.contains(name);
  if (path == "payload") return of_event.contains(name);
  return path == "payload.transaction" && name == "id";
}

// Members in the order of their names, numbers by value, what is volatile as "*" where it is there; a snapshot has no
// transaction, though Debezium gives it one.
Json canonical(const Json& json, bool is_transaction, const std::string& path = "") {
  if (const auto* object = json.object()) {
    Json::Object sorted;
    for (const auto& [name, value] : *object) {
      bool masked = is_volatile(path, name) && !value.is_null();
      if (name == "txId" && json.text_of("snapshot") != "false") continue;
      if (path == "payload" && name == "id" && is_transaction) masked = true;
      sorted.emplace_back(
          name, masked ? Json("*") : canonical(value, is_transaction, path.empty() ? name : path + "." + name));
    }
    std::ranges::sort(sorted, {}, &Json::Member::first);
    return sorted;
  }
  if (const auto* array = json.array()) {
    Json::Array all;
    for (const Json& value : *array) all.push_back(canonical(value, is_transaction, path + "[]"));
    // Of no order in Debezium.
    if (path == "payload.data_collections") std::ranges::sort(all, {}, [](const Json& v) { return v.text(); });
    return all;
  }
  if (const auto* number = json.number(); number && number->text.find_first_of(".eE") != std::string::npos) {
    char digits[max_double_text];
    char* end = put_double(digits, parse_double(number->text).value());
    return JsonNumber{std::string(digits, end)};
  }
  return json;
}

// Those that say something of the change or of what a transform has added.
bool is_compared(std::string_view header) {
  return header.ends_with("key") || (header.starts_with("__") && !header.starts_with("__debezium.context"));
}

Events recorded(const std::string& variant) {
  Events events;
  std::string text = read_file(real_files(), events_folder() + "/postgres-" + variant + ".jsonl").value();
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find('\n', at);
    Json line = Json::parse(std::string_view(text).substr(at, end - at)).value();
    bool transaction = line.text_of("topic").ends_with(".transaction");
    Event event{canonical(*line.find("key"), transaction), canonical(*line.find("value"), transaction), {}};
    for (const Json& header : *line.find("headers")->array())
      if (is_compared(header.text_of("key"))) event.add_header(header.text_of("key"), header.text_of("value"));
    events[line.text_of("topic")].push_back(std::move(event));
    at = end + 1;
  }
  return events;
}

// ---- ours ----

class Capture {
 public:
  // The transforms of each variant are applied to what the one source reads.
  Capture(const Properties& more, const std::map<std::string, Properties>& transforms) {
    OptionNotes notes;
    for (const auto& [variant, properties] : transforms) {
      auto chain = TransformChain::make(properties, notes);
      REQUIRE_MESSAGE(chain, chain.error().text());
      chains_.emplace(variant, *std::move(chain));
    }
    auto address = parse_postgres_url(std::getenv("LEVADA_POSTGRES_URL")).value();
    auto server = PostgresConnection::open(address, "levada live test").value();
    for (const char* statement :
         {"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'debezium_test'",
          "DROP DATABASE IF EXISTS inventory WITH (FORCE)", "CREATE DATABASE inventory"})
      REQUIRE(server->query(statement));
    address.set("dbname", "inventory");
    connection_ = PostgresConnection::open(address, "levada live test").value();

    properties_ = {{"connection.url", std::getenv("LEVADA_POSTGRES_URL")},
                   {"database.dbname", "inventory"},
                   {"topic.prefix", "shop"},
                   {"slot.name", "debezium_test"},
                   {"publication.name", "debezium_test"}};
    for (const Property& property : more) properties_.push_back(property);
  }
  ~Capture() {
    source_.reset();
    auto server =
        PostgresConnection::open(parse_postgres_url(std::getenv("LEVADA_POSTGRES_URL")).value(), "levada live test");
    if (!server) return;
    connection_.reset();
    for (const char* statement :
         {"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'debezium_test' AND "
          "active",
          "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'debezium_test'",
          "DROP DATABASE IF EXISTS inventory WITH (FORCE)"})
      (void)(*server)->query(statement);
  }

  // Each statement by itself; where the script sleeps, the source catches up instead.
  void run(std::string_view script) {
    std::string statement;
    bool quoted = false;
    for (std::size_t i = 0; i < script.size(); ++i) {
      char c = script[i];
      if (!quoted && script.substr(i, 2) == "--") {
        i = std::min(script.find('\n', i), script.size());
        continue;
      }
      if (c == '\'') quoted = !quoted;
      if (c != ';' || quoted) {
        statement += c;
        continue;
      }
      if (statement.find("pg_sleep") != std::string::npos) {
        catch_up();
      } else {
        auto done = connection_->query(statement);
        REQUIRE_MESSAGE(done, statement << done.error().text());
      }
      statement.clear();
    }
  }

  void start() {
    SourceContext context{.name = "SHOP",
                          .properties = properties_,
                          .form = RecordForm::connect,
                          .files = &real_files(),
                          .clock = &real_clock(),
                          .logger = &silent_logger(),
                          .metrics = &metrics_};
    auto source = find_source("postgres").value()->make_source(std::move(context));
    REQUIRE_MESSAGE(source, source.error().text());
    source_ = std::move(*source);
    auto started = source_->start(std::nullopt);
    REQUIRE_MESSAGE(started, started.error().text());
  }

  // Until nothing has come for a while, in tenths of a second.
  void catch_up(int long_enough = 6) {
    if (!source_) return;
    for (int quiet = 0; quiet < long_enough;) {
      auto read = source_->read({}, std::chrono::milliseconds(100));
      REQUIRE_MESSAGE(read, read.error().text());
      quiet = read->records.empty() && read->rejected.empty() ? quiet + 1 : 0;
      CHECK(read->parts.empty());
      for (auto& [variant, chain] : chains_) {
        std::vector<ConnectRecords> transformed = read->records;
        std::vector<DeadLetter> letters = read->rejected;
        chain.apply(transformed, letters);
        for (const ConnectRecords& records : transformed) take(records, events[variant]);
        for (const DeadLetter& letter : letters) rejected[variant].push_back(letter.topic + ": " + letter.cause);
      }
      if (read->position) REQUIRE(source_->acknowledge(*read->position));
    }
  }

  std::map<std::string, Events> events;  // by variant
  std::map<std::string, std::vector<std::string>> rejected;

 private:
  static Json json(const ConnectTypeRef& type, const ColumnRef& column, std::uint32_t row, bool transaction) {
    if (!type || !column || column->is_null(row)) return nullptr;
    Buffer out;
    REQUIRE(ConnectJsonWriter(*type, {}).append(out, *column, row));
    return canonical(Json::parse(out.view()).value(), transaction);
  }

  static void take(const ConnectRecords& records, Events& out) {
    for (std::uint32_t row = 0; row < records.size; ++row) {
      bool transaction = records.topic.ends_with(".transaction");
      Event event{json(records.key_type, records.key, row, transaction),
                  json(records.value_type, records.value, row, transaction),
                  {}};
      if (!records.headers.empty() && !records.headers[row].empty()) {
        const std::vector<Header> headers = parse_headers(records.headers[row]).value();
        for (const Header& header : headers)
          if (is_compared(header.name)) event.add_header(header.name, header.value.view());
      }
      out[records.topic].push_back(std::move(event));
    }
  }

  std::map<std::string, TransformChain> chains_;
  std::unique_ptr<PostgresConnection> connection_;
  Properties properties_;
  Metrics metrics_;
  std::unique_ptr<Source> source_;
};

// ---- what is different ----

std::string cut(const std::string& text) { return text.size() <= 160 ? text : text.substr(0, 160) + "…"; }

// Transactions of which nothing was captured come or do not, by the server's version and the publication.
void drop_empty_transactions(Events& events) {
  auto topic = events.find("shop.transaction");
  if (topic == events.end()) return;
  std::vector<Event> kept;
  for (Event& event : topic->second) {
    const Json* count = event.value.find("payload")->find("event_count");
    if (count && count->integer() == 0)
      kept.pop_back();
    else
      kept.push_back(std::move(event));
  }
  topic->second = std::move(kept);
}

void compare(const std::string& path, const Json* theirs, const Json* ours, std::vector<std::string>& out) {
  if (theirs && ours && *theirs == *ours) return;
  if (theirs && ours && theirs->object() && ours->object()) {
    std::set<std::string> names;
    for (const Json* side : {theirs, ours})
      for (const auto& [name, value] : *side->object()) names.insert(name);
    for (const std::string& name : names) compare(path + "." + name, theirs->find(name), ours->find(name), out);
    return;
  }
  // Fields of a structure by their name, other arrays as a whole.
  if (theirs && ours && theirs->array() && ours->array() && path.ends_with("fields")) {
    std::set<std::string> names;
    std::map<std::string, const Json*> left, right;
    for (const Json& field : *theirs->array()) left[field.text_of("field")] = &field;
    for (const Json& field : *ours->array()) right[field.text_of("field")] = &field;
    for (const auto& side : {left, right})
      for (const auto& [name, field] : side) names.insert(name);
    for (const std::string& name : names)
      compare(path + "." + name, left.contains(name) ? left[name] : nullptr,
              right.contains(name) ? right[name] : nullptr, out);
    return;
  }
  out.push_back(path + ": " + (theirs ? cut(theirs->text()) : "-") + " => " + (ours ? cut(ours->text()) : "-"));
}

// What a record is about, to find its partner.
std::string identity(const Event& event) {
  const Json* payload = event.value.find("payload");
  std::string text = event.op();
  if (const Json* tables = payload ? payload->find("data_collections") : nullptr) {
    text += tables->text();
    std::size_t message = text.find("io.debezium.connector.postgresql.LogicalDecodingMessageMonitor");
    if (message != text.npos) text.replace(message, text.find('"', message) - message, "message");
  }
  bool bare = payload && !payload->find("op") && !payload->find("status");  // without an envelope
  if (const Json* id = bare ? payload->find("id") : nullptr) text += " " + id->text();
  for (const char* side : {"before", "after"})
    if (const Json* row = payload ? payload->find(side) : nullptr; row && row->find("id"))
      text += " " + row->find("id")->text();
  return text;
}

// Pairs of records, in order: the longest common sequence of identities; what is left between two of those by its
// place, where it is as many on both sides. -1: no partner.
std::vector<std::pair<int, int>> aligned(const std::vector<Event>& left, const std::vector<Event>& right) {
  std::vector<std::string> a, b;
  for (const Event& event : left) a.push_back(identity(event));
  for (const Event& event : right) b.push_back(identity(event));
  std::vector<std::vector<int>> length(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      length[i][j] = a[i] == b[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
  std::vector<std::pair<int, int>> pairs;
  std::size_t i = 0, j = 0, from_i = 0, from_j = 0;
  auto rest = [&] {
    bool paired = i - from_i == j - from_j;
    for (; from_i < i; ++from_i) pairs.emplace_back(from_i, paired ? static_cast<int>(from_j++) : -1);
    for (; from_j < j; ++from_j) pairs.emplace_back(-1, from_j);
  };
  while (i < a.size() && j < b.size()) {
    if (a[i] == b[j]) {
      rest();
      pairs.emplace_back(i, j);
      from_i = ++i;
      from_j = ++j;
    } else if (length[i + 1][j] >= length[i][j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
  i = a.size();
  j = b.size();
  rest();
  return pairs;
}

std::vector<std::string> differences(const Events& theirs, const Events& ours) {
  std::set<std::string> topics, schemas;
  for (const auto* side : {&theirs, &ours})
    for (const auto& [topic, events] : *side) topics.insert(topic);
  std::vector<std::string> out;
  for (const std::string& topic : topics) {
    static const std::vector<Event> none;
    const auto& left = theirs.contains(topic) ? theirs.at(topic) : none;
    const auto& right = ours.contains(topic) ? ours.at(topic) : none;
    for (auto [i, j] : aligned(left, right)) {
      std::string place = topic + " " + std::to_string(i < 0 ? j : i);
      if (i < 0 || j < 0) {
        const Event& event = i < 0 ? right[static_cast<std::size_t>(j)] : left[static_cast<std::size_t>(i)];
        out.push_back(place + (i < 0 ? ": no record => " : ": ") + cut(identity(event)) +
                      (j < 0 ? " => no record" : ""));
        continue;
      }
      const Event &a = left[static_cast<std::size_t>(i)], &b = right[static_cast<std::size_t>(j)];
      std::vector<std::string> found;
      compare("key", &a.key, &b.key, found);
      compare("value", &a.value, &b.value, found);
      if (a.headers != b.headers) found.push_back("headers: " + a.headers + " => " + b.headers);
      // A schema is said once for a topic, not once for a record and for both of its rows.
      for (std::string& line : found) {
        bool of_schema = line.starts_with("value.schema") || line.starts_with("key.schema");
        if (std::size_t before = line.find(".fields.before."); of_schema && before != line.npos)
          line.replace(before, 15, ".fields.after.");
        if (!of_schema)
          out.push_back(place + " " + line);
        else if (schemas.insert(topic + line).second)
          out.push_back(topic + " " + line);
      }
    }
  }
  return out;
}

using Variants = std::map<std::string, Properties>;  // and their transforms

void check_variants(const Variants& variants, const Properties& properties) {
  if (!std::getenv("LEVADA_POSTGRES_URL")) return skip_test("LEVADA_POSTGRES_URL is not set");
  auto script = read_file(real_files(), events_folder() + "/postgres.sql");
  if (!script)
    return skip_test("Debezium's events are not there (../shared/peers/debezium/events, or LEVADA_DEBEZIUM)");
  std::size_t mark = script->find("\n-- == stream ==");
  if (auto stage = PostgresStage::open(); stage->release() < 15)
    return skip_test("the script has types of PostgreSQL 15: numeric(3, -2)");
  REQUIRE(mark != std::string::npos);

  Capture capture(properties, variants);
  capture.run(std::string_view(*script).substr(0, mark));
  capture.start();
  capture.catch_up();
  capture.run(std::string_view(*script).substr(mark));
  capture.catch_up(12);

  for (const auto& [variant, transforms] : variants) {
    CAPTURE(variant);
    std::string found;
    Events theirs = recorded(variant), &ours = capture.events[variant];
    drop_empty_transactions(theirs);
    drop_empty_transactions(ours);
    for (const std::string& line : differences(theirs, ours)) found += line + "\n";
    for (const std::string& line : capture.rejected[variant]) found += "dead letter " + line + "\n";
    const std::string path = LEVADA_ROOT "/tests/live/debezium/" + variant + ".txt";
    if (std::getenv("LEVADA_WRITE_DEBEZIUM")) REQUIRE(replace_file(real_files(), path, found));
    auto known = read_file(real_files(), path);
    REQUIRE(known);
    CHECK(found == *known);
  }
}

Properties unwrapped(const std::string& mode, bool adds) {
  Properties properties = {{"transforms", "unwrap"},
                           {"transforms.unwrap.type", "io.debezium.transforms.ExtractNewRecordState"},
                           {"transforms.unwrap.delete.tombstone.handling.mode", mode}};
  if (adds) {
    properties.push_back({"transforms.unwrap.add.fields", "op,table,source.snapshot"});
    properties.push_back({"transforms.unwrap.add.headers", "op,db"});
  }
  return properties;
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("debezium: records of the default settings are Debezium's, but for what it gets wrong; unwrapped too") {
    check_variants({{"default", {}},
                    {"unwrap-tombstone", unwrapped("tombstone", false)},
                    {"unwrap-drop", unwrapped("drop", true)},
                    {"unwrap-rewrite", unwrapped("rewrite", true)},
                    {"unwrap-rewrite-with-tombstone", unwrapped("rewrite-with-tombstone", true)},
                    {"unwrap-delete-to-tombstone", unwrapped("delete-to-tombstone", true)}},
                   {});
  }
  TEST_CASE("debezium: so they are with numbers as texts, times as Connect has them, and truncations") {
    check_variants(
        {{"string", {}}},
        {{"decimal.handling.mode", "string"}, {"time.precision.mode", "connect"}, {"skipped.operations", "none"}});
  }
  TEST_CASE("debezium: so they are with doubles, base64, ISO texts, keys of one's own and transactions") {
    check_variants({{"options", {}}}, {{"decimal.handling.mode", "double"},
                                       {"binary.handling.mode", "base64"},
                                       {"tombstones.on.delete", "false"},
                                       {"provide.transaction.metadata", "true"},
                                       {"message.key.columns", "inventory.no_key:a;inventory.keyed:name"},
                                       {"column.exclude.list", "inventory.composite.note"},
                                       {"time.precision.mode", "isostring"},
                                       {"interval.handling.mode", "string"},
                                       {"publication.autocreate.mode", "filtered"},
                                       {"table.exclude.list", "inventory.types_misc"},
                                       {"column.mask.hash.SHA-256.with.salt.s", "inventory.evolve.a"}});
  }
}

}  // namespace levada
