#include "base/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/assert.h"
#include "base/files.h"
#include "base/near_name.h"

namespace levada {
namespace {

std::string_view trim(std::string_view s) {
  std::size_t from = s.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(" \t\r\n") + 1 - from);
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

std::string quoted(std::string_view s) { return "'" + std::string(s) + "'"; }

template <class T>
Result<void> read_number(std::string_view text, T& value, const char* kind) {
  text = trim(text);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size())
    return Error(ErrorKind::usage, quoted(text) + " is too big");
  bool finite = !std::is_floating_point_v<T> || std::isfinite(static_cast<double>(value));
  if (error != std::errc() || end != text.data() + text.size() || !finite)
    return Error(ErrorKind::usage, quoted(text) + " is not " + kind);
  return {};
}

// "1..1000", "0..", "..5" against the number in the text, whose form has been checked.
Result<void> check_range(const Option& row, std::string_view text) {
  std::size_t dots = row.range.find("..");
  if (dots == std::string_view::npos) return {};
  double value = 0, bound = 0;
  if (!read_number(text, value, "")) return {};
  std::string_view least = row.range.substr(0, dots), most = row.range.substr(dots + 2);
  bool low = !least.empty() && read_number(least, bound, "") && value < bound;
  bool high = !most.empty() && read_number(most, bound, "") && value > bound;
  if (!low && !high) return {};
  return Error(ErrorKind::usage, std::string(text) + " is out of range")
      .remedy("Give a value in " + std::string(row.range) + (row.unit.empty() ? "" : " " + std::string(row.unit)) +
              ".");
}

// The second one of a name; nullptr if there is none.
const Property* given_twice(const Properties& properties) {
  for (const Property& property : properties)
    if (find_property(properties, property.name) != &property) return &property;
  return nullptr;
}

Error at_property(Error error, const Option& row, const Property& property) {
  std::string remedy = error.remedy().empty() ? std::string(row.doc) : error.remedy();
  return std::move(error).within(quoted(property.name)).where(property.where).remedy(std::move(remedy));
}

// The prefix of a family of names, with its point; empty for a plain name.
std::string_view family_of(const Option& row) {
  return row.field.add ? row.name.substr(0, row.name.size() - 1) : std::string_view();
}

bool covers(const Option& row, std::string_view name) {
  std::string_view family = family_of(row);
  return row.name == name || (!family.empty() && name.size() > family.size() && name.starts_with(family));
}

}  // namespace

const Property* find_property(const Properties& properties, std::string_view name) {
  auto p = std::ranges::find(properties, name, &Property::name);
  return p == properties.end() ? nullptr : &*p;
}

Result<void> parse_options(std::span<const Option> table, const Properties& properties, void* options,
                           OptionNotes* notes) {
  if (const Property* again = given_twice(properties))
    return Error(ErrorKind::usage, "property " + quoted(again->name) + " is given twice")
        .where(again->where)
        .remedy("Remove one of the two.");
  for (const Property& property : properties) {
    if (std::ranges::any_of(table, [&](const Option& row) { return covers(row, property.name); })) continue;
    std::vector<std::string> names;
    for (const Option& row : table)
      if (row.field.set) names.emplace_back(row.name);
    std::string near = did_you_mean(property.name, names);
    return Error(ErrorKind::usage, "unknown property " + quoted(property.name))
        .where(property.where)
        .remedy(near.empty() ? "Remove it, or look at the list of properties in the documentation." : near);
  }
  for (const Option& row : table) {
    if (row.field.add) {
      for (const Property& property : properties)
        if (covers(row, property.name))
          row.field.add(options, {property.name.substr(family_of(row).size()), property.value, property.where});
      continue;
    }
    const Property* property = find_property(properties, row.name);
    if (!row.field.set) {
      if (property && notes) notes->push_back(quoted(row.name) + " has no effect: " + std::string(row.doc));
      continue;
    }
    if (!property) {
      if (row.required)
        return Error(ErrorKind::usage, "property " + quoted(row.name) + " is missing").remedy(std::string(row.doc));
      if (row.fallback.empty()) continue;
      auto set = row.field.set(options, row.fallback);
      LV_ASSERT(set.has_value());  // a default that is no value of its option
      continue;
    }
    if (auto set = row.field.set(options, property->value); !set)
      return at_property(std::move(set).error(), row, *property);
    if (auto in = check_range(row, property->value); !in) return at_property(std::move(in).error(), row, *property);
  }
  return {};
}

// ---- members ----

Result<void> read_option(std::string_view text, bool& value) {
  text = trim(text);
  if (same_letters(text, "true")) return value = true, Result<void>();
  if (same_letters(text, "false")) return value = false, Result<void>();
  return Error(ErrorKind::usage, quoted(text) + " is neither true nor false");
}
Result<void> read_option(std::string_view text, std::int64_t& value) {
  return read_number(text, value, "a whole number");
}
Result<void> read_option(std::string_view text, double& value) { return read_number(text, value, "a number"); }
Result<void> read_option(std::string_view text, std::string& value) {
  value = text;
  return {};
}
Result<void> read_option(std::string_view text, Secret& value) {
  value = Secret(std::string(text));
  return {};
}
Result<void> read_option(std::string_view text, std::vector<std::string>& value) {
  value.clear();
  while (!trim(text).empty()) {
    std::size_t comma = std::min(text.find(','), text.size());
    if (auto item = trim(text.substr(0, comma)); !item.empty()) value.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return {};
}
Result<std::size_t> read_option_name(std::string_view text, std::span<const std::string_view> names) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (same_letters(trim(text), names[i])) return i;
    list += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  return Error(ErrorKind::usage, quoted(text) + " is not a choice").remedy("Give one of: " + list + ".");
}

std::string write_option(bool value) { return value ? "true" : "false"; }
std::string write_option(std::int64_t value) { return std::to_string(value); }
std::string write_option(double value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}
std::string write_option(const std::string& value) { return value; }
std::string write_option(const Secret& value) { return value.masked(); }
std::string write_option(const std::vector<std::string>& value) {
  std::string text;
  for (const std::string& item : value) text += (text.empty() ? "" : ",") + item;
  return text;
}

// ---- substitution ----

namespace {

Result<std::string> from_environment(std::string_view name) {
  std::string fallback;
  bool has_fallback = false;
  if (std::size_t at = name.find(":-"); at != std::string_view::npos) {
    fallback = name.substr(at + 2);
    has_fallback = true;
    name = name.substr(0, at);
  }
  std::string variable(name);
  if (const char* value = std::getenv(variable.c_str())) return std::string(value);
  if (has_fallback) return fallback;
  return Error(ErrorKind::usage, "the environment has no variable " + variable)
      .remedy("Set it, or give a default: ${env:" + variable + ":-value}.");
}

Result<std::string> from_file(std::string_view spec, Files& files) {
  std::size_t colon = spec.rfind(':');
  std::string path(spec.substr(0, colon));
  std::string content = LV_TRY(read_file(files, path));
  if (colon == std::string_view::npos) return content.substr(0, content.find_last_not_of("\r\n") + 1);
  std::string_view key = spec.substr(colon + 1), rest = content;
  while (!rest.empty()) {
    std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && trim(line.substr(0, equals)) == key)
      return std::string(trim(line.substr(equals + 1)));
  }
  return Error(ErrorKind::usage, "file " + path + " has no line " + std::string(key) + "=…");
}

}  // namespace

Result<std::string> substitute(std::string_view value, Files& files) {
  std::string out;
  while (!value.empty()) {
    std::size_t at = value.find("${");
    if (at != std::string_view::npos && at > 0 && value[at - 1] == '$') {
      out += value.substr(0, at - 1);
      out += "${";
      value.remove_prefix(at + 2);
      continue;
    }
    out += value.substr(0, at);
    if (at == std::string_view::npos) break;
    value.remove_prefix(at + 2);
    std::size_t end = value.find('}');
    if (end == std::string_view::npos)
      return Error(ErrorKind::usage, "'${' without '}'").remedy("Write $${ for a plain ${.");
    std::string_view inner = value.substr(0, end);
    if (inner.starts_with("env:"))
      out += LV_TRY(from_environment(inner.substr(4)));
    else if (inner.starts_with("file:"))
      out += LV_TRY(from_file(inner.substr(5), files));
    else if (inner == "topic" || inner == "schema" || inner == "table")  // words of sinks' options for their targets
      out.append("${").append(inner).append("}");
    else
      return Error(ErrorKind::usage, "unknown substitution ${" + std::string(inner) + "}")
          .remedy("Known are ${env:NAME} and ${file:PATH:KEY}.");
    value.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace levada
