// How the rows of a captured table become batches: its schema, and a reader for each field.
#pragma once
#include <memory>
#include <vector>

#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

struct RowPlan {
  struct FieldPlan {
    std::size_t column;  // of the table
    std::shared_ptr<const ValueReader> reader;
  };
  CapturedTableRef table;
  SchemaRef schema;
  std::vector<FieldPlan> fields;  // key followed by value, as Schema counts them
};

// Key fields are the table's row_key(), the others follow in its order. Columns that the log does not hold (generated
// ones) are left out: they would go stale with the first update. Of RecordForm::rows.
std::shared_ptr<const RowPlan> plan_rows(CapturedTableRef table, const ValueModes& modes);

}  // namespace levada
