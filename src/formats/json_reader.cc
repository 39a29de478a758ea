#include "formats/json_reader.h"

#include <algorithm>
#include <numeric>

#include "base/json.h"
#include "formats/json_value.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

// Enough to recognise it by; never half a character.
std::string excerpt(std::string_view text) {
  constexpr std::size_t most = 40;
  if (text.size() <= most) return std::string(text);
  std::size_t size = most;
  while (size > 0 && (text[size] & 0xc0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "…";
}

}  // namespace

// ---- a text ----

bool JsonReader::begin(std::string_view text) {
  text_ = text;
  found_.clear();
  path_.clear();
  why_.clear();
  has_path_ = false;
  if (index_.build(text)) return true;
  why_ = index_.explain();
  return false;
}

bool JsonReader::finish(Token end) {
  if (end != failed && end != index_.size()) end = syntax(end, "the end");
  if (end == failed && has_path_ && !path_.empty()) why_ = "field " + path_ + ": " + why_;
  return end != failed;
}

bool JsonReader::read_row(std::string_view text, JsonTarget& target, std::span<Column* const> columns,
                          std::uint32_t row) {
  if (!begin(text)) return false;
  if (index_[0] == '{') return finish(object(target, row, 0, [&](std::size_t i) { return columns[i]; }));
  if (index_.text(0) != "null") {
    mismatch(0, Type::structure({}));
    return false;
  }
  for (Column* column : columns)
    if (column) put_null(*column, row);
  return finish(1);
}

bool JsonReader::read_bare(std::string_view text, JsonTarget& target, Column& column, std::uint32_t row) {
  return begin(text) && finish(value(target, column, row, 0));
}

// ---- values ----

JsonReader::Token JsonReader::value(JsonTarget& target, Column& column, std::uint32_t row, Token at) {
  TypeKind kind = target.type.kind();
  switch (index_[at]) {
    case '{':
      if (kind == TypeKind::structure) return object(target, row, at, [&](std::size_t i) { return &column.child(i); });
      if (kind == TypeKind::map) return map(target, column, row, at);
      return kind == TypeKind::string ? whole_text(column, row, at) : mismatch(at, target.type);
    case '[':
      if (kind == TypeKind::array) return array(target, column, row, at);
      return kind == TypeKind::string ? whole_text(column, row, at) : mismatch(at, target.type);
    case '"': {
      std::string_view text;
      if (!index_.unquote(at, unquoted_, text)) return syntax(at, "a string with escapes that mean something");
      if (kind == TypeKind::string && text.data() == unquoted_.data())
        column.values<StringView>()[row] = column.keep(text);
      else if (!put_json_quoted(column, row, text))
        return mismatch(at, target.type);
      return at + 1;
    }
    case '}':
    case ']':
    case ':':
    case ',':
    case '\0': return syntax(at, "a value");
    default:
      if (put_json_literal(column, row, index_.text(at))) return at + 1;
      return is_json_literal(index_.text(at)) ? mismatch(at, target.type) : syntax(at, "a value");
  }
}

JsonReader::Token JsonReader::skip(Token at) {
  switch (index_[at]) {
    case '}':
    case ']':
    case ':':
    case ',':
    case '\0': return syntax(at, "a value");
    case '{':
    case '[': break;
    default: return at + 1;
  }
  for (std::size_t depth = 0;; ++at) {
    char c = index_[at];
    if (c == '{' || c == '[') ++depth;
    if (c == '\0') return syntax(at, "a closing bracket");
    if ((c == '}' || c == ']') && --depth == 0) return at + 1;
  }
}

// An object or array where text is wanted: its JSON without blanks.
JsonReader::Token JsonReader::whole_text(Column& column, std::uint32_t row, Token at) {
  Token end = skip(at);
  if (end == failed) return failed;
  auto json = Json::parse(index_.text(at, end - 1));
  if (!json) return syntax(at, "an object or array that is valid JSON");
  column.values<StringView>()[row] = column.keep(json->text());
  return end;
}

JsonReader::Token JsonReader::array(JsonTarget& target, Column& column, std::uint32_t row, Token at) {
  Column& elements = column.child(0);
  std::uint32_t first = elements.size();
  if (index_[++at] == ']') {
    ++at;
  } else {
    for (;; ++at) {
      elements.extend(1);
      at = value(target.children[0], elements, elements.size() - 1, at);
      if (at == failed) {
        within("[" + std::to_string(elements.size() - first) + "]");
        return failed;
      }
      if (index_[at] != ',') break;
    }
    if (index_[at] != ']') return syntax(at, ", or ]");
    ++at;
  }
  column.offsets()[row + 1] = elements.size();
  return at;
}

// ---- objects ----

bool JsonReader::name(Token& at, std::string_view& name) {
  if (index_[at] != '"' || !index_.unquote(at, name_, name)) {
    syntax(at, "a name in quotes");
    return false;
  }
  if (index_[++at] != ':') {
    syntax(at, ":");
    return false;
  }
  ++at;
  return true;
}

bool JsonReader::member(JsonTarget& target, std::size_t first_found, std::size_t position, Token& at) {
  std::span found = std::span(found_).subspan(first_found);
  auto note = [&](std::size_t i, bool exactly) {
    if (exactly || !found[i].exactly) found[i] = {at, exactly};
  };
  if (!target.has_twins) [[likely]] {
    JsonTarget::Spelling& spelling = target.spelling(position);
    if (index_[at] == '"' && spelling.is_at(text_.data() + index_.place(at) + 1)) [[likely]] {
      if (index_[++at] != ':') return syntax(at, ":") != failed;
      ++at;
    } else {
      std::string_view text;
      if (!name(at, text)) return false;
      target.look_up(text, text.data() == name_.data(), spelling);
    }
    if (spelling.field != JsonTarget::none) note(spelling.field, spelling.exactly);
    return true;
  }
  std::string_view text;
  if (!name(at, text)) return false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    bool exactly = target.is_exactly(i, text);
    if (exactly || target.is_in_upper_case(i, text)) note(i, exactly);
  }
  return true;
}

// First all members, then the fields in their order: a member that comes twice counts by its last value, and a name in
// upper case only if there is none that is exactly right.
template <class ColumnOf>
JsonReader::Token JsonReader::object(JsonTarget& target, std::uint32_t row, Token at, ColumnOf column_of) {
  std::size_t first = found_.size(), fields = target.names.size();
  found_.resize(first + fields);
  ++at;
  if (index_[at] != '}') {
    for (std::size_t position = 0;; ++position, ++at) {
      if (!member(target, first, position, at)) return failed;
      at = skip(at);
      if (at == failed) return failed;
      if (index_[at] != ',') break;
    }
    if (index_[at] != '}') return syntax(at, ", or }");
  }
  for (std::size_t i = 0; i < fields; ++i) {
    Column* column = column_of(i);
    if (!column) continue;
    Token from = found_[first + i].value;
    if (from == Found::nowhere) {
      put_null(*column, row);
    } else if (value(target.children[i], *column, row, from) == failed) {
      within(target.names[i]);
      return failed;
    }
  }
  found_.resize(first);
  return at + 1;
}

JsonReader::Token JsonReader::map(JsonTarget& target, Column& column, std::uint32_t row, Token at) {
  Column &keys = column.child(0), &values = column.child(1);
  std::vector<Entry> entries;
  if (index_[++at] != '}') {
    for (;; ++at) {
      std::string_view key;
      if (!name(at, key)) return failed;
      if (key.data() == name_.data()) key = keys.arena().copy(key);
      entries.push_back({key, at});
      at = skip(at);
      if (at == failed) return failed;
      if (index_[at] != ',') break;
    }
    if (index_[at] != '}') return syntax(at, ", or }");
  }
  // Of entries with the same key the last one counts.
  std::vector<std::uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return entries[i].key; });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (entries[order[i]].key == entries[order[i - 1]].key) entries[order[i - 1]].value = Found::nowhere;

  for (const Entry& entry : entries) {
    if (entry.value == Found::nowhere) continue;
    keys.append(StringView(entry.key.data(), static_cast<std::uint32_t>(entry.key.size())));
    values.extend(1);
    if (value(target.children[1], values, values.size() - 1, entry.value) == failed) {
      within("['" + excerpt(entry.key) + "']");
      return failed;
    }
  }
  column.offsets()[row + 1] = values.size();
  return at + 1;
}

// ---- what is wrong ----

JsonReader::Token JsonReader::syntax(Token at, std::string_view expected) {
  why_ = "not JSON: expected " + std::string(expected) + " at byte " + std::to_string(index_.place(at));
  why_ += at < index_.size() ? ", found " + excerpt(index_.text(at)) : ", found the end";
  has_path_ = false;
  return failed;
}

JsonReader::Token JsonReader::mismatch(Token at, const Type& type) {
  char c = index_[at];
  bool row = type.kind() == TypeKind::structure && type.fields().empty();
  why_ = "expected " + (row ? "an object" : type.text()) + ", found " +
         (c == '{'   ? "an object"
          : c == '[' ? "an array"
                     : excerpt(index_.text(at))) +
         " at byte " + std::to_string(index_.place(at));
  has_path_ = !row;
  path_.clear();
  return failed;
}

void JsonReader::within(std::string_view step) {
  if (!path_.empty() && path_[0] != '[') path_.insert(0, ".");
  path_.insert(0, step);
}

}  // namespace levada
