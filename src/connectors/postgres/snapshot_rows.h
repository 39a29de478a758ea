// Rows as COPY … TO STDOUT gives them in text form, cut into values.
//
//   17<tab>Anna<tab>\N<tab>C:\\temp\n<line feed>
//
// Tabs and line feeds within values are escaped, so each that is there ends a value. Most values have no backslash:
// they stay where they are. Others are unescaped in place, as they only become shorter.
#pragma once
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

struct CopiedRows {
  Buffer text;
  std::vector<FieldText> values;  // of row r those at values[r * columns]
  std::uint32_t rows = 0;         // that `text` has, each with its line feed
};

// Fills `values`. An error of kind data if a row has not that many columns.
Result<void> cut_copied_rows(CopiedRows& rows, std::size_t columns);

}  // namespace levada
