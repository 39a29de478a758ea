// The program itself, as a user runs it: with a SQL file and a log of its own, everything it says kept.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/temporary_directory.h"

namespace levada {

class LevadaProgram {
 public:
  struct Said {
    int code = -1;
    std::string out, err;
  };

  // The file is pipeline.sql: so the pipeline is called pipeline.
  explicit LevadaProgram(const std::string& script);
  // Ends what still runs. Nothing that any run has said, and no file of its log, may hold what must_not_say() told.
  ~LevadaProgram();

  void rewrite(const std::string& script) const;
  void must_not_say(std::string secret) { secrets_.push_back(std::move(secret)); }

  // `arguments` as in a shell, where $SQL is the file and $LOG the log: "run $SQL --log $LOG --until-caught-up". Fails
  // the test after two minutes.
  Said run(const std::string& arguments);

  // A second process, beside one that was started.
  Said beside(const std::string& arguments);

  // The same in pieces.
  void start(const std::string& arguments);
  // Waits until what it has said on standard error holds this; false if it has ended before.
  bool says(const std::string& words) const;
  void interrupt() const;
  Said wait();

  std::string log_directory() const { return directory_ / "log"; }

 private:
  std::string said(const std::string& file) const;
  bool ended();

  TemporaryDirectory directory_;
  std::vector<std::string> secrets_;
  std::string all_;  // that was ever said
  pid_t process_ = 0;
  int status_ = 0;
};

}  // namespace levada
