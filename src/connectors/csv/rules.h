// From the properties of a csv source and the columns of its topic to the rules by which files are read.
#pragma once
#include "connectors/csv/options.h"
#include "connectors/csv/reader.h"
#include "connectors/source.h"

namespace levada {

// kind usage for properties that do not fit the columns, statement for columns that cannot be read from text.
Result<CsvReadRules> csv_read_rules(const CsvOptions& options, const SourceTarget& target);

}  // namespace levada
