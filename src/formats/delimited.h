// DELIMITED: the values of a row with a delimiter between them, in the dialect that ksqlDB writes (Commons CSV 1.4,
// RFC 4180 with habits of its own):
//
//   row    = field { delimiter field }, one to a record; line ends around it are passed over
//   field  = bare | '"' { any byte but '"', or '""' } '"' blanks
//   bare   = bytes up to the delimiter or a line end; quotes in the middle are what they are
//   null   = an empty field, quoted or not
//
// A field is written in quotes if it holds the delimiter, a quote or a line end, if its first character is up to '#' or
// its last up to a blank, and, for the first field, if it is empty text or begins with anything but a letter of ASCII
// or a digit. So "-1" in front has quotes, and nowhere else.
#pragma once
#include <memory>

#include "formats/format.h"

namespace levada {

Result<void> check_delimited(const FormatSpec& spec);
std::unique_ptr<Decoder> make_delimited_decoder(const FormatSpec& spec);
std::unique_ptr<Encoder> make_delimited_encoder(const FormatSpec& spec);

// The byte that FormatSpec::delimiter means: one character, or SPACE or TAB.
Result<char> delimiter_byte(std::string_view delimiter);

}  // namespace levada
