// What the live tests of the Postgres sink stand on: a schema of their own in the server of LEVADA_POSTGRES_URL,
// batches from plain values, and a loop like the pipeline's that delivers a topic whatever happens on the way.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/sink.h"
#include "tests/skip.h"

namespace levada {

// One record: key and value, in the order of the schema; no value: a deletion.
struct TestRecord {
  ValueList key;
  std::optional<ValueList> value;
};

Batch test_batch(const SinkTopic& topic, std::int32_t partition, std::int64_t first_offset,
                 std::span<const TestRecord> records);

class PostgresStage {
 public:
  // nullptr, and the test is told to be skipped, where there is no server.
  static std::unique_ptr<PostgresStage> open();
  // On the server of this URL. Commits need not be durable where nothing is killed.
  explicit PostgresStage(const std::string& url, bool durable = false);
  ~PostgresStage();

  const std::string& schema() const { return schema_; }
  // The server's URL with the schema as search path; of another host or port, for a proxy in between.
  std::string url() const { return url_at({}, 0); }
  std::string url_at(const std::string& host, int port) const;
  const std::string& host() const { return host_; }
  int port() const { return port_; }
  int release() const { return release_; }  // of the server: 13, 14, …

  // Must go well. Rows as lines, values with | between them, null as NULL.
  std::string sql(const std::string& statement);
  // Goes on when the server has been away.
  void reconnect();

  SinkContext context(std::vector<SinkTopic> topics, Properties properties) const;
  std::unique_ptr<Sink> sink(std::vector<SinkTopic> topics, Properties properties) const;

 private:
  const std::string server_, durability_;
  std::string schema_, host_;
  int port_ = 0, release_ = 0;
  std::unique_ptr<PostgresConnection> connection_;
};

// A server of the test's own, which it may kill and configure.
class OwnServer {
 public:
  OwnServer();
  ~OwnServer() { run("remove"); }
  const std::string& url() const { return url_; }
  std::string folder() const;
  void kill() { run("kill"); }
  void down() { run("down"); }
  void up();

 private:
  // Does it by ./services; what stands behind url= in what that says.
  std::string run(const std::string& action);

  const std::string number_;
  std::string url_;
};

// What a shell command says; it must go well.
std::string shell(const std::string& command);

// A sink of one topic, started, that must take what it is given.
class SteadySink {
 public:
  SteadySink(PostgresStage& stage, SinkTopic topic, Properties properties);
  // Writes in one round, commits, and returns what was rejected: "OFFSET: why" lines.
  std::string write(std::vector<TestRecord> records);
  Sink& sink() { return *sink_; }

 private:
  const SinkTopic topic_;
  std::unique_ptr<Sink> sink_;
  std::int64_t next_offset_ = 0;
};

// Delivers all records of one partition, in rounds, starting the sink again after every error that may pass. What the
// sink rejects is kept by offset. Fails the test when it gets no further for a minute.
struct Delivery {
  std::vector<TestRecord> records;
  std::size_t batch_rows = 50, batches_per_round = 2;
  std::function<void(std::size_t round)> before_round = [](std::size_t) {};

  std::size_t errors = 0, starts = 0;
  std::size_t lost_answers = 0;        // commits that failed for us and had been done all the same
  std::vector<std::int64_t> rejected;  // offsets, sorted, each once
  // True when all were delivered.
  bool run(Sink& sink, const SinkTopic& topic);

 private:
  // One round from `from` on; where it ends.
  Result<std::size_t> deliver_round(Sink& sink, const SinkTopic& topic, std::size_t from);
  std::optional<std::size_t> uncertain_;  // where a commit that failed would have got to
};

}  // namespace levada
