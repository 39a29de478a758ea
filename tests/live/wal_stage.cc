#include "tests/live/wal_stage.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <thread>

#include "base/random.h"
#include "batch/value.h"
#include "connectors/connectors.h"

namespace levada {

std::string batch_text(const Batch& batch) {
  if (batch.truncates) return "truncate";
  std::string out;
  batch.rows().for_each([&](std::uint32_t row) {
    if (!out.empty()) out += "; ";
    std::string line;
    for (std::size_t i = 0; i < batch.schema->size(); ++i) {
      if (i == batch.schema->key.size()) line += line.empty() ? "->" : " ->";
      if (i == batch.schema->key.size() && batch.is_deletion(row)) {
        line += " deleted";
        break;
      }
      bool absent = i >= batch.key.size() && batch.is_absent(i - batch.key.size(), row);
      line += (line.empty() ? "" : " ") +
              (absent ? std::string("…") : text_of(batch.column(i)->value(row), batch.column(i)->type()));
    }
    if (batch.schema->value.empty()) line += batch.is_deletion(row) ? " -> deleted" : " ->";
    out += line;
  });
  return out;
}

std::unique_ptr<WalStage> WalStage::open() {
  if (!PostgresStage::open()) return nullptr;
  return std::make_unique<WalStage>(std::getenv("LEVADA_POSTGRES_URL"));
}

// Commits are durable, as only such ones are sent.
WalStage::WalStage(const std::string& url)
    : database_(url, true), slot_("test_" + std::to_string(random_seed() % 1'000'000'000)) {}

// No macros of the tests: it may be on the way out of one that has failed.
WalStage::~WalStage() {
  auto address = parse_postgres_url(database_.url());
  auto connection = PostgresConnection::open(*address, "levada live test");
  if (!connection) return;
  const std::string name = " slot_name = '" + slot_ + "'";
  for (const std::string& statement :
       {"DROP PUBLICATION IF EXISTS " + slot_,
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active AND" + name})
    (void)(*connection)->query(statement);
  for (int attempt = 0; attempt < 100; ++attempt)
    if ((*connection)->query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE" + name))
      break;
}

std::string WalStage::sql(const std::string& statements) {
  std::string rest = statements, last;
  while (!rest.empty()) {
    std::size_t end = std::min(rest.find("; "), rest.size());
    last = database_.sql(rest.substr(0, end));
    rest.erase(0, end + 2);
  }
  return last;
}

void WalStage::until_released() {
  for (int n = 0; n < 500; ++n) {
    if (sql("SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = '" + slot_ + "'") == "0") return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL("the slot stays in use");
}

Properties WalStage::properties(const Properties& more) const {
  Properties all = {{"connection.url", database_.url()},
                    {"topic.prefix", "t"},
                    {"schema.include.list", database_.schema()},
                    {"slot.name", slot_},
                    {"publication.name", slot_},
                    {"publication.autocreate.mode", "all_tables"},
                    {"snapshot.mode", "no_data"}};
  for (const Property& property : more) {
    std::erase_if(all, [&](const Property& p) { return p.name == property.name; });
    if (!property.value.empty()) all.push_back(property);
  }
  return all;
}

Result<std::unique_ptr<Source>> WalStage::make(const Properties& more, bool follow) {
  SourceContext context{.name = "SHOP",
                        .properties = properties(more),
                        .follow = follow,
                        .form = form,
                        .files = &real_files(),
                        .clock = &real_clock(),
                        .logger = &silent_logger(),
                        .metrics = &metrics_};
  auto connector = find_source("postgres");
  REQUIRE(connector);
  return (*connector)->make_source(std::move(context));
}

Result<WalStage::Tables> WalStage::run(const Properties& more, std::optional<std::size_t> until) {
  auto tables = run_source(more, until);
  if (tables) until_released();  // a server that has much to do notices late that we are gone
  return tables;
}

Result<WalStage::Tables> WalStage::run_source(const Properties& more, std::optional<std::size_t> until) {
  auto source = LV_TRY(make(more));
  LV_TRY(source->start(position));
  Tables tables;
  reads = rows = 0;
  std::int64_t started_us = real_clock().steady_us();
  while (real_clock().steady_us() - started_us < 60'000'000) {
    SourceRead read = LV_TRY(source->read({}, std::chrono::milliseconds(100)));
    ++reads;
    for (const SourceRead::Part& part : read.parts) {
      std::string& table = tables[part.topic.substr(part.topic.rfind('.') + 1)];
      table += (table.empty() ? "" : "; ") + batch_text(part.batch);
      rows += part.batch.size;
      CHECK(part.batch.origin != nullptr);
    }
    for (const DeadLetter& letter : read.rejected) tables["dead"] += letter.cause;
    if (read.position) {
      position = read.position;
      LV_TRY(source->acknowledge(*position));
    }
    if (read.end || (until && rows >= *until)) return tables;
  }
  FAIL("the source does not end");
  return tables;
}

WalStage::Tables WalStage::read(const Properties& more) {
  auto tables = run(more);
  REQUIRE_MESSAGE(tables, tables.error().text());
  return *std::move(tables);
}

std::string WalStage::fails(ErrorKind kind, const Properties& more) {
  auto tables = run(more);
  REQUIRE_FALSE(tables);
  CHECK_MESSAGE(tables.error().kind() == kind, tables.error().text());
  CHECK_FALSE(tables.error().remedy().empty());
  return tables.error().text();
}

}  // namespace levada
