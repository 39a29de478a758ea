// Event time from a column: WITH (TIMESTAMP = 'column').
#pragma once
#include "operators/operator.h"

namespace levada {

// Sets each row's event time to what the expression (BIGINT, milliseconds) says. Rows for which it is null, negative or
// fails are dropped and told; deletions have no columns and keep the time of their record.
void replace_event_times(Batch& batch, const Expression& expression, const Surroundings& surroundings, Output& out);

}  // namespace levada
