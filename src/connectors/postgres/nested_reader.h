// Readers of arrays and of hstore: the texts of all rows are cut up first, then the elements of all rows read at once.
#pragma once
#include "connectors/postgres/value_reader.h"

namespace levada {

// Of a column of ARRAY<element's type>. `nested`: the elements are arrays themselves. `unchanged` is what the one
// element of an array says that was not sent; without it such an array is null.
std::shared_ptr<const ValueReader> array_reader(std::shared_ptr<const ValueReader> element, char delimiter, bool nested,
                                                std::string_view unchanged = {});
// Of a column of MAP<STRING, STRING>; `unchanged` is key and value of one that was not sent.
std::shared_ptr<const ValueReader> hstore_reader(std::string_view unchanged = {});

}  // namespace levada
