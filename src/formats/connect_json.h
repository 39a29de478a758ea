// Values of Connect's types as org.apache.kafka.connect.json.JsonConverter writes them, and back.
//
//   with schemas     {"schema":{"type":"struct",…},"payload":{"id":1,…}}
//   without          {"id":1,…}
//
// Bytes are base64. float32 has the shortest digits of a float. A map with string keys is an object, any other an array
// of [key, value]. A null is a null whatever its field's default is, unless ConverterSpec::nulls_become_defaults.
//
// A record without a value has none here: JsonConverter would write {"schema":…,"payload":null}, or a bare null, which
// compaction takes for a value.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "batch/column.h"
#include "formats/connect_converter.h"
#include "formats/connect_type.h"
#include "formats/json_index.h"

namespace levada {

// Writes values of one type; what does not change from value to value is made once.
class ConnectJsonWriter {
 public:
  ConnectJsonWriter(const ConnectType& type, const ConverterSpec& spec);
  ~ConnectJsonWriter();

  // The column is of physical_type() of the type. False: a map has a null key; what was appended is undefined.
  bool append(Buffer& out, const Column& column, std::uint32_t row) const;

 private:
  struct Node;
  std::string front_, back_;  // around the payload
  std::unique_ptr<Node> node_;
};

std::unique_ptr<ConnectConverter> make_connect_json(const ConverterSpec& spec);

// Reads texts with schemas. A schema's text is parsed once.
class ConnectJsonReader {
 public:
  struct Parts {
    ConnectTypeRef type;       // null: the text has no schema
    std::string_view payload;  // JSON; without a schema the whole text
  };
  // Buffer::padding bytes behind the text may be read. A text whose object has other members than these two has no
  // schema. Errors: data.
  Result<Parts> split(std::string_view text);

 private:
  static constexpr std::size_t most_types = 64;

  Result<ConnectTypeRef> type_of(std::string_view schema);

  JsonIndex index_;
  std::string front_;  // up to the payload, of the text before
  ConnectTypeRef type_;
  std::map<std::string, ConnectTypeRef, std::less<>> types_;  // by the schema's text
};

// Appends a row with the value that the payload says. A member that is missing is its field's default, or null.
// Errors: data, they name the field.
Result<void> append_connect_value(Column& column, const ConnectType& type, const Json& payload);

}  // namespace levada
