#include "batch/schema.h"

#include <algorithm>

namespace levada {

std::optional<std::size_t> Schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i)
    if ((*this)[i].name == name) return i;
  return std::nullopt;
}

std::optional<std::size_t> find_field(const std::vector<Field>& fields, std::string_view name) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  std::optional<std::size_t> near;
  std::size_t found = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
    if (!std::ranges::equal(fields[i].name, name, [&](char a, char b) { return lower(a) == lower(b); })) continue;
    near = i;
    ++found;
  }
  return found == 1 ? near : std::nullopt;
}

bool Schema::operator==(const Schema& other) const {
  if (key != other.key || value != other.value) return false;
  return origin == other.origin || (origin && other.origin && *origin == *other.origin);
}

}  // namespace levada
