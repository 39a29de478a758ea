// The statements that write many rows into a table: each parameter is an array, of a column. Those of the table's
// columns that are `sent` have one, in their order.
#pragma once
#include <string>
#include <vector>

#include "connectors/postgres/target.h"

namespace levada {

using SentColumns = std::vector<bool>;  // of each column of the plan; empty: all

// Rows in the binary form follow.
std::string copy_statement(const TablePlan& plan);
// Where the plan says upsert, rows that are there are changed.
std::string insert_statement(const TablePlan& plan);
// Rows that are there get what is sent. Empty if that is nothing beside the key.
std::string update_statement(const TablePlan& plan, const SentColumns& sent = {});
// Counts the rows that are there.
std::string touch_statement(const TablePlan& plan, const SentColumns& sent);
// The parameters are those of the key's columns.
std::string delete_statement(const TablePlan& plan);

}  // namespace levada
