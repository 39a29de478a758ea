// CAST between scalar types, as Java's conversions do it and so ksqlDB: numbers narrow by dropping bits (whole numbers)
// or saturate (DOUBLE), decimals round half up, text must be the whole text of a value, with blanks around it allowed.
// What does not fit fails.
//
//   from \ to    BOOLEAN  INT BIGINT DECIMAL DOUBLE  STRING  DATE TIME TIMESTAMP  BYTES  nested
//   BOOLEAN         =                                  x
//   numbers                x    x      x       x       x
//   STRING          x      x    x      x       x       =       x    x      x
//   DATE                                               x       =           x
//   TIME                                               x            =
//   TIMESTAMP                                          x       x    x      =
//   BYTES                                                                            =
//   nested                                             x                                     x (its own kind)
//
// Casts of nested types are in cast_nested.cc.
#include <cmath>
#include <limits>

#include "batch/decimal.h"
#include "batch/number_text.h"
#include "functions/cast_nested.h"
#include "functions/functions.h"
#include "functions/kernel.h"
#include "functions/partial_time.h"

namespace levada {
namespace {

std::string_view trimmed(std::string_view text) {
  auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

template <class T>
Computed<T> not_a(std::string_view type, std::string_view text) {
  std::string shown(text.substr(0, 60));
  return Computed<T>::failure("cannot cast '" + shown + (text.size() > 60 ? "…" : "") + "' to " + std::string(type));
}

// ---- numbers ----

template <class To, class From>
To narrow(From v) {
  return static_cast<To>(v);
}
template <class To>
To saturate(double v) {
  if (std::isnan(v)) return 0;
  if (v <= static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  if (v >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
  return static_cast<To>(v);
}

// f(row) where the argument is not null: for kernels that take scales from the columns' types.
template <class F>
void each_value(const Call& call, F f) {
  call.rows.for_each([&](std::uint32_t row) {
    if (!call.result.is_null(row)) f(row);
  });
}

void fail_overflow(const Call& call, std::uint32_t row, const std::string& text) {
  call.fail(row, "numeric field overflow: " + text + " does not fit into " + call.result.type().text());
}

template <class From>
void whole_to_decimal(const Call& call) {
  const Type& to = call.result.type();
  each_value(call, [&](std::uint32_t row) {
    auto v = call.arguments[0].value<From>(row);
    auto scaled = rescale(v, 0, to.scale());
    if (!scaled || !fits_precision(*scaled, to.precision())) return fail_overflow(call, row, std::to_string(v));
    call.result.values<Int128>()[row] = *scaled;
  });
}
void double_to_decimal(const Call& call) {
  const Type& to = call.result.type();
  each_value(call, [&](std::uint32_t row) {
    auto v = call.arguments[0].value<double>(row);
    auto decimal = decimal_from_double(v, to.precision(), to.scale());
    if (!decimal) return fail_overflow(call, row, text_of(v, TypeKind::float64));
    call.result.values<Int128>()[row] = *decimal;
  });
}
void decimal_to_decimal(const Call& call) {
  const Type &from = call.arguments[0].type(), &to = call.result.type();
  each_value(call, [&](std::uint32_t row) {
    auto v = call.arguments[0].value<Int128>(row);
    auto scaled = rescale(v, from.scale(), to.scale());
    if (!scaled || !fits_precision(*scaled, to.precision()))
      return fail_overflow(call, row, decimal_text(v, from.scale()));
    call.result.values<Int128>()[row] = *scaled;
  });
}
template <class To>
void decimal_to_whole(const Call& call) {
  int scale = call.arguments[0].type().scale();
  Int128 unit = power_of_ten[static_cast<std::size_t>(scale)];
  each_value(call, [&](std::uint32_t row) {
    call.result.values<To>()[row] = static_cast<To>(call.arguments[0].value<Int128>(row) / unit);
  });
}
void decimal_to_double_kernel(const Call& call) {
  int scale = call.arguments[0].type().scale();
  each_value(call, [&](std::uint32_t row) {
    call.result.values<double>()[row] = decimal_to_double(call.arguments[0].value<Int128>(row), scale);
  });
}

// ---- to text ----

// Behind a column's texts 16 bytes may be read.
std::string_view boolean_text(bool v) {
  static constexpr char yes[32] = "true", no[32] = "false";
  return v ? std::string_view(yes, 4) : std::string_view(no, 5);
}

template <class T>
std::string_view whole_text(Arena& out, T v) {
  char* p = out.allocate(max_integer_text);
  return {p, static_cast<std::size_t>(put_integer(p, v) - p)};
}
std::string_view double_text(Arena& out, double v) {
  char* p = out.allocate(max_double_text);
  return {p, static_cast<std::size_t>(put_double(p, v) - p)};
}
void decimal_to_text(const Call& call) {
  int scale = call.arguments[0].type().scale();
  Arena& arena = call.result.arena();
  each_value(call, [&](std::uint32_t row) {
    char* p = arena.allocate(48);
    char* end = put_decimal(p, call.arguments[0].value<Int128>(row), scale);
    call.result.values<StringView>()[row] = StringView(p, static_cast<std::uint32_t>(end - p));
  });
}

// ---- from text ----

template <class T>
Computed<T> parse_whole(std::string_view text) {
  auto v = parse_integer(trimmed(text));
  if (!v || *v != static_cast<T>(*v)) return not_a<T>(sizeof(T) == 4 ? "INTEGER" : "BIGINT", text);
  return static_cast<T>(*v);
}
Computed<double> parse_real(std::string_view text) {
  auto v = parse_double(trimmed(text));
  if (!v) return not_a<double>("DOUBLE", text);
  return *v;
}
void text_to_decimal(const Call& call) {
  const Type& to = call.result.type();
  each_value(call, [&](std::uint32_t row) {
    std::string_view text = call.arguments[0].string(row);
    auto v = parse_decimal(trimmed(text), to.precision(), to.scale());
    if (!v) return call.fail(row, *not_a<Int128>(to.text(), text).why);
    call.result.values<Int128>()[row] = *v;
  });
}

// True for the word or the beginning of it, in any letters.
bool is_beginning(std::string_view text, std::string_view word) {
  if (text.empty() || text.size() > word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 32) != word[i]) return false;
  return true;
}
bool parse_boolean(std::string_view text) {
  return is_beginning(trimmed(text), "true") || is_beginning(trimmed(text), "yes");
}

Computed<std::int32_t> text_to_date(std::string_view text) {
  auto days = parse_partial_date(trimmed(text));
  if (!days) return not_a<std::int32_t>("DATE", text);
  return static_cast<std::int32_t>(*days);
}
Computed<std::int64_t> text_to_time(std::string_view text) {
  auto micros = parse_time(trimmed(text));
  if (!micros) return not_a<std::int64_t>("TIME", text);
  return *micros;
}
Computed<std::int64_t> text_to_timestamp(std::string_view text) {
  auto micros = parse_partial_timestamp(trimmed(text));
  if (!micros) return not_a<std::int64_t>("TIMESTAMP", text);
  return *micros;
}

// ---- times ----

std::int64_t floor_day(std::int64_t micros) { return micros / micros_per_day - (micros % micros_per_day < 0); }
Computed<std::int64_t> date_to_timestamp(std::int32_t days) {
  std::int64_t micros;
  if (__builtin_mul_overflow(static_cast<std::int64_t>(days), micros_per_day, &micros))
    return Computed<std::int64_t>::failure(date_text(days) + " is beyond what a TIMESTAMP holds");
  return micros;
}

Kernel to_int(TypeKind from) {
  switch (from) {
    case TypeKind::int64: return map<narrow<std::int32_t, std::int64_t>>;
    case TypeKind::decimal: return decimal_to_whole<std::int32_t>;
    case TypeKind::float64: return map<saturate<std::int32_t>>;
    case TypeKind::string: return map<parse_whole<std::int32_t>>;
    default: return nullptr;
  }
}
Kernel to_bigint(TypeKind from) {
  switch (from) {
    case TypeKind::int32: return map<narrow<std::int64_t, std::int32_t>>;
    case TypeKind::decimal: return decimal_to_whole<std::int64_t>;
    case TypeKind::float64: return map<saturate<std::int64_t>>;
    case TypeKind::string: return map<parse_whole<std::int64_t>>;
    default: return nullptr;
  }
}
Kernel to_double(TypeKind from) {
  switch (from) {
    case TypeKind::int32: return map<narrow<double, std::int32_t>>;
    case TypeKind::int64: return map<narrow<double, std::int64_t>>;
    case TypeKind::decimal: return decimal_to_double_kernel;
    case TypeKind::string: return map<parse_real>;
    default: return nullptr;
  }
}
Kernel to_decimal(TypeKind from) {
  switch (from) {
    case TypeKind::int32: return whole_to_decimal<std::int32_t>;
    case TypeKind::int64: return whole_to_decimal<std::int64_t>;
    case TypeKind::decimal: return decimal_to_decimal;
    case TypeKind::float64: return double_to_decimal;
    case TypeKind::string: return text_to_decimal;
    default: return nullptr;
  }
}
Kernel to_text(TypeKind from) {
  switch (from) {
    case TypeKind::boolean: return map<boolean_text>;
    case TypeKind::int32: return map<whole_text<std::int32_t>>;
    case TypeKind::int64: return map<whole_text<std::int64_t>>;
    case TypeKind::decimal: return decimal_to_text;
    case TypeKind::float64: return map<double_text>;
    case TypeKind::date: return map<[](std::int32_t days) { return date_text(days); }>;
    case TypeKind::time: return map<[](std::int64_t micros) { return time_text(micros); }>;
    case TypeKind::timestamp: return map<[](std::int64_t micros) { return timestamp_text(micros); }>;
    case TypeKind::array:
    case TypeKind::map:
    case TypeKind::structure: return nested_to_text;
    default: return nullptr;
  }
}
Kernel to_date(TypeKind from) {
  switch (from) {
    case TypeKind::string: return map<text_to_date>;
    case TypeKind::timestamp: return map<[](std::int64_t t) { return static_cast<std::int32_t>(floor_day(t)); }>;
    default: return nullptr;
  }
}
Kernel to_time(TypeKind from) {
  switch (from) {
    case TypeKind::string: return map<text_to_time>;
    case TypeKind::timestamp: return map<[](std::int64_t t) { return t - floor_day(t) * micros_per_day; }>;
    default: return nullptr;
  }
}
Kernel to_timestamp(TypeKind from) {
  switch (from) {
    case TypeKind::string: return map<text_to_timestamp>;
    case TypeKind::date: return map<date_to_timestamp>;
    default: return nullptr;
  }
}

Kernel scalar_cast(TypeKind from, TypeKind to) {
  switch (to) {
    case TypeKind::boolean: return from == TypeKind::string ? map<parse_boolean> : nullptr;
    case TypeKind::int32: return to_int(from);
    case TypeKind::int64: return to_bigint(from);
    case TypeKind::float64: return to_double(from);
    case TypeKind::decimal: return to_decimal(from);
    case TypeKind::string: return to_text(from);
    case TypeKind::date: return to_date(from);
    case TypeKind::time: return to_time(from);
    case TypeKind::timestamp: return to_timestamp(from);
    default: return nullptr;
  }
}

}  // namespace

Result<Kernel> find_cast(const Type& from, const Type& to) {
  if (from == to) return copy_values;
  Kernel kernel = to.nested() ? find_nested_cast(from, to) : scalar_cast(from.kind(), to.kind());
  if (!kernel) return Error(ErrorKind::statement, "cast of " + from.text() + " to " + to.text() + " is not supported");
  return kernel;
}

}  // namespace levada
