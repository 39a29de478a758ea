#include "formats/delimited.h"

#include "formats/field_check.h"

namespace levada {

Result<char> delimiter_byte(std::string_view delimiter) {
  if (delimiter == "SPACE") return ' ';
  if (delimiter == "TAB") return '\t';
  if (delimiter == " " || delimiter == "\t")
    return Error(ErrorKind::statement, "a delimiter cannot be a blank or a tab as such")
        .remedy("Write SPACE or TAB instead.");
  char c = delimiter.empty() ? '\0' : delimiter[0];
  if (delimiter.size() != 1 || c <= 0x20 || c == 0x7f || c == '"')
    return Error(ErrorKind::statement, "'" + std::string(delimiter) + "' is no delimiter")
        .remedy("Give one printable ASCII character other than the quote, such as ';', or SPACE or TAB.");
  return c;
}

Result<void> check_delimited(const FormatSpec& spec) {
  LV_TRY(check_key(spec));
  LV_TRY(delimiter_byte(spec.delimiter));
  return check_kinds(spec, {TypeKind::boolean, TypeKind::int32, TypeKind::int64, TypeKind::float64, TypeKind::decimal,
                            TypeKind::string, TypeKind::bytes, TypeKind::date, TypeKind::time, TypeKind::timestamp});
}

}  // namespace levada
