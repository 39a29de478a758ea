// What is seen of a running pipeline: on a terminal a few lines that are drawn again and again, elsewhere a line now
// and then; at the end a table.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "levada/levada.h"

namespace levada {

class RunScreen {
 public:
  // `live`: redraw in place; else one line every ten seconds. Writes to stderr.
  RunScreen(bool live, bool quiet);
  void show(const std::vector<ObjectReport>& reports, std::int64_t now_ms);
  // Takes the live lines away.
  void clear();

 private:
  std::string line(const ObjectReport& report, std::int64_t now_ms);

  const bool live_, quiet_;
  std::size_t lines_ = 0;
  std::int64_t started_ms_ = 0, last_line_ms_ = 0;
  struct Seen {
    std::int64_t ms;
    std::uint64_t rows;
    double rate;
  };
  std::map<std::string, Seen> seen_;
};

// Rows in, out, dead letters and time of each object.
std::string closing_table(const std::vector<ObjectReport>& reports, std::int64_t elapsed_ms);
std::string closing_json(const std::vector<ObjectReport>& reports, std::int64_t elapsed_ms);

}  // namespace levada
