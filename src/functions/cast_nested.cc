#include "functions/cast_nested.h"

#include <algorithm>

#include "functions/functions.h"
#include "functions/kernel.h"

namespace levada {
namespace {

// The elements of one child of a list, or a field, all cast at once; what fails comes back by the child's rows.
Column cast_column(const Column& from, const Type& to, const Call& call, RowFailures& failures) {
  Column result(to);
  result.resize_zeroed(from.size());
  if (from.has_nulls()) {
    Bits& bits = result.mutable_validity();
    std::copy_n(from.validity().words(), bits.word_count(), bits.words());
  }
  Kernel kernel = take(find_cast(from.type(), to));  // find_nested_cast() has seen that there is one
  const Argument argument{&from, false};
  kernel(Call{{&argument, 1}, Rows::all(from.size()), result, failures, call.surroundings});
  return result;
}

// The selected rows of a list, put side by side, so that only their elements are cast.
void cast_list(const Call& call) {
  const Argument& argument = call.arguments[0];
  std::vector<std::uint32_t> rows, sources;
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    rows.push_back(row);
    sources.push_back(argument.at(row));
  });
  Column chosen(argument.type());
  chosen.append_from(*argument.column, Rows(sources));

  std::vector<std::string> why(rows.size());
  for (std::size_t c = 0; c < argument.type().children().size(); ++c) {
    RowFailures failures;
    call.result.child(c) = cast_column(chosen.child(c), call.result.type().children()[c].type, call, failures);
    for (RowFailure& f : failures) {
      auto end = std::ranges::upper_bound(chosen.offsets(), f.row);
      why[static_cast<std::size_t>(end - chosen.offsets().begin()) - 1] = std::move(f.why);
    }
  }
  std::span<std::uint32_t> ends = call.result.offsets();
  std::uint32_t last = 0, next = 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    while (next < rows[i] + 1) ends[next++] = last;
    ends[next++] = last = chosen.offsets()[i + 1];
    if (!why[i].empty()) call.fail(rows[i], std::move(why[i]));
  }
  while (next < ends.size()) ends[next++] = last;
}

// By the names of the fields; a field that is not there is null.
void cast_structure(const Call& call) {
  const Argument& argument = call.arguments[0];
  Column all(argument.type());
  if (argument.constant) {
    std::vector<std::uint32_t> zeros(call.result.size(), 0);
    all.append_from(*argument.column, Rows(zeros));
  }
  const Column& from = argument.constant ? all : *argument.column;
  RowFailures failures;
  for (std::size_t i = 0; i < call.result.type().fields().size(); ++i) {
    const Field& field = call.result.type().fields()[i];
    auto it = std::ranges::find(from.type().fields(), field.name, &Field::name);
    if (it == from.type().fields().end()) {
      call.result.child(i).mutable_validity().assign(call.result.size(), false);
      continue;
    }
    auto c = static_cast<std::size_t>(it - from.type().fields().begin());
    call.result.child(i) = cast_column(from.child(c), field.type, call, failures);
  }
  if (failures.empty()) return;
  Bits asked(call.result.size(), false), told = asked;
  call.rows.for_each([&](std::uint32_t row) { asked.set(row); });
  for (RowFailure& f : failures) {
    if (!asked[f.row] || told[f.row] || call.result.is_null(f.row)) continue;
    told.set(f.row);
    call.fail(f.row, std::move(f.why));
  }
}

void append_text(std::string& out, const Column& column, std::uint32_t row) {
  const Type& type = column.type();
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (type.kind()) {
    case TypeKind::array:
    case TypeKind::map: {
      bool is_map = type.kind() == TypeKind::map;
      List list = list_at(column, row);
      out += is_map ? '{' : '[';
      for (std::uint32_t i = list.begin; i < list.end; ++i) {
        if (i > list.begin) out += ", ";
        append_text(out, column.child(0), i);
        if (!is_map) continue;
        out += '=';
        append_text(out, column.child(1), i);
      }
      out += is_map ? '}' : ']';
      return;
    }
    case TypeKind::structure: {
      out += "Struct{";
      bool first = true;
      for (std::size_t i = 0; i < type.fields().size(); ++i) {
        if (column.child(i).is_null(row)) continue;
        out += (first ? "" : ",") + type.fields()[i].name + '=';
        append_text(out, column.child(i), row);
        first = false;
      }
      out += '}';
      return;
    }
    default: out += text_of(column.value(row), type);
  }
}

}  // namespace

Kernel find_nested_cast(const Type& from, const Type& to) {
  if (from.kind() != to.kind()) return nullptr;
  if (to.kind() == TypeKind::structure) {
    for (const Field& field : to.fields()) {
      auto it = std::ranges::find(from.fields(), field.name, &Field::name);
      if (it != from.fields().end() && !find_cast(it->type, field.type)) return nullptr;
    }
    return cast_structure;
  }
  for (std::size_t i = 0; i < to.children().size(); ++i)
    if (!find_cast(from.children()[i].type, to.children()[i].type)) return nullptr;
  return cast_list;
}

void nested_to_text(const Call& call) {
  std::string text;
  const Argument& argument = call.arguments[0];
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    text.clear();
    append_text(text, *argument.column, argument.at(row));
    call.result.values<StringView>()[row] = call.result.keep(text);
  });
}

void copy_values(const Call& call) {
  const Argument& argument = call.arguments[0];
  std::uint32_t size = call.result.size();
  std::vector<std::uint32_t> zeros;
  if (argument.constant) zeros.assign(size, 0);
  Column copy(call.result.type());
  copy.append_from(*argument.column, argument.constant ? Rows(zeros) : Rows::all(size));
  call.result = std::move(copy);
}

}  // namespace levada
