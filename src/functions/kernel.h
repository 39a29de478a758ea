// Makes kernels from functions on single values: the loop, the nulls and the constants are written once, here.
//
//   constexpr Kernel length = map<+[](std::string_view s) -> std::int32_t { … }>;
//   constexpr Kernel divide = map_or_fail<+[](std::int64_t a, std::int64_t b) -> Computed<std::int64_t> { … }>;
//
// Arguments are C++ types of columns (Physical<kind>), bool for std::uint8_t, std::string_view for StringView.
#pragma once
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "functions/function.h"

namespace levada {

// The result of a function that may fail for a row: a value, null, or the reason why not.
template <class T>
struct Computed {
  Computed(T v) : value(std::move(v)) {}    // NOLINT: a value is a result
  Computed(std::nullptr_t) : null(true) {}  // NOLINT
  static Computed failure(const char* why) {
    Computed c(nullptr);
    c.why = why;
    return c;
  }
  T value{};
  bool null = false;
  const char* why = nullptr;  // static text
};

namespace detail {

template <class T>
struct Stored {
  using type = T;
};
template <>
struct Stored<bool> {
  using type = std::uint8_t;
};
template <>
struct Stored<std::string_view> {
  using type = StringView;
};
template <>
struct Stored<std::string> {
  using type = StringView;
};

template <class T>
T read(const Argument& a, std::uint32_t row) {
  if constexpr (std::is_same_v<T, std::string_view>)
    return a.column->values<StringView>()[row].view();
  else if constexpr (std::is_same_v<T, bool>)
    return a.column->values<std::uint8_t>()[row] != 0;
  else
    return a.column->values<T>()[row];
}

// A std::string is copied into the result's arena; a std::string_view is taken as it is and must point into an argument
// or into static memory.
template <class T>
void write(Column& result, std::uint32_t row, const T& v) {
  if constexpr (std::is_same_v<T, std::string>)
    result.values<StringView>()[row] = result.keep(v);
  else if constexpr (std::is_same_v<T, std::string_view>)
    result.values<StringView>()[row] = StringView(v.data(), static_cast<std::uint32_t>(v.size()));
  else
    result.values<typename Stored<T>::type>()[row] = static_cast<typename Stored<T>::type>(v);
}

// f(a…) for every row, with the constant arguments read at row 0. `constant_mask` bit i: argument i is constant.
template <class R, class... A, std::size_t... I>
void loop(R (*)(A...), const Call& call, auto&& body, std::index_sequence<I...>) {
  (void)sizeof...(I);
  call.rows.for_each([&](std::uint32_t row) { body(row, read<A>(call.arguments[I], call.arguments[I].at(row))...); });
}

inline void hold_arguments(const Call& call) {
  for (const Argument& a : call.arguments)
    if (a.type().textual()) call.result.hold_memory_of(*a.column);
}

}  // namespace detail

// The kernel of a function that never fails. Rows where an argument is null are computed from zeros and thrown away.
template <auto f>
inline constexpr Kernel map = [](const Call& call) {
  []<class R, class... A>(R (*function)(A...), const Call& c) {
    if constexpr (std::is_same_v<R, std::string_view>) detail::hold_arguments(c);
    detail::loop(
        function, c, [&](std::uint32_t row, A... a) { detail::write<R>(c.result, row, f(a...)); },
        std::index_sequence_for<A...>());
  }(f, call);
};

// The kernel of a function that returns Computed: null and failures become null rows. Never called with nulls.
template <auto f>
inline constexpr Kernel map_or_fail = [](const Call& call) {
  []<class R, class... A>(Computed<R> (*function)(A...), const Call& c) {
    if constexpr (std::is_same_v<R, std::string_view>) detail::hold_arguments(c);
    detail::loop(
        function, c,
        [&](std::uint32_t row, A... a) {
          if (c.result.is_null(row)) return;
          Computed<R> r = f(a...);
          if (r.why)
            c.fail(row, r.why);
          else if (r.null)
            c.result.set_null(row);
          else
            detail::write<R>(c.result, row, r.value);
        },
        std::index_sequence_for<A...>());
  }(f, call);
};

}  // namespace levada
