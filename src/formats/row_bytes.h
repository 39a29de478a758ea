// Rows as bytes: the keys of state tables, and whatever else the engine remembers or sends to itself. Not a format for
// others: those are in formats/.
//
//   row     = value …                      one for each column
//   value   = 0                            null
//           | 1 boolean u8 | int32, date: 4 bytes | int64, time, timestamp, float64: 8 bytes | decimal: 16 bytes,
//           little endian | 1 string, bytes: length varint, bytes | 1 array: count varint, value … | map: count varint,
//           key, value, … | structure: value …
//
// A key of one string or bytes column stands bare: just its bytes, so that the usual key is not copied at all; it
// cannot tell null from an empty string. Equal rows have equal bytes (NaN is one NaN, -0.0 is 0.0).
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "batch/column.h"

namespace levada {

class RowBytes {
 public:
  enum class Single : bool { bare, whole };
  explicit RowBytes(std::vector<Field> fields, Single single = Single::bare);

  // bytes[i] becomes the row of the i-th of `rows`, valid until the next call and as long as the columns live; rows in
  // which a column is null are marked in `with_null`.
  void encode(std::span<const ColumnRef> columns, Rows rows, std::vector<std::string_view>& bytes, Bits& with_null);

  // Appends the row to the columns; false if the bytes are no such row (then a row of nulls was appended). The bytes
  // are copied.
  bool decode(std::string_view bytes, std::span<Column* const> columns) const;
  // The same for many rows; false if one was none.
  bool decode(std::span<const std::string_view> rows, std::span<Column* const> columns) const;

  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
  bool bare_;
  std::size_t fixed_ = 0;  // of one column whose values take so many bytes each: the size of a row
  Buffer buffer_;
  std::vector<std::size_t> ends_;
};

}  // namespace levada
