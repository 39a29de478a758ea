// Makes kernels from functions on single values: the loop, the nulls and the constants are written once, here.
//
//   constexpr Kernel add    = map<[](double a, double b) { return a + b; }>;
//   constexpr Kernel upper  = map<[](Arena& out, std::string_view s) -> std::string_view { … }>;
//   constexpr Kernel divide = map<[](std::int64_t a, std::int64_t b) -> Computed<std::int64_t> { … }>;
//
// Arguments are the C++ types of columns (Physical<kind>), bool for std::uint8_t, std::string_view for StringView, List
// for arrays and maps, or std::optional of one of these where the function itself deals with nulls (then it is not
// strict). Before them may stand `const Surroundings&`, `Arena&` (the result's memory), or both in this order.
//
// The result is such a value, std::optional of one (may be null) or Computed of one (may be null or fail). A
// std::string_view must point into the arena, into an argument or into static memory with 16 bytes behind it; a
// std::string is copied.
//
// Functions of one or two numbers that always have a result get a loop of their own for every combination of constant
// arguments: over all rows it has no branch, and the compiler makes vector instructions of it.
#pragma once
#include <optional>
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
  Computed(std::nullopt_t) : null(true) {}  // NOLINT
  static Computed failure(std::string why) {
    Computed c(std::nullopt);
    c.why = std::make_unique<std::string>(std::move(why));
    return c;
  }
  T value{};
  bool null = false;
  std::unique_ptr<std::string> why;
};

// One array or map among the values of a column: elements [begin, end) of its children.
struct List {
  const Column* column = nullptr;
  std::uint32_t begin = 0, end = 0;

  std::uint32_t size() const { return end - begin; }
  const Column& elements() const { return column->child(0); }  // of a map: the keys
  const Column& values() const { return column->child(1); }    // of a map
};

inline List list_at(const Column& column, std::uint32_t row) {
  return {&column, column.offsets()[row], column.offsets()[row + 1]};
}

// Writes an array or map result, row by row in the order of the call's rows: append the elements to child(0) (and
// child(1)), then end(row). Rows that are not ended are empty.
class ListWriter {
 public:
  explicit ListWriter(Column& result) : result_(result), ends_(result.offsets()) {}
  ListWriter(const ListWriter&) = delete;
  ~ListWriter() { fill(static_cast<std::uint32_t>(ends_.size())); }

  Column& child(std::size_t i) { return result_.child(i); }
  void end(std::uint32_t row) {
    fill(row + 1);
    ends_[row + 1] = last_ = result_.child(0).size();
    next_ = row + 2;
  }

 private:
  // Rows up to here that were left out end where the last one did.
  void fill(std::uint32_t stop) {
    for (; next_ < stop; ++next_) ends_[next_] = last_;
  }

  Column& result_;
  std::span<std::uint32_t> ends_;
  std::uint32_t next_ = 1, last_ = 0;
};

// Keeps everything alive that strings anywhere in the column point into.
inline void hold_memory(Column& result, const Column& of) {
  if (of.type().textual()) result.hold_memory_of(of);
  if (of.type().nested())
    for (std::size_t i = 0; i < of.type().children().size(); ++i) hold_memory(result, of.child(i));
}

// Appends one value. Strings are shared: hold_memory() once before the loop.
inline void append_value(Column& to, const Column& from, std::uint32_t row) {
  if (from.is_null(row)) return to.append_null();
  if (from.type().nested()) return to.append_from(from, row);
  with_physical(from.type().kind(), [&]<class T>() { to.append(from.values<T>()[row]); });
}

namespace kernel {

// ---- values as a column stores them ----

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

// An argument that is read in a loop. A constant is read at row 0 whatever the row.
template <class A>
struct Reader {
  using Type = typename Stored<A>::type;
  explicit Reader(const Argument& a) : values(a.column->values<Type>()), mask(a.constant ? 0 : ~std::uint32_t{0}) {}
  A operator()(std::uint32_t row) const {
    if constexpr (std::is_same_v<A, std::string_view>)
      return values[row & mask].view();
    else if constexpr (std::is_same_v<A, bool>)
      return values[row & mask] != 0;
    else
      return values[row & mask];
  }
  const Type* values;
  std::uint32_t mask;
};
template <>
struct Reader<List> {
  explicit Reader(const Argument& a) : argument(a) {}
  List operator()(std::uint32_t row) const { return list_at(*argument.column, argument.at(row)); }
  Argument argument;
};
template <class A>
struct Reader<std::optional<A>> {
  explicit Reader(const Argument& a) : argument(a), value(a) {}
  std::optional<A> operator()(std::uint32_t row) const {
    if (argument.is_null(row)) return std::nullopt;
    return value(row);
  }
  Argument argument;
  Reader<A> value;
};

// An argument of the vector loops: a plain pointer, or the one value.
template <class A, bool constant>
struct PlainReader {
  explicit PlainReader(const Argument& a) : values(a.column->values<typename Stored<A>::type>()) {}
  A operator()(std::uint32_t row) const { return static_cast<A>(values[row]); }
  const typename Stored<A>::type* values;
};
template <class A>
struct PlainReader<A, true> {
  explicit PlainReader(const Argument& a) : value(static_cast<A>(a.column->values<typename Stored<A>::type>()[0])) {}
  A operator()(std::uint32_t) const { return value; }
  A value;
};

// ---- results ----

template <class T>
void write(Column& result, std::uint32_t row, const T& v) {
  if constexpr (std::is_same_v<T, std::string>)
    result.values<StringView>()[row] = result.keep(v);
  else if constexpr (std::is_same_v<T, std::string_view>)
    result.values<StringView>()[row] = StringView(v.data(), static_cast<std::uint32_t>(v.size()));
  else
    result.values<typename Stored<T>::type>()[row] = static_cast<typename Stored<T>::type>(v);
}
template <class T>
void write(const Call& call, std::uint32_t row, const T& v) {
  write(call.result, row, v);
}
template <class T>
void write(const Call& call, std::uint32_t row, const std::optional<T>& v) {
  if (v)
    write(call.result, row, *v);
  else
    call.result.set_null(row);
}
template <class T>
void write(const Call& call, std::uint32_t row, const Computed<T>& v) {
  if (v.why) [[unlikely]]
    call.fail(row, *v.why);
  else if (v.null)
    call.result.set_null(row);
  else
    write(call.result, row, v.value);
}

template <class R>
struct Result {
  using type = R;
  static constexpr bool total = true;
};
template <class T>
struct Result<std::optional<T>> {
  using type = T;
  static constexpr bool total = false;
};
template <class T>
struct Result<Computed<T>> {
  using type = T;
  static constexpr bool total = false;
};

// ---- the loops ----

template <class T>
inline constexpr bool is_plain = std::is_arithmetic_v<T> || std::is_same_v<T, Int128>;

template <class... A>
struct Arguments {};

// f of arguments A…, with what stands before them already bound.
template <class R, class... A, class F>
void run(const Call& call, Arguments<A...>, F f) {
  using Value = typename Result<R>::type;
  if constexpr (std::is_same_v<Value, std::string_view>)
    for (const Argument& a : call.arguments) hold_memory(call.result, *a.column);
  constexpr bool plain =
      Result<R>::total && std::is_arithmetic_v<Value> && sizeof...(A) <= 2 && (std::is_arithmetic_v<A> && ...);
  if constexpr (plain) {
    // Chooses a loop by which arguments are constant.
    auto choose = [&]<bool... constant>(auto& self, std::integer_sequence<bool, constant...>)->void {
      constexpr std::size_t i = sizeof...(constant);
      if constexpr (i < sizeof...(A)) {
        if (call.arguments[i].constant)
          self(self, std::integer_sequence<bool, constant..., true>());
        else
          self(self, std::integer_sequence<bool, constant..., false>());
      } else {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
          std::tuple<PlainReader<A, constant>...> read(PlainReader<A, constant>(call.arguments[I])...);
          auto* __restrict to = call.result.values<typename Stored<Value>::type>();
          call.rows.for_each([=](std::uint32_t row) {
            to[row] = static_cast<typename Stored<Value>::type>(f(std::get<I>(read)(row)...));
          });
        }
        (std::index_sequence_for<A...>());
      }
    };
    choose(choose, std::integer_sequence<bool>());
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      std::tuple<Reader<A>...> read(Reader<A>(call.arguments[I])...);
      // Nulls of the arguments; failures of this loop add others, which makes no difference to it.
      const bool nulls = !Result<R>::total && call.result.has_nulls();
      call.rows.for_each([&](std::uint32_t row) {
        if (nulls && call.result.is_null(row)) return;
        write(call, row, f(std::get<I>(read)(row)...));
      });
    }
    (std::index_sequence_for<A...>());
  }
}

// What stands before the arguments.
template <auto f, class R, class... A>
void call(const Call& c, R (*)(const Surroundings&, Arena&, A...)) {
  run<R>(c, Arguments<A...>(), [&c, &out = c.result.arena()](A... a) { return f(c.surroundings, out, a...); });
}
template <auto f, class R, class... A>
void call(const Call& c, R (*)(const Surroundings&, A...)) {
  run<R>(c, Arguments<A...>(), [&c](A... a) { return f(c.surroundings, a...); });
}
template <auto f, class R, class... A>
void call(const Call& c, R (*)(Arena&, A...)) {
  run<R>(c, Arguments<A...>(), [&out = c.result.arena()](A... a) { return f(out, a...); });
}
template <auto f, class R, class... A>
void call(const Call& c, R (*)(A...)) {
  run<R>(c, Arguments<A...>(), [](A... a) { return f(a...); });
}

}  // namespace kernel

// The kernel of a function. A strict function that always has a result is also computed for rows where an argument is
// null, from zeros; the evaluator throws that away. Others are never called with such rows.
template <auto f>
inline constexpr Kernel map = [](const Call& c) { kernel::call<f>(c, +f); };

}  // namespace levada
