// Which records a transform is for: 'transforms.X.predicate' names one of 'predicates', 'transforms.X.negate' turns it
// round.
#pragma once
#include <memory>

#include "base/options.h"
#include "batch/bits.h"
#include "connectors/connect_records.h"

namespace levada {

class Predicate {
 public:
  virtual ~Predicate() = default;
  // A bit for each record.
  virtual Bits test(const ConnectRecords& records) const = 0;
};

struct PredicateKind {
  std::string_view type;
  Result<std::unique_ptr<Predicate>> (*make)(const Properties& properties);
};
std::span<const PredicateKind> predicate_kinds();

}  // namespace levada
