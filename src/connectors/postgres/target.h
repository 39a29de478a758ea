// A topic and its table: which columns are to be written under which names, with which key; whether the table that is
// there takes them; and the statements that would make it so.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/field_encoder.h"
#include "connectors/postgres/sink_options.h"
#include "connectors/postgres/table.h"
#include "connectors/sink.h"

namespace levada {

// What happens to a deletion.
enum class Deletions { apply, pass_over, refuse };

struct TargetColumn {
  enum class From { field, topic, partition, offset };  // the last three: where the record stands in the log
  From from = From::field;
  std::size_t index = 0;  // of a field: its position in the schema, key followed by value
  Field field;            // its name as SQL has it
  bool key = false;       // part of the table's key
  // Of captured tables: the type that the source says and that a column of ours should have. Where this server does not
  // know it, forget_type() puts another in its place.
  std::string type = {};
  bool not_null = false;
  std::optional<std::string> older = {};  // what rows get that are there when the column is added
};

// What a topic wants, as far as it can be known without the server.
struct Target {
  std::string topic, object;
  TableName table;
  InsertMode mode = InsertMode::insert;
  Deletions deletions = Deletions::refuse;
  std::vector<TargetColumn> columns;
  bool captured =
      false;  // the rows are those of a table, whose origin is known: names and types stay as they are there

  bool has_key() const;
};

// The table that a topic goes to. Of a captured topic, prefix.schema.table, the last two parts count.
Result<TableName> table_of(const std::string& topic, const PostgresSinkOptions& options);

// The topic's schema must be known. A captured table with a key is a table, whatever the topic says.
Result<Target> make_target(const SinkTopic& topic, const PostgresSinkOptions& options);

// The type that the source says cannot be had here: the one that our own type stands for takes its place.
void forget_type(TargetColumn& column);

// What is wrong between a target and the table that is there (or not).
struct Misfit {
  std::vector<Error> problems;  // that we cannot or may not repair
  std::string repair;           // the statement that 'auto.create' or 'auto.evolve' allows us to run; empty: none
};
Misfit compare(const Target& target, const std::optional<PostgresTable>& table, const PostgresSinkOptions& options);

// How the rows are written, once the table fits.
struct TablePlan {
  struct Column {
    TargetColumn source;
    std::string name;  // in the table
    FieldPlan field;
    bool counts_up = false;  // its binary form is a signed number: sorts as one
  };
  std::string topic, table;  // the table's name quoted
  InsertMode mode;
  Deletions deletions;
  std::vector<Column> columns;
  bool copy = false;  // rows may go in by COPY
  bool always_identity = false;
};
TablePlan plan_table(const Target& target, const PostgresTable& table, const PostgresSinkOptions& options);

// "CREATE TABLE …;" over some lines, for people and for the server.
std::string create_table_statement(const Target& target, const PostgresSinkOptions& options);

}  // namespace levada
