// One column of Debezium's rows: how its JSON is read first, and what it means then.
#pragma once
#include <cstdint>
#include <span>

#include "batch/column.h"
#include "formats/connect_type.h"
#include "formats/format.h"

namespace levada {

class DebeziumValue {
 public:
  // `schema`: of the field, if the texts have schemas and it is there; else null.
  DebeziumValue(Type declared, const ConnectType* schema);

  // The type that the JSON decoder is to read.
  const Type& raw() const { return raw_; }
  // Appends the rows of a raw column to one of the declared type. What has no meaning there is null and told in
  // `failures`, with the row counted from 0. Values that Debezium did not know are null and marked in `absent`, which
  // has a bit for each row or none. `texts`: what each row was decoded from.
  void append(Column&& raw, std::span<const Text> texts, Column& out, Bits& absent, RowFailures& failures) const;

 private:
  enum class Way : std::uint8_t {
    same,         // the raw column is of the declared type
    decimal,      // text of a number, base64, or VariableScaleDecimal, to any number or STRING
    moment_text,  // digits in units, or ISO text, to DATE, TIME, TIMESTAMP
    moment,       // a number in units
    truth         // a number to BOOLEAN
  };
  // False: no value of the type.
  bool put_decimal(std::string_view text, bool quoted, Column& out, std::uint32_t row) const;
  bool put_moment(std::string_view text, Column& out, std::uint32_t row) const;
  bool put_units(std::int64_t units, Column& out, std::uint32_t row) const;
  void find_absent(const Column& raw, Bits& absent) const;

  Type declared_, raw_;
  Way way_ = Way::same;
  int scale_ = 0;                           // of base64
  std::int64_t multiply_ = 1, divide_ = 1;  // units to what the declared type holds
  bool may_be_absent_ = false;
};

}  // namespace levada
