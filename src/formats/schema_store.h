// Where formats that write a schema's number in front of their bytes find the schema, and get the number.
// Thread safe. Implemented by registry/ over the log's topic _schemas.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"

namespace levada {

struct RegisteredSchema {
  std::int32_t id = 0;       // of the text, whatever the subject
  std::int32_t version = 0;  // within its subject, from 1
  std::string text;
};

class SchemaStore {
 public:
  virtual ~SchemaStore() = default;
  // The text; not_found if nobody has registered it. Answers from memory; reads the log only for what it has not seen.
  virtual Result<std::string> schema(std::int32_t id) = 0;
  // The newest version of a subject ("orders-value").
  virtual Result<std::optional<RegisteredSchema>> latest(const std::string& subject) = 0;
  // Makes the text the newest version of the subject, if it is not there already; its id is durable when this returns.
  // refused: this log is only read.
  virtual Result<std::int32_t> put(const std::string& subject, const std::string& text) = 0;
};

}  // namespace levada
