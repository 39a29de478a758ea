// How the records of a source that captures tables stand in their topics, and what these topics are like: 'format',
// converters, transforms and topic.creation.*.
//
//   'format'          key and value                                                                     form
//   AVRO (default)    row states with registered schemas                                                rows
//   JSON              row states as JSON objects                                                        rows
//   DEBEZIUM_JSON     Debezium's envelope as JSON without schemas                                       connect
//   none; converters  Debezium's envelope as Kafka Connect's converters write it                        connect
//
// Transforms work on Connect's records. With them, and no converters, records are written in the converter that comes
// nearest to 'format': AvroConverter, or JsonConverter without schemas.
#pragma once
#include <string>
#include <vector>

#include "base/options.h"
#include "connectors/source.h"
#include "formats/connect_converter.h"
#include "log/log.h"

namespace levada {

struct RecordWriting {
  // Topics whose whole name matches `include` and not `exclude`: anchored regular expressions.
  struct TopicGroup {
    std::string include, exclude;
    TopicConfig config;
  };

  RecordForm form = RecordForm::rows;
  std::string format = "AVRO";     // RecordForm::rows: of key and value, a name in the table of formats
  ConverterSpec key, value;        // RecordForm::connect
  Properties transforms;           // for TransformChain::make(); empty: there are none
  std::vector<TopicGroup> groups;  // the first that matches counts, the last one matches all

  // Of a topic that the source names itself and nobody has declared.
  TopicConfig topic_config(const std::string& topic) const;
};

// `properties`: 'format', 'key.converter*', 'value.converter*', 'transforms*', 'predicates*', 'topic.creation.*';
// others are not looked at. Errors: usage, they name the property.
Result<RecordWriting> read_record_writing(const Properties& properties, OptionNotes& notes);
// This property is one of those.
bool is_record_writing(std::string_view property);

}  // namespace levada
