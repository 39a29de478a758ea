#include "connectors/postgres/captured_table.h"

#include <algorithm>

namespace levada {

CapturedType CapturedType::resolved() const {
  const CapturedType* type = this;
  std::int32_t given = modifier;
  while (type->kind == 'd' && type->base) {
    type = type->base.get();
    if (type->modifier >= 0) given = type->modifier;
  }
  CapturedType result = *type;
  result.modifier = given;
  return result;
}

std::vector<std::size_t> CapturedTable::row_key() const {
  auto in_identity = [&](std::size_t i) { return columns[i].in_identity; };
  if (identity != 'i' || std::ranges::all_of(key, in_identity)) return key;
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (in_identity(i)) index.push_back(i);
  return index.empty() ? key : index;
}

}  // namespace levada
