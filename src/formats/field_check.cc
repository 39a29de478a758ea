#include "formats/field_check.h"

#include <algorithm>

namespace levada {
namespace {

bool holds_map(const Type& type) {
  if (type.kind() == TypeKind::map) return true;
  return type.nested() &&
         std::ranges::any_of(type.children(), [](const Field& child) { return holds_map(child.type); });
}

std::string word_for(TypeKind kind) {
  switch (kind) {
    case TypeKind::array: return "ARRAY";
    case TypeKind::map: return "MAP";
    case TypeKind::structure: return "STRUCT";
    case TypeKind::decimal: return "DECIMAL";
    default: return Type(kind).text();
  }
}

}  // namespace

Result<void> check_key(const FormatSpec& spec) {
  if (spec.side != Side::key) return {};
  for (const Field& field : spec.fields)
    if (holds_map(field.type))
      return Error(ErrorKind::statement, "key column " + field.name + " holds a MAP, which has no single form in bytes")
          .where(field.name + " " + field.type.text())
          .remedy("Use its elements as columns, or a STRUCT or an ARRAY.");
  return {};
}

Result<void> check_kinds(const FormatSpec& spec, std::initializer_list<TypeKind> kinds) {
  for (const Field& field : spec.fields) {
    if (std::ranges::find(kinds, field.type.kind()) != kinds.end()) continue;
    std::string known;
    for (TypeKind kind : kinds) known += (known.empty() ? "" : ", ") + word_for(kind);
    return Error(ErrorKind::statement, "format " + spec.format + " cannot hold type " + word_for(field.type.kind()) +
                                           ", column " + field.name)
        .where(field.name + " " + field.type.text())
        .remedy("It holds " + known + ". Choose another " + (spec.side == Side::key ? "key" : "value") +
                " format, such as JSON.");
  }
  return {};
}

}  // namespace levada
