// DEBEZIUM_JSON: topics that Debezium's connectors write through JsonConverter, read as what their tables hold.
//
//   value   {"before":…,"after":{"id":1,"name":"Ann"},"source":{…},"op":"u","ts_ms":…}
//   key     {"id":1}, or the bare 1
//   each alone, or as {"schema":…,"payload":…}
//
//   op       means                             what stands in the envelope's place
//   c r u    the row is now `after`            the row
//   d        it is gone                        a deletion (Decoder::deletions), as a null value is
//   t        the table was emptied             a truncation (Decoder::truncations)
//   m        a message of pg_logical_emit_…    no row at all (Decoder::passed_over)
//
// A value that Debezium did not know ("__debezium_unavailable_value") is absent, not a value (Decoder::absent).
//
// With schemas their semantic names decide what a number or text means (io.debezium.time.*,
// org.apache.kafka.connect.data.*, VariableScaleDecimal). Without, the declared type does:
//
//   DECIMAL     a number as it stands; a text with a point as a number ("12.50"); else base64 of the unscaled number,
//               at the declared scale. Of decimal.handling.mode=string without a point: declare STRING, and CAST.
//   DATE        days, or ISO text
//   TIME        microseconds (Debezium's default for time without a precision), or ISO text
//   TIMESTAMP   microseconds (likewise), or ISO text. Columns of up to three digits, and time.precision.mode=connect,
//               are milliseconds: declare BIGINT, and FROM_UNIXTIME().
//   all else    as JSON reads it (formats/json_value.h); within ARRAY, MAP and STRUCT that holds for everything
//
// What is written is an envelope of op "c" with after alone, and {"id":1} as key, both without schemas.
#pragma once
#include <memory>

#include "formats/format.h"

namespace levada {

Result<void> check_debezium_json(const FormatSpec& spec);
std::unique_ptr<Decoder> make_debezium_json_decoder(const FormatSpec& spec);
std::unique_ptr<Encoder> make_debezium_json_encoder(const FormatSpec& spec);

}  // namespace levada
