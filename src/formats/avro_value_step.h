// Which step reads a value without parts into a column, or passes over it: Avro's rules of promotion, and ksqlDB's for
// STRING, as a table of types (avro_plan.h says them in words).
#pragma once
#include <optional>

#include "formats/avro_plan.h"

namespace levada {

// nullopt: a column of the type cannot hold it. Slot, place and the branch of a null are the caller's; so are an enum's
// symbols.
std::optional<AvroStep> avro_value_step(const AvroNode& node, const Type& type);

// nullopt: it has parts, which are passed over one by one.
std::optional<AvroStep> avro_skip_step(const AvroNode& node);

}  // namespace levada
