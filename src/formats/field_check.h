// What several formats refuse alike.
#pragma once
#include <initializer_list>

#include "formats/format.h"

namespace levada {

// No MAP anywhere in a key: one map has several texts, and a key must have one.
Result<void> check_key(const FormatSpec& spec);

// Only these kinds.
Result<void> check_kinds(const FormatSpec& spec, std::initializer_list<TypeKind> kinds);

}  // namespace levada
