// Options as a struct plus a table. The struct is what the code reads; the table says how each member is called
// outside, its default, range, unit and meaning. Parsing, checking, SHOW, the reference pages and forms come from the
// table.
//
//   struct SinkOptions { InsertMode insert_mode; std::int64_t batch_size; Secret password; };
//   constexpr Option sink_options[] = {
//       {.name = "batch.size", .field = option<&SinkOptions::batch_size>, .fallback = "3000", .range = "1..1000000",
//        .unit = "rows", .doc = "Rows in one statement at most."},
//       {.name = "connection.password", .field = option<&SinkOptions::password>, .doc = "Password of the user."},
//   };
//   auto options = LV_TRY(parse_options<SinkOptions>(sink_options, properties));
//
// Members may be bool, std::int64_t, double, std::string, Secret, std::vector<std::string> (a list with commas), or an
// enum for which `constexpr std::span<const std::string_view> names_of_values(E)` lists the names in the order of the
// values. A row whose name ends in ".*" stands for a family of names; its member is Properties and gets all of them,
// what follows the point as the name: 'column.ID' = '…' is {"ID", "…"} in the member of "column.*".
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace levada {

// A property as the user wrote it: 'batch.size' = '500'. `where` is put into errors ("orders.sql:3:5" with its caret).
struct Property {
  std::string name, value, where;
};
using Properties = std::vector<Property>;

const Property* find_property(const Properties& properties, std::string_view name);

struct OptionField {
  std::string_view type = "ignored";                                     // for documentation
  Result<void> (*set)(void* options, std::string_view value) = nullptr;  // without set and add: accepted, no meaning
  std::string (*get)(const void* options) = nullptr;                     // secrets come back as ***
  void (*add)(void* options, Property property) = nullptr;               // of a family of names
};

struct Option {
  std::string_view name;
  OptionField field = {};
  std::string_view fallback = {};  // the default, as a user would write it
  std::string_view range = {};     // numbers: "1..1000", "0.."
  std::string_view unit = {};
  std::string_view doc = {};  // of an option without a field: why it has no meaning here
  bool required = false;
};

// The properties that were accepted although they have no meaning here, one line each, to be shown to the user.
using OptionNotes = std::vector<std::string>;

// Fills `options` from the defaults, then from the properties. Unknown names, names given twice, bad values and missing
// required options are errors of kind usage that name the property, its place and what would be right.
Result<void> parse_options(std::span<const Option> table, const Properties& properties, void* options,
                           OptionNotes* notes);

template <class Options>
Result<Options> parse_options(std::span<const Option> table, const Properties& properties,
                              OptionNotes* notes = nullptr) {
  Options options{};
  LV_TRY(parse_options(table, properties, &options, notes));
  return options;
}

// ---- how text gets into a member and back ----

Result<void> read_option(std::string_view text, bool& value);
Result<void> read_option(std::string_view text, std::int64_t& value);
Result<void> read_option(std::string_view text, double& value);
Result<void> read_option(std::string_view text, std::string& value);
Result<void> read_option(std::string_view text, Secret& value);
Result<void> read_option(std::string_view text, std::vector<std::string>& value);
Result<std::size_t> read_option_name(std::string_view text, std::span<const std::string_view> names);
std::string write_option(bool value);
std::string write_option(std::int64_t value);
std::string write_option(double value);
std::string write_option(const std::string& value);
std::string write_option(const Secret& value);
std::string write_option(const std::vector<std::string>& value);

namespace detail {
template <class M>
struct MemberOf;
template <class S, class T>
struct MemberOf<T S::*> {
  using Struct = S;
  using Value = T;
};
template <class T>
constexpr std::string_view type_name() {
  if constexpr (std::is_same_v<T, bool>)
    return "boolean";
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return "integer";
  else if constexpr (std::is_same_v<T, double>)
    return "number";
  else if constexpr (std::is_same_v<T, Secret>)
    return "secret";
  else if constexpr (std::is_same_v<T, std::vector<std::string>>)
    return "list";
  else if constexpr (std::is_same_v<T, Properties>)
    return "family";
  else if constexpr (std::is_enum_v<T>)
    return "choice";
  else
    return "text";
}
}  // namespace detail

namespace detail {
// The struct is a parameter of its own, though the member says it: where it is in an unnamed namespace, g++ makes what
// has it as a parameter local to the file, but not what only has its member. Two files with a struct of one name would
// share their setters, and set each other's members.
template <class Struct, auto Member>
struct OptionAccess {
  using M = MemberOf<decltype(Member)>;
  static Result<void> set(void* options, std::string_view text) {
    auto& value = static_cast<Struct*>(options)->*Member;
    if constexpr (std::is_enum_v<typename M::Value>) {
      value = static_cast<typename M::Value>(LV_TRY(read_option_name(text, names_of_values(value))));
      return {};
    } else {
      return read_option(text, value);
    }
  }
  static std::string get(const void* options) {
    const auto& value = static_cast<const Struct*>(options)->*Member;
    if constexpr (std::is_enum_v<typename M::Value>)
      return std::string(names_of_values(value)[static_cast<std::size_t>(value)]);
    else
      return write_option(value);
  }
  static void add(void* options, Property property) {
    (static_cast<Struct*>(options)->*Member).push_back(std::move(property));
  }
};
template <class Struct, auto Member>
constexpr OptionField option_of() {
  using Value = typename MemberOf<decltype(Member)>::Value;
  using Access = OptionAccess<Struct, Member>;
  if constexpr (std::is_same_v<Value, Properties>)
    return {.type = type_name<Value>(), .add = &Access::add};
  else
    return {.type = type_name<Value>(), .set = &Access::set, .get = &Access::get};
}
}  // namespace detail

template <auto Member>
inline constexpr OptionField option = detail::option_of<typename detail::MemberOf<decltype(Member)>::Struct, Member>();
// Of a struct whose member may be one that it has inherited: rows that several tables share.
template <class Struct, auto Member>
inline constexpr OptionField option_in = detail::option_of<Struct, Member>();

// ---- values from elsewhere ----

class Files;

// Replaces ${env:NAME}, ${env:NAME:-default} and ${file:PATH:KEY} (a properties file with KEY=value lines; without KEY
// the whole file without its last line feed) in the value. "$${" stands for a plain "${"; ${topic}, ${schema} and
// ${table} are left alone: they are words of options that name a sink's target.
Result<std::string> substitute(std::string_view value, Files& files);

}  // namespace levada
