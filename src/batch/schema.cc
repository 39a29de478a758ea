#include "batch/schema.h"

namespace levada {

std::optional<std::size_t> Schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i)
    if ((*this)[i].name == name) return i;
  return std::nullopt;
}

bool Schema::operator==(const Schema& other) const {
  if (key != other.key || value != other.value) return false;
  return origin == other.origin || (origin && other.origin && *origin == *other.origin);
}

}  // namespace levada
