// When a column of the source has got another type: whether the replica's column can be given it too, so that every
// value which is there stays what it is.
#pragma once
#include <string_view>

namespace levada {

// Both as the server prints them: "character varying(10)". False also where they are the same, or one of them is not
// known here; then the column stays as it is, and takes what it can.
bool widens(std::string_view from, std::string_view to);

// Whether a text that comes with the data may stand in a statement as a type: names, lengths and brackets, nothing that
// would end the definition of a column.
bool is_type_text(std::string_view text);

}  // namespace levada
