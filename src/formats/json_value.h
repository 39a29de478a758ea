// One scalar of a JSON text into a row of a column: ksqlDB's rules for which JSON value may become which type. They
// hold for both ways of reading (formats/json_shape.h and formats/json_reader.h), which therefore agree.
//
//              number                      string               true, false
//   BOOLEAN    -                           -                    yes
//   INT …      fraction cut off, in range  digits               -              (DATE, TIME, TIMESTAMP alike)
//   DOUBLE     yes                         as put_text()        -
//   DECIMAL    if it fits exactly          if it fits exactly   -
//   STRING     its text                    yes                  its text
//   BYTES      -                           base64               -
#pragma once
#include <cstdint>
#include <string_view>

#include "batch/column.h"

namespace levada {

// A number, true, false or null, written as JSON wants it.
bool is_json_literal(std::string_view text);
bool is_json_number(std::string_view text);

// Both functions write a row that exists and is not null; false: this is not a value of the column's type, or, for
// literals, not JSON. Strings are not copied. 16 bytes behind the text may be read.

// A value without quotes. `null` makes the row null.
bool put_json_literal(Column& column, std::uint32_t row, std::string_view text);
// What stands between quotes, escapes resolved.
bool put_json_quoted(Column& column, std::uint32_t row, std::string_view text);

}  // namespace levada
