#include "registry/schema_topic.h"

#include <doctest/doctest.h>

#include <thread>

#include "log/log_fixture.h"
#include "tests/every_call.h"

namespace levada {
namespace {

std::unique_ptr<SchemaStore> open_store(Log& log, bool read_only = false) {
  return must(open_schema_topic(log, read_only));
}

std::string newest(SchemaStore& store, const std::string& subject) {
  auto found = must(store.latest(subject));
  if (!found) return "none";
  return std::to_string(found->id) + " v" + std::to_string(found->version) + " " + found->text;
}

}  // namespace

TEST_SUITE("registry") {
  TEST_CASE("ids count from 1 and belong to the text; versions count within the subject") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto log = open_log(files);
    auto store = open_store(*log);
    CHECK(newest(*store, "a-value") == "none");
    CHECK(!log->topic("_schemas"));
    CHECK(must(store->put("a-value", "\"int\"")) == 1);
    CHECK(must(store->put("a-value", "\"long\"")) == 2);
    CHECK(must(store->put("b-value", "\"long\"")) == 2);
    CHECK(must(store->put("b-value", "\"string\"")) == 3);
    CHECK(must(store->put("a-value", "\"int\"")) == 1);  // there already
    CHECK(newest(*store, "a-value") == "2 v2 \"long\"");
    CHECK(newest(*store, "b-value") == "3 v2 \"string\"");
    CHECK(must(store->schema(1)) == "\"int\"");
    auto missing = store->schema(4);
    REQUIRE(!missing);
    CHECK(missing.error().kind() == ErrorKind::not_found);
  }

  TEST_CASE("a deleted subject has no newest version; what was written after its schemas can be read, numbers go on") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto log = open_log(files);
    auto store = open_store(*log);
    must(delete_subject(*log, "a-value"));  // there is none
    CHECK(!log->topic("_schemas"));
    must(store->put("a-value", "\"int\""));
    must(store->put("a-value", "\"long\""));
    must(store->put("b-value", "\"long\""));
    must(delete_subject(*log, "a-value"));
    must(delete_subject(*log, "a-value"));
    for (int opened = 0; opened < 2; ++opened) {
      CHECK(newest(*store, "a-value") == "none");
      CHECK(newest(*store, "b-value") == "2 v1 \"long\"");
      CHECK(must(store->schema(1)) == "\"int\"");
      store = open_store(*log);
    }
    CHECK(must(store->put("a-value", "\"string\"")) == 3);
    CHECK(newest(*store, "a-value") == "3 v3 \"string\"");
    CHECK(must(store->put("a-value", "\"int\"")) == 1);
    CHECK(newest(*open_store(*log), "a-value") == "1 v4 \"int\"");
  }

  TEST_CASE("the records are those of Confluent's registry, and so is the topic") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto log = open_log(files);
    must(open_store(*log)->put("a-value", "{\"type\":\"int\"}"));
    CHECK(must(read_records(*log, {"_schemas", 0}, Offset(0))) ==
          std::vector<std::string>{
              R"(0:{"keytype":"SCHEMA","subject":"a-value","version":1,"magic":1}=)"
              R"({"subject":"a-value","version":1,"id":1,"schema":"{\"type\":\"int\"}","deleted":false})"});
    TopicConfig config = log->topic("_schemas")->config;
    CHECK(config.compact);
    CHECK(config.partitions == 1);
    CHECK(config.retention_ms == -1);
  }

  TEST_CASE("what another registry wrote is understood: gaps, deletions, other key types") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto log = open_log(files);
    must(log->create_topic("_schemas", {.compact = true, .retention_ms = -1}));
    auto record = [&](const std::string& key, const std::string& value) {
      auto transaction = must(log->begin("elsewhere"));
      transaction->append({"_schemas", 0}, batch_of({{key, value}}));
      must(transaction->commit());
    };
    auto schema = [&](int version, int id, const std::string& text, const std::string& deleted) {
      std::string v = std::to_string(version);
      record(R"({"keytype":"SCHEMA","subject":"s","version":)" + v + R"(,"magic":1})",
             R"({"subject":"s","version":)" + v + R"(,"id":)" + std::to_string(id) + R"(,"schema":")" + text +
                 R"(","deleted":)" + deleted + "}");
    };
    record(R"({"keytype":"NOOP","magic":0})", "-");
    schema(1, 10, "int", "false");
    schema(2, 12, "long", "false");
    record(R"({"keytype":"CONFIG","subject":"s","magic":0})", R"({"compatibilityLevel":"NONE"})");
    auto store = open_store(*log);
    CHECK(newest(*store, "s") == "12 v2 long");
    schema(2, 12, "long", "true");
    CHECK(newest(*store, "s") == "10 v1 int");
    CHECK(must(store->schema(12)) == "long");
    CHECK(must(store->put("s", "string")) == 13);
    record(R"({"keytype":"SCHEMA","subject":"s","version":1,"magic":1})", "-");
    CHECK(newest(*store, "s") == "13 v3 string");  // the deleted one keeps its number
    record("{", "{}");
    auto broken = store->latest("s");
    REQUIRE(!broken);
    CHECK(broken.error().kind() == ErrorKind::damaged);
  }

  TEST_CASE("schemas are there after a reopen; a log that is only read follows the writer and refuses its own") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    {
      auto log = open_log(files);
      must(open_store(*log)->put("a-value", "int"));
    }
    auto log = open_log(files);
    auto store = open_store(*log);
    CHECK(newest(*store, "a-value") == "1 v1 int");
    CHECK(must(store->put("b-value", "long")) == 2);
    auto reading_log = open_log_to_read(files);
    auto reading = open_store(*reading_log, true);
    CHECK(must(reading->schema(2)) == "long");
    CHECK(must(reading->put("a-value", "int")) == 1);  // nothing to write
    auto refused = reading->put("a-value", "double");
    REQUIRE(!refused);
    CHECK(refused.error().kind() == ErrorKind::refused);
  }

  TEST_CASE("two threads that register the same schemas get the same ids") {
    MemoryDisk disk;
    MemoryFiles files(disk);
    auto log = open_log(files);
    auto store = open_store(*log);
    constexpr int count = 20;
    std::vector<std::int32_t> ids[2];
    auto work = [&](int t) {
      for (int i = 0; i < count; ++i) {
        auto id = store->put("s" + std::to_string(i % 3), "schema " + std::to_string(i));
        ids[t].push_back(id ? *id : -1);
      }
    };
    std::jthread other(work, 1);
    work(0);
    other.join();
    CHECK(ids[0] == ids[1]);
    for (std::int32_t id : ids[0]) CHECK((id >= 1 && id <= count));
    CHECK(must(log->offsets({"_schemas", 0})).end == Offset(count));
  }

  TEST_CASE("a crash at any call: what was given out is there, and ids stay dense") {
    bool crashed = true;
    for (std::uint64_t n = 1; crashed; n += every_call) {
      MemoryDisk disk;
      std::vector<std::pair<std::string, std::int32_t>> given;
      {
        MemoryFiles files(disk);
        files.crash_at(n);
        EmbeddedLogOptions options;
        options.maintenance_interval_ms = 0;
        auto log = open_embedded_log(files, "log", options);
        auto store = log ? open_schema_topic(**log, false) : Result<std::unique_ptr<SchemaStore>>(nullptr);
        for (int i = 0; log && store && i < 4; ++i) {
          std::string text = "schema " + std::to_string(i);
          auto id = (*store)->put("s-value", text);
          if (!id) break;
          given.emplace_back(text, *id);
        }
        crashed = files.crashed();
      }
      disk.crash(n);
      MemoryFiles files(disk);
      auto log = open_log(files);
      auto store = open_store(*log);
      for (const auto& [text, id] : given) CHECK(must(store->schema(id)) == text);
      for (int i = 0; i < 4; ++i)
        CHECK_MESSAGE(must(store->put("s-value", "schema " + std::to_string(i))) == i + 1, "crash at call ", n);
      CHECK(must(store->latest("s-value"))->version == 4);
    }
  }
}

}  // namespace levada
