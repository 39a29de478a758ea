// Aggregates that keep values: lists, sets, counts of each, the first and the last.
#include <algorithm>
#include <limits>

#include "batch/kernels.h"
#include "batch/value_bytes.h"
#include "functions/aggregate_state.h"
#include "functions/distinct_count.h"
#include "functions/families.h"
#include "functions/value_set.h"

namespace levada {
namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
constexpr std::size_t histogram_limit = 1000;  // different values, as in ksqlDB

// f(state, bytes of the first argument) for every row; nulls are values too.
template <class State, class F>
void each_packed(const AggregateCall& call, F f) {
  const Argument& a = call.arguments[0];
  Buffer buffer;
  each_row<State>(call, [&](State& state, std::uint32_t row) {
    buffer.clear();
    put_value(*a.column, a.at(row), buffer);
    f(state, buffer.view());
  });
}

void append_packed(std::string_view bytes, Column& out) {
  ByteReader in(bytes);
  get_value(in, out);
}

template <class T>
AggregateOverload owned(std::string_view signature, void (*add)(const AggregateCall&),
                        void (*result)(std::span<char* const>, Column&),
                        void (*remove)(const AggregateCall&) = nullptr) {
  return {.signature = signature,
          .state_size = sizeof(Owned<T>),
          .start = Owned<T>::start,
          .add = add,
          .remove = remove,
          .result = result,
          .save = Owned<T>::save,
          .load = Owned<T>::load,
          .end = Owned<T>::end};
}

// ---- COLLECT_LIST ----

struct PackedList {
  std::string bytes;
  std::vector<std::uint32_t> ends;

  std::string_view value(std::size_t i) const {
    std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
  void add(std::string_view value) {
    bytes += value;
    ends.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  // The last that equals it, as in ksqlDB.
  void remove(std::string_view unwanted) {
    for (std::size_t i = ends.size(); i-- > 0;) {
      if (value(i) != unwanted) continue;
      auto size = static_cast<std::uint32_t>(unwanted.size());
      bytes.erase(ends[i] - size, size);
      ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(i));
      for (; i < ends.size(); ++i) ends[i] -= size;
      return;
    }
  }
  void save(ByteWriter& out) const {
    out.unsigned_varint(ends.size());
    for (std::size_t i = 0; i < ends.size(); ++i) out.sized_bytes(value(i));
  }
  bool load(ByteReader& in) {
    bytes.clear();
    ends.clear();
    for (std::uint64_t n = in.unsigned_varint(); n > 0 && in.ok(); --n) add(in.sized_bytes());
    return in.ok();
  }
};

void list_add(const AggregateCall& call) {
  each_packed<Owned<PackedList>>(call, [](auto& state, std::string_view v) { state.get().add(v); });
}
void list_remove(const AggregateCall& call) {
  each_packed<Owned<PackedList>>(call, [](auto& state, std::string_view v) { state.get().remove(v); });
}
void list_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (const PackedList* list = state_at<Owned<PackedList>>(states, i).object)
      for (std::size_t v = 0; v < list->ends.size(); ++v) append_packed(list->value(v), out.child(0));
    out.append_list();
  }
}

// ---- COLLECT_SET, HISTOGRAM, ATTR ----

template <std::size_t limit>
void set_add(const AggregateCall& call) {
  each_packed<Owned<ValueSet>>(call, [](auto& state, std::string_view v) { state.get().add(v, limit); });
}
void set_remove(const AggregateCall& call) {
  each_packed<Owned<ValueSet>>(call, [](auto& state, std::string_view v) { state.get().remove(v); });
}
void set_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (const ValueSet* set = state_at<Owned<ValueSet>>(states, i).object)
      for (std::size_t v = 0; v < set->size(); ++v) append_packed(set->value(v), out.child(0));
    out.append_list();
  }
}
// The value if all are the same.
void attr_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const ValueSet* set = state_at<Owned<ValueSet>>(states, i).object;
    if (set && set->size() == 1)
      append_packed(set->value(0), out);
    else
      out.append_null();
  }
}

// Texts as they are: null is left out.
template <bool add>
void histogram_count(const AggregateCall& call) {
  each_value<Owned<ValueSet>, StringView>(call, [](Owned<ValueSet>& state, std::uint32_t, const StringView& v) {
    if (add)
      state.get().add(v.view(), histogram_limit);
    else
      state.get().remove(v.view());
  });
}
void histogram_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (const ValueSet* set = state_at<Owned<ValueSet>>(states, i).object)
      for (std::size_t v = 0; v < set->size(); ++v) {
        out.child(0).append_string(set->value(v));
        out.child(1).append(set->count(v));
      }
    out.append_list();
  }
}

// ---- COUNT_DISTINCT ----

void distinct_add(const AggregateCall& call) {
  const Argument& a = call.arguments[0];
  if (call.rows.empty()) return;
  std::vector<std::uint64_t> hashes(call.rows.size(), 0);
  std::vector<std::uint32_t> zeros;
  if (a.constant) zeros.assign(call.rows.size(), 0);
  hash(*a.column, a.constant ? Rows(zeros) : call.rows, hashes);
  for (std::uint32_t i = 0; i < call.rows.size(); ++i)
    if (!a.is_null(call.rows[i])) reinterpret_cast<Owned<DistinctCount>*>(call.states[i])->get().add(hashes[i]);
}
void distinct_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const DistinctCount* distinct = state_at<Owned<DistinctCount>>(states, i).object;
    out.append(distinct ? distinct->count() : std::int64_t{0});
  }
}

// ---- EARLIEST_BY_OFFSET, LATEST_BY_OFFSET ----

// Arguments: value [, how many] [, whether nulls are left out]; the last two are the same in all rows.
struct OffsetArguments {
  explicit OffsetArguments(const AggregateCall& call) : value(call.arguments[0]) {
    for (const Argument& a : call.arguments.subspan(1)) (a.type().kind() == TypeKind::boolean ? ignore : count) = &a;
  }
  bool skips(std::uint32_t row) const {
    bool ignores = !ignore || ignore->is_null(row) || ignore->value<std::uint8_t>(row) != 0;
    return ignores && value.is_null(row);
  }
  const Argument& value;
  const Argument* count = nullptr;
  const Argument* ignore = nullptr;
};

// Where offsets are not known, rows come in their order.
std::int64_t offset_of(const AggregateCall& call, std::uint32_t row, std::int64_t last) {
  return call.offsets.empty() ? last : call.offsets[row];
}

struct OneByOffset {
  OwnedBytes value;
  std::int64_t offset;
  bool present;
};

template <bool latest>
void one_add(const AggregateCall& call) {
  OffsetArguments arguments(call);
  Buffer buffer;
  each_row<OneByOffset>(call, [&](OneByOffset& state, std::uint32_t row) {
    if (arguments.skips(row)) return;
    std::int64_t offset = offset_of(call, row, state.offset);
    if (state.present && (latest ? offset < state.offset : offset >= state.offset)) return;
    buffer.clear();
    put_value(*arguments.value.column, arguments.value.at(row), buffer);
    state.value.assign(buffer.view());
    state.offset = offset;
    state.present = true;
  });
}
void one_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto& state = state_at<OneByOffset>(states, i);
    if (state.present)
      append_packed(state.value.view(), out);
    else
      out.append_null();
  }
}
void one_save(const char* state, Buffer& out) {
  const auto& s = *reinterpret_cast<const OneByOffset*>(state);
  ByteWriter writer(out);
  writer.little<std::uint8_t>(s.present);
  if (!s.present) return;
  writer.varint(s.offset);
  writer.sized_bytes(s.value.view());
}
bool one_load(char* state, ByteReader& in) {
  auto& s = *reinterpret_cast<OneByOffset*>(state);
  auto present = in.little<std::uint8_t>();
  s.present = present == 1;
  if (s.present) {
    s.offset = in.varint();
    s.value.assign(in.sized_bytes());
  }
  return in.ok() && present <= 1;
}
void one_end(char* state) { reinterpret_cast<OneByOffset*>(state)->value.free(); }

// The first or last k, in the order of their offsets.
struct SomeByOffset {
  std::vector<std::pair<std::int64_t, std::string>> values;

  void add(std::int64_t offset, std::string_view value, std::size_t k, bool latest) {
    auto place = std::ranges::upper_bound(values, offset, {}, &std::pair<std::int64_t, std::string>::first);
    bool full = values.size() >= k;
    if (full && (latest ? place == values.begin() : place == values.end())) return;
    values.emplace(place, offset, value);
    if (full) values.erase(latest ? values.begin() : values.end() - 1);
  }
  void save(ByteWriter& out) const {
    out.unsigned_varint(values.size());
    for (const auto& [offset, value] : values) {
      out.varint(offset);
      out.sized_bytes(value);
    }
  }
  bool load(ByteReader& in) {
    values.clear();
    for (std::uint64_t n = in.unsigned_varint(); n > 0 && in.ok(); --n) {
      std::int64_t offset = in.varint();
      values.emplace_back(offset, in.sized_bytes());
    }
    return in.ok();
  }
};

template <bool latest>
void some_add(const AggregateCall& call) {
  OffsetArguments arguments(call);
  Buffer buffer;
  each_row<Owned<SomeByOffset>>(call, [&](Owned<SomeByOffset>& state, std::uint32_t row) {
    if (arguments.skips(row)) return;
    std::int32_t k = arguments.count->is_null(row) ? 0 : arguments.count->value<std::int32_t>(row);
    if (k < 1) {
      call.failures.push_back({row, "the number of values to keep must be at least 1"});
      return;
    }
    SomeByOffset& some = state.get();
    std::int64_t last = some.values.empty() ? 0 : some.values.back().first;
    buffer.clear();
    put_value(*arguments.value.column, arguments.value.at(row), buffer);
    some.add(offset_of(call, row, last), buffer.view(), static_cast<std::size_t>(k), latest);
  });
}
void some_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (const SomeByOffset* some = state_at<Owned<SomeByOffset>>(states, i).object)
      for (const auto& [offset, value] : some->values) append_packed(value, out.child(0));
    out.append_list();
  }
}

template <bool latest>
AggregateOverload one(std::string_view signature, std::uint8_t literals) {
  return {.signature = signature,
          .literals = literals,
          .state_size = sizeof(OneByOffset),
          .start = start_zeroed<OneByOffset>,
          .add = one_add<latest>,
          .result = one_result,
          .save = one_save,
          .load = one_load,
          .end = one_end};
}
template <bool latest>
std::vector<AggregateOverload> by_offset() {
  AggregateOverload some = owned<SomeByOffset>("(T, INT) ARRAY<T>", some_add<latest>, some_result);
  some.literals = 1;
  AggregateOverload some_with_nulls = some;
  some_with_nulls.signature = "(T, INT, BOOLEAN) ARRAY<T>";
  some_with_nulls.literals = 2;
  return {one<latest>("(T) T", 0), one<latest>("(T, BOOLEAN) T", 1), some, some_with_nulls};
}

}  // namespace

std::span<const AggregateFunction> collect_functions() {
  static const AggregateFunction table[] = {
      {.name = "ATTR",
       .overloads = {owned<ValueSet>("(T) T", set_add<no_limit>, attr_result, set_remove)},
       .doc = "The value that all rows have; null if they differ.",
       .examples = {{"ATTR(x)", "5, 5, 5", "5"}, {"ATTR(x)", "5, 6", "null"}}},
      {.name = "COLLECT_LIST",
       .overloads = {owned<PackedList>("(T) ARRAY<T>", list_add, list_result, list_remove)},
       .doc = "All values, nulls too, in the order in which they came.",
       .examples = {{"COLLECT_LIST(x)", "1, NULL, 1", "[1,null,1]"}}},
      {.name = "COLLECT_SET",
       .overloads = {owned<ValueSet>("(T) ARRAY<T>", set_add<no_limit>, set_result)},
       .doc = "All values, nulls too, each once, in the order in which they came first.",
       .examples = {{"COLLECT_SET(x)", "2, 1, 2, NULL, NULL", "[2,1,null]"}}},
      {.name = "COUNT_DISTINCT",
       .overloads = {owned<DistinctCount>("(ANY) BIGINT", distinct_add, distinct_result)},
       .doc = "How many different values there are that are not null: exactly up to 512, then within about 2 %.",
       .examples = {{"COUNT_DISTINCT(x)", "1, 2, 1, NULL", "2"}}},
      {.name = "EARLIEST_BY_OFFSET",
       .overloads = by_offset<false>(),
       .doc = "The first value, or the first k. Nulls are left out unless the last argument is false.",
       .examples = {{"EARLIEST_BY_OFFSET(x)", "NULL, 2, 3", "2"},
                    {"EARLIEST_BY_OFFSET(x, 2)", "1, NULL, 3, 4", "[1,3]"},
                    {"EARLIEST_BY_OFFSET(x, false)", "NULL, 2", "null"}}},
      {.name = "HISTOGRAM",
       .overloads = {owned<ValueSet>("(STRING) MAP<STRING, BIGINT>", histogram_count<true>, histogram_result,
                                     histogram_count<false>)},
       .doc = "How often each text came, of at most 1000 different ones.",
       .examples = {{"HISTOGRAM(x)", "'a', 'b', 'a'", "{\"a\":2,\"b\":1}"}}},
      {.name = "LATEST_BY_OFFSET",
       .overloads = by_offset<true>(),
       .doc = "The last value, or the last k. Nulls are left out unless the last argument is false.",
       .examples = {{"LATEST_BY_OFFSET(x)", "1, 2, NULL", "2"},
                    {"LATEST_BY_OFFSET(x, 2, false)", "1, NULL, 3", "[null,3]"}}},
  };
  return table;
}

}  // namespace levada
