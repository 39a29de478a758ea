// How the changes of a captured table become Debezium's records: the schemas of key and envelope, and a reader for each
// column.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/value_reader.h"
#include "formats/connect_type.h"

namespace levada {

struct EnvelopePlan {
  struct FieldPlan {
    std::size_t column;  // of the table
    std::shared_ptr<const ValueReader> reader;
    // What the row before a change says where the log does not have the column: null, or of a NOT NULL column, which
    // has no null, its default or nothing's text ("0", "").
    FieldText unknown;
    std::string unknown_text;  // its memory
    bool known_before;         // the log has the column of the row before
  };
  CapturedTableRef table;
  ConnectTypeRef key, value;                                    // key: null where the table has none
  std::vector<FieldPlan> fields;                                // in the table's order
  std::vector<std::size_t> keys;                                // of fields, in the key's order
  std::vector<std::shared_ptr<const ValueReader>> key_readers;  // of each: a mask leaves the key as it is
};

// `modes` are of RecordForm::connect. Columns that the log does not hold are left out.
std::shared_ptr<const EnvelopePlan> plan_envelope(CapturedTableRef table, const ValueModes& modes);

}  // namespace levada
