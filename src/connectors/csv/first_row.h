// What stands at the start of a CSV file before its data: byte order mark, lines to be skipped, header.
#pragma once
#include <optional>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "connectors/csv/known_files.h"
#include "connectors/csv/reader.h"

namespace levada {

struct CsvFirstRow {
  CsvLayout layout;
  CsvPlace end;           // where the data begins
  bool open_end = false;  // the header is all there is, and has no line end
  std::string header;     // its bytes as they stand in the file, without line end; empty if there is none
};

// nullopt: there is no whole first row yet (`whole`: and there will be none). kind data: the file is no CSV, or its
// header does not fit the columns.
Result<std::optional<CsvFirstRow>> read_first_row(const File& file, const std::string& path, const CsvReadRules& rules,
                                                  bool whole);

}  // namespace levada
