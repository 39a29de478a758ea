// What a value's Avro schema tells of the table that its rows come from (formats/avro_fields.h):
//
//   {"type":"record", …, "fields":[{"name":"name", …, "levada.type":"character varying(100)","levada.not_null":true},
//   {"name":"city", …, "levada.older":"Perth"},    what rows have that are older than the column
//   …],
//    "levada.table":{"system":"postgresql","schema":"public","table":"employees",
//                    "key":[{"name":"id","type":"integer","not_null":true}],"order":["id","name",…]}}
#pragma once
#include <memory>

#include "base/json.h"
#include "batch/schema.h"
#include "formats/avro_schema.h"

namespace levada {

// Adds what is known of value field i; that it is never null is told only where the type does not say it.
void tell_column(Json& field, const Schema& schema, std::size_t i, bool required);
void tell_table(Json& record, const Schema& schema);

// Null: nothing is told, or it does not fit to the fields.
std::shared_ptr<const TableOrigin> read_table(const AvroSchema& value, const Schema& schema);

}  // namespace levada
