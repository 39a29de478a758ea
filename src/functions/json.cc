// JSON in text: looking into it, taking it apart, making it. Text that is no JSON fails, except where the function only
// asks whether it is.
#include "base/json.h"

#include "functions/families.h"
#include "functions/json_path.h"
#include "functions/kernel.h"
#include "functions/memo.h"

namespace levada {
namespace {

constexpr std::string_view category = "JSON";

std::string told(const Error& e) { return e.why().empty() ? e.what() : e.what() + ": " + e.why(); }

// Text bare, anything else as JSON.
std::string bare(const Json& value) { return value.string() ? *value.string() : value.text(); }

Computed<std::string> extract(std::string_view json, std::string_view path) {
  using Result = Computed<std::string>;
  thread_local Memo<std::shared_ptr<const levada::Result<JsonPath>>> memo;
  const auto& p = *memo.get(
      path, [](std::string_view t) { return std::make_shared<const levada::Result<JsonPath>>(JsonPath::parse(t)); });
  if (!p) return Result::failure(told(p.error()));
  auto found = p->extract(json);
  if (!found) return Result::failure(told(found.error()));
  if (!*found) return std::nullopt;
  return **std::move(found);
}

bool is_json(std::optional<std::string_view> text) { return text && Json::parse(*text).has_value(); }

bool same(const Json& item, const Argument& wanted, std::uint32_t row) {
  if (wanted.is_null(row) || item.is_null()) return wanted.is_null(row) && item.is_null();
  const JsonNumber* number = item.number();
  bool whole = number && number->text.find_first_of(".eE") == std::string::npos;
  switch (wanted.type().kind()) {
    case TypeKind::boolean: return item.boolean() && *item.boolean() == (wanted.value<std::uint8_t>(row) != 0);
    case TypeKind::int32: return whole && item.integer() == wanted.value<std::int32_t>(row);
    case TypeKind::int64: return whole && item.integer() == wanted.value<std::int64_t>(row);
    case TypeKind::float64: return number && !whole && item.real() == wanted.value<double>(row);
    default: return item.string() && *item.string() == wanted.string(row);
  }
}

void array_contains(const Call& call) {
  const Argument &json = call.arguments[0], &wanted = call.arguments[1];
  std::uint8_t* to = call.result.values<std::uint8_t>();
  call.rows.for_each([&](std::uint32_t row) {
    if (json.is_null(row)) return;
    auto value = Json::parse(json.string(row));
    if (!value || !value->array()) return;
    for (const Json& item : *value->array()) to[row] = to[row] || same(item, wanted, row);
  });
}
Result<Type> contains_type(std::span<const Type> types) {
  if (types[1].nested() || types[1].kind() == TypeKind::bytes || types[1].kind() >= TypeKind::date ||
      types[1].kind() == TypeKind::decimal)
    return Error(ErrorKind::statement,
                 "JSON_ARRAY_CONTAINS looks for BOOLEAN, INT, BIGINT, DOUBLE or STRING, not " + types[1].text());
  return Type(TypeKind::boolean);
}

Computed<std::int32_t> array_length(std::string_view text) {
  auto value = Json::parse(text);
  if (!value) return Computed<std::int32_t>::failure(told(value.error()));
  if (!value->array()) return std::nullopt;
  return static_cast<std::int32_t>(value->array()->size());
}

// Objects are merged, the last value of a name stays; anything else makes an array of all that there is.
Json joined(Json a, Json b) {
  if (a.object() && b.object()) {
    for (auto& [name, value] : *b.object()) a.set(name, std::move(value));
    return a;
  }
  Json result = Json::Array();
  for (Json* side : {&a, &b}) {
    if (!side->array())
      result.add(std::move(*side));
    else
      for (Json& item : *side->array()) result.add(std::move(item));
  }
  return result;
}

void concat(const Call& call) {
  call.rows.for_each([&](std::uint32_t row) {
    std::optional<Json> all;
    for (const Argument& a : call.arguments) {
      auto value = a.is_null(row) ? Result<Json>(Json()) : Json::parse(a.string(row));
      if (a.is_null(row) || !value) return call.result.set_null(row);
      all = all ? joined(*std::move(all), *std::move(value)) : *std::move(value);
    }
    call.result.values<StringView>()[row] = call.result.keep(all->text());
  });
}

// The JSON of each row, handed to `write`, which returns false where it is of the wrong kind: then the result is null.
template <class F>
void each_json(const Call& call, F write) {
  ListWriter out(call.result);
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    auto value = Json::parse(call.arguments[0].string(row));
    if (!value) return call.fail(row, told(value.error()));
    if (!write(*value, out)) return call.result.set_null(row);
    out.end(row);
  });
}

void items(const Call& call) {
  each_json(call, [](const Json& value, ListWriter& out) {
    if (!value.array()) return false;
    for (const Json& item : *value.array()) out.child(0).append_string(bare(item));
    return true;
  });
}
void keys(const Call& call) {
  each_json(call, [](const Json& value, ListWriter& out) {
    if (!value.object()) return false;
    for (const auto& [name, member] : *value.object()) out.child(0).append_string(name);
    return true;
  });
}
void records(const Call& call) {
  each_json(call, [](const Json& value, ListWriter& out) {
    if (!value.object()) return false;
    for (const auto& [name, member] : *value.object()) {
      out.child(0).append_string(name);
      out.child(1).append_string(bare(member));
    }
    return true;
  });
}

void to_json_string(const Call& call) {
  const Argument& a = call.arguments[0];
  call.rows.for_each([&](std::uint32_t row) {
    call.result.values<StringView>()[row] = call.result.keep(json_of(a.column->value(a.at(row)), a.type()).text());
  });
}

}  // namespace

std::span<const Function> json_functions() {
  static const Function table[] = {
      {.name = "EXTRACTJSONFIELD",
       .category = category,
       .overloads = {{"(STRING, STRING) STRING", map<extract>}},
       .doc = "What stands at a path of a JSON text: text as it is, anything else as JSON; null if nothing does.",
       .examples = {{"EXTRACTJSONFIELD('{\"a\":{\"b\":[1,\"x\"]}}', '$.a.b[1]')", "x"},
                    {"EXTRACTJSONFIELD('{\"a\": {\"b\": 1.50}}', '$.a')", "{\"b\":1.50}"},
                    {"EXTRACTJSONFIELD('{\"@type\":\"t\"}', '$.@type')", "t"}}},
      {.name = "IS_JSON_STRING",
       .category = category,
       .overloads = {{"(STRING) BOOLEAN", map<is_json>}},
       .doc = "True if the text is JSON.",
       .examples = {{"IS_JSON_STRING('[1, 2]')", "true"},
                    {"IS_JSON_STRING('abc')", "false"},
                    {"IS_JSON_STRING(NULL)", "false"}},
       .strict = false},
      {.name = "JSON_ARRAY_CONTAINS",
       .category = category,
       .overloads = {{"(STRING, ANY) BOOLEAN", array_contains, contains_type}},
       .doc = "True if the text is a JSON array with this element.",
       .examples = {{"JSON_ARRAY_CONTAINS('[1, 2, 3]', 3)", "true"},
                    {"JSON_ARRAY_CONTAINS('[1, 2.5]', '2.5')", "false"}},
       .strict = false},
      {.name = "JSON_ARRAY_LENGTH",
       .category = category,
       .overloads = {{"(STRING) INT", map<array_length>}},
       .doc = "The number of elements of a JSON array; null for other JSON.",
       .examples = {{"JSON_ARRAY_LENGTH('[1, 2, 3]')", "3"}, {"JSON_ARRAY_LENGTH('{}')", "null"}}},
      {.name = "JSON_CONCAT",
       .category = category,
       .overloads = {{"(STRING...) STRING", concat}},
       .doc = "JSON objects merged into one, or arrays and other values joined to one array; null if one of them is "
              "null or no JSON.",
       .examples = {{"JSON_CONCAT('{\"a\":1}', '{\"b\":2}')", "{\"a\":1,\"b\":2}"},
                    {"JSON_CONCAT('[1]', '[2, 3]')", "[1,2,3]"},
                    {"JSON_CONCAT('1', '[2]')", "[1,2]"}},
       .strict = false},
      {.name = "JSON_ITEMS",
       .category = category,
       .overloads = {{"(STRING) ARRAY<STRING>", items}},
       .doc = "The elements of a JSON array as texts.",
       .examples = {{"JSON_ITEMS('[1, {\"a\": 2}]')", "[\"1\",\"{\\\"a\\\":2}\"]"}}},
      {.name = "JSON_KEYS",
       .category = category,
       .overloads = {{"(STRING) ARRAY<STRING>", keys}},
       .doc = "The names of the members of a JSON object.",
       .examples = {{"JSON_KEYS('{\"a\":1,\"b\":2}')", "[\"a\",\"b\"]"}}},
      {.name = "JSON_RECORDS",
       .category = category,
       .overloads = {{"(STRING) MAP<STRING, STRING>", records}},
       .doc = "The members of a JSON object as a map of texts.",
       .examples = {{"JSON_RECORDS('{\"a\":1,\"b\":\"x\"}')", "{\"a\":\"1\",\"b\":\"x\"}"}}},
      {.name = "TO_JSON_STRING",
       .category = category,
       .overloads = {{"(ANY) STRING", to_json_string}},
       .doc = "Any value as JSON.",
       .examples = {{"TO_JSON_STRING(ARRAY[1, 2])", "[1,2]"},
                    {"TO_JSON_STRING('a\"b')", "\"a\\\"b\""},
                    {"TO_JSON_STRING(NULL)", "null"}},
       .strict = false},
  };
  return table;
}

}  // namespace levada
