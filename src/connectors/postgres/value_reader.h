// The server's text of a value to a column of ours. The WAL (pgoutput), COPY and SELECT all give the same text, so each
// type has one reader, whatever way its values come. The types are the table in TYPES.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "batch/column.h"
#include "connectors/postgres/captured_table.h"
#include "connectors/source.h"
#include "formats/connect_type.h"
#include "formats/format.h"

namespace levada {

// What the readers rely on: every session that texts come from has set these.
struct TextSetting {
  const char *name, *value;
};
inline constexpr TextSetting text_settings[] = {
    {"client_encoding", "UTF8"}, {"DateStyle", "ISO, YMD"},   {"IntervalStyle", "postgres"}, {"TimeZone", "UTC"},
    {"bytea_output", "hex"},     {"extra_float_digits", "3"}, {"lc_monetary", "C"},
};
std::string set_text_settings();  // as SQL: "SET client_encoding = 'UTF8'; …"

// One value of a row as the server sends it.
struct FieldText {
  enum class Kind : std::uint8_t { null, unchanged, text };
  Kind kind = Kind::null;
  std::uint32_t size = 0;
  const char* data = nullptr;  // 16 bytes behind the text may be read

  std::string_view view() const { return {data, size}; }
  bool operator==(const FieldText& other) const { return kind == other.kind && view() == other.view(); }
};

// The modes of Debezium's connector; of RecordForm::rows only what changes no value's meaning has an effect.
struct ValueModes {
  enum class Decimal : std::uint8_t { precise, twice /* double */, string };
  enum class Time : std::uint8_t {
    adaptive,
    adaptive_time_microseconds,
    connect,
    isostring,
    microseconds,
    nanoseconds
  };
  enum class Binary : std::uint8_t { bytes, base64, base64_url_safe, hex };
  enum class Hstore : std::uint8_t { json, map };
  enum class Interval : std::uint8_t { numeric, string };

  RecordForm form = RecordForm::rows;
  Decimal decimal = Decimal::precise;
  Time time = Time::adaptive;
  Binary binary = Binary::bytes;
  Hstore hstore = Hstore::json;
  Interval interval = Interval::numeric;
  int money_fraction_digits = 2;
  bool unknown_types = true;  // types that we do not know, by their text; false: such columns are left out
  std::string_view unavailable = "__debezium_unavailable_value";  // RecordForm::connect, where a value is unchanged
};

class ValueReader {
 public:
  virtual ~ValueReader() = default;
  // Appends `rows` values to the column: of row r the one at values[r * stride]. null and (in RecordForm::rows)
  // unchanged become null. A text that the column cannot hold becomes null and a failure, in words for a person, with
  // its row. Strings point into the texts where they can: whoever calls has the column hold their memory.
  virtual void read(const FieldText* values, std::size_t stride, std::uint32_t rows, Column& out,
                    RowFailures& failures) const = 0;
};

// How a column of the server is captured. Immutable, shared by threads.
struct ValuePlan {
  Type type;  // of our column
  std::shared_ptr<const ValueReader> reader;
  ConnectTypeRef connect;  // RecordForm::connect: how Connect's schema describes it; else null
};

// Of a row's values: as the column's mask says. Of a record's key: as they are.
enum class ValueUse : std::uint8_t { row, key };
// nullopt: such a column is left out (unknown_types).
std::optional<ValuePlan> plan_value(const CapturedColumn& column, const ValueModes& modes,
                                    ValueUse use = ValueUse::row);

}  // namespace levada
