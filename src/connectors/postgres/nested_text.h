// Nested values as text that the server reads: JSON for json and jsonb, '{…}' for its arrays.
#pragma once
#include <string>

#include "batch/column.h"

namespace levada {

// Any value as JSON: decimals exact, times in ISO form, bytes in base64; NaN and infinities as text, as JSON has none.
void append_postgres_json(std::string& out, const Column& column, std::uint32_t row);
// An array of scalars: {1,NULL,"a\"b"}.
void append_postgres_array(std::string& out, const Column& column, std::uint32_t row);
// A scalar value as the server's types read it: true, 12.50, 2024-02-29T23:59:59.000, \x00ff.
void append_postgres_text(std::string& out, const Column& column, std::uint32_t row);

}  // namespace levada
