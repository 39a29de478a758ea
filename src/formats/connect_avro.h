// Values of Connect's types in Avro, as io.confluent.connect.avro.AvroConverter writes them: a zero byte, the schema's
// number in four bytes, the value. The schema tells what Connect knows besides Avro:
//
//   {"type":"record","name":"Value","namespace":"shop.public.orders","connect.name":"shop.public.orders.Value","fields":[
//     {"name":"price","default":null,"type":["null",
//       {"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},
//        "connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}]}]}
//
// Letters that Avro's names cannot hold are written _. A map whose keys are no strings is an array of MapEntry records.
// Source: Confluent documentation, "Schema Registry: Formats, Avro", and Apache Avro's specification.
#pragma once
#include <memory>
#include <string>

#include "formats/connect_converter.h"
#include "formats/connect_type.h"

namespace levada {

std::string connect_avro_schema(const ConnectType& type);

// `schemas` outlives it; subjects are TOPIC-key and TOPIC-value.
std::unique_ptr<ConnectConverter> make_connect_avro(Side side, SchemaStore& schemas);

}  // namespace levada
