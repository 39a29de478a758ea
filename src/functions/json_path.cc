#include "functions/json_path.h"

#include <simdjson.h>

#include <cstring>

#include "base/bytes.h"
#include "base/json.h"
#include "batch/number_text.h"

namespace levada {
namespace {

namespace ondemand = simdjson::ondemand;

// A copy of the text with the room behind it that simdjson reads into.
simdjson::padded_string_view padded(std::string_view text) {
  thread_local Buffer buffer;
  static_assert(Buffer::padding >= simdjson::SIMDJSON_PADDING);
  buffer.clear();
  buffer.append(text);
  std::memset(buffer.data() + text.size(), 0, Buffer::padding);
  return simdjson::padded_string_view(buffer.data(), text.size(), text.size() + Buffer::padding);
}

std::string_view trimmed(std::string_view token) { return token.substr(0, token.find_last_not_of(" \t\r\n") + 1); }

template <class V>
simdjson::error_code text_of_value(V& value, std::optional<std::string>& out) {
  ondemand::json_type type;
  if (auto e = value.type().get(type)) return e;
  switch (type) {
    case ondemand::json_type::null: return simdjson::SUCCESS;
    case ondemand::json_type::string: {
      std::string_view s;
      if (auto e = value.get_string().get(s)) return e;
      out = std::string(s);
      return simdjson::SUCCESS;
    }
    case ondemand::json_type::object:
    case ondemand::json_type::array: {
      std::string_view raw;
      if (auto e = simdjson::to_json_string(value).get(raw)) return e;
      auto json = Json::parse(raw);
      if (!json) return simdjson::TAPE_ERROR;
      out = json->text();
      return simdjson::SUCCESS;
    }
    default: out = std::string(trimmed(value.raw_json_token())); return simdjson::SUCCESS;
  }
}

bool is_absent(simdjson::error_code e) {
  return e == simdjson::NO_SUCH_FIELD || e == simdjson::INDEX_OUT_OF_BOUNDS || e == simdjson::INCORRECT_TYPE;
}

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view path) {
  JsonPath result;
  auto wrong = [&](std::size_t at, std::string_view what) {
    return Error(ErrorKind::statement, "'" + std::string(path) + "' is no JSON path: " + std::string(what) +
                                           " at character " + std::to_string(at + 1));
  };
  if (!path.starts_with('$')) return wrong(0, "it begins with $, not");
  std::size_t at = 1;
  while (at < path.size()) {
    if (path[at] == '.') {
      std::size_t end = path.find_first_of(".[", at + 1);
      std::string_view name = path.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
      if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
      if (name.empty()) return wrong(at, "there is no name");
      result.steps_.push_back({.name = std::string(name)});
      at = end == std::string_view::npos ? path.size() : end;
    } else if (path[at] == '[') {
      char quote = at + 1 < path.size() ? path[at + 1] : 0;
      bool quoted = quote == '\'' || quote == '"';
      std::size_t end = quoted ? path.find(quote, at + 2) : path.find(']', at);
      std::size_t close = quoted && end != std::string_view::npos ? end + 1 : end;
      if (close >= path.size() || path[close] != ']') return wrong(at, "a bracket is not closed");
      if (quoted) {
        result.steps_.push_back({.name = std::string(path.substr(at + 2, end - at - 2))});
      } else {
        auto index = parse_integer(path.substr(at + 1, end - at - 1));
        if (!index) return wrong(at + 1, "there is no number");
        result.steps_.push_back({.is_index = true,
                                 .index = static_cast<std::size_t>(std::max<std::int64_t>(*index, 0)),
                                 .before_the_first = *index < 0});
      }
      at = close + 1;
    } else {
      return wrong(at, "'.' or '[' is expected");
    }
  }
  return result;
}

Result<std::optional<std::string>> JsonPath::extract(std::string_view json) const {
  thread_local ondemand::parser parser;
  std::optional<std::string> out;
  ondemand::document document;
  auto answer = [&](simdjson::error_code e) -> Result<std::optional<std::string>> {
    if (!e || is_absent(e)) return out;
    return Error(ErrorKind::data, std::string("not valid JSON: ") + simdjson::error_message(e));
  };
  if (auto e = parser.iterate(padded(json)).get(document)) return answer(e);
  bool scalar = false;
  if (auto e = document.is_scalar().get(scalar)) return answer(e);
  if (scalar) return steps_.empty() ? answer(text_of_value(document, out)) : answer(simdjson::SUCCESS);
  ondemand::value value;
  if (auto e = document.get_value().get(value)) return answer(e);
  for (const Step& step : steps_) {
    if (step.before_the_first) return out;
    simdjson::error_code e;
    ondemand::value next;
    if (step.is_index) {
      ondemand::array array;
      e = value.get_array().get(array);
      if (!e) e = array.at(step.index).get(next);
    } else {
      ondemand::object object;
      e = value.get_object().get(object);
      if (!e) e = object.find_field(step.name).get(next);
    }
    if (e) return answer(e);
    value = next;
  }
  return answer(text_of_value(value, out));
}

}  // namespace levada
