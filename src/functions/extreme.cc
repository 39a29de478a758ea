// MIN and MAX, and the k greatest values. Nulls are left out. What was thrown away cannot be brought back, so none of
// them can take rows out again.
#include <algorithm>
#include <cmath>

#include "batch/value_bytes.h"
#include "functions/aggregate_state.h"
#include "functions/families.h"

namespace levada {
namespace {

// ---- MIN and MAX of fixed width ----

template <class T>
struct Extreme {
  T value;
  bool present;
};

// True if a takes the place of b: sign 1 for MAX. NaN is greater than all numbers.
template <int sign, class T>
bool beats(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, double>)
    if (std::isnan(a) || std::isnan(b))
      return sign > 0 ? std::isnan(a) && !std::isnan(b) : std::isnan(b) && !std::isnan(a);
  return sign > 0 ? a > b : a < b;
}

template <int sign, class T>
void extreme_add(const AggregateCall& call) {
  each_value<Extreme<T>, T>(call, [](Extreme<T>& state, std::uint32_t, const T& v) {
    if (state.present && !beats<sign>(v, state.value)) return;
    state.value = v;
    state.present = true;
  });
}
template <class T>
void extreme_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto& state = state_at<Extreme<T>>(states, i);
    if (state.present)
      out.append(state.value);
    else
      out.append_null();
  }
}
template <class T>
void extreme_save(const char* state, Buffer& out) {
  const auto& s = *reinterpret_cast<const Extreme<T>*>(state);
  ByteWriter writer(out);
  writer.little<std::uint8_t>(s.present);
  if (!s.present) return;
  if constexpr (std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::int64_t>)
    writer.varint(s.value);
  else
    writer.little(s.value);
}
template <class T>
bool extreme_load(char* state, ByteReader& in) {
  auto& s = *reinterpret_cast<Extreme<T>*>(state);
  auto present = in.little<std::uint8_t>();
  s.present = present == 1;
  if (s.present) {
    if constexpr (std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::int64_t>) {
      std::int64_t v = in.varint();
      s.value = static_cast<T>(v);
      if (v != s.value) return false;
    } else {
      s.value = in.little<T>();
    }
  }
  return in.ok() && present <= 1;
}

template <int sign, class T>
AggregateOverload extreme(std::string_view signature, ResultType type = nullptr) {
  return {.signature = signature,
          .result_type = type,
          .state_size = sizeof(Extreme<T>),
          .start = start_zeroed<Extreme<T>>,
          .add = extreme_add<sign, T>,
          .result = extreme_result<T>,
          .save = extreme_save<T>,
          .load = extreme_load<T>};
}

// ---- MIN and MAX of text and bytes ----

struct ExtremeBytes {
  OwnedBytes bytes;
  bool present;
};

template <int sign>
void bytes_add(const AggregateCall& call) {
  each_value<ExtremeBytes, StringView>(call, [](ExtremeBytes& state, std::uint32_t, const StringView& v) {
    if (state.present && !beats<sign>(v.view(), state.bytes.view())) return;
    state.bytes.assign(v.view());
    state.present = true;
  });
}
void bytes_result(std::span<char* const> states, Column& out) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto& state = state_at<ExtremeBytes>(states, i);
    if (state.present)
      out.append_string(state.bytes.view());
    else
      out.append_null();
  }
}
void bytes_save(const char* state, Buffer& out) {
  const auto& s = *reinterpret_cast<const ExtremeBytes*>(state);
  ByteWriter writer(out);
  writer.little<std::uint8_t>(s.present);
  if (s.present) writer.sized_bytes(s.bytes.view());
}
bool bytes_load(char* state, ByteReader& in) {
  auto& s = *reinterpret_cast<ExtremeBytes*>(state);
  auto present = in.little<std::uint8_t>();
  s.present = present == 1;
  if (s.present) s.bytes.assign(in.sized_bytes());
  return in.ok() && present <= 1;
}
void bytes_end(char* state) { reinterpret_cast<ExtremeBytes*>(state)->bytes.free(); }

template <int sign>
AggregateOverload extreme_bytes(std::string_view signature) {
  return {.signature = signature,
          .state_size = sizeof(ExtremeBytes),
          .start = start_zeroed<ExtremeBytes>,
          .add = bytes_add<sign>,
          .result = bytes_result,
          .save = bytes_save,
          .load = bytes_load,
          .end = bytes_end};
}

Result<Type> same_type(std::span<const Type> types) { return types[0]; }

template <int sign>
std::vector<AggregateOverload> extremes() {
  return {extreme<sign, std::int32_t>("(INT) INT"),
          extreme<sign, std::int64_t>("(BIGINT) BIGINT"),
          extreme<sign, Int128>("(DECIMAL) DECIMAL", same_type),
          extreme<sign, double>("(DOUBLE) DOUBLE"),
          extreme<sign, std::int32_t>("(DATE) DATE"),
          extreme<sign, std::int64_t>("(TIME) TIME"),
          extreme<sign, std::int64_t>("(TIMESTAMP) TIMESTAMP"),
          extreme_bytes<sign>("(STRING) STRING"),
          extreme_bytes<sign>("(BYTES) BYTES")};
}

// ---- the k greatest ----

// Falling; of equal ones the first that came stands first.
struct Top {
  struct Entry {
    std::string order;  // ordered_bytes() of the value
    std::string rest;   // put_value() of the columns that go with it
  };
  std::vector<Entry> entries;

  template <class Rest>
  void add(std::string order, std::size_t k, bool distinct, Rest rest) {
    auto place = std::ranges::upper_bound(entries, order, std::greater<>(), &Entry::order);
    if (static_cast<std::size_t>(place - entries.begin()) >= k) return;
    if (distinct && place != entries.begin() && std::prev(place)->order == order) return;
    entries.insert(place, {std::move(order), rest()});
    if (entries.size() > k) entries.pop_back();
  }
  void save(ByteWriter& out) const {
    out.unsigned_varint(entries.size());
    for (const Entry& e : entries) {
      out.sized_bytes(e.order);
      out.sized_bytes(e.rest);
    }
  }
  bool load(ByteReader& in) {
    entries.clear();
    for (std::uint64_t n = in.unsigned_varint(); n > 0 && in.ok(); --n) {
      std::string order(in.sized_bytes());
      entries.push_back({std::move(order), std::string(in.sized_bytes())});
    }
    return in.ok();
  }
};

// Arguments: value, columns that go with it, k.
template <bool distinct>
void top_add(const AggregateCall& call) {
  const Argument &value = call.arguments.front(), &k = call.arguments.back();
  auto beside = call.arguments.subspan(1, call.arguments.size() - 2);
  Buffer buffer;
  each_row<Owned<Top>>(call, [&](Owned<Top>& state, std::uint32_t row) {
    if (value.is_null(row)) return;
    std::int32_t count = k.is_null(row) ? 0 : k.value<std::int32_t>(row);
    if (count < 1) {
      call.failures.push_back({row, "the number of values to keep must be at least 1"});
      return;
    }
    state.get().add(ordered_bytes(*value.column, value.at(row)), static_cast<std::size_t>(count), distinct, [&] {
      buffer.clear();
      for (const Argument& a : beside) put_value(*a.column, a.at(row), buffer);
      return buffer.empty() ? std::string() : std::string(buffer.view());
    });
  });
}

void top_result(std::span<char* const> states, Column& out) {
  Column& elements = out.child(0);
  bool structures = elements.type().kind() == TypeKind::structure;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (const Top* top = state_at<Owned<Top>>(states, i).object) {
      for (const Top::Entry& e : top->entries) {
        append_ordered(e.order, structures ? elements.child(0) : elements);
        if (!structures) continue;
        ByteReader in(e.rest);
        for (std::size_t c = 1; c < elements.type().fields().size(); ++c) get_value(in, elements.child(c));
        elements.append_structure();
      }
    }
    out.append_list();
  }
}

Result<Type> top_type(std::span<const Type> types) {
  if (types[0].nested()) return Error(ErrorKind::statement, types[0].text() + " has no order: TOPK cannot compare it");
  if (types.size() == 2) return Type::array(types[0]);
  std::vector<Field> fields = {{"sort_col", types[0]}};
  for (std::size_t i = 1; i + 1 < types.size(); ++i) fields.push_back({"col" + std::to_string(i - 1), types[i]});
  return Type::array(Type::structure(std::move(fields)));
}

template <bool distinct>
AggregateOverload top(std::string_view signature) {
  return {.signature = signature,
          .result_type = top_type,
          .literals = 1,
          .state_size = sizeof(Owned<Top>),
          .start = Owned<Top>::start,
          .add = top_add<distinct>,
          .result = top_result,
          .save = Owned<Top>::save,
          .load = Owned<Top>::load,
          .end = Owned<Top>::end};
}

}  // namespace

std::span<const AggregateFunction> extreme_functions() {
  static const AggregateFunction table[] = {
      {.name = "MAX",
       .overloads = extremes<1>(),
       .doc = "The greatest value that is not null.",
       .examples = {{"MAX(x)", "1, 3, NULL, 2", "3"},
                    {"MAX(x)", "'a', 'c', 'b'", "c"},
                    {"MAX(x)", "CAST(NULL AS INT)", "null"}}},
      {.name = "MIN",
       .overloads = extremes<-1>(),
       .doc = "The least value that is not null.",
       .examples = {{"MIN(x)", "2, 1, NULL, 3", "1"}, {"MIN(x)", "0.5, 0.25", "0.25"}}},
      {.name = "TOPK",
       .overloads = {top<false>("(T, INT) ANY"), top<false>("(T, ANY..., INT) ANY")},
       .doc = "The k greatest values, falling. With columns between value and k, structures of the value (sort_col) "
              "and these (col0, …).",
       .examples = {{"TOPK(x, 2)", "1, 3, NULL, 3, 2", "[3,3]"},
                    {"TOPK(x, 'a', 1)", "1, 2", "[{\"sort_col\":2,\"col0\":\"a\"}]"}}},
      {.name = "TOPKDISTINCT",
       .overloads = {top<true>("(T, INT) ANY")},
       .doc = "The k greatest values, each once, falling.",
       .examples = {{"TOPKDISTINCT(x, 2)", "1, 3, NULL, 3, 2", "[3,2]"}}},
  };
  return table;
}

}  // namespace levada
