// Arrays as lists and as sets. Sets keep the order in which their elements came first; null is an element like others.
#include <algorithm>

#include "batch/kernels.h"
#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

constexpr std::string_view category = "ARRAY";
constexpr std::int64_t most_elements = 1'000'000;  // that GENERATE_SERIES makes

// ---- sets ----

// The elements of some lists, each once, with their hashes, in the order in which they came. Small sets are searched
// from end to end, larger ones by an index.
class ElementSet {
 public:
  // False if it is there already.
  bool insert(const Column& column, std::uint32_t row) {
    std::uint64_t h = hash_at(column, row);
    if (find(column, row, h)) return false;
    if (members_.size() == small) rebuild(4 * small);
    members_.push_back({&column, row, h});
    if (!slots_.empty()) {
      if (members_.size() * 2 > slots_.size())
        rebuild(2 * slots_.size());
      else
        place(members_.size() - 1);
    }
    return true;
  }
  bool contains(const Column& column, std::uint32_t row) const { return find(column, row, hash_at(column, row)); }
  void clear() {
    members_.clear();
    slots_.clear();
  }

 private:
  static constexpr std::size_t small = 16;
  struct Member {
    const Column* column;
    std::uint32_t row;
    std::uint64_t hash;
  };

  static std::uint64_t hash_at(const Column& column, std::uint32_t row) {
    std::uint64_t h = 0;
    hash(column, Rows(std::span(&row, 1)), {&h, 1});
    return h;
  }
  static bool same(const Member& m, const Column& column, std::uint32_t row, std::uint64_t h) {
    return m.hash == h && compare(*m.column, m.row, column, row) == 0;
  }
  bool find(const Column& column, std::uint32_t row, std::uint64_t h) const {
    if (slots_.empty()) return std::ranges::any_of(members_, [&](const Member& m) { return same(m, column, row, h); });
    for (std::size_t i = h % slots_.size(); slots_[i] != 0; i = (i + 1) % slots_.size())
      if (same(members_[slots_[i] - 1], column, row, h)) return true;
    return false;
  }
  void place(std::size_t member) {
    std::size_t i = members_[member].hash % slots_.size();
    while (slots_[i] != 0) i = (i + 1) % slots_.size();
    slots_[i] = static_cast<std::uint32_t>(member + 1);
  }
  void rebuild(std::size_t size) {
    slots_.assign(size, 0);
    for (std::size_t i = 0; i < members_.size(); ++i) place(i);
  }

  std::vector<Member> members_;
  std::vector<std::uint32_t> slots_;  // member + 1; 0: free
};

// f(row, list of argument 0, list of argument 1) writes one result.
template <class F>
void two_lists(const Call& call, F f) {
  const Argument &a = call.arguments[0], &b = call.arguments[1];
  ListWriter out(call.result);
  hold_memory(out.child(0), a.column->child(0));
  hold_memory(out.child(0), b.column->child(0));
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    f(out.child(0), list_at(*a.column, a.at(row)), list_at(*b.column, b.at(row)));
    out.end(row);
  });
}

void append_once(Column& out, ElementSet& seen, const List& list) {
  for (std::uint32_t i = list.begin; i < list.end; ++i)
    if (seen.insert(list.elements(), i)) append_value(out, list.elements(), i);
}

void array_distinct(const Call& call) {
  const Argument& a = call.arguments[0];
  ListWriter out(call.result);
  hold_memory(out.child(0), a.column->child(0));
  ElementSet seen;
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    seen.clear();
    append_once(out.child(0), seen, list_at(*a.column, a.at(row)));
    out.end(row);
  });
}

void array_union(const Call& call) {
  ElementSet seen;
  two_lists(call, [&](Column& out, const List& a, const List& b) {
    seen.clear();
    append_once(out, seen, a);
    append_once(out, seen, b);
  });
}

template <bool wanted>
void array_filter(const Call& call) {
  ElementSet other, seen;
  two_lists(call, [&](Column& out, const List& a, const List& b) {
    other.clear();
    seen.clear();
    for (std::uint32_t i = b.begin; i < b.end; ++i) other.insert(b.elements(), i);
    for (std::uint32_t i = a.begin; i < a.end; ++i)
      if (other.contains(a.elements(), i) == wanted && seen.insert(a.elements(), i)) append_value(out, a.elements(), i);
  });
}

// ---- lists ----

// An argument that is null counts as an empty list, unless both are.
void array_concat(const Call& call) {
  ListWriter out(call.result);
  for (const Argument& a : call.arguments) hold_memory(out.child(0), a.column->child(0));
  call.rows.for_each([&](std::uint32_t row) {
    if (call.arguments[0].is_null(row) && call.arguments[1].is_null(row)) return call.result.set_null(row);
    for (const Argument& a : call.arguments) {
      if (a.is_null(row)) continue;
      List list = list_at(*a.column, a.at(row));
      for (std::uint32_t i = list.begin; i < list.end; ++i) append_value(out.child(0), list.elements(), i);
    }
    out.end(row);
  });
}

// A null is found where the array has one; a null array has nothing.
void array_contains(const Call& call) {
  const Argument &array = call.arguments[0], &wanted = call.arguments[1];
  std::uint8_t* to = call.result.values<std::uint8_t>();
  call.rows.for_each([&](std::uint32_t row) {
    if (array.is_null(row)) return;
    List list = list_at(*array.column, array.at(row));
    for (std::uint32_t i = list.begin; i < list.end && !to[row]; ++i)
      to[row] = compare(list.elements(), i, *wanted.column, wanted.at(row)) == 0;
  });
}

void array_remove(const Call& call) {
  const Argument &array = call.arguments[0], &unwanted = call.arguments[1];
  ListWriter out(call.result);
  hold_memory(out.child(0), array.column->child(0));
  call.rows.for_each([&](std::uint32_t row) {
    if (array.is_null(row)) return call.result.set_null(row);
    List list = list_at(*array.column, array.at(row));
    for (std::uint32_t i = list.begin; i < list.end; ++i)
      if (compare(list.elements(), i, *unwanted.column, unwanted.at(row)) != 0)
        append_value(out.child(0), list.elements(), i);
    out.end(row);
  });
}

std::string scalar_text(const Column& column, std::uint32_t row) { return text_of(column.value(row), column.type()); }

// Nulls are written as "null"; a delimiter that is null as nothing.
void array_join(const Call& call) {
  const Argument& array = call.arguments[0];
  const Argument* delimiter = call.arguments.size() > 1 ? &call.arguments[1] : nullptr;
  std::string text;
  call.rows.for_each([&](std::uint32_t row) {
    if (array.is_null(row)) return call.result.set_null(row);
    std::string_view between = delimiter ? (delimiter->is_null(row) ? "" : delimiter->string(row)) : ",";
    List list = list_at(*array.column, array.at(row));
    text.clear();
    for (std::uint32_t i = list.begin; i < list.end; ++i) {
      if (i > list.begin) text += between;
      if (list.elements().type().textual() && !list.elements().is_null(i))
        text += list.elements().string(i);
      else
        text += scalar_text(list.elements(), i);
    }
    call.result.values<StringView>()[row] = call.result.keep(text);
  });
}
Result<Type> joined_text(std::span<const Type> types) {
  if (types[0].element().nested())
    return Error(ErrorKind::statement, "ARRAY_JOIN takes arrays of simple values, not " + types[0].text());
  return Type(TypeKind::string);
}

// The greatest (1) or least (-1) element; nulls are left out.
template <int wanted>
void array_extreme(const Call& call) {
  const Argument& array = call.arguments[0];
  hold_memory(call.result, array.column->child(0));
  with_physical(call.result.type().kind(), [&]<class T>() {
    T* to = call.result.values<T>();
    call.rows.for_each([&](std::uint32_t row) {
      if (call.result.is_null(row)) return;
      List list = list_at(*array.column, array.at(row));
      std::optional<std::uint32_t> best;
      for (std::uint32_t i = list.begin; i < list.end; ++i) {
        if (list.elements().is_null(i)) continue;
        if (!best || compare(list.elements(), i, list.elements(), *best) * wanted > 0) best = i;
      }
      if (best)
        to[row] = list.elements().values<T>()[*best];
      else
        call.result.set_null(row);
    });
  });
}
Result<Type> ordered_element(std::span<const Type> types) {
  if (types[0].element().nested())
    return Error(ErrorKind::statement, types[0].element().text() + " has no order: arrays of it cannot be sorted");
  return types[0].element();
}
Result<Type> ordered_array(std::span<const Type> types) {
  LV_TRY(ordered_element(types));
  return types[0];
}

// Nulls come last, whatever the direction.
void array_sort(const Call& call) {
  const Argument& array = call.arguments[0];
  const Argument* direction = call.arguments.size() > 1 ? &call.arguments[1] : nullptr;
  ListWriter out(call.result);
  hold_memory(out.child(0), array.column->child(0));
  std::vector<std::uint32_t> order;
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    std::string word(direction ? direction->string(row) : "ASC");
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    bool falling = word == "DESC" || word == "DESCENDING";
    if (!falling && word != "ASC" && word != "ASCENDING") return call.result.set_null(row);
    List list = list_at(*array.column, array.at(row));
    order.clear();
    for (std::uint32_t i = list.begin; i < list.end; ++i)
      if (!list.elements().is_null(i)) order.push_back(i);
    std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
      int c = compare(list.elements(), a, list.elements(), b);
      return falling ? c > 0 : c < 0;
    });
    for (std::uint32_t i : order) append_value(out.child(0), list.elements(), i);
    for (std::size_t i = order.size(); i < list.size(); ++i) out.child(0).append_null();
    out.end(row);
  });
}

// Elements from one number to another, both included; null: from the first, to the last.
void slice(const Call& call) {
  const Argument &array = call.arguments[0], &from = call.arguments[1], &to = call.arguments[2];
  ListWriter out(call.result);
  hold_memory(out.child(0), array.column->child(0));
  call.rows.for_each([&](std::uint32_t row) {
    if (array.is_null(row)) return call.result.set_null(row);
    List list = list_at(*array.column, array.at(row));
    std::int64_t first = from.is_null(row) ? 1 : from.value<std::int32_t>(row);
    std::int64_t last = to.is_null(row) ? list.size() : to.value<std::int32_t>(row);
    if (first < 1 || first > list.size() + std::int64_t{1})
      return call.fail(
          row, "an array of " + std::to_string(list.size()) + " elements has no slice from " + std::to_string(first));
    last = std::min<std::int64_t>(last, list.size());
    for (std::int64_t i = first; i <= last; ++i)
      append_value(out.child(0), list.elements(), list.begin + static_cast<std::uint32_t>(i - 1));
    out.end(row);
  });
}

template <class T>
void generate_series(const Call& call) {
  const Argument &from = call.arguments[0], &to = call.arguments[1];
  const Argument* by = call.arguments.size() > 2 ? &call.arguments[2] : nullptr;
  ListWriter out(call.result);
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    Int128 first = from.value<T>(row), last = to.value<T>(row);
    Int128 step = by ? by->value<std::int32_t>(row) : last >= first ? 1 : -1;
    if (step == 0) return call.fail(row, "the step of GENERATE_SERIES is 0");
    if ((last - first) * step < 0) return call.fail(row, "the step of GENERATE_SERIES goes away from the end");
    Int128 count = (last - first) / step + 1;
    if (count > most_elements)
      return call.fail(row, "GENERATE_SERIES makes at most " + std::to_string(most_elements) + " elements");
    for (Int128 i = 0; i < count; ++i) out.child(0).append(static_cast<T>(first + i * step));
    out.end(row);
  });
}

}  // namespace

std::span<const Function> array_functions() {
  static const Function table[] = {
      {.name = "ARRAY_CONCAT",
       .category = category,
       .overloads = {{"(ARRAY<T>, ARRAY<T>) ARRAY<T>", array_concat}},
       .doc = "All elements of the first array, then all of the second; null counts as empty, unless both are null.",
       .examples = {{"ARRAY_CONCAT(ARRAY[1, 2], ARRAY[2, 3])", "[1,2,2,3]"}, {"ARRAY_CONCAT(NULL, ARRAY[1])", "[1]"}},
       .strict = false},
      {.name = "ARRAY_CONTAINS",
       .category = category,
       .overloads = {{"(ARRAY<T>, T) BOOLEAN", array_contains}},
       .doc = "True if the value is an element of the array.",
       .examples = {{"ARRAY_CONTAINS(ARRAY[1, 2], 2)", "true"}, {"ARRAY_CONTAINS(ARRAY['a', NULL], NULL)", "true"}},
       .strict = false},
      {.name = "ARRAY_DISTINCT",
       .category = category,
       .overloads = {{"(ARRAY<T>) ARRAY<T>", array_distinct}},
       .doc = "The elements of the array, each once.",
       .examples = {{"ARRAY_DISTINCT(ARRAY[1, 2, 1, NULL, NULL])", "[1,2,null]"}}},
      {.name = "ARRAY_EXCEPT",
       .category = category,
       .overloads = {{"(ARRAY<T>, ARRAY<T>) ARRAY<T>", array_filter<false>}},
       .doc = "The elements of the first array that are not in the second, each once.",
       .examples = {{"ARRAY_EXCEPT(ARRAY[1, 2, 2, 3], ARRAY[3])", "[1,2]"}}},
      {.name = "ARRAY_INTERSECT",
       .category = category,
       .overloads = {{"(ARRAY<T>, ARRAY<T>) ARRAY<T>", array_filter<true>}},
       .doc = "The elements of the first array that are in the second too, each once.",
       .examples = {{"ARRAY_INTERSECT(ARRAY[1, 2, 2, 3], ARRAY[3, 2])", "[2,3]"}}},
      {.name = "ARRAY_JOIN",
       .category = category,
       .overloads = {{"(ARRAY<T>) STRING", array_join, joined_text},
                     {"(ARRAY<T>, STRING) STRING", array_join, joined_text}},
       .doc = "The elements as one text, with the delimiter (else a comma) between them.",
       .examples = {{"ARRAY_JOIN(ARRAY[1, NULL, 3])", "1,null,3"}, {"ARRAY_JOIN(ARRAY['a', 'b'], '-')", "a-b"}},
       .strict = false},
      {.name = "ARRAY_LENGTH",
       .category = category,
       .overloads = {{"(ARRAY<T>) INT", map<[](List list) { return static_cast<std::int32_t>(list.size()); }>}},
       .doc = "The number of elements.",
       .examples = {{"ARRAY_LENGTH(ARRAY[1, NULL, 3])", "3"}}},
      {.name = "ARRAY_MAX",
       .category = category,
       .overloads = {{"(ARRAY<T>) T", array_extreme<1>, ordered_element}},
       .doc = "The greatest element; null if there is none.",
       .examples = {{"ARRAY_MAX(ARRAY[1, NULL, 3, 2])", "3"}}},
      {.name = "ARRAY_MIN",
       .category = category,
       .overloads = {{"(ARRAY<T>) T", array_extreme<-1>, ordered_element}},
       .doc = "The least element; null if there is none.",
       .examples = {{"ARRAY_MIN(ARRAY['b', 'a'])", "a"}}},
      {.name = "ARRAY_REMOVE",
       .category = category,
       .overloads = {{"(ARRAY<T>, T) ARRAY<T>", array_remove}},
       .doc = "The array without the elements that equal the value.",
       .examples = {{"ARRAY_REMOVE(ARRAY[1, 2, 1], 1)", "[2]"}},
       .strict = false},
      {.name = "ARRAY_SORT",
       .category = category,
       .overloads = {{"(ARRAY<T>) ARRAY<T>", array_sort, ordered_array},
                     {"(ARRAY<T>, STRING) ARRAY<T>", array_sort, ordered_array}},
       .doc = "The elements in rising order, or in falling order with 'DESC'; nulls come last.",
       .examples = {{"ARRAY_SORT(ARRAY[2, NULL, 3, 1])", "[1,2,3,null]"},
                    {"ARRAY_SORT(ARRAY[2, 3, 1], 'DESC')", "[3,2,1]"}}},
      {.name = "ARRAY_UNION",
       .category = category,
       .overloads = {{"(ARRAY<T>, ARRAY<T>) ARRAY<T>", array_union}},
       .doc = "The elements of both arrays, each once.",
       .examples = {{"ARRAY_UNION(ARRAY[1, 2], ARRAY[2, 3])", "[1,2,3]"}}},
      {.name = "GENERATE_SERIES",
       .category = category,
       .overloads = {{"(INT, INT) ARRAY<INT>", generate_series<std::int32_t>},
                     {"(BIGINT, BIGINT) ARRAY<BIGINT>", generate_series<std::int64_t>},
                     {"(INT, INT, INT) ARRAY<INT>", generate_series<std::int32_t>},
                     {"(BIGINT, BIGINT, INT) ARRAY<BIGINT>", generate_series<std::int64_t>}},
       .doc = "The whole numbers from the first to the second, by steps.",
       .examples = {{"GENERATE_SERIES(1, 4)", "[1,2,3,4]"}, {"GENERATE_SERIES(9, 0, -3)", "[9,6,3,0]"}}},
      {.name = "SLICE",
       .category = category,
       .overloads = {{"(ARRAY<T>, INT, INT) ARRAY<T>", slice}},
       .doc = "The elements from one number to another, counted from 1, both included; NULL stands for either end.",
       .examples = {{"SLICE(ARRAY[1, 2, 3, 4], 2, 3)", "[2,3]"}, {"SLICE(ARRAY[1, 2, 3], NULL, 2)", "[1,2]"}},
       .strict = false},
  };
  return table;
}

}  // namespace levada
