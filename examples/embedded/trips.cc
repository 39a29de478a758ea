// Levada inside a program: opens an engine, declares a stream and a table over it, inserts rows, lets the query run
// until it has caught up, and reads the answer. Everything that may fail returns a Result, which is looked at.
//
//   build/release/examples/embedded/levada_embedded_example [DIRECTORY]
//
// With a directory the log stays there: the second run finds what the first one left, and `levada print totals
// --from-beginning --log embedded:DIRECTORY` shows it. Without, it is kept in memory and forgotten.
#include <cstdio>
#include <string>

#include "levada/levada.h"

namespace {

constexpr const char* pipeline = R"sql(
  CREATE STREAM trips (city STRING KEY, passengers INT, fare DECIMAL(6, 2))
    WITH (KAFKA_TOPIC = 'trips', PARTITIONS = 2, VALUE_FORMAT = 'JSON');
  CREATE TABLE totals WITH (KAFKA_TOPIC = 'totals') AS
    SELECT city, COUNT(*) AS trips, SUM(fare) AS fares FROM trips WHERE passengers > 0 GROUP BY city;
  INSERT INTO trips VALUES ('Funchal', 2, 12.50);
  INSERT INTO trips VALUES ('Porto', 1, 7.80);
  INSERT INTO trips VALUES ('Funchal', 0, 3.00);
  INSERT INTO trips VALUES ('Funchal', 4, 21.25);
)sql";

// A null is told apart from the text "null".
std::string shown(const std::optional<std::string>& cell) { return cell ? *cell : "(null)"; }

levada::Result<void> run(const std::string& log) {
  auto engine = levada::Engine::open({.log = log, .name = "trips", .follow = false});
  if (!engine) return std::unexpected(std::move(engine).error());
  levada::Engine& levada = **engine;

  // load() is for what a program says at every start: rows that were inserted before are not inserted again.
  auto declared = levada.load(pipeline, "trips");
  if (!declared) return std::unexpected(std::move(declared).error());

  std::vector<std::string> notes;
  if (auto started = levada.start(notes); !started) return started;
  if (levada.wait() == levada::Ended::failed) return std::unexpected(levada.failure()->copy());
  if (auto stopped = levada.stop(); !stopped) return stopped;

  auto answers = levada.execute("SELECT city, trips, fares FROM totals;");
  if (!answers) return std::unexpected(std::move(answers).error());
  for (const auto& row : answers->front().rows)
    std::printf("%s: %s trips, %s\n", shown(row[0]).c_str(), shown(row[1]).c_str(), shown(row[2]).c_str());

  // What is wrong with a statement is said with its place.
  auto wrong = levada.execute("SELECT citi FROM totals;");
  if (!wrong) std::printf("\n%s\n", wrong.error().text().c_str());
  return {};
}

}  // namespace

int main(int count, char** words) {
  auto done = run(count > 1 ? "embedded:" + std::string(words[1]) : "memory:");
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().text().c_str());
  return 1;
}
