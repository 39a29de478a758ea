// Connect's converters: one side of Connect's records to the bytes of the log, as the converter classes of Kafka
// Connect write them ('value.converter' = 'org.apache.kafka.connect.json.JsonConverter').
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/options.h"
#include "formats/connect_type.h"
#include "formats/format.h"

namespace levada {

struct ConverterSpec {
  enum class Kind : std::uint8_t {
    json,    // org.apache.kafka.connect.json.JsonConverter
    avro,    // io.confluent.connect.avro.AvroConverter
    string,  // org.apache.kafka.connect.storage.StringConverter
    bytes    // org.apache.kafka.connect.converters.ByteArrayConverter
  };
  enum class Decimals : std::uint8_t { base64, numeric };

  Kind kind = Kind::json;
  // JSON:
  bool schemas = true;                   // {"schema":…,"payload":…}, or only the payload
  Decimals decimals = Decimals::base64;  // org.apache.kafka.connect.data.Decimal as its bytes, or as a number
  // A null of a field that has a default is written as that default. Connect does so unless told otherwise; here a null
  // stays one unless told otherwise.
  bool nulls_become_defaults = false;
};

// 'key.converter' or 'value.converter' and what follows them ('value.converter.schemas.enable'), `prefix` being which.
// Without a class: `otherwise`. `notes`: what was accepted without meaning. Errors: usage, with the property's place.
Result<ConverterSpec> read_converter(std::string_view prefix, const Properties& properties, ConverterSpec otherwise,
                                     OptionNotes& notes);

// One thread. Remembers what it has made of a type by the type's address, so sources and transforms give the same
// ConnectTypeRef for the same type.
class ConnectConverter {
 public:
  virtual ~ConnectConverter() = default;
  // Appends a text for each of the rows of a column of physical_type(type). A row that is null gets an empty text: the
  // record has none. One that has no form here gets an empty text and a failure. Errors are those of the schema store.
  virtual Result<void> encode(const std::string& topic, const ConnectTypeRef& type, const Column& column, Rows rows,
                              Texts& out, RowFailures& failures) = 0;
};

// `schemas` is for Kind::avro, and outlives the converter; subjects are TOPIC-key and TOPIC-value.
Result<std::unique_ptr<ConnectConverter>> make_converter(const ConverterSpec& spec, Side side, SchemaStore* schemas);

}  // namespace levada
