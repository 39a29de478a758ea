// Changes that were recorded as text while the table had another shape (trigger_functions.h), moved to the columns of
// the change table, which has the table's shape by then.
//
// A value that a column cannot take (its type was changed by an expression that is no cast) stays null. Such a change
// keeps its text, in a list: [{"row": …}]. Whoever reads it knows that the table's rows must be read again.
#pragma once
#include <string>
#include <vector>

#include "connectors/postgres/trigger_catalogue.h"

namespace levada {

struct TriggerTexts {
  std::string changes, texts, transaction, id;  // the change table and its columns, quoted
  std::vector<CatalogueColumn> columns;         // of the captured table
  std::vector<std::string> key, old_key;        // of its key columns, the names of the columns of old keys
};

// One statement.
std::string move_texts_statement(const TriggerTexts& texts);

// Makes the column another type; what cannot be cast becomes null, and its change such a list. One statement.
std::string change_type_statement(const TriggerTexts& texts, const CatalogueColumn& column);

}  // namespace levada
