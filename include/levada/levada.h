// The library: open an engine on a log, execute SQL, run the pipeline that it declares, read rows.
//
//   auto engine = levada::Engine::open({.log = "embedded:orders-data"});
//   if (!engine) { std::cerr << engine.error().text() << '\n'; return 1; }
//   auto answers = (*engine)->execute("CREATE STREAM …; SELECT * FROM …;");
//
// A whole program is examples/embedded/trips.cc; it links levada_core. Statements are executed at once; what they
// declare to go on for ever (queries, connectors) runs from start() to stop(). One engine at a time writes to a log;
// others may open it read_only.
//
// Everything that can fail returns a Result (std::expected with levada::Error); nothing throws. An Engine may be used
// from several threads, one call at a time; request_stop() and status() at any time.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace levada {

class Clock;
class Files;
class Logger;

struct EngineOptions {
  std::string log = "embedded:levada-data";  // embedded:DIRECTORY, or memory: for one that is forgotten
  bool read_only = false;                    // beside a running engine: look, but do not touch
  std::string name = "levada";               // of the pipeline: tells it from others that write to the same targets
  std::size_t workers = 0;                   // threads for queries; 0: one for each core
  bool follow = true;                        // false: sources end when what is there now has been read
  bool keep_going = false;                   // when an object has failed the others go on
  // nullptr: the real ones. They must outlive the engine.
  Files* files = nullptr;
  const Clock* clock = nullptr;
  Logger* logger = nullptr;
};

// What a statement answers: a message for people, or a table, or both.
struct Answer {
  std::string message;
  std::vector<std::string> columns, types;                    // types as SQL writes them
  std::vector<std::vector<std::optional<std::string>>> rows;  // nullopt is null
  std::string statement;                                      // its text, as the script has it
};

struct ObjectReport {
  std::string name, kind;  // kind: source, query, sink
  // starting, running, idle, waiting (for refused records that will be tried again), retrying, failed, position lost or
  // finished; and why, where something is wrong.
  std::string state, reason;
  std::int64_t since_ms = 0;  // in this state
  // Since the engine was opened.
  std::uint64_t rows_in = 0, rows_out = 0, dead_letters = 0;
  std::int64_t busy_ms = 0;                             // time spent at work, waiting left out
  std::uint64_t failures = 0;                           // rows for which an expression failed: topic _processing_log
  std::uint64_t progress_done = 0, progress_total = 0;  // total 0: not known
  std::string progress_unit, progress_detail;
  std::optional<std::int64_t> progress_left_ms;  // at the pace of this run
  std::optional<std::uint64_t> behind_records;   // of sinks: in the log and not yet delivered
  std::optional<std::int64_t> lag_ms;            // of sources that know: how far behind the outside
};

// How the pipeline of a log is doing, or how it was when it ended.
struct RunReport {
  std::string run;  // running, finished (all was done), stopped, failed, or gone: it died without a word
  std::string pipeline;
  std::int64_t process = 0, started_ms = 0, written_ms = 0;
  std::vector<ObjectReport> objects;
};

// A dead letter as it is stored.
struct DeadLetterReport {
  std::int64_t number = 0;  // its offset in the dead letter topic
  std::int64_t written_ms = 0;
  std::string object, stage, cause, origin, topic;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  std::optional<std::string> key, value;
  bool replayed = false, discarded = false;
  std::int64_t refusals = 0;  // by a target; 0: none
  std::string replay_of;      // the dead letter that it was before it was replayed: "_dead_letters 3"
};

// What a second process may want of the engine that runs.
struct DeadLetterRequest {
  std::string action;  // replay, discard
  std::int64_t number = 0;
  std::string topic;
  std::optional<std::string> value;
};

// A record of a topic, as text.
struct PrintedRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0, timestamp_ms = 0;
  std::string time;                           // the timestamp, in ISO form
  std::optional<std::string> key, value;      // nullopt is null
  bool json_key = false, json_value = false;  // the text is JSON
};

enum class Ended : std::uint8_t { caught_up, failed, stopped };

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(EngineOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Executes the statements of a script, one after the other, up to the first that fails. `name` stands in errors.
  // Statements that declare what is declared already, in the same words, change nothing; other words for the same name
  // are refused.
  Result<std::vector<Answer>> execute(std::string_view script, std::string_view name = "statement");
  // The same for a pipeline's file: INSERT … VALUES that were executed before are not executed again, and queries that
  // the file no longer has do not run.
  Result<std::vector<Answer>> load(std::string_view script, std::string_view name);
  // One row after the other until `row` returns false, the query ends, or a stop is requested: for SELECT … EMIT
  // CHANGES.
  Result<void> select(std::string_view statement, const std::function<bool(const Answer& head, std::size_t row)>& row);

  // Makes and starts the threads for all that this engine's statements have declared; once. `notes` are
  // lines for the user.
  Result<void> start(std::vector<std::string>& notes);
  // Finds everything that is wrong with a pipeline's file without running it, best on an engine on `memory:`; what only
  // follows from another mistake is left out. With `look_outside` the files, servers and tables that it names are
  // looked at too. `notes` are lines for the user.
  std::vector<Error> check(std::string_view script, std::string_view name, bool look_outside,
                           std::vector<std::string>& notes);
  // After start(): until all is done (only if !follow), something failed (failure() says what) or a stop was requested.
  Ended wait();
  void request_stop();
  // Ends the threads; each commits what it has done.
  Result<void> stop();
  std::optional<Error> failure() const;

  std::vector<ObjectReport> status() const;
  // What the engine that writes to this log says of itself, at most a second ago; the log is not opened. not_found: no
  // pipeline has run there.
  static Result<RunReport> run_report(const EngineOptions& options);
  // Plans of all queries, and how they are joined into tasks.
  std::string explain() const;

  // A topic's records, one after the other, until `take` returns false or a stop is requested.
  Result<void> print(const std::string& topic, bool from_beginning, bool follow,
                     const std::function<bool(const PrintedRecord&)>& take);

  Result<std::vector<DeadLetterReport>> dead_letters(const std::string& topic = {}) const;
  // Sends a dead letter's record to the topic it was for, with these bytes in the place of its own if given. Once: a
  // letter that was replayed is refused.
  Result<std::string> replay(std::int64_t number, const std::optional<std::string>& value,
                             const std::string& topic = {});
  // Says that nothing is to be done about a dead letter. It stays.
  Result<std::string> discard(std::int64_t number, const std::string& topic = {});
  // Has the engine that writes to this log do it, from another process. refused: nobody answers.
  static Result<std::string> ask_running(const EngineOptions& options, const DeadLetterRequest& request);

 private:
  struct State;
  std::optional<std::int64_t> progress_left_ms(const ObjectReport& report) const;
  void write_run_report();
  void answer_others();
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "0.1.0"
std::string_view version();

}  // namespace levada
