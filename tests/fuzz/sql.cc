// Any text is either a statement, whose print reads as the same tree, or an error that points into the text.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "sql/parser.h"

using namespace levada;

namespace {

std::size_t number_at(std::string_view text, std::size_t at) {
  std::size_t number = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), number);
  return number;
}

// "fuzz:line:column", the line, the carets.
void check_place(const Script& script, const Error& error) {
  LV_ASSERT(error.kind() == ErrorKind::statement);
  LV_ASSERT(!error.what().empty() && error.what().find('\n') == std::string::npos);
  const std::string& where = error.where();
  LV_ASSERT(where.starts_with(script.name + ":"));
  std::size_t colon = where.find(':', script.name.size() + 1);
  LV_ASSERT(colon != std::string::npos);
  std::size_t line = number_at(where, script.name.size() + 1), column = number_at(where, colon + 1);
  auto lines = static_cast<std::size_t>(std::ranges::count(script.text, '\n')) + 1;
  LV_ASSERT(line >= 1 && line <= lines);
  std::size_t begin = 0;
  for (std::size_t i = 1; i < line; ++i) begin = script.text.find('\n', begin) + 1;
  std::size_t end = std::min(script.text.find('\n', begin), script.text.size());
  LV_ASSERT(column >= 1 && column <= end - begin + 1);
  LV_ASSERT(where.find('^') != std::string::npos && std::ranges::count(where, '\n') == 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Variables variables = {{"A", "orders"}, {"N", "-3"}, {"S", "'it''s'"}, {"Q", "`q q`"}, {"X", "a b; --"}};
  Script script{"fuzz", std::string(reinterpret_cast<const char*>(bytes), size)};
  Parser parser(script);
  for (;;) {
    auto statement = parser.next(variables);
    if (!statement) {
      check_place(script, statement.error());
      continue;
    }
    if (!*statement) break;
    ast::Span span = (*statement)->span;
    LV_ASSERT(span.begin < span.end && span.end <= size);
    Script printed{"printed", print(**statement)};
    auto again = parse(printed);
    LV_ASSERT(again && again->size() == 1);
    LV_ASSERT(again->front() == **statement);
    LV_ASSERT(print(again->front()) == printed.text);
  }
  auto expression = parse_expression(script);
  if (!expression) {
    check_place(script, expression.error());
    return 0;
  }
  auto again = parse_expression({"printed", print(*expression)});
  LV_ASSERT(again && *again == *expression);
  return 0;
}
