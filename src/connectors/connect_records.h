// Records in the form of Kafka Connect: key and value are structures described by its schemas, so that its transforms
// and converters can work on them (connectors/transforms/, formats/connect_json.h). Debezium's envelope is such a
// value.
//
// Sources give this form where it is asked for (RecordForm::connect): when the connector has transforms, or when its
// records are to be written as Debezium writes them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "formats/connect_type.h"
#include "formats/format.h"

namespace levada {

// Many records of one topic, of the same two schemas, in order. A value that shares its columns, as Batch does.
struct ConnectRecords {
  std::string topic;
  ConnectTypeRef key_type, value_type;  // null: no record has one
  std::uint32_t size = 0;
  ColumnRef key, value;  // of physical_type(); a null row: the record has none (a tombstone); may be null
  std::vector<std::int64_t> timestamps_ms;  // of each record
  std::vector<std::string> headers;         // of each record, in record batch form; empty: no record has any
};

// These rows only, in their order; the records themselves where it is all of them. The strings are shared.
ConnectRecords select(const ConnectRecords& records, const std::vector<std::uint32_t>& rows);
// Those that did not fail.
ConnectRecords without(const ConnectRecords& records, const RowFailures& failures);

}  // namespace levada
