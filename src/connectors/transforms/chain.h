// Connect's named transforms, one after the other, over the records of a source: 'transforms' = 'unwrap,route'. They
// work on whole ConnectRecords; the table of them is connectors/transforms/transforms.h.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "connectors/connect_records.h"
#include "connectors/dead_letter.h"

namespace levada {

class TransformChain {
 public:
  // From 'transforms', 'transforms.NAME.*', 'predicates', 'predicates.NAME.*' as Kafka Connect reads them; other
  // properties are not looked at. Errors: usage, they name the property and its place. `notes` as everywhere.
  static Result<TransformChain> make(const Properties& properties, OptionNotes& notes);
  TransformChain();
  TransformChain(TransformChain&&) noexcept;
  TransformChain& operator=(TransformChain&&) noexcept;
  ~TransformChain();

  bool empty() const { return steps_.empty(); }
  // What becomes of the records, in their order; topics may be others. A record that a transform cannot take becomes a
  // dead letter of stage "transform", whose bytes are the record as that transform was given it, in JSON.
  void apply(std::vector<ConnectRecords>& records, std::vector<DeadLetter>& rejected);

 private:
  struct Step;
  std::vector<std::unique_ptr<Step>> steps_;
};

}  // namespace levada
