// Kafka Connect's schema of a value: what Debezium's events, its transforms and Connect's converters are described in.
// Values of it stand in our columns; which type of column, physical_type() says:
//
//   int8 int16 int32    INT (std::int32_t)          string         STRING
//   int64               BIGINT                      bytes          BYTES
//   float32 float64     DOUBLE                      array          ARRAY
//   boolean             BOOLEAN                     map, structure MAP, STRUCT
//
// A semantic name ("io.debezium.time.Date", "org.apache.kafka.connect.data.Decimal") says what the value means and
// changes nothing about how it is kept: a Decimal is its bytes, a Date its number of days.
// Source: Apache Kafka documentation, "Kafka Connect", org.apache.kafka.connect.data.Schema.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch/type.h"

namespace levada {

struct ConnectType;
using ConnectTypeRef = std::shared_ptr<const ConnectType>;

struct ConnectField {
  std::string name;
  ConnectTypeRef type;
};

struct ConnectType {
  enum class Kind : std::uint8_t {
    int8,
    int16,
    int32,
    int64,
    float32,
    float64,
    boolean,
    string,
    bytes,
    array,
    map,
    structure
  };

  Kind kind = Kind::string;
  bool optional = false;
  std::string name;  // semantic, or of a structure; empty: none
  std::optional<std::int32_t> version = std::nullopt;
  std::vector<std::pair<std::string, std::string>> parameters = {};  // in the order in which they are written
  std::string doc = {};
  std::optional<std::string> fallback = std::nullopt;  // the default value, as JSON text of the value
  ConnectTypeRef key = nullptr;                        // of a map
  ConnectTypeRef element = nullptr;                    // of an array, or a map's values
  std::vector<ConnectField> fields = {};               // of a structure
};

Type physical_type(const ConnectType& type);

// A type without a name; a structure with one.
ConnectTypeRef scalar_type(ConnectType::Kind kind, bool optional = false);
ConnectTypeRef structure_type(std::string name, std::optional<std::int32_t> version, bool optional,
                              std::vector<ConnectField> fields);

// By meaning, through all levels.
bool operator==(const ConnectType& a, const ConnectType& b);
// Position of a structure's field; nullopt if it has none of this name.
std::optional<std::size_t> find_field(const ConnectType& structure, std::string_view name);
// What a type has as "scale", "allowed", …; empty if it has no such parameter.
std::string_view parameter(const ConnectType& type, std::string_view name);

}  // namespace levada
