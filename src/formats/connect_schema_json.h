// A Connect schema as JsonConverter writes it in front of the payload:
//
//   {"type":"int32","optional":false,"name":"io.debezium.time.Date","version":1,"doc":…,"parameters":{…},"default":…}
//   {"type":"array","items":{…},…}  {"type":"map","keys":{…},"values":{…},…}
//   {"type":"struct","fields":[{…,"field":"id"}, …],…}
//
// Source: Apache Kafka, org.apache.kafka.connect.json.JsonSchema.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "formats/connect_type.h"

namespace levada {

std::string connect_schema_text(const ConnectType& type);
// Errors: data; they name the field.
Result<ConnectTypeRef> read_connect_schema(const Json& schema);
Result<ConnectTypeRef> read_connect_schema(std::string_view text);

}  // namespace levada
