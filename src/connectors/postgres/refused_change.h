// A change of a row that has no form in what it is captured into: a dead letter that says why, from where, and keeps
// all that the server sent.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/change_collector.h"

namespace levada {

struct NamedText {
  std::string_view name;  // of a column of the table
  FieldText text;
};

// The value is JSON: {"op":"u","before":{"id":"1"},"after":{"id":"1","big":null}}, each value the server's text;
// columns that it did not send are left out, and so is a row that it did not send. Masked columns are masked.
DeadLetter refused_change(const CapturedTable& table, char op, const ChangePlace& place, std::string cause,
                          const std::vector<NamedText>& before, const std::vector<NamedText>& after);

// With the rows that the change has.
DeadLetter refused_change(const CapturedTable& table, const RowChange& change, std::string cause);

// Causes: a record has no key, a deletion does not say which row is gone.
std::string key_not_in_log(const CapturedColumn& column);
std::string old_key_not_in_log(const CapturedTable& table, const CapturedColumn& column);

// A row as a JSON object, as it stands there.
void append_row_json(std::string& out, const CapturedTable& table, const std::vector<NamedText>& row);

// All columns of a row as the server sent it.
std::vector<NamedText> named_texts(const CapturedTable& table, std::span<const FieldText> row);

}  // namespace levada
