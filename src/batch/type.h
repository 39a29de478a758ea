// The SQL types, ksqlDB's set, as values: cheap to copy, compared by meaning.
//
//   kind        SQL                 in a column (batch/column.h)
//   boolean     BOOLEAN             std::uint8_t 0 or 1
//   int32       INT, INTEGER        std::int32_t
//   int64       BIGINT              std::int64_t
//   float64     DOUBLE              double
//   decimal     DECIMAL(p, s)       Int128, the number times 10^s; p from 1 to 38, s from 0 to p
//   string      STRING, VARCHAR     StringView of UTF-8
//   bytes       BYTES               StringView
//   date        DATE                std::int32_t, days since 1970-01-01
//   time        TIME                std::int64_t, microseconds since midnight
//   timestamp   TIMESTAMP           std::int64_t, microseconds since 1970-01-01 UTC
//   array       ARRAY<e>            offsets + child 0
//   map         MAP<STRING, v>      offsets + child 0 (keys) and child 1 (values)
//   structure   STRUCT<n t, …>      a child for each field
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/error.h"

namespace levada {

enum class TypeKind : std::uint8_t {
  boolean,
  int32,
  int64,
  float64,
  decimal,
  string,
  bytes,
  date,
  time,
  timestamp,
  array,
  map,
  structure
};

struct Field;

class Type {
 public:
  static constexpr int max_precision = 38;

  Type(TypeKind kind = TypeKind::string) : kind_(kind) {  // NOLINT: a scalar kind is a type
    LV_ASSERT(kind < TypeKind::array && kind != TypeKind::decimal);
  }
  static Type decimal(int precision, int scale);
  static Type array(Type element);
  static Type map(Type key, Type value);
  static Type structure(std::vector<Field> fields);

  TypeKind kind() const { return kind_; }
  int precision() const { return precision_; }  // of a decimal
  int scale() const { return scale_; }
  bool nested() const { return kind_ >= TypeKind::array; }
  bool numeric() const { return kind_ >= TypeKind::int32 && kind_ <= TypeKind::decimal; }
  bool textual() const { return kind_ == TypeKind::string || kind_ == TypeKind::bytes; }  // held as StringView

  const Type& element() const;                 // of an array
  const Type& key() const;                     // of a map
  const Type& value() const;                   // of a map
  const std::vector<Field>& fields() const;    // of a structure
  const std::vector<Field>& children() const;  // of any nested type, in the order of a column's children

  // As it is written in SQL: "DECIMAL(10, 2)", "ARRAY<STRUCT<`A` STRING>>".
  std::string text() const;

  bool operator==(const Type& other) const;

 private:
  TypeKind kind_;
  std::uint8_t precision_ = 0, scale_ = 0;
  std::shared_ptr<const std::vector<Field>> children_;  // null for scalars
};

// A column's name and type. Names are as SQL sees them: upper case unless quoted.
struct Field {
  std::string name;
  Type type;
  bool operator==(const Field&) const = default;
};

// "`NAME` TYPE, …", as in ksqlDB's descriptions.
std::string text_of(const std::vector<Field>& fields);

}  // namespace levada
