#include "batch/schema.h"

namespace levada {

std::optional<std::size_t> Schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i)
    if ((*this)[i].name == name) return i;
  return std::nullopt;
}

}  // namespace levada
