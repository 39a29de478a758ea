// What the live tests of the trigger source stand on: a line that keeps what the source gives as the log does, with its
// position or not at all, and kills the source on the way.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/source.h"
#include "tests/live/postgres_stage.h"

namespace levada {

class TriggerLine {
 public:
  // Properties as "name=value"; connection.url is the stage's.
  TriggerLine(const PostgresStage& stage, std::vector<std::string> properties);

  // Reads with a new source from where the last one was, until it says that there is no more. Must go well.
  void catch_up();
  // The same with a source that is destroyed at every n-th read: before its rows are kept, after, or after it was told.
  void catch_up_with_crashes(std::size_t every);
  // What a start says, or what preflight does; one error a line, with its remedy.
  std::string problems();
  std::string start_error();
  Result<std::optional<Schema>> describe(const std::string& topic);

  RecordForm form = RecordForm::rows;
  std::unique_ptr<Source> source(bool follow);
  // Keeps what the source has given; true if there was anything.
  void keep(SourceRead read);
  Result<void> start(Source& source) { return source.start(position_); }

  // One line a record: "topic key: value|value", "topic key: deleted", "topic: truncated". Of envelopes
  // "topic KEY: OP BEFORE AFTER", of a tombstone "topic KEY: -".
  const std::vector<std::string>& events() const { return events_; }
  std::vector<std::string> take_events();
  // What is left when all are applied: "key: value|value" lines, sorted as text.
  std::string table(const std::string& topic) const;
  const std::vector<DeadLetter>& rejected() const { return rejected_; }
  const std::optional<std::string>& position() const { return position_; }
  std::size_t crashes() const { return crashes_; }

 private:
  void apply(const SourceRead::Part& part);
  void apply(const ConnectRecords& records);
  // False: killed.
  bool run(Source& source, std::size_t reads);

  const PostgresStage& stage_;
  Properties properties_;
  std::vector<std::string> events_;
  std::map<std::string, std::map<std::string, std::string>> tables_;
  std::vector<DeadLetter> rejected_;
  std::vector<SourceRead> together_;  // not kept yet
  std::optional<std::string> position_;
  std::size_t crashes_ = 0;
};

// Another session on the stage; statements must go well.
class OtherSession {
 public:
  explicit OtherSession(const PostgresStage& stage);
  void sql(const std::string& statement);
  // False: the server refused it.
  bool attempt(const std::string& statement);
  PostgresConnection& connection() { return *connection_; }

 private:
  std::unique_ptr<PostgresConnection> connection_;
};

}  // namespace levada
