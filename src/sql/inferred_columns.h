// The columns that a CREATE STREAM or CREATE TABLE leaves out, where its formats have registered schemas, as ksqlDB
// infers them: from the newest schemas of the topic, or else from the source connector that will write it. Names come
// in capitals, those in structures too, unless two would then be the same. A key that is a record has a key column for
// each of its fields.
#pragma once
#include "batch/schema.h"
#include "sql/ast.h"

namespace levada {

// The sides without a declared column.
struct ColumnsLeftOut {
  bool key = false, value = false;
  bool any() const { return key || value; }
};
// What a statement leaves out although its formats, by their names, can tell it.
ColumnsLeftOut columns_left_out(const ast::CreateSource& create, const std::string& key_format,
                                const std::string& value_format);

// Adds the columns of the sides. Value columns that have the name of a key column are left out.
void add_columns(ast::CreateSource& create, ColumnsLeftOut sides, const Schema& schema);
// The same, as an earlier statement was completed.
void add_columns(ast::CreateSource& create, ColumnsLeftOut sides, const ast::CreateSource& before);

}  // namespace levada
