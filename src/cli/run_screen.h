// What is seen of a running pipeline: on a terminal a few lines that are drawn again and again, elsewhere a line now
// and then; at the end a table.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "levada/levada.h"

namespace levada {

// Writes to stderr. Thread safe.
class RunScreen {
 public:
  // `live`: redraw in place; else one line for each object every ten seconds.
  RunScreen(bool live, bool quiet);
  void show(const std::vector<ObjectReport>& reports, std::int64_t now_ms);
  // A line that stays: above the live lines.
  void say(std::string_view line);
  // Takes the live lines away.
  void clear();

 private:
  std::string line(const ObjectReport& report, std::size_t name_width, std::int64_t now_ms);
  void take_away();

  const bool live_, quiet_;
  std::mutex mutex_;
  std::size_t lines_ = 0;
  std::int64_t started_ms_ = 0, last_line_ms_ = 0;
  struct Seen {
    std::int64_t ms;
    std::uint64_t rows;
    double rate;
    std::int64_t progress_ms = 0;  // when progress was first seen, and how far it was then
    std::uint64_t progress_done = 0;
  };
  std::map<std::string, Seen> seen_;
};

// In the order of the line: sources, queries, sinks.
void sort_by_kind(std::vector<ObjectReport>& reports);

// Rows in, out, dead letters and time at work of each object.
std::string closing_table(const std::vector<ObjectReport>& reports, std::int64_t elapsed_ms);
// `levada status`: a line on the whole, then a line for each object.
std::string status_table(const RunReport& report, std::int64_t now_ms);
std::string closing_json(const std::vector<ObjectReport>& reports, Ended ended, std::int64_t elapsed_ms);

}  // namespace levada
