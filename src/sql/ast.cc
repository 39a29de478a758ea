#include "sql/ast.h"

#include <tuple>

#include "base/assert.h"

namespace levada::ast {

bool Expression::operator==(const Expression& other) const {
  auto all = [](const Expression& e) {
    return std::tie(e.kind, e.text, e.qualifier, e.name, e.names, e.type, e.children);
  };
  return all(*this) == all(other);
}

bool Explain::operator==(const Explain& other) const {
  if (!statement || !other.statement) return statement == other.statement && query == other.query;
  return *statement == *other.statement;
}

std::int64_t Duration::milliseconds() const {
  if (unit == "MILLISECOND") return count;
  if (unit == "SECOND") return count * 1'000;
  if (unit == "MINUTE") return count * 60'000;
  if (unit == "HOUR") return count * 3'600'000;
  LV_ASSERT(unit == "DAY");
  return count * 86'400'000;
}

}  // namespace levada::ast
