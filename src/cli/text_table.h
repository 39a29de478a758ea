// Tables for people: columns as wide as they must be, numbers to the right, nothing cut.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "levada/levada.h"

namespace levada {

struct TextTable {
  std::vector<std::string> columns;
  std::vector<bool> right;  // columns that are numbers
  std::vector<std::vector<std::string>> rows;

  std::string text() const;
};

TextTable table_of(const Answer& answer);

// Columns on the screen that the UTF-8 text takes, as far as code points tell.
std::size_t display_width(std::string_view text);

// "1,234,567"
std::string grouped(std::uint64_t number);
// "1.5 MB", "2.3 M", "850 ms", "1 min 20 s"
std::string bytes_text(std::uint64_t bytes);
std::string rate_text(double per_second);
std::string duration_text(std::int64_t ms);

}  // namespace levada
