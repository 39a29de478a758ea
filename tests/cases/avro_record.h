// JSON as a record of any Avro schema, for cases that put records of foreign writers into a topic: fields are found in
// whatever case their names are written, dates are days, times and timestamps milliseconds, bytes are base64; numbers
// may stand in quotes, and be texts.
#pragma once
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "formats/avro_schema.h"

namespace levada::cases {

// Without the frame. Errors: data, where the JSON has no form in the schema.
Result<std::string> avro_record(const AvroSchema& schema, const Json& json);

}  // namespace levada::cases
