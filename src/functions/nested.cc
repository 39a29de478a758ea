// Elements of arrays and maps, and their constructors. Fields of structures are no function: field_expression() and
// structure_expression(), as their types depend on names.
#include <algorithm>

#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

constexpr std::string_view category = "OPERATOR";

// result[row] = element[pick(row)], null where pick gives nothing. Nested elements are put together in order.
template <class Pick>
void pick_elements(const Call& call, const Column& elements, Pick pick) {
  if (elements.type().nested()) {
    Column result(call.result.type());
    std::uint32_t next = 0;
    auto fill = [&](std::uint32_t stop) {
      for (; next < stop; ++next) result.append_null();
    };
    call.rows.for_each([&](std::uint32_t row) {
      auto element = call.result.is_null(row) ? std::optional<std::uint32_t>() : pick(row);
      if (!element) return;
      fill(row);
      result.append_from(elements, *element);
      next = row + 1;
    });
    fill(call.result.size());
    call.result = std::move(result);
    return;
  }
  hold_memory(call.result, elements);
  with_physical(elements.type().kind(), [&]<class T>() {
    const T* values = elements.values<T>();
    T* to = call.result.values<T>();
    call.rows.for_each([&](std::uint32_t row) {
      if (call.result.is_null(row)) return;
      std::optional<std::uint32_t> element = pick(row);
      if (element && !elements.is_null(*element))
        to[row] = values[*element];
      else
        call.result.set_null(row);
    });
  });
}

void array_element(const Call& call) {
  const Argument &array = call.arguments[0], &index = call.arguments[1];
  pick_elements(call, array.column->child(0), [&](std::uint32_t row) -> std::optional<std::uint32_t> {
    List list = list_at(*array.column, array.at(row));
    std::int64_t i = index.value<std::int64_t>(row);
    std::int64_t at = i > 0 ? i - 1 : std::int64_t{list.size()} + i;
    if (i == 0 || at < 0 || at >= list.size()) return std::nullopt;
    return list.begin + static_cast<std::uint32_t>(at);
  });
}

void map_value(const Call& call) {
  const Argument &map_argument = call.arguments[0], &key = call.arguments[1];
  const Column& entries = *map_argument.column;
  pick_elements(call, entries.child(1), [&](std::uint32_t row) -> std::optional<std::uint32_t> {
    List list = list_at(entries, map_argument.at(row));
    const StringView* keys = entries.child(0).values<StringView>();
    const StringView& wanted = key.column->values<StringView>()[key.at(row)];
    for (std::uint32_t i = list.begin; i < list.end; ++i)
      if (keys[i] == wanted) return i;
    return std::nullopt;
  });
}

void make_array(const Call& call) {
  ListWriter out(call.result);
  Column& elements = out.child(0);
  for (const Argument& a : call.arguments) hold_memory(elements, *a.column);
  call.rows.for_each([&](std::uint32_t row) {
    for (const Argument& a : call.arguments) append_value(elements, *a.column, a.at(row));
    out.end(row);
  });
}

// A key that is null is the text "null", as in ksqlDB; of equal keys the last one stays.
void make_map(const Call& call) {
  ListWriter out(call.result);
  Column &keys = out.child(0), &values = out.child(1);
  for (std::size_t i = 1; i < call.arguments.size(); i += 2) hold_memory(values, *call.arguments[i].column);
  std::vector<std::size_t> entries;  // numbers of the arguments that are keys
  auto key_at = [&](std::size_t i, std::uint32_t row) {
    const Argument& a = call.arguments[i];
    return a.is_null(row) ? std::string_view("null") : a.string(row);
  };
  call.rows.for_each([&](std::uint32_t row) {
    entries.clear();
    for (std::size_t i = 0; i < call.arguments.size(); i += 2) {
      auto same = [&](std::size_t other) { return key_at(other, row) == key_at(i, row); };
      auto it = std::ranges::find_if(entries, same);
      if (it == entries.end())
        entries.push_back(i);
      else
        *it = i;
    }
    for (std::size_t i : entries) {
      keys.append_string(key_at(i, row));
      append_value(values, *call.arguments[i + 1].column, call.arguments[i + 1].at(row));
    }
    out.end(row);
  });
}

Result<Type> map_result(std::span<const Type> types) {
  if (types[0].kind() != TypeKind::string)
    return Error(ErrorKind::statement, "the keys of a map are STRING, not " + types[0].text());
  return Type::map(types[0], types[1]);
}

}  // namespace

std::span<const Function> nested_functions() {
  static const Function table[] = {
      {.name = "[]",
       .category = category,
       .overloads = {{"(ARRAY<T>, BIGINT) T", array_element}, {"(MAP<STRING, T>, STRING) T", map_value}},
       .doc = "The element of an array, counted from 1 or, negative, from the end, or the value of a map's key; null "
              "if there is none.",
       .examples = {{"ARRAY['a', 'b'][1]", "a"},
                    {"ARRAY['a', 'b'][-1]", "b"},
                    {"ARRAY['a', 'b'][3]", "null"},
                    {"MAP('k' := 1)['k']", "1"},
                    {"MAP('k' := 1)['l']", "null"}}},
      {.name = "ARRAY",
       .category = category,
       .overloads = {{"(T...) ARRAY<T>", make_array}},
       .doc = "An array of the values.",
       .examples = {{"ARRAY[1, NULL, 3]", "[1,null,3]"}, {"ARRAY[1, '2e1', 2.5]", "[1.0,20.0,2.5]"}},
       .strict = false},
      {.name = "MAP",
       .category = category,
       .overloads = {{"(ANY...) ANY", make_map, map_result}},
       .doc = "A map of the keys to the values. Of equal keys the last one counts.",
       .examples = {{"MAP('a' := 1, 'b' := 2)", "{\"a\":1,\"b\":2}"}, {"MAP('a' := 1, 'a' := 2)", "{\"a\":2}"}},
       .strict = false},
  };
  return table;
}

}  // namespace levada
