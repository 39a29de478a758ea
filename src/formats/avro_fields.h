// Our fields as an Avro schema, and back.
//
//   value   record of the value fields, each ["null", T] with default null; T alone where the origin says NOT NULL
//   key     record of the key fields where rows come from a table (Schema::origin); else as ksqlDB has it: a single
//           key column is bare, several are a record
//
//   BOOLEAN  boolean     STRING  string                 TIME       long, time-micros
//   INT      int         BYTES   bytes                  TIMESTAMP  long, timestamp-micros
//   BIGINT   long        DECIMAL bytes, decimal(p, s)   ARRAY, MAP array, map
//   DOUBLE   double      DATE    int, date              STRUCT     record
//
// What stands in an array, map or structure may always be null. A map whose keys are no strings is an array of records
// {key, value}, as Kafka Connect writes it.
//
// A name that Avro does not allow is made legal; the field's property levada.name keeps the true one. The origin of
// rows is told in the value's schema only, so that a key's bytes stay the same when a varchar becomes longer: the
// record's property levada.table {system, schema, table, key, order}, and the fields' levada.type and levada.not_null.
#pragma once
#include <string>

#include "formats/avro_schema.h"
#include "formats/format.h"

namespace levada {

std::string avro_schema_text(const FormatSpec& spec);

// The fields that two schemas describe, our own or foreign ones (Avro's, Connect's, Debezium's rows); an empty text: no
// such side. A side that is no record has one column, ROWKEY or ROWVAL, as in ksqlDB. What is in the key and in the
// value alike is a key column.
Result<Schema> read_avro_schemas(const std::string& key_text, const std::string& value_text);

// The type of ours that holds the values of a node; a union of several is a structure with a field for each. Errors:
// data, for what no type holds: null alone, a type within itself.
Result<Type> avro_type(const AvroSchema& schema, std::uint32_t node);

// The bytes are a value that stands alone, not in a record.
bool avro_is_bare(const FormatSpec& spec);
// The field has no null: it is written without a union.
bool avro_is_required(const FormatSpec& spec, std::size_t field);
// A MAP that is an array of entries.
bool avro_has_entries(const Type& type);
// The field's name as it was before it was made legal.
const std::string& true_name(const AvroField& field);

}  // namespace levada
