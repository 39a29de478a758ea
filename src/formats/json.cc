#include "formats/json.h"

#include "formats/field_check.h"
#include "formats/json_decoder.h"

namespace levada {
namespace {

// JSON's names are strings, and so are the keys of its objects.
Result<void> check_maps(const Type& type, const Field& field) {
  if (!type.nested()) return {};
  if (type.kind() == TypeKind::map && type.key().kind() != TypeKind::string)
    return Error(ErrorKind::statement, "JSON cannot hold column " + field.name + ": the keys of a MAP must be STRING")
        .where(field.name + " " + field.type.text())
        .remedy("Declare it with STRING keys, or choose AVRO.");
  for (const Field& child : type.children()) LV_TRY(check_maps(child.type, field));
  return {};
}

}  // namespace

Result<void> check_json(const FormatSpec& spec) {
  LV_TRY(check_key(spec));
  for (const Field& field : spec.fields) LV_TRY(check_maps(field.type, field));
  return {};
}

std::unique_ptr<Decoder> make_json_decoder(const FormatSpec& spec) { return std::make_unique<JsonDecoder>(spec); }

}  // namespace levada
