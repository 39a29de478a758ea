// The schemas of a log, in its topic _schemas: one partition, compacted, kept for ever. Keys and values are those of
// Confluent's Schema Registry, so that its topic can be copied here and ours there:
//
//   {"keytype":"SCHEMA","subject":"orders-value","version":1,"magic":1}
//   {"subject":"orders-value","version":1,"id":1,"schema":"…","deleted":false}
//
// Ids count from 1 and belong to the text: the same text has one id in all subjects. Records of other key types are
// passed over. Source: Confluent documentation, "Schema Registry Design Overview".
//
// The topic is read on from where we are whenever somebody asks for what is not known yet; it is made with the first
// schema.
#pragma once
#include <memory>

#include "formats/schema_store.h"
#include "log/log.h"

namespace levada {

inline constexpr const char* schema_topic = "_schemas";

// The log outlives the store. Where it is `read_only`, put() is refused. Errors: damaged.
Result<std::unique_ptr<SchemaStore>> open_schema_topic(Log& log, bool read_only);

// All versions of a subject are deleted, as Schema Registry does it first ("deleted": true): whoever looks for the
// newest finds none, and the next one gets the next number. Their texts stay, as records that were written after them
// may be elsewhere yet: dead letters, files.
Result<void> delete_subject(Log& log, const std::string& subject);

}  // namespace levada
