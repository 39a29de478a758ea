#include "base/json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/assert.h"

namespace levada {
namespace {

namespace ondemand = simdjson::ondemand;

// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_number(std::string_view text) {
  std::size_t at = 0;
  auto one_of = [&](std::string_view signs) {
    bool there = at < text.size() && signs.find(text[at]) != std::string_view::npos;
    if (there) ++at;
    return there;
  };
  auto digits = [&] {
    std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > from;
  };
  one_of("-");
  if (!one_of("0") && !digits()) return false;
  if (one_of(".") && !digits()) return false;
  if (one_of("eE")) {
    one_of("+-");
    if (!digits()) return false;
  }
  return at == text.size();
}

// simdjson says what is wrong and where it stood; we turn the position into line and column.
class Parser {
 public:
  explicit Parser(std::string_view text) : padded_(text) {}

  Result<Json> parse() {
    Json value;
    if (auto e = parser_.iterate(padded_).get(document_))
      return Error(ErrorKind::data, std::string("not valid JSON: ") + simdjson::error_message(e));
    bool scalar = false;
    if (auto e = document_.is_scalar().get(scalar)) return wrong(e);
    simdjson::error_code e;
    if (scalar) {
      e = read_scalar(document_, value);
    } else {
      ondemand::value v;
      e = document_.get_value().get(v);
      if (!e) e = read(v, value, 0);
    }
    if (e) return wrong(e);
    if (!at_end(value)) return wrong(simdjson::TRAILING_CONTENT);
    return value;
  }

 private:
  static constexpr int max_depth = 512;

  template <class Source>
  simdjson::error_code read_scalar(Source& source, Json& out) {
    ondemand::json_type type;
    if (auto e = source.type().get(type)) return e;
    switch (type) {
      case ondemand::json_type::null: {
        bool null = false;
        if (auto e = source.is_null().get(null)) return e;
        out = nullptr;
        return null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
      }
      case ondemand::json_type::boolean: {
        bool b = false;
        auto e = source.get_bool().get(b);
        out = b;
        return e;
      }
      case ondemand::json_type::number: {
        // Integers, decimals and exponents beyond a double stay what they are: text.
        std::string_view text = trimmed(source.raw_json_token());
        out = JsonNumber{std::string(text)};
        return is_number(text) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
      }
      case ondemand::json_type::string: {
        std::string_view s;
        auto e = source.get_string().get(s);
        out = s;
        return e;
      }
      default: return simdjson::INCORRECT_TYPE;
    }
  }

  simdjson::error_code read(ondemand::value v, Json& out, int depth) {
    if (depth > max_depth) return simdjson::DEPTH_ERROR;
    ondemand::json_type type;
    if (auto e = v.type().get(type)) return e;
    if (type == ondemand::json_type::array) {
      ondemand::array array;
      if (auto e = v.get_array().get(array)) return e;
      Json::Array items;
      for (auto item : array) {
        ondemand::value child;
        if (auto e = std::move(item).get(child)) return e;
        if (auto e = read(child, items.emplace_back(), depth + 1)) return e;
      }
      out = std::move(items);
      return simdjson::SUCCESS;
    }
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (auto e = v.get_object().get(object)) return e;
      Json::Object members;
      for (auto field : object) {
        std::string_view name;
        if (auto e = field.unescaped_key().get(name)) return e;
        members.emplace_back(name, Json());
        ondemand::value child;
        if (auto e = field.value().get(child)) return e;
        if (auto e = read(child, members.back().second, depth + 1)) return e;
      }
      out = std::move(members);
      return simdjson::SUCCESS;
    }
    return read_scalar(v, out);
  }

  static std::string_view trimmed(std::string_view token) {
    std::size_t from = std::min(token.find_first_not_of(" \t\r\n"), token.size());
    return token.substr(from, token.find_last_not_of(" \t\r\n") + 1 - from);
  }

  // simdjson stands before a number that is the whole text, since we read that ourselves, and at the end of all else.
  bool at_end(const Json& value) {
    if (const JsonNumber* n = value.number()) return trimmed(padded_) == n->text;
    return document_.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }

  Error wrong(simdjson::error_code code) {
    Error e(ErrorKind::data, std::string("not valid JSON: ") + simdjson::error_message(code));
    const char* at = nullptr;
    if (document_.current_location().get(at) || !at) return e;
    std::string_view text(padded_.data(), static_cast<std::size_t>(at - padded_.data()));
    auto line = 1 + std::ranges::count(text, '\n');
    std::size_t start = text.rfind('\n');
    std::size_t column = start == std::string_view::npos ? text.size() + 1 : text.size() - start;
    return std::move(e).where("line " + std::to_string(line) + ", column " + std::to_string(column));
  }

  simdjson::padded_string padded_;
  ondemand::parser parser_;
  ondemand::document document_;
};

void append(std::string& out, const Json& value, int indent);  // indent < 0: on one line

template <class Items, class Write>
void append_items(std::string& out, const Items& items, char open, char close, int indent, Write write) {
  out += open;
  int inner = indent < 0 ? indent : indent + 1;
  auto line = [&](int level) {
    if (level >= 0) out.append(1, '\n').append(static_cast<std::size_t>(level) * 2, ' ');
  };
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    line(inner);
    write(item, inner);
  }
  if (!items.empty()) line(indent);
  out += close;
}

void append(std::string& out, const Json& value, int indent) {
  if (const bool* b = value.boolean()) {
    out += *b ? "true" : "false";
  } else if (const JsonNumber* n = value.number()) {
    out += n->text;
  } else if (const std::string* s = value.string()) {
    append_json_string(out, *s);
  } else if (const Json::Array* a = value.array()) {
    append_items(out, *a, '[', ']', indent, [&](const Json& item, int inner) { append(out, item, inner); });
  } else if (const Json::Object* o = value.object()) {
    append_items(out, *o, '{', '}', indent, [&](const Json::Member& member, int inner) {
      append_json_string(out, member.first);
      out += indent < 0 ? ":" : ": ";
      append(out, member.second, inner);
    });
  } else {
    out += "null";
  }
}

}  // namespace

Json::Json(double v) {
  if (!std::isfinite(v)) {
    value_ = std::string(std::isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
    return;
  }
  std::array<char, 64> text;
  char* end = std::to_chars(text.data(), text.data() + text.size(), v).ptr;
  value_ = JsonNumber{std::string(text.data(), end)};
}

Result<Json> Json::parse(std::string_view text) { return Parser(text).parse(); }

std::string Json::text() const {
  std::string out;
  append(out, *this, -1);
  return out;
}

std::string Json::pretty() const {
  std::string out;
  append(out, *this, 0);
  return out;
}

const Json* Json::find(std::string_view name) const {
  const Object* o = object();
  if (!o) return nullptr;
  auto member = std::ranges::find(*o, name, &Member::first);
  return member == o->end() ? nullptr : &member->second;
}

Json& Json::set(std::string name, Json value) {
  if (is_null()) value_ = Object();
  Object* o = object();
  LV_ASSERT(o != nullptr);
  auto member = std::ranges::find(*o, name, &Member::first);
  if (member == o->end())
    o->emplace_back(std::move(name), std::move(value));
  else
    member->second = std::move(value);
  return *this;
}

Json& Json::add(Json value) {
  if (is_null()) value_ = Array();
  Array* a = array();
  LV_ASSERT(a != nullptr);
  a->push_back(std::move(value));
  return *this;
}

std::optional<std::int64_t> Json::integer() const {
  const JsonNumber* n = number();
  std::int64_t v = 0;
  if (!n) return std::nullopt;
  auto [end, error] = std::from_chars(n->text.data(), n->text.data() + n->text.size(), v);
  if (error != std::errc() || end != n->text.data() + n->text.size()) return std::nullopt;
  return v;
}

std::optional<double> Json::real() const {
  const JsonNumber* n = number();
  double v = 0;
  if (!n) return std::nullopt;
  if (std::from_chars(n->text.data(), n->text.data() + n->text.size(), v).ec != std::errc()) return std::nullopt;
  return v;
}

std::string Json::text_of(std::string_view name) const {
  const Json* member = find(name);
  const std::string* s = member ? member->string() : nullptr;
  return s ? *s : std::string();
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += hex[c >> 4];
          out += hex[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace levada
