// Any bytes are a message or an error; texts lie within the bytes.
#include "connectors/postgres/pgoutput.h"

#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/bytes.h"

using namespace levada;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  Buffer padded;
  padded.append({reinterpret_cast<const char*>(bytes) + 1, size - 1});
  std::string_view all = padded.view();
  auto within = [&](std::string_view text) {
    return text.empty() || (text.data() >= all.data() && text.data() + text.size() <= all.data() + all.size());
  };
  PgoutputReader reader;
  reader.set_in_stream((bytes[0] & 1) != 0);
  LogMessage message;
  if (auto read = reader.read(all, message); !read) {
    LV_ASSERT(!read.error().why().empty());
    return 0;
  }
  LV_ASSERT(within(message.schema) || message.schema == "pg_catalog");
  LV_ASSERT(within(message.name) && within(message.content));
  for (auto row : {message.before, message.after})
    for (const FieldText& field : row)
      LV_ASSERT(field.kind == FieldText::Kind::text ? within(field.view()) : field.size == 0);
  for (const LogMessage::Column& column : message.columns) LV_ASSERT(within(column.name));
  return 0;
}
