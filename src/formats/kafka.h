// KAFKA: one column in the bytes that Kafka's own serializers make; no frame, no null inside.
//
//   INT       4 bytes, big endian        STRING   UTF-8
//   BIGINT    8 bytes, big endian        BYTES    as they are
//   DOUBLE    8 bytes, IEEE 754, big endian
#pragma once
#include <memory>

#include "formats/format.h"

namespace levada {

Result<void> check_kafka(const FormatSpec& spec);
std::unique_ptr<Decoder> make_kafka_decoder(const FormatSpec& spec);
std::unique_ptr<Encoder> make_kafka_encoder(const FormatSpec& spec);

}  // namespace levada
