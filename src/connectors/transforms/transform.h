// A named transform of Kafka Connect: records of a source to other records, many at a time. One thread.
//
// A new one is a file and a row in transforms.cc.
#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "connectors/connect_records.h"
#include "formats/format.h"

namespace levada {

class Transform {
 public:
  virtual ~Transform() = default;
  // Appends what becomes of the records, in their order. Those that it cannot take are told in `failures` by their
  // number, and left out. The same type in gives the same type, by address, out.
  virtual void apply(const ConnectRecords& records, std::vector<ConnectRecords>& out, RowFailures& failures) = 0;
  // Whatever comes is dropped: apply() need not be called.
  virtual bool drops_all() const { return false; }
};

struct TransformKind {
  std::string_view type;  // the class name; of one for a side without "$Key" and "$Value"
  bool sided;             // "$Key" or "$Value" follows
  std::string_view doc;
  std::span<const Option> options;
  // Properties have lost their prefix. Errors: usage.
  Result<std::unique_ptr<Transform>> (*make)(const Properties& properties, Side side, OptionNotes& notes);
};

}  // namespace levada
