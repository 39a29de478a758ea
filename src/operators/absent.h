// Values that a source did not send because they have not changed (Batch::absent): what can be computed without them.
#pragma once
#include "batch/batch.h"
#include "functions/expression.h"
#include "operators/operator.h"

namespace levada {

// The rows for which the expression reads such a value; empty: there are none.
Bits reads_absent(const Expression& expression, const Batch& batch);
// The rows for which it reads nothing else, so that its value has not changed either.
Bits reads_only_absent(const Expression& expression, const Batch& batch);
// The batch without the rows for which the expression reads such a value; each is told, as what it decides is not
// known.
Batch without_absent(const Batch& batch, const Expression& expression, Output& out);

}  // namespace levada
