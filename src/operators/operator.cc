#include "operators/operator.h"

namespace levada {

void Output::fail(const Batch& batch, const RowFailures& rows, const std::string& expression, bool row_dropped) {
  for (const RowFailure& failure : rows) {
    ProcessingFailure entry{.expression = expression, .why = failure.why, .dropped = row_dropped};
    if (batch.origin) {
      entry.topic = batch.origin->topic;
      entry.partition = batch.origin->partition;
      if (!batch.origin->offsets.empty()) entry.offset = batch.origin->offsets[failure.row];
    }
    failures.push_back(std::move(entry));
  }
}

}  // namespace levada
