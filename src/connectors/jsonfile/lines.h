// Rows of a topic as JSON lines: an object of the key's and the value's columns, as the JSON format writes them. A
// deletion is the key and a marker: {"ID":1,"__deleted":true}. On request a line also says where its record stood.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "batch/batch.h"
#include "connectors/sink.h"
#include "formats/format.h"

namespace levada {

struct LineRules {
  std::vector<std::string> metadata;  // some of topic, partition, offset, timestamp: "__offset" and so on in the lines
  std::string delete_marker = "__deleted";
  bool deletions = true;  // false: they leave no line
};

class LineEncoder {
 public:
  // kind statement: a column that JSON cannot carry, or whose name is taken by metadata or marker.
  static Result<std::unique_ptr<LineEncoder>> make(const SinkTopic& topic, const LineRules& rules);

  struct Lines {
    std::uint64_t count = 0;
    Offset first;  // of the record in the first line
  };
  // Appends the lines of the batch's rows in their order. Rows that have no form in JSON are told in `rejected`.
  Lines encode(const Batch& batch, Buffer& out, RowFailures& rejected);

 private:
  LineEncoder(LineRules rules, std::vector<Field> metadata)
      : rules_(std::move(rules)), metadata_(std::move(metadata)) {}
  std::vector<ColumnRef> metadata_columns(const Batch& batch) const;

  LineRules rules_;
  std::vector<Field> metadata_;
  std::unique_ptr<Encoder> rows_, deletions_;
  Texts row_texts_, deletion_texts_;
};

}  // namespace levada
