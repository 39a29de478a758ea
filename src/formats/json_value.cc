#include "formats/json_value.h"

#include <limits>
#include <optional>

#include "batch/decimal.h"
#include "batch/number_text.h"
#include "formats/plain_value.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

const char* skip_digits(const char* p, const char* stop) {
  while (p < stop && *p >= '0' && *p <= '9') ++p;
  return p;
}

// The number's whole part; nullopt beyond 64 bits.
std::optional<std::int64_t> whole_part(std::string_view text) {
  if (text.find_first_of("eE") == std::string_view::npos) return parse_integer(text.substr(0, text.find('.')));
  auto parsed = parse_decimal(text);
  if (!parsed) return std::nullopt;
  Int128 v = parsed->unscaled;
  int scale = parsed->scale;
  for (; scale > 0 && v != 0; --scale) v /= 10;
  for (; scale < 0 && v != 0; ++scale)
    if (__builtin_mul_overflow(v, 10, &v)) return std::nullopt;
  if (v > std::numeric_limits<std::int64_t>::max() || v < std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return static_cast<std::int64_t>(v);
}

bool put_number(Column& column, std::uint32_t row, std::string_view text) {
  switch (column.type().kind()) {
    case TypeKind::int32:
    case TypeKind::int64:
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::timestamp: {
      auto value = whole_part(text);
      return value && put_integer(column, row, *value);
    }
    case TypeKind::float64:
    case TypeKind::decimal:
    case TypeKind::string: return put_text(column, row, text);
    default: return false;
  }
}

}  // namespace

bool is_json_number(std::string_view text) {
  const char* p = text.data();
  const char* stop = p + text.size();
  if (p < stop && *p == '-') ++p;
  const char* end = skip_digits(p, stop);
  if (end == p || (*p == '0' && end - p > 1)) return false;
  p = end;
  if (p < stop && *p == '.') {
    end = skip_digits(++p, stop);
    if (end == p) return false;
    p = end;
  }
  if (p < stop && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < stop && (*p == '+' || *p == '-')) ++p;
    end = skip_digits(p, stop);
    if (end == p) return false;
    p = end;
  }
  return p == stop;
}

bool is_json_literal(std::string_view text) {
  return is_json_number(text) || text == "null" || text == "true" || text == "false";
}

bool put_json_literal(Column& column, std::uint32_t row, std::string_view text) {
  TypeKind kind = column.type().kind();
  if (has_plain_form(kind) && put_plain(column, row, text)) return true;
  if (is_json_number(text)) return put_number(column, row, text);
  if (text == "null") {
    put_null(column, row);
    return true;
  }
  if (text != "true" && text != "false") return false;
  return (kind == TypeKind::boolean || kind == TypeKind::string) && put_text(column, row, text);
}

bool put_json_quoted(Column& column, std::uint32_t row, std::string_view text) {
  return column.type().kind() != TypeKind::boolean && !column.type().nested() && put_text(column, row, text);
}

}  // namespace levada
