// How far one type is from another that it may stand for without a CAST: what overloads are chosen by.
// casts_implicitly() and common_type() (functions/functions.h) follow from it.
#pragma once
#include <optional>

#include "batch/type.h"

namespace levada {

// How far apart they are: 0 for equal types, nullopt where `from` does not stand for `to`.
//
//   INT → BIGINT → DECIMAL → DOUBLE, each step of the same cost; STRING → DATE, TIME, TIMESTAMP and DATE → TIMESTAMP
//   cost more than any of these. Arrays, maps and structures go by their elements; a structure may gain fields,
//   so that structures are joined by the names of their fields.
std::optional<int> implicit_cast_cost(const Type& from, const Type& to);

// The narrowest decimal that holds every value of the type; nullopt if there is none.
std::optional<Type> as_decimal(const Type& type);

}  // namespace levada
