// How records of one writer's schema become our columns: a flat list of steps, made once for each schema, so that
// nobody looks at schemas or names while records are read.
//
//   writer {id: long, note: string, name: [null, string]}, columns ID BIGINT, NAME STRING
//
//     0 int64 ID    1 skip bytes    2 string NAME, null is branch 0
//
// Columns stand in slots: each wanted column, followed by the children of its type, depth first. A value that nobody
// wants is skipped with the same steps and no slot.
//
// Fields are found as Avro's schema resolution finds them (specification, "Schema Resolution"), and a little further: a
// column takes the field of exactly its name, else the one with it as alias, else the only one that differs in letter
// case. Numbers grow int, long, double; float is double; string and bytes are each other; enums are strings, fixed is
// bytes; numbers and booleans may be read as STRING, as in ksqlDB. What is missing is null, what is more is skipped.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "batch/column.h"
#include "formats/avro_schema.h"

namespace levada {

struct AvroStep {
  enum class Op : std::uint8_t {
    // A value into its slot.
    boolean,
    int32,          // INT
    int64,          // BIGINT
    int_to_double,  // varint
    float32,        // to DOUBLE
    float64,
    decimal,        // of scale `other`, behind its length
    decimal_fixed,  // the same, `size` bytes
    string,         // checked for UTF-8
    bytes,
    fixed,         // `size` bytes
    fixed_string,  // the same, checked for UTF-8
    boolean_text,  // to STRING
    int_text,      // varint
    float32_text,
    float64_text,
    symbol,  // an enum: one of the symbols from `other` on, `size` of them
    date,
    time_ms,
    time_us,
    timestamp_ms,
    timestamp_us,
    // Nobody wants it.
    skip_varint,
    skip_fixed,  // `size` bytes
    skip_bytes,
    // How it goes on.
    branch,     // a union: a branch number; on at targets[other + number], `size` of them
    jump,       // on at `other`
    list,       // an array or map: blocks of elements by the steps up to `other`, each in a new row of the children
    skip_list,  // the same, for nobody
    call,       // a type within itself, for nobody: the steps from `other` on, up to a back
    back,
    null,  // the slot's row is null
    fail   // this cannot be read: reasons[other]
  };
  static constexpr std::uint32_t no_slot = ~std::uint32_t{0};

  Op op;
  std::int8_t null_branch = -1;  // of a value in a union with null: 0 or 1; -1: there is no union
  std::uint32_t slot = no_slot;
  std::uint32_t other = 0, size = 0;
  std::uint32_t path = 0;  // paths[path] names the place for messages
};

struct AvroPlan {
  std::vector<AvroStep> steps;
  std::vector<std::uint32_t> targets;
  std::vector<std::string> paths, reasons;
  std::vector<StringView> symbols;
  Arena symbol_memory;
  std::uint32_t end = 0;  // of the steps of a record; behind them are those that are called
};

// Columns are a record's fields; or the one column is the value itself (`bare`), if that is no record. Only `wanted`
// ones are read.
std::shared_ptr<const AvroPlan> make_avro_plan(const AvroSchema& writer, const std::vector<Field>& fields,
                                               const std::vector<bool>& wanted, bool bare);

// Slots that a column of this type takes.
std::uint32_t avro_slots(const Type& type);

// The field that a column of this name is read from; nullptr: none, or none that is the only one.
const AvroField* find_avro_field(const AvroNode& record, std::string_view name);

}  // namespace levada
