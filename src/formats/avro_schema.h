// An Avro schema as a value: its nodes in one list, so that a named type may stand in itself.
//
// What is not part of Avro ("connect.name", "levada.type") is kept as properties of the node or field where it stands.
// Names are not held to Avro's letters on reading: foreign schemas are read as they are. Source: Apache Avro 1.11.1
// Specification, "Schema Declaration", "Names", "Aliases", "Logical Types".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace levada {

struct AvroField {
  std::string name;
  std::vector<std::string> aliases;
  std::uint32_t type = 0;  // a node
  std::optional<Json> fallback;
  Json properties;  // what is not known here; null: nothing
};

// What a logical type, or a semantic name of Connect's or Debezium's, says of a plain value.
enum class AvroMeaning : std::uint8_t {
  plain,
  decimal,       // bytes, fixed: two's complement, big endian
  date,          // int: days since 1970-01-01
  time_ms,       // int: milliseconds since midnight
  time_us,       // long
  timestamp_ms,  // long: since 1970-01-01 UTC
  timestamp_us
};

struct AvroNode {
  enum class Kind : std::uint8_t {
    null,
    boolean,
    int32,
    int64,
    float32,
    float64,
    bytes,
    string,
    fixed,
    enumeration,
    array,
    map,
    record,
    choice  // a union
  };

  Kind kind = Kind::null;
  AvroMeaning meaning = AvroMeaning::plain;
  int precision = 0, scale = 0;  // of decimals
  std::string name;              // with its namespace; of records, enums and fixed
  std::vector<std::string> aliases;
  std::size_t size = 0;                 // of fixed
  std::vector<std::string> symbols;     // of an enum
  std::vector<AvroField> fields;        // of a record
  std::vector<std::uint32_t> children;  // a union's branches; an array's element; a map's value
  Json properties;                      // what is not known here; null: nothing

  // As a union's branch is called: "int", "string", "array"; named types by the last part of their name.
  std::string_view branch_name() const;
};

struct AvroSchema {
  std::vector<AvroNode> nodes;  // the first is the schema itself

  // Errors: data.
  static Result<AvroSchema> parse(std::string_view text);

  const AvroNode& operator[](std::uint32_t node) const { return nodes[node]; }
  // The branch of a union that is null, and the only other one; nullopt: no such union.
  struct Optional {
    std::uint32_t null_branch, node;
  };
  std::optional<Optional> optional(std::uint32_t node) const;
  // What the schema is a record of, or null; nullptr: it is of something else.
  const AvroNode* record() const;
};

std::string_view name_of(AvroNode::Kind kind);

}  // namespace levada
