// The texts of one CSV column become a column of a type. A whole column is read in one loop: what most cells look like
// is done on the spot, what is odd (quotes, blanks, nulls, many digits, errors) goes out of line.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "batch/column.h"
#include "connectors/csv/charset.h"
#include "connectors/csv/dialect.h"
#include "connectors/csv/time_format.h"

namespace levada {

// Which empty fields are null. In columns that are no text all of them are.
enum class CsvNulls : std::uint8_t { empty_separators, empty_quotes, both, neither };

// How the cells of all columns are to be read.
struct CsvCellRules {
  CsvDialect dialect;
  CsvCharset charset = CsvCharset::utf8;
  CsvNulls nulls = CsvNulls::empty_separators;
  std::vector<std::string> null_words;  // bare fields that mean null
  bool trim = false;  // blanks around a bare field do not count (around numbers and times they never do)
};

// Where the cells of some rows are.
struct CsvCells {
  const char* text;                            // positions count from here
  const std::uint32_t* ends;                   // CsvFields::ends()
  std::span<const std::uint32_t> first_field;  // of each row
  bool plain_text;                             // strings need no look at their bytes: the text is known to be UTF-8
  std::shared_ptr<const void> memory;  // what the text stands in; 16 bytes behind it are readable, and before it
};

struct CellFailure {
  std::uint32_t row;  // counting from the first of the cells
  std::string why;    // "'abc' is not a number"
};

// In quotes, shortened, what cannot be printed as \xNN: for messages.
std::string shown_cell(std::string_view text);

// The cells of one column. Made once; read() may be called from one thread at a time.
class CellReader {
 public:
  // Scalar types only. `formats` are tried in turn for dates and times; without any, ISO 8601 is read.
  CellReader(Type type, const CsvCellRules& rules, std::vector<TimeFormat> formats);

  // Makes `out` as long as there are rows. `field` is the column's place in a row; in the `last` one a carriage return
  // may stand at the end. Cells that cannot be read become null and a failure, in rising order of rows.
  void read(const CsvCells& cells, std::uint32_t field, bool last, Column& out,
            std::vector<CellFailure>& failures) const;

  const Type& type() const { return type_; }

 private:
  struct Loop;
  struct Content;

  Content content(const char* p, const char* stop, std::string& scratch) const;
  bool is_null(std::string_view text, bool quoted) const;

  Type type_;
  CsvCellRules rules_;
  std::vector<TimeFormat> formats_;
  bool odd_first_[256] = {};  // a cell that begins so may be quoted, trimmed or a null word
};

}  // namespace levada
