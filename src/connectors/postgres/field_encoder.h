// Values of our columns as the server takes them: the binary form of its types. A value is its length and its bytes,
//
//   | length, 4 bytes, big endian; -1: null | bytes |
//
// which is how it stands in a row of COPY BINARY and in a binary array alike, so that both are put together from the
// same pieces (table_writer.cc). Which type of ours may go to which type of theirs is TYPES.md.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "batch/column.h"
#include "connectors/postgres/table.h"
#include "formats/format.h"

namespace levada {

// The values of one column for some rows, one after the other.
struct FieldValues {
  Buffer bytes;
  std::vector<std::size_t> ends;

  void clear() {
    bytes.clear();
    ends.clear();
  }
  std::size_t begin(std::size_t i) const { return i == 0 ? 0 : ends[i - 1]; }
  std::string_view operator[](std::size_t i) const { return {bytes.data() + begin(i), ends[i] - begin(i)}; }
  bool is_null(std::size_t i) const {
    return ends[i] - begin(i) == 4 && load_big<std::int32_t>(bytes.data() + begin(i)) < 0;
  }
};

// One thread.
class FieldEncoder {
 public:
  virtual ~FieldEncoder() = default;
  // Appends the value of each row. A value that the server's type cannot hold becomes null and a failure, in the
  // server's words.
  virtual void encode(const Column& column, Rows rows, FieldValues& out, RowFailures& failures) = 0;
};

// How one column is written.
struct FieldPlan {
  std::unique_ptr<FieldEncoder> encoder;
  std::string wire_type;  // of the values as they are sent, for a cast: bigint, text
  std::uint32_t wire_oid = 0;
  bool copyable = true;   // the wire type is the column's: COPY may be used
  std::string cast = {};  // what turns a sent value into the column's where they differ: "::inet"; stands behind it
};

// What a TIMESTAMP is: that of a column without time zone at the source is a local time, whatever the zone.
enum class TimestampMeaning { moment, local_time };

// nullopt: such values do not go into such a column. `time_zone` (UTC or a name that the server knows) is the one that
// timestamps without time zone are written in.
std::optional<FieldPlan> plan_field(const Type& type, const PostgresColumn& column, const std::string& time_zone,
                                    TimestampMeaning meaning = TimestampMeaning::moment);

// The type that a column of ours gets in a table that we make.
std::string created_type(const Type& type);

}  // namespace levada
