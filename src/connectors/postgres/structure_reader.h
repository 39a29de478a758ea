// Readers of scalars that Connect has structures for: a point, and a number of any scale; and of numbers as Connect's
// Decimal (batch/decimal_bytes.h).
#pragma once
#include <memory>

#include "connectors/postgres/value_reader.h"

namespace levada {

ConnectType point_type();                           // io.debezium.data.geometry.Point {x, y, wkb, srid}
std::shared_ptr<const ValueReader> point_reader();  // "(1.5,-2.25)"

ConnectType variable_scale_type();                           // io.debezium.data.VariableScaleDecimal {scale, value}
std::shared_ptr<const ValueReader> variable_scale_reader();  // "12345678901234567890.123456789"

// "-123.45" at the scale, which may be negative. false: no plain number (NaN, Infinity), or digits would be lost.
bool put_unscaled(std::string_view text, int scale, Arena& arena, StringView& value);

}  // namespace levada
