#include "connectors/postgres/names.h"

#include <optional>
#include <vector>

namespace levada {
namespace {

constexpr std::size_t longest_name = 63;  // NAMEDATALEN - 1

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    out += c;
    if (c == quote) out += c;
  }
  return out += quote;
}

// What stands in double quotes at the beginning; nullopt if they are not closed.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string part;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] != '"') {
      part += rest[at];
    } else if (at + 1 < rest.size() && rest[at + 1] == '"') {
      part += rest[at++];
    } else {
      rest.remove_prefix(at + 1);
      return part;
    }
  }
  return std::nullopt;
}

std::string take_bare(std::string_view& rest) {
  std::string part(rest.substr(0, rest.find('.')));
  rest.remove_prefix(part.size());
  return part;
}

Error bad_table_name(std::string_view text, const char* why) {
  return Error(ErrorKind::usage, "'" + std::string(text) + "' is no name of a table")
      .why(why)
      .remedy("Write table, schema.table, or \"a name\" in double quotes.");
}

}  // namespace

std::string quote_name(std::string_view name) { return quoted(name, '"'); }
std::string quote_text(std::string_view text) { return quoted(text, '\''); }

Result<void> check_name(std::string_view name) {
  if (name.empty()) return Error(ErrorKind::usage, "an empty name");
  if (name.find('\0') != name.npos)
    return Error(ErrorKind::usage, "the name '" + std::string(name.data()) + "…' holds a NUL byte");
  if (name.size() > longest_name)
    return Error(ErrorKind::usage, "the name '" + std::string(name) + "' is " + std::to_string(name.size()) +
                                       " bytes long; PostgreSQL would cut it off at 63");
  return {};
}

Result<TableName> parse_table_name(std::string_view text, std::string_view database) {
  std::vector<std::string> parts;
  for (std::string_view rest = text;;) {
    std::optional<std::string> part = rest.starts_with('"') ? take_quoted(rest) : take_bare(rest);
    if (!part) return bad_table_name(text, "a double quote is not closed");
    if (part->empty()) return bad_table_name(text, "a part of it is empty");
    LV_TRY(check_name(*part));
    parts.push_back(*std::move(part));
    if (rest.empty()) break;
    if (rest[0] != '.') return bad_table_name(text, "a point is missing behind a quoted part");
    rest.remove_prefix(1);
  }
  if (parts.size() == 3 && parts[0] == database) parts.erase(parts.begin());
  if (parts.size() > 2)
    return bad_table_name(text, "it has more parts than schema and table")
        .remedy("Set 'table.name.format' to the table's name; a point in a name stands in double quotes: \"a.b\".");
  if (parts.size() == 2) return TableName{std::move(parts[0]), std::move(parts[1])};
  return TableName{{}, std::move(parts[0])};
}

std::string lower_case(std::string_view name) {
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace levada
