// Formats: the bytes of a key or a value to columns and back, a batch at a time. A side (key or value) of a record is
// one text and several fields; a format knows nothing of topics, offsets or tombstones: null texts are the caller's
// business.
//
// A new format is one file and one row in formats/formats.cc (docs/adding/format.md).
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "batch/column.h"
#include "batch/schema.h"
#include "batch/type.h"
#include "formats/schema_store.h"
#include "log/record_batch.h"

namespace levada {

// A row that a format, an expression or a rule could not deal with.
struct RowFailure {
  std::uint32_t row;
  std::string why;
};
using RowFailures = std::vector<RowFailure>;

enum class Side : std::uint8_t { key, value };

// What a format must know besides the fields.
struct FormatSpec {
  std::string format;  // a name in the table: JSON, DELIMITED, KAFKA, AVRO, NONE
  Side side = Side::value;
  std::vector<Field> fields;
  std::string delimiter = ",";  // DELIMITED: one character
  // A single field stands inside an object or record, or else bare. ksqlDB's keys are bare: then this is false.
  bool wrap_single = true;

  // Of formats whose bytes name a schema; set by whoever makes the encoder or decoder (formats/schema_store.h).
  SchemaStore* schemas = nullptr;  // outlives what is made with this spec
  std::int32_t schema_id = 0;      // encoders: what schema_text() said, registered
  SchemaRef whole = nullptr;       // both sides, where the columns' origin is to be told: fields is one of its lists
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Row i of every column becomes what texts[i] says, null where the text is null. A field that is not wanted has a
  // null pointer in `columns`; columns come in empty. A text that cannot be decoded becomes a row of nulls and a
  // failure. Strings point into the texts where they can: columns hold `memory`. Buffer::padding bytes behind each text
  // may be read.
  virtual void decode(std::span<const Text> texts, const std::shared_ptr<const void>& memory,
                      std::span<Column* const> columns, RowFailures& failures) = 0;
  // For formats whose values can say themselves that the row is deleted: those of the last decode(); nullptr: none.
  virtual const Bits* deletions() const { return nullptr; }
  // Likewise those that say that the table was emptied, and those that are no rows at all.
  virtual const Bits* truncations() const { return nullptr; }
  virtual const Bits* passed_over() const { return nullptr; }
  // By field, the rows of the last decode() whose value the source did not send (Batch::absent); nullptr: none.
  virtual const std::vector<Bits>* absent() const { return nullptr; }
  // What these four say counts even where no column is wanted: decode() is to be called all the same.
  virtual bool tells_rows() const { return false; }
};

// The texts of many rows, one after the other: text i ends at ends[i] and begins where the last one ended.
struct Texts {
  Buffer bytes;
  std::vector<std::uint32_t> ends;

  void clear() {
    bytes.clear();
    ends.clear();
  }
  std::size_t size() const { return ends.size(); }
  std::string_view operator[](std::size_t i) const {
    std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return {bytes.data() + begin, ends[i] - begin};
  }
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends a text for each of the rows. A row that has no form in this format gets an empty text and a failure. A bare
  // null has no text either, but is none: the caller writes a null key or value instead of what it gets.
  virtual void encode(std::span<const ColumnRef> columns, Rows rows, Texts& out, RowFailures& failures) = 0;
};

struct Format {
  std::string_view name;
  std::string_view doc;
  // An error that names the field this format cannot carry on this side; kind statement.
  Result<void> (*check)(const FormatSpec& spec);
  // Only for a spec that passed check(). A decoder or encoder belongs to one thread.
  std::unique_ptr<Decoder> (*make_decoder)(const FormatSpec& spec);
  std::unique_ptr<Encoder> (*make_encoder)(const FormatSpec& spec);
  // The schema that encoders of this spec write after; null: such a format needs none.
  std::string (*schema_text)(const FormatSpec& spec) = nullptr;
  // The fields that a schema's text describes, with their origin where it is told; null as above. Errors: data.
  Result<Schema> (*read_schemas)(const std::string& key_text, const std::string& value_text) = nullptr;
};

}  // namespace levada
