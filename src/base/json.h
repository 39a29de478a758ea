// JSON as a value: for configuration, descriptions and tests. Records on the hot path never become one
// (formats/json.cc).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace levada {

// A number as it was written, so that decimals stay exact.
struct JsonNumber {
  std::string text;
  bool operator==(const JsonNumber&) const = default;
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  // in the order written

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool v) : value_(v) {}
  Json(int v) : Json(static_cast<std::int64_t>(v)) {}
  Json(std::int64_t v) : value_(JsonNumber{std::to_string(v)}) {}
  Json(std::uint64_t v) : value_(JsonNumber{std::to_string(v)}) {}
  Json(double v);  // NaN and infinities become text
  Json(JsonNumber v) : value_(std::move(v)) {}
  Json(std::string v) : value_(std::move(v)) {}
  Json(std::string_view v) : value_(std::string(v)) {}
  Json(const char* v) : value_(std::string(v)) {}
  Json(Array v) : value_(std::move(v)) {}
  Json(Object v) : value_(std::move(v)) {}

  // The error names line and column.
  static Result<Json> parse(std::string_view text);
  // One line, no blanks; members in their order.
  std::string text() const;
  // For people: two blanks a level.
  std::string pretty() const;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const JsonNumber* number() const { return std::get_if<JsonNumber>(&value_); }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Object* object() const { return std::get_if<Object>(&value_); }
  Array* array() { return std::get_if<Array>(&value_); }
  Object* object() { return std::get_if<Object>(&value_); }

  // nullptr if this is no object or has no such member.
  const Json* find(std::string_view name) const;
  // Adds or replaces; this must be an object or null, which becomes one.
  Json& set(std::string name, Json value);
  // Appends; this must be an array or null, which becomes one.
  Json& add(Json value);

  std::optional<std::int64_t> integer() const;  // a number without fraction that fits
  std::optional<double> real() const;           // a number that a double can come near
  // Text of a member that is a string, "" otherwise.
  std::string text_of(std::string_view name) const;

  bool operator==(const Json&) const = default;

 private:
  std::variant<std::nullptr_t, bool, JsonNumber, std::string, Array, Object> value_ = nullptr;
};

// Appends the text as a JSON string with its quotes: ", \ and control characters escaped, all else as it is.
void append_json_string(std::string& out, std::string_view text);

}  // namespace levada
