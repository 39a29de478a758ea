// The format AVRO: a byte 0, the number of the schema (4 bytes, big endian), the row as Avro's binary encoding has it.
// Source: Apache Avro 1.11.1 Specification, "Binary Encoding"; Confluent documentation, "Wire format".
#pragma once
#include "formats/field_check.h"
#include "formats/format.h"

namespace levada {

// As ksqlDB does, a map is refused in a key.
inline Result<void> check_avro(const FormatSpec& spec) { return check_key(spec); }
std::unique_ptr<Decoder> make_avro_decoder(const FormatSpec& spec);
std::unique_ptr<Encoder> make_avro_encoder(const FormatSpec& spec);

}  // namespace levada
