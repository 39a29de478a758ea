#include "connectors/transforms/envelope_field.h"

#include <algorithm>

namespace levada {
namespace {

Result<EnvelopeField> read_envelope_field(const std::string& written, const std::string& prefix) {
  EnvelopeField result;
  std::string text = written;
  std::optional<std::string> alias;
  if (std::size_t colon = text.find(':'); colon != std::string::npos) {
    alias = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, std::string_view(text)) != names.end();
  };
  std::size_t dot = text.find('.');
  if (text.empty() || (dot != std::string::npos && text.find('.', dot + 1) != std::string::npos))
    return Error(ErrorKind::usage, "'" + written + "' names no field of the envelope")
        .remedy("Write FIELD or STRUCT.FIELD, and :NAME behind it for another name.");
  if (dot != std::string::npos) {
    result.structure = text.substr(0, dot);
    result.field = text.substr(dot + 1);
  } else {
    if (is_one_of({"id", "total_order", "data_collection_order"}))
      result.structure = "transaction";
    else if (!is_one_of({"op", "ts_ms", "ts_us", "ts_ns"}))
      result.structure = "source";
    result.field = text;
  }
  std::ranges::replace(text, '.', '_');
  result.name = prefix + alias.value_or(text);
  return result;
}

}  // namespace

Result<std::vector<EnvelopeField>> read_envelope_fields(const std::vector<std::string>& written,
                                                        const std::string& prefix, std::string_view property) {
  std::vector<EnvelopeField> fields;
  for (const std::string& text : written) {
    auto field = read_envelope_field(text, prefix);
    if (!field) return std::move(field).error().within("'" + std::string(property) + "'");
    fields.push_back(*std::move(field));
  }
  return fields;
}

const Column& EnvelopePlace::column(const Column& envelopes) const {
  return structure ? envelopes.child(*structure).child(field) : envelopes.child(field);
}

bool EnvelopePlace::is_missing(const Column& envelopes, std::uint32_t row) const {
  return structure && envelopes.child(*structure).is_null(row);
}

std::optional<EnvelopePlace> find_place(const ConnectType& envelope, const EnvelopeField& field) {
  EnvelopePlace place;
  const ConnectType* structure = &envelope;
  if (!field.structure.empty()) {
    place.structure = find_field(envelope, field.structure);
    structure = place.structure ? envelope.fields[*place.structure].type.get() : nullptr;
  }
  if (!structure || structure->kind != ConnectType::Kind::structure) return std::nullopt;
  auto found = find_field(*structure, field.field);
  if (!found) return std::nullopt;
  place.field = *found;
  ConnectType type = *structure->fields[*found].type;
  type.optional = true;
  type.fallback = std::nullopt;
  place.type = std::make_shared<const ConnectType>(std::move(type));
  return place;
}

}  // namespace levada
