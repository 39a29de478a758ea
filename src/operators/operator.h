// Operators: batches in, batches out. They know no SQL, no log and no threads. An operator is one object for one
// partition; what it remembers is in stores, which somebody else makes durable together with what it gave.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "functions/expression.h"
#include "state/store.h"

namespace levada {

// A row that could not be computed: an entry of the processing log. The row was dropped, or a column of it is null.
struct ProcessingFailure {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = -1;
  std::string expression, why;
  bool dropped = false;
  std::uint64_t rows = 1;  // it stands for so many
};

// What operators give while they work.
struct Output {
  std::vector<Batch> batches;
  std::vector<ProcessingFailure> failures;
  std::uint64_t dropped_null_keys = 0;  // rows an aggregation cannot take, as their key is null

  // Turns row failures of a batch into entries.
  void fail(const Batch& batch, const RowFailures& rows, const std::string& expression, bool dropped);
};

class Operator {
 public:
  virtual ~Operator() = default;
  // Takes a batch that came in by one of the inputs (0 for operators with one) and gives what follows from it now.
  virtual void push(std::size_t input, const Batch& batch, Output& out) = 0;
  // A commit is near: gives what was held back to be merged.
  virtual void flush(Output& out) { static_cast<void>(out); }
  // What must be in the changelog before the outputs may be committed; nullptr: it remembers nothing.
  virtual Store* store() { return nullptr; }
};

}  // namespace levada
