// The quick way from text to column: numbers in their plain form (formats/plain_number.h), as nearly all are.
#pragma once
#include <string_view>

#include "batch/column.h"
#include "formats/plain_number.h"

namespace levada {

// Kinds that put_plain() knows.
constexpr bool has_plain_form(TypeKind kind) {
  return kind == TypeKind::int32 || kind == TypeKind::int64 || kind == TypeKind::float64 || kind == TypeKind::decimal ||
         kind == TypeKind::timestamp;
}

// Reads values of one type.
template <TypeKind kind>
class PlainValue {
 public:
  static_assert(has_plain_form(kind));

  explicit PlainValue(const Type& type) {
    if constexpr (kind == TypeKind::decimal) {
      scale_ = type.scale();
      limit_ = power_of_ten[static_cast<std::size_t>(type.precision())];
    }
  }

  // False, and nothing written: ask the general way. 16 bytes behind the text may be read.
  [[gnu::always_inline]] bool read(const char* p, std::size_t n, Physical<kind>& value) const {
    if constexpr (kind == TypeKind::float64) {
      return plain_double(p, n, value);
    } else if constexpr (kind == TypeKind::decimal) {
      PlainDecimal decimal;
      bool negative;
      if (!plain_decimal(p, n, decimal, negative)) return false;
      int zeros = scale_ - decimal.scale;
      if (zeros < 0 || zeros > 22) return false;  // 16 + 22 digits fit
      Int128 v = decimal.mantissa * power_of_ten[static_cast<std::size_t>(zeros)];
      if (v >= limit_ || v <= -limit_) return false;
      value = v;
      return true;
    } else {
      std::int64_t v;
      if (!plain_integer(p, n, v)) return false;
      if constexpr (kind == TypeKind::int32) {
        if (v != static_cast<std::int32_t>(v)) return false;
        value = static_cast<std::int32_t>(v);
      } else if constexpr (kind == TypeKind::timestamp) {  // milliseconds to microseconds
        if (v / 1'000'000'000'000'000 != 0) return false;
        value = v * 1000;
      } else {
        value = v;
      }
      return true;
    }
  }

 private:
  int scale_ = 0;
  Int128 limit_ = 0;
};

// f.template operator()<kind>() for a kind that has a plain form.
template <class F>
decltype(auto) with_plain_kind(TypeKind kind, F&& f) {
  switch (kind) {
    case TypeKind::int32: return f.template operator()<TypeKind::int32>();
    case TypeKind::int64: return f.template operator()<TypeKind::int64>();
    case TypeKind::float64: return f.template operator()<TypeKind::float64>();
    case TypeKind::decimal: return f.template operator()<TypeKind::decimal>();
    case TypeKind::timestamp: return f.template operator()<TypeKind::timestamp>();
    default: LV_UNREACHABLE();
  }
}

// The same for a row of a column, whose kind has a plain form.
[[gnu::always_inline]] inline bool put_plain(Column& column, std::uint32_t row, std::string_view text) {
  return with_plain_kind(column.type().kind(), [&]<TypeKind kind>() {
    return PlainValue<kind>(column.type()).read(text.data(), text.size(), column.values<Physical<kind>>()[row]);
  });
}

}  // namespace levada
