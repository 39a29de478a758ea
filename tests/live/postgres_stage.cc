#include "tests/live/postgres_stage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "connectors/postgres/names.h"

namespace levada {
namespace {

std::unique_ptr<PostgresConnection> connect(const std::string& url) {
  auto address = parse_postgres_url(url);
  REQUIRE_MESSAGE(address, address.error().text());
  auto connection = PostgresConnection::open(*address, "levada live test");
  REQUIRE_MESSAGE(connection, connection.error().text());
  return *std::move(connection);
}

}  // namespace

Batch test_batch(const SinkTopic& topic, std::int32_t partition, std::int64_t first_offset,
                 std::span<const TestRecord> records) {
  const Schema& schema = *topic.schema;
  std::vector<std::shared_ptr<Column>> columns;
  for (std::size_t c = 0; c < schema.size(); ++c) columns.push_back(std::make_shared<Column>(schema[c].type));
  auto origin = std::make_shared<Origin>(Origin{.topic = topic.topic, .partition = partition});
  auto times = std::make_shared<std::vector<std::int64_t>>();
  Batch batch{.schema = topic.schema, .size = static_cast<std::uint32_t>(records.size())};
  batch.deleted.assign(batch.size, false);
  for (std::size_t r = 0; r < records.size(); ++r) {
    origin->offsets.push_back(first_offset + static_cast<std::int64_t>(r));
    times->push_back(1'700'000'000'000 + static_cast<std::int64_t>(r));
    if (!records[r].value) batch.deleted.set(r);
    for (std::size_t c = 0; c < schema.size(); ++c) {
      if (c < schema.key.size())
        columns[c]->append(records[r].key.at(c));
      else if (records[r].value)
        columns[c]->append(records[r].value->at(c - schema.key.size()));
      else
        columns[c]->append_null();
    }
  }
  for (std::size_t c = 0; c < schema.size(); ++c)
    (c < schema.key.size() ? batch.key : batch.after).push_back(columns[c]);
  batch.timestamps_ms = times;
  batch.origin = origin;
  batch.selection = Selection::all(batch.size);
  return batch;
}

// ---- the stage ----

std::unique_ptr<PostgresStage> PostgresStage::open() {
  const char* url = std::getenv("LEVADA_POSTGRES_URL");
  if (!url || !*url) {
    skip_test("LEVADA_POSTGRES_URL is not set; it is what ./services up postgres prints");
    return nullptr;
  }
  return std::make_unique<PostgresStage>(url);
}

PostgresStage::PostgresStage(const std::string& url, bool durable) : server_(url), durability_(durable ? "on" : "off") {
  auto address = parse_postgres_url(url);
  REQUIRE(address);
  host_ = address->get("host");
  port_ = std::atoi(address->get("port").c_str());
  schema_ = "Test \"" + std::to_string(random_seed() % 1'000'000'000) + "\"";
  connection_ = connect(url);
  release_ = std::stoi(sql("SHOW server_version_num")) / 10000;
  sql("CREATE SCHEMA " + quote_name(schema_));
  reconnect();
}

PostgresStage::~PostgresStage() {
  if (auto dropped =
          connection_->execute("SET client_min_messages = error; DROP SCHEMA " + quote_name(schema_) + " CASCADE");
      !dropped)
    MESSAGE("the schema stays: " << dropped.error().text());
}

void PostgresStage::reconnect() { connection_ = connect(url()); }

std::string PostgresStage::url_at(const std::string& host, int port) const {
  auto address = parse_postgres_url(server_);
  auto in_url = [](std::string_view text) {
    std::string out;
    for (char c : text) {
      char code[4];
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
      out += code;
    }
    return out;
  };
  std::string made = "postgresql://" + in_url(address->get("user")) + "@" + (host.empty() ? host_ : host) + ":" +
                     std::to_string(port == 0 ? port_ : port) + "/" + in_url(address->get("dbname")) +
                     "?currentSchema=" + in_url(quote_name(schema_)) +
                     "&options=" + in_url("-c synchronous_commit=" + durability_);
  if (std::string file = address->get("passfile"); !file.empty()) made += "&passfile=" + in_url(file);
  if (!address->password.empty()) made += "&password=" + in_url(address->password.reveal());
  return made;
}

std::string PostgresStage::sql(const std::string& statement) {
  auto rows = connection_->query(statement);
  REQUIRE_MESSAGE(rows, (statement + "\n" + rows.error().text()));
  std::string lines;
  for (const auto& row : *rows) {
    if (&row != rows->data()) lines += '\n';
    for (std::size_t i = 0; i < row.size(); ++i) lines += (i == 0 ? "" : "|") + row[i].value_or("NULL");
  }
  return lines;
}

SinkContext PostgresStage::context(std::vector<SinkTopic> topics, Properties properties) const {
  SinkContext context{.name = "SINK", .pipeline = schema_, .topics = std::move(topics), .logger = &silent_logger()};
  context.properties = std::move(properties);
  if (!find_property(context.properties, "connection.url"))
    context.properties.push_back({"connection.url", url(), "test"});
  return context;
}

std::unique_ptr<Sink> PostgresStage::sink(std::vector<SinkTopic> topics, Properties properties) const {
  auto sink = make_postgres_sink(context(std::move(topics), std::move(properties)));
  REQUIRE_MESSAGE(sink, sink.error().text());
  return *std::move(sink);
}

// ---- a server of one's own ----

std::string shell(const std::string& command) {
  std::string said;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  std::array<char, 1000> line;
  while (std::fgets(line.data(), line.size(), pipe)) said += line.data();
  CHECK_MESSAGE(::pclose(pipe) == 0, (command + "\n" + said));
  return said;
}

OwnServer::OwnServer() : number_(std::to_string(random_seed() % 1'000'000)), url_(run("up")) {}

void OwnServer::up() { CHECK(run("up") == url_); }

std::string OwnServer::folder() const {
  std::string file = parse_postgres_url(url_)->get("passfile");
  return file.substr(0, file.rfind('/'));
}

std::string OwnServer::run(const std::string& action) {
  std::string said = shell("'" LEVADA_ROOT "/services' " + action + " postgres@test-" + number_);
  std::size_t at = said.find("url=");
  return at == said.npos ? "" : said.substr(at + 4, said.find_first_of(" \n", at) - at - 4);
}

// ---- writing ----

SteadySink::SteadySink(PostgresStage& stage, SinkTopic topic, Properties properties)
    : topic_(std::move(topic)), sink_(stage.sink({topic_}, std::move(properties))) {
  auto started = sink_->start();
  REQUIRE_MESSAGE(started, started.error().text());
}

std::string SteadySink::write(std::vector<TestRecord> records) {
  Batch batch = test_batch(topic_, 0, next_offset_, records);
  RowFailures rejected;
  auto written = sink_->write(batch, rejected);
  REQUIRE_MESSAGE(written, written.error().text());
  std::vector<RejectedRecord> refused;
  for (const RowFailure& r : rejected)
    refused.push_back({{topic_.topic, 0}, Offset(batch.origin->offsets[r.row]), r.why});
  auto flushed = sink_->flush(refused);
  REQUIRE_MESSAGE(flushed, flushed.error().text());
  std::ranges::sort(refused, {}, &RejectedRecord::offset);
  next_offset_ += static_cast<std::int64_t>(records.size());
  PartitionOffset next{{topic_.topic, 0}, Offset(next_offset_)};
  auto committed = sink_->commit(std::span(&next, 1));
  REQUIRE_MESSAGE(committed, committed.error().text());
  std::string lines;
  for (const RejectedRecord& r : refused) {
    CHECK(r.partition == TopicPartition{topic_.topic, 0});
    lines += (lines.empty() ? "" : "\n") + std::to_string(r.offset.value()) + ": " + r.why;
  }
  return lines;
}

Result<std::size_t> Delivery::deliver_round(Sink& sink, const SinkTopic& topic, std::size_t from) {
  std::size_t next = from;
  for (std::size_t b = 0; b < batches_per_round && next < records.size(); ++b) {
    std::size_t n = std::min(batch_rows, records.size() - next);
    Batch batch = test_batch(topic, 0, static_cast<std::int64_t>(next), std::span(records).subspan(next, n));
    RowFailures failures;
    auto written = sink.write(batch, failures);
    for (const RowFailure& f : failures) rejected.push_back(batch.origin->offsets[f.row]);
    if (!written) return std::move(written).error();
    next += n;
  }
  std::vector<RejectedRecord> refused;
  LV_TRY(sink.flush(refused));
  for (const RejectedRecord& r : refused) rejected.push_back(r.offset.value());
  PartitionOffset offset{{topic.topic, 0}, Offset(static_cast<std::int64_t>(next))};
  uncertain_ = next;
  LV_TRY(sink.commit(std::span(&offset, 1)));
  uncertain_.reset();
  return next;
}

bool Delivery::run(Sink& sink, const SinkTopic& topic) {
  std::optional<std::size_t> at;  // set while the sink is started
  auto error_passes = [&](const Error& error) {
    ++errors;
    at.reset();
    CHECK_MESSAGE(worth_retrying(error.kind()), error.text());
    return worth_retrying(error.kind());
  };
  std::size_t round = 0;
  std::int64_t last_progress = real_clock().steady_us();
  while (real_clock().steady_us() - last_progress < 60'000'000) {
    if (!at) {
      ++starts;
      auto started = sink.start();
      if (!started) {
        if (!error_passes(started.error())) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        continue;
      }
      at = 0;
      for (const PartitionOffset& p : **started) at = static_cast<std::size_t>(p.next.value());
      lost_answers += uncertain_ == at;
      uncertain_.reset();
    }
    if (*at == records.size()) {
      std::ranges::sort(rejected);
      rejected.erase(std::unique(rejected.begin(), rejected.end()), rejected.end());
      return true;
    }
    before_round(round++);
    auto next = deliver_round(sink, topic, *at);
    if (next) {
      at = *next;
      last_progress = real_clock().steady_us();
    } else if (!error_passes(next.error())) {
      return false;
    }
  }
  FAIL_CHECK("no progress for a minute");
  return false;
}

}  // namespace levada
