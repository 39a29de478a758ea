// '{…}', the server's text of an array, and "a"=>"b", that of an hstore, cut into the texts of their elements.
#pragma once
#include <vector>

#include "batch/column.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

// Appends the elements; of an array of more dimensions those of the first, which are '{…}' themselves. Bounds in front
// ("[0:2]={…}") are passed over. Elements point into the text, or into the arena where they had to be unescaped.
// false: no such text, or (`nested`) its elements are no arrays where they should be, or the other way round.
bool split_array(std::string_view text, char delimiter, bool nested, Arena& arena, std::vector<FieldText>& elements);

// Appends keys and values.
bool split_hstore(std::string_view text, Arena& arena, std::vector<FieldText>& keys, std::vector<FieldText>& values);

}  // namespace levada
