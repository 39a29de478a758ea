// What the columns of a stream or table are: key and value, as two lists of fields.
#pragma once
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "batch/type.h"

namespace levada {

struct Schema {
  std::vector<Field> key, value;

  // Position in key followed by value; nullopt if there is no such column.
  std::optional<std::size_t> find(std::string_view name) const;
  std::size_t size() const { return key.size() + value.size(); }
  const Field& operator[](std::size_t i) const { return i < key.size() ? key[i] : value[i - key.size()]; }
  bool operator==(const Schema&) const = default;
};

using SchemaRef = std::shared_ptr<const Schema>;

}  // namespace levada
