// Plays a case, step by step, and gives what comes of each as lines: the rules of docs/testing.md, "The three
// languages".
#pragma once
#include <functional>
#include <string>

#include "tests/cases/case_file.h"
#include "tests/cases/stage.h"

namespace levada::cases {

enum class Language { slt, flow, plan };

class Player {
 public:
  explicit Player(Language language) : language_(language) {}
  // Done before the case; gives what goes wrong.
  Lines prepare(const Lines& input);
  Lines play(const Step& step);

 private:
  struct Part {
    bool command = false;
    std::string text;   // the command without its @, or SQL
    Lines lines;        // below a command
    bool last = false;  // nothing comes behind it
  };
  static std::vector<Part> parts_of(const Lines& input);

  Result<void> statements(const Part& part);
  Result<void> stages(const Part& part);
  Result<void> command(const Part& part);
  Result<void> put(const std::string& topic, const Lines& lines);
  void say(const std::string& text);

  const Language language_;
  Stage stage_;
  Lines said_;
};

// A query's answer has a line of names and types, then one for each row; others of names only.
Lines lines_of(const Answer& answer);

}  // namespace levada::cases
