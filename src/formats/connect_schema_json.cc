#include "formats/connect_schema_json.h"

#include <algorithm>
#include <array>

namespace levada {
namespace {

using Kind = ConnectType::Kind;

// In the order of Kind.
constexpr std::array<std::string_view, 12> kind_names = {"int8",    "int16",  "int32", "int64", "float", "double",
                                                         "boolean", "string", "bytes", "array", "map",   "struct"};

void append_member(std::string& out, std::string_view name, std::string_view json) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  out += json;
}
void append_text_member(std::string& out, std::string_view name, std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  append_member(out, name, quoted);
}

void append_schema(std::string& out, const ConnectType& type, const std::string* field) {
  out += '{';
  append_text_member(out, "type", kind_names[static_cast<std::size_t>(type.kind)]);
  if (type.kind == Kind::array) append_member(out, "items", connect_schema_text(*type.element));
  if (type.kind == Kind::map) {
    append_member(out, "keys", connect_schema_text(*type.key));
    append_member(out, "values", connect_schema_text(*type.element));
  }
  if (type.kind == Kind::structure) {
    append_member(out, "fields", "[");
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      if (i > 0) out += ',';
      append_schema(out, *type.fields[i].type, &type.fields[i].name);
    }
    out += ']';
  }
  append_member(out, "optional", type.optional ? "true" : "false");
  if (!type.name.empty()) append_text_member(out, "name", type.name);
  if (type.version) append_member(out, "version", std::to_string(*type.version));
  if (!type.doc.empty()) append_text_member(out, "doc", type.doc);
  if (!type.parameters.empty()) {
    append_member(out, "parameters", "{");
    for (const auto& [name, value] : type.parameters) append_text_member(out, name, value);
    out += '}';
  }
  if (type.fallback) append_member(out, "default", *type.fallback);
  if (field) append_text_member(out, "field", *field);
  out += '}';
}

Error wrong(std::string what) { return Error(ErrorKind::data, "the schema is none of Connect's: " + std::move(what)); }

Result<ConnectTypeRef> part(const Json& schema, std::string_view name) {
  const Json* found = schema.find(name);
  if (!found) return wrong("it has no '" + std::string(name) + "'");
  return read_connect_schema(*found);
}

Result<std::vector<ConnectField>> read_fields(const Json& schema) {
  const Json* found = schema.find("fields");
  if (!found || !found->array()) return wrong("a struct has no 'fields'");
  std::vector<ConnectField> fields;
  for (const Json& field : *found->array()) {
    const Json* name = field.find("field");
    if (!name || !name->string()) return wrong("a field has no name");
    auto type = read_connect_schema(field);
    if (!type) return std::move(type).error().within("field " + *name->string());
    fields.push_back({*name->string(), *std::move(type)});
  }
  return fields;
}

}  // namespace

std::string connect_schema_text(const ConnectType& type) {
  std::string out;
  append_schema(out, type, nullptr);
  return out;
}

Result<ConnectTypeRef> read_connect_schema(const Json& schema) {
  if (!schema.object()) return wrong("it is no object");
  std::string name = schema.text_of("type");
  auto kind = std::ranges::find(kind_names, name);
  if (kind == kind_names.end()) return wrong("there is no type '" + name + "'");
  ConnectType type{.kind = static_cast<Kind>(kind - kind_names.begin())};
  if (const Json* optional = schema.find("optional"); optional && optional->boolean())
    type.optional = *optional->boolean();
  type.name = schema.text_of("name");
  type.doc = schema.text_of("doc");
  if (const Json* version = schema.find("version"))
    if (auto number = version->integer()) type.version = static_cast<std::int32_t>(*number);
  if (const Json* parameters = schema.find("parameters"); parameters && parameters->object())
    for (const auto& [key, value] : *parameters->object())
      type.parameters.emplace_back(key, value.string() ? *value.string() : value.text());
  if (const Json* fallback = schema.find("default"); fallback && !fallback->is_null()) type.fallback = fallback->text();
  if (type.kind == Kind::array) type.element = LV_TRY(part(schema, "items"));
  if (type.kind == Kind::map) {
    type.key = LV_TRY(part(schema, "keys"));
    type.element = LV_TRY(part(schema, "values"));
  }
  if (type.kind == Kind::structure) type.fields = LV_TRY(read_fields(schema));
  return std::make_shared<const ConnectType>(std::move(type));
}

Result<ConnectTypeRef> read_connect_schema(std::string_view text) {
  return read_connect_schema(LV_TRY(Json::parse(text)));
}

}  // namespace levada
