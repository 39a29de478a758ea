// Maps: made of arrays, joined, and taken apart. Entries keep their order; of equal keys the last value stays.
#include <algorithm>

#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

constexpr std::string_view category = "MAP";

// The entries of one result: keys once, each with the place of its value.
class Entries {
 public:
  void clear() { entries_.clear(); }
  void put(std::string_view key, const Column& values, std::uint32_t row) {
    auto it = std::ranges::find(entries_, key, &Entry::key);
    if (it == entries_.end())
      entries_.push_back({key, &values, row});
    else
      *it = {key, &values, row};
  }
  void write(ListWriter& out, std::uint32_t row) {
    for (const Entry& e : entries_) {
      out.child(0).append(StringView(e.key.data(), static_cast<std::uint32_t>(e.key.size())));
      append_value(out.child(1), *e.values, e.row);
    }
    out.end(row);
  }

 private:
  struct Entry {
    std::string_view key;
    const Column* values;
    std::uint32_t row;
  };
  std::vector<Entry> entries_;
};

std::string_view key_text(const Column& keys, std::uint32_t i) { return keys.is_null(i) ? "null" : keys.string(i); }

void as_map(const Call& call) {
  const Argument &keys = call.arguments[0], &values = call.arguments[1];
  ListWriter out(call.result);
  hold_memory(out.child(0), keys.column->child(0));
  hold_memory(out.child(1), values.column->child(0));
  Entries entries;
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    List k = list_at(*keys.column, keys.at(row)), v = list_at(*values.column, values.at(row));
    entries.clear();
    for (std::uint32_t i = 0; i < std::min(k.size(), v.size()); ++i)
      entries.put(key_text(k.elements(), k.begin + i), v.elements(), v.begin + i);
    entries.write(out, row);
  });
}

// A map that is null counts as empty, unless both are.
void map_union(const Call& call) {
  ListWriter out(call.result);
  for (const Argument& a : call.arguments) {
    hold_memory(out.child(0), a.column->child(0));
    hold_memory(out.child(1), a.column->child(1));
  }
  Entries entries;
  call.rows.for_each([&](std::uint32_t row) {
    if (call.arguments[0].is_null(row) && call.arguments[1].is_null(row)) return call.result.set_null(row);
    entries.clear();
    for (const Argument& a : call.arguments) {
      if (a.is_null(row)) continue;
      List list = list_at(*a.column, a.at(row));
      for (std::uint32_t i = list.begin; i < list.end; ++i) entries.put(key_text(list.elements(), i), list.values(), i);
    }
    entries.write(out, row);
  });
}

template <std::size_t child>
void map_child(const Call& call) {
  const Argument& a = call.arguments[0];
  ListWriter out(call.result);
  hold_memory(out.child(0), a.column->child(child));
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    List list = list_at(*a.column, a.at(row));
    for (std::uint32_t i = list.begin; i < list.end; ++i) append_value(out.child(0), a.column->child(child), i);
    out.end(row);
  });
}

void map_entries(const Call& call) {
  const Argument &a = call.arguments[0], &sorted = call.arguments[1];
  ListWriter out(call.result);
  Column& structures = out.child(0);
  hold_memory(structures.child(0), a.column->child(0));
  hold_memory(structures.child(1), a.column->child(1));
  std::vector<std::uint32_t> order;
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    List list = list_at(*a.column, a.at(row));
    order.clear();
    for (std::uint32_t i = list.begin; i < list.end; ++i) order.push_back(i);
    if (sorted.value<std::uint8_t>(row))
      std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return key_text(list.elements(), i); });
    for (std::uint32_t i : order) {
      append_value(structures.child(0), list.elements(), i);
      append_value(structures.child(1), list.values(), i);
      structures.append_structure();
    }
    out.end(row);
  });
}
Result<Type> entries_type(std::span<const Type> types) {
  return Type::array(Type::structure({{"K", types[0].key()}, {"V", types[0].value()}}));
}

}  // namespace

std::span<const Function> map_functions() {
  static const Function table[] = {
      {.name = "AS_MAP",
       .category = category,
       .overloads = {{"(ARRAY<STRING>, ARRAY<T>) MAP<STRING, T>", as_map}},
       .doc = "A map of the keys in the first array to the values in the second; what is left over of the longer one "
              "is left out.",
       .examples = {{"AS_MAP(ARRAY['a', 'b'], ARRAY[1, 2])", "{\"a\":1,\"b\":2}"}}},
      {.name = "ENTRIES",
       .category = category,
       .overloads = {{"(MAP<STRING, T>, BOOLEAN) ANY", map_entries, entries_type}},
       .doc = "The entries of a map as structures of K and V, sorted by key if the second argument is true.",
       .examples = {{"ENTRIES(MAP('b' := 2, 'a' := 1), true)", "[{\"K\":\"a\",\"V\":1},{\"K\":\"b\",\"V\":2}]"}}},
      {.name = "MAP_KEYS",
       .category = category,
       .overloads = {{"(MAP<STRING, T>) ARRAY<STRING>", map_child<0>}},
       .doc = "The keys of a map.",
       .examples = {{"MAP_KEYS(MAP('a' := 1, 'b' := 2))", "[\"a\",\"b\"]"}}},
      {.name = "MAP_UNION",
       .category = category,
       .overloads = {{"(MAP<STRING, T>, MAP<STRING, T>) MAP<STRING, T>", map_union}},
       .doc =
           "The entries of both maps; of equal keys those of the second. Null counts as empty, unless both are null.",
       .examples = {{"MAP_UNION(MAP('a' := 1, 'b' := 2), MAP('b' := 3))", "{\"a\":1,\"b\":3}"}},
       .strict = false},
      {.name = "MAP_VALUES",
       .category = category,
       .overloads = {{"(MAP<STRING, T>) ARRAY<T>", map_child<1>}},
       .doc = "The values of a map.",
       .examples = {{"MAP_VALUES(MAP('a' := 1, 'b' := 2))", "[1,2]"}}},
  };
  return table;
}

}  // namespace levada
