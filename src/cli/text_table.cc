#include "cli/text_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace levada {
namespace {

void append_padded(std::string& out, const std::string& cell, std::size_t width, bool right, bool last) {
  std::size_t pad = width - display_width(cell);
  if (right) out.append(pad, ' ');
  out += cell;
  if (!right && !last) out.append(pad, ' ');
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (unsigned char c : text) width += (c & 0xC0) != 0x80;
  return width;
}

std::string TextTable::text() const {
  std::vector<std::size_t> width;
  for (const std::string& column : columns) width.push_back(display_width(column));
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], display_width(row[c]));
  std::string out;
  auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (c > 0) out += "  ";
      append_padded(out, cells[c], width[c], c < right.size() && right[c], c + 1 == cells.size());
    }
    out += '\n';
  };
  line(columns);
  std::vector<std::string> rule;
  for (std::size_t w : width) rule.emplace_back(w, '-');
  line(rule);
  for (const auto& row : rows) line(row);
  return out;
}

TextTable table_of(const Answer& answer) {
  TextTable table{.columns = answer.columns};
  for (const std::string& type : answer.types)
    table.right.push_back(type == "INTEGER" || type == "BIGINT" || type == "DOUBLE" || type.starts_with("DECIMAL"));
  for (const auto& row : answer.rows) {
    std::vector<std::string> cells;
    for (const auto& cell : row) cells.push_back(cell.value_or("null"));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number), out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

static std::string scaled(double value, const std::array<const char*, 4>& units) {
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1000;
  return unit == 0 ? fmt::format("{:.0f}{}", value, units[unit]) : fmt::format("{:.1f}{}", value, units[unit]);
}

std::string bytes_text(std::uint64_t bytes) { return scaled(static_cast<double>(bytes), {" B", " kB", " MB", " GB"}); }
std::string rate_text(double per_second) { return scaled(per_second, {"/s", " k/s", " M/s", " G/s"}); }

std::string duration_text(std::int64_t ms) {
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  std::int64_t seconds = ms / 1000;
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

}  // namespace levada
