#include "formats/formats.h"

#include <algorithm>

#include "formats/avro.h"
#include "formats/avro_fields.h"
#include "formats/debezium_json.h"
#include "formats/delimited.h"
#include "formats/json.h"
#include "formats/kafka.h"
#include "formats/none.h"
#include "formats/row.h"

namespace levada {
namespace {

constexpr Format table[] = {
    {.name = "JSON",
     .doc = "One JSON object for each row, or one bare value. All types; nulls are written.",
     .check = check_json,
     .make_decoder = make_json_decoder,
     .make_encoder = make_json_encoder},
    {.name = "DELIMITED",
     .doc = "Values with a delimiter between them, quoted as in CSV. Scalars only; an empty value is null.",
     .check = check_delimited,
     .make_decoder = make_delimited_decoder,
     .make_encoder = make_delimited_encoder},
    {.name = "KAFKA",
     .doc = "One value as Kafka's own serializers write it: INT, BIGINT, DOUBLE, STRING or BYTES.",
     .check = check_kafka,
     .make_decoder = make_kafka_decoder,
     .make_encoder = make_kafka_encoder},
    {.name = "AVRO",
     .doc = "Avro's binary encoding behind the number of its schema, which the log keeps. All types, exactly.",
     .check = check_avro,
     .make_decoder = make_avro_decoder,
     .make_encoder = make_avro_encoder,
     .schema_text = avro_schema_text,
     .read_schemas = read_avro_schemas},
    {.name = "DEBEZIUM_JSON",
     .doc = "Topics of Debezium's connectors: envelopes as the rows, deletions and truncations that they mean.",
     .check = check_debezium_json,
     .make_decoder = make_debezium_json_decoder,
     .make_encoder = make_debezium_json_encoder},
    {.name = "NONE",
     .doc = "No columns: for records without a key.",
     .check = check_none,
     .make_decoder = make_none_decoder,
     .make_encoder = make_none_encoder},
    {.name = "ROW",
     .doc = "All types, exactly, in few bytes: what Levada uses between its own queries.",
     .check = check_row,
     .make_decoder = make_row_decoder,
     .make_encoder = make_row_encoder},
};

}  // namespace

std::span<const Format> formats() { return table; }

const Format* find_format(std::string_view name) {
  const Format* found = std::ranges::find(table, name, &Format::name);
  return found == std::end(table) ? nullptr : found;
}

}  // namespace levada
