// How a CSV file is written: which bytes part fields, rows and quoted text. A plain value; the default is RFC 4180.
//
//   row    = field *(separator field) line-end        line-end = LF | CR LF
//   field  = plain | quote *(any | quote quote) quote
//
// A quote counts only at the start of a field; further on in a plain field it is a character like any other (5" pipe).
// Behind the closing quote the field is over: anything else there spoils the row.
#pragma once
#include <string_view>

#include "base/error.h"

namespace levada {

struct CsvDialect {
  char separator = ',';
  char quote = '"';                       // '\0': there are no quotes
  char escape = '\0';                     // within quotes: takes the meaning from a quote or from itself; '\0': none
  bool skip_blanks_around_quotes = true;  // blanks and tabs between a separator and a quote do not count
  bool only_quoted = false;               // every quote opens or closes, wherever it is; what stands outside is ignored
  bool keep_carriage_return = false;      // the CR of CR LF belongs to the last field

  bool operator==(const CsvDialect&) const = default;
};

// The bytes of a row without what ends it.
inline std::string_view without_line_end(std::string_view row, const CsvDialect& dialect) {
  if (!row.ends_with('\n')) return row;
  return row.substr(0, row.size() - (row.ends_with("\r\n") && !dialect.keep_carriage_return ? 2 : 1));
}

// A character as people write it: itself, its number (44, as the older connectors want it), \t, or a name: tab, comma,
// semicolon, pipe, space, none. A single digit is that number's character only as 48 to 57.
Result<char> parse_character(std::string_view text);

}  // namespace levada
