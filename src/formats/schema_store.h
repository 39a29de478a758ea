// Where formats that write a schema's number in front of their bytes find the schema, and get the number.
// Thread safe. Implemented by registry/ over the log's topic _schemas.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace levada {

struct RegisteredSchema {
  std::int32_t id = 0;       // of the text, whatever the subject
  std::int32_t version = 0;  // within its subject, from 1
  std::string text;
};

// Registry framing: a zero byte, the id as 32 bits big endian, and what was written after that schema.
inline constexpr std::size_t schema_frame_size = 5;
// The id in front of the bytes; 0 if they are not framed. Ids count from 1.
inline std::int32_t framed_schema_id(std::string_view bytes) {
  if (bytes.size() < schema_frame_size || bytes[0] != 0) return 0;
  return load_big<std::int32_t>(bytes.data() + 1);
}

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
