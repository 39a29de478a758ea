// How the changes of a captured table become Debezium's records: the schemas of key and envelope, and a reader for each
// column.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/value_reader.h"
#include "formats/connect_type.h"

namespace levada {

struct EnvelopePlan {
  struct FieldPlan {
    std::size_t column;  // of the table
    std::shared_ptr<const ValueReader> reader;
    // What the row before a change says where the log does not have the column: null, or of a NOT NULL column, which
    // has no null, its default or nothing's text ("0", "").
    FieldText unknown;
    std::string unknown_text;  // its memory
    bool known_before;         // the log has the column of the row before
  };
  CapturedTableRef table;
  ConnectTypeRef key, value;                                    // key: null where the table has none
  std::vector<FieldPlan> fields;                                // in the table's order
  std::vector<std::size_t> keys;                                // of fields, in the key's order
  std::vector<std::shared_ptr<const ValueReader>> key_readers;  // of each: a mask leaves the key as it is
};

// `modes` are of RecordForm::connect. Columns that the log does not hold are left out.
std::shared_ptr<const EnvelopePlan> plan_envelope(CapturedTableRef table, const ValueModes& modes);

// The parts of an envelope that all tables share, and the records of the other topics.
ConnectTypeRef source_type();             // io.debezium.connector.postgresql.Source
ConnectTypeRef transaction_block_type();  // event.block
ConnectTypeRef message_key_type();
ConnectTypeRef message_value_type(bool content_is_text);  // binary.handling.mode
ConnectTypeRef heartbeat_key_type();
ConnectTypeRef heartbeat_value_type();
ConnectTypeRef transaction_key_type();
ConnectTypeRef transaction_value_type();

}  // namespace levada
