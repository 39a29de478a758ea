#include "sql/script.h"

#include <re2/re2.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/utf8.h"

namespace levada {
namespace {

constexpr std::size_t cells_before = 60, cells_in_all = 110;
constexpr std::size_t bytes_around = 4 * cells_in_all;  // a cell is rarely more; very long lines are not read whole

// What one code point looks like.
struct Cell {
  std::string_view shown;
  std::size_t at;  // in the text
  int width;
  bool tab;
};

bool disturbs_terminal(CodePoint c) {
  char32_t v = c.value;
  return !c.valid || v < 0x20 || (v >= 0x7F && v < 0xA0) || (v >= 0x200B && v <= 0x200F) ||
         (v >= 0x2028 && v <= 0x202E) || (v >= 0x2066 && v <= 0x2069);
}

// Where a code point begins, here or after; in bytes that are no UTF-8 that is anywhere.
std::size_t code_point_from(std::string_view text, std::size_t at) {
  for (int i = 0; i < 3 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; ++i) ++at;
  return at;
}

// What follows 'connection.password' = ', and what stands in a URL's //user:HERE@ or ?password=HERE.
std::vector<std::string_view> secrets_in(std::string_view text) {
  static const RE2 pattern(
      R"re((?i)(?:password|passwd|passphrase|secret|token|credential|jaas)[\w.]*['"`]?\s*=?\s*'((?:[^']|'')*))re"
      R"re(|://[^/@:'\s]*:([^/@'\s]*)@|password=([^&'\s]*))re");
  std::vector<std::string_view> secrets;
  re2::StringPiece rest(text.data(), text.size()), literal, in_url, parameter;
  while (RE2::FindAndConsume(&rest, pattern, &literal, &in_url, &parameter))
    for (re2::StringPiece found : {literal, in_url, parameter})
      if (!found.empty() && !found.starts_with("${")) secrets.emplace_back(found.data(), found.size());
  return secrets;
}

std::vector<Cell> cells_of(std::string_view text, std::size_t from, std::size_t to) {
  // A secret may begin before the line.
  std::size_t before = code_point_from(text, from - std::min(from, bytes_around));
  const auto secrets = secrets_in(text.substr(before, to - before));
  auto secret = secrets.begin();
  std::vector<Cell> cells;
  while (from < to) {
    CodePoint c = first_code_point(text.substr(from));
    const char* at = text.data() + from;
    while (secret != secrets.end() && secret->data() + secret->size() <= at) ++secret;
    if (secret != secrets.end() && at >= secret->data()) {
      cells.push_back({"*", from, 1, false});
      from += c.size;
      continue;
    }
    bool tab = c.value == '\t';
    bool hidden = !tab && disturbs_terminal(c);
    cells.push_back({hidden ? "\uFFFD" : text.substr(from, c.size), from, hidden ? 1 : display_width(c.value), tab});
    from += c.size;
  }
  return cells;
}

}  // namespace

std::string excerpt(const Script& script, ast::Span span) {
  std::string_view text = script.text;
  std::size_t begin = std::min<std::size_t>(span.begin, text.size());
  std::size_t end = std::clamp<std::size_t>(span.end, begin, text.size());

  std::size_t line_begin = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;  // npos + 1 is 0
  std::size_t line_end = std::min(text.find('\n', begin), text.size());
  if (line_end > line_begin && text[line_end - 1] == '\r') --line_end;
  auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(line_begin), '\n');
  std::size_t column = 1;
  for (std::size_t at = line_begin; at < begin; at += first_code_point(text.substr(at)).size) ++column;

  std::size_t from = line_begin, to = line_end;
  if (begin - from > bytes_around) from = code_point_from(text, begin - bytes_around);
  if (to > begin && to - begin > bytes_around) to = std::min(to, code_point_from(text, begin + bytes_around));
  std::vector<Cell> cells = cells_of(text, from, to);
  auto caret = std::ranges::find_if(cells, [&](const Cell& c) { return c.at >= begin; }) - cells.begin();
  std::size_t first = 0, stop = cells.size();
  if (cells.size() > cells_in_all) {
    first = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, caret - static_cast<std::ptrdiff_t>(cells_before)));
    stop = std::min(stop, first + cells_in_all);
  }

  std::string shown, carets;
  if (first > 0 || from > line_begin) shown = "…", carets = " ";
  for (std::size_t i = first; i < stop; ++i) {
    const Cell& c = cells[i];
    shown += c.shown;
    bool marked = c.at >= begin && c.at < end;
    if (marked)
      carets.append(static_cast<std::size_t>(c.width), '^');
    else if (c.at < begin)
      carets += c.tab ? std::string(1, '\t') : std::string(static_cast<std::size_t>(c.width), ' ');
  }
  if (stop < cells.size() || to < line_end) shown += "…";
  if (carets.find('^') == std::string::npos) carets += '^';
  return script.name + ":" + std::to_string(line) + ":" + std::to_string(column) + "\n" + shown + "\n" + carets;
}

std::string shortened(std::string_view text) {
  std::string out;
  for (int left = 40; !text.empty(); --left) {
    if (left == 0) return out + "…";
    CodePoint c = first_code_point(text);
    out += c.value == '\n' ? " " : disturbs_terminal(c) ? "\uFFFD" : text.substr(0, c.size);
    text.remove_prefix(c.size);
  }
  return out;
}

Error statement_error(const Script& script, ast::Span span, std::string what) {
  return Error(ErrorKind::statement, std::move(what)).where(excerpt(script, span));
}

}  // namespace levada
