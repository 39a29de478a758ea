#include "functions/implicit_cast.h"

#include <algorithm>

#include "functions/functions.h"

namespace levada {
namespace {

constexpr int step = 10;        // one step along the numbers
constexpr int far = 10 * step;  // between text and times

bool is_time(TypeKind kind) { return kind == TypeKind::date || kind == TypeKind::time || kind == TypeKind::timestamp; }

// INT, BIGINT, DECIMAL, DOUBLE, in this order.
int rank(TypeKind kind) {
  switch (kind) {
    case TypeKind::int32: return 0;
    case TypeKind::int64: return 1;
    case TypeKind::decimal: return 2;
    default: return 3;
  }
}

const Field* find_field(const Type& structure, const std::string& name) {
  auto it = std::ranges::find(structure.fields(), name, &Field::name);
  return it == structure.fields().end() ? nullptr : &*it;
}

std::optional<int> structure_cost(const Type& from, const Type& to) {
  int cost = static_cast<int>(to.fields().size() - std::min(to.fields().size(), from.fields().size()));
  for (const Field& field : from.fields()) {
    const Field* other = find_field(to, field.name);
    auto c = other ? implicit_cast_cost(field.type, other->type) : std::nullopt;
    if (!c) return std::nullopt;
    cost += *c;
  }
  return cost;
}

// Both decimals, capped at what a decimal can hold: of too many digits, those behind the point are kept, and a number
// that is too large then fails for its row.
Type join_decimals(const Type& a, const Type& b) {
  int scale = std::max(a.scale(), b.scale());
  int whole = std::max(a.precision() - a.scale(), b.precision() - b.scale());
  return Type::decimal(std::min(Type::max_precision, whole + scale), scale);
}

std::optional<Type> join(const Type& a, const Type& b);

std::optional<Type> join_structures(const Type& a, const Type& b) {
  std::vector<Field> fields = a.fields();
  for (const Field& field : b.fields()) {
    auto it = std::ranges::find(fields, field.name, &Field::name);
    if (it == fields.end()) {
      fields.push_back(field);
      continue;
    }
    auto type = join(it->type, field.type);
    if (!type) return std::nullopt;
    it->type = *std::move(type);
  }
  return Type::structure(std::move(fields));
}

std::optional<Type> join(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.numeric() && b.numeric()) {
    const Type& wider = rank(a.kind()) >= rank(b.kind()) ? a : b;
    if (wider.kind() != TypeKind::decimal) return wider;
    return join_decimals(*as_decimal(a), *as_decimal(b));
  }
  if (a.kind() != b.kind()) {
    if (implicit_cast_cost(a, b)) return b;
    if (implicit_cast_cost(b, a)) return a;
    return std::nullopt;
  }
  switch (a.kind()) {
    case TypeKind::array: {
      auto element = join(a.element(), b.element());
      return element ? std::optional(Type::array(*element)) : std::nullopt;
    }
    case TypeKind::map: {
      auto key = join(a.key(), b.key()), value = join(a.value(), b.value());
      return key && value ? std::optional(Type::map(*key, *value)) : std::nullopt;
    }
    case TypeKind::structure: return join_structures(a, b);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Type> as_decimal(const Type& type) {
  switch (type.kind()) {
    case TypeKind::int32: return Type::decimal(10, 0);
    case TypeKind::int64: return Type::decimal(19, 0);
    case TypeKind::decimal: return type;
    default: return std::nullopt;
  }
}

std::optional<int> implicit_cast_cost(const Type& from, const Type& to) {
  if (from == to) return 0;
  if (from.numeric() && to.numeric()) {
    if (from.kind() == TypeKind::decimal && to.kind() == TypeKind::decimal)
      return to.scale() >= from.scale() ? std::optional(1) : std::nullopt;
    int steps = rank(to.kind()) - rank(from.kind());
    return steps > 0 ? std::optional(steps * step) : std::nullopt;
  }
  if (from.kind() == TypeKind::string && is_time(to.kind())) return far;
  if (from.kind() == TypeKind::date && to.kind() == TypeKind::timestamp) return far;
  if (from.kind() != to.kind()) return std::nullopt;
  switch (from.kind()) {
    case TypeKind::array: return implicit_cast_cost(from.element(), to.element());
    case TypeKind::map: {
      auto key = implicit_cast_cost(from.key(), to.key()), value = implicit_cast_cost(from.value(), to.value());
      return key && value ? std::optional(*key + *value) : std::nullopt;
    }
    case TypeKind::structure: return structure_cost(from, to);
    default: return std::nullopt;
  }
}

std::optional<Type> common_type(std::span<const std::optional<Type>> types) {
  std::optional<Type> common;
  for (const auto& type : types) {
    if (!type) continue;
    common = common ? join(*common, *type) : type;
    if (!common) return std::nullopt;
  }
  return common;
}

bool casts_implicitly(const Type& from, const Type& to) { return implicit_cast_cost(from, to).has_value(); }

}  // namespace levada
