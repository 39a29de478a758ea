#include "formats/avro_fields.h"

#include <algorithm>
#include <set>

#include "formats/avro_table.h"

namespace levada {
namespace {

using Kind = AvroNode::Kind;

// What ksqlDB calls its records.
constexpr const char* record_space = "io.confluent.ksql.avro_schemas";
constexpr const char* record_name = "KsqlDataSourceSchema";

constexpr const char* name_property = "levada.name";

// Every byte that Avro does not allow becomes _; a first digit gets one in front.
std::string legal_name(std::string_view name) {
  std::string legal;
  for (char c : name) {
    if ((c & 0xc0) == 0x80) continue;  // the rest of a character beyond ASCII
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_', digit = c >= '0' && c <= '9';
    if (digit && legal.empty()) legal += '_';
    legal += letter || digit ? c : '_';
  }
  return legal.empty() ? "_" : legal;
}

// Legal names, each once.
class Names {
 public:
  std::string add(std::string_view name) {
    std::string legal = legal_name(name);
    while (!taken_.insert(legal).second) legal += '_';
    return legal;
  }

 private:
  std::set<std::string> taken_;
};

class Writer {
 public:
  Json field(Names& names, const Field& field, const std::string& path, bool required) {
    std::string name = names.add(field.name);
    Json json;
    json.set("name", name);
    Json own = type(field.type, path + "_" + name);
    if (required)
      json.set("type", std::move(own));
    else
      json.set("type", optional(std::move(own))).set("default", nullptr);
    if (name != field.name) json.set(name_property, field.name);
    return json;
  }

  Json type(const Type& type, const std::string& path) {
    switch (type.kind()) {
      case TypeKind::boolean: return "boolean";
      case TypeKind::int32: return "int";
      case TypeKind::int64: return "long";
      case TypeKind::float64: return "double";
      case TypeKind::string: return "string";
      case TypeKind::bytes: return "bytes";
      case TypeKind::date: return logical("int", "date");
      case TypeKind::time: return logical("long", "time-micros");
      case TypeKind::timestamp: return logical("long", "timestamp-micros");
      case TypeKind::decimal:
        return logical("bytes", "decimal").set("precision", type.precision()).set("scale", type.scale());
      case TypeKind::array: return Json().set("type", "array").set("items", optional(this->type(type.element(), path)));
      case TypeKind::map:
        if (avro_has_entries(type)) return entries(type, path);
        return Json().set("type", "map").set("values", optional(this->type(type.value(), path)));
      case TypeKind::structure: {
        Json fields{Json::Array()};
        Names names;
        for (const Field& child : type.fields()) fields.add(field(names, child, path, false));
        return record(path).set("fields", std::move(fields));
      }
    }
    LV_UNREACHABLE();
  }

  // Names of records are unique within the schema.
  Json record(const std::string& name) {
    return Json().set("type", "record").set("name", records_.add(name)).set("namespace", space);
  }

  std::string space = record_space;

 private:
  static Json optional(Json type) { return Json::Array{"null", std::move(type)}; }
  static Json logical(const char* base, const char* name) { return Json().set("type", base).set("logicalType", name); }
  Json entries(const Type& map, const std::string& path) {
    Json entry = record(path + "_MapEntry");
    Names names;
    Json fields =
        Json::Array{field(names, {"key", map.key()}, path, false), field(names, {"value", map.value()}, path, false)};
    entry.set("fields", std::move(fields)).set("connect.internal.type", "MapEntry");
    return Json().set("type", "array").set("items", std::move(entry));
  }

  Names records_;
};

// ---- back ----

Error no_type(const std::string& what) { return Error(ErrorKind::data, what + ", which no column type holds"); }

class TypeReader {
 public:
  explicit TypeReader(const AvroSchema& schema) : schema_(schema), open_(schema.nodes.size(), false) {}

  Result<Type> read(std::uint32_t n) {
    const AvroNode& node = schema_[n];
    switch (node.meaning) {
      case AvroMeaning::decimal: return decimal(node);
      case AvroMeaning::date: return Type(TypeKind::date);
      case AvroMeaning::time_ms:
      case AvroMeaning::time_us: return Type(TypeKind::time);
      case AvroMeaning::timestamp_ms:
      case AvroMeaning::timestamp_us: return Type(TypeKind::timestamp);
      case AvroMeaning::plain: break;
    }
    switch (node.kind) {
      case Kind::boolean: return Type(TypeKind::boolean);
      case Kind::int32: return Type(TypeKind::int32);
      case Kind::int64: return Type(TypeKind::int64);
      case Kind::float32:
      case Kind::float64: return Type(TypeKind::float64);
      case Kind::bytes:
      case Kind::fixed: return Type(TypeKind::bytes);
      case Kind::string:
      case Kind::enumeration: return Type(TypeKind::string);
      case Kind::null: return no_type("the Avro schema has a value that is always null");
      default: break;
    }
    if (open_[n]) return no_type("the Avro type " + node.name + " stands within itself");
    open_[n] = true;
    auto type = nested(n, node);
    open_[n] = false;
    return type;
  }

 private:
  // Precisions beyond ours are those of writers who do not know one (Connect says 64): numbers that do not fit fail.
  static Result<Type> decimal(const AvroNode& node) {
    if (node.scale > Type::max_precision)
      return no_type("the Avro schema has a decimal with " + std::to_string(node.scale) + " digits behind the point");
    return Type::decimal(std::min(node.precision, Type::max_precision), node.scale);
  }

  Result<Type> nested(std::uint32_t n, const AvroNode& node) {
    if (node.kind == Kind::map) {
      Type value = LV_TRY(read(node.children[0]));
      return Type::map(TypeKind::string, std::move(value));
    }
    if (node.kind == Kind::array) {
      const AvroNode& element = schema_[node.children[0]];
      if (element.properties.text_of("connect.internal.type") == "MapEntry" && element.fields.size() == 2) {
        Type key = LV_TRY(read(element.fields[0].type)), value = LV_TRY(read(element.fields[1].type));
        return Type::map(std::move(key), std::move(value));
      }
      return Type::array(LV_TRY(read(node.children[0])));
    }
    std::vector<Field> fields;
    if (node.kind == Kind::record) {
      for (const AvroField& field : node.fields) {
        Type type = LV_TRY(read(field.type));
        fields.push_back({true_name(field), std::move(type)});
      }
      return Type::structure(std::move(fields));
    }
    if (auto optional = schema_.optional(n)) return read(optional->node);
    for (std::uint32_t branch : node.children) {
      if (schema_[branch].kind == Kind::null) continue;
      Type type = LV_TRY(read(branch));
      fields.push_back({std::string(schema_[branch].branch_name()), std::move(type)});
    }
    if (fields.size() == 1) return std::move(fields[0].type);
    if (fields.empty()) return no_type("the Avro schema has a value that is always null");
    return Type::structure(std::move(fields));
  }

  const AvroSchema& schema_;
  std::vector<bool> open_;
};

Result<std::vector<Field>> fields_of(const AvroSchema& schema, const char* bare_name) {
  std::uint32_t root = 0;
  if (auto optional = schema.optional(0)) root = optional->node;
  TypeReader reader(schema);
  Type type = LV_TRY(reader.read(root));
  if (schema[root].kind == Kind::record) return type.fields();
  return std::vector<Field>{{bare_name, std::move(type)}};
}

}  // namespace

bool avro_is_bare(const FormatSpec& spec) {
  return spec.fields.size() == 1 && !spec.wrap_single && !(spec.whole && spec.whole->origin);
}

// A value may be missing although the table forbids null: the source did not send it because it is large and has not
// changed. That happens only to kinds of no fixed size.
bool avro_is_required(const FormatSpec& spec, std::size_t field) {
  if (!spec.whole || !spec.whole->origin) return false;
  std::size_t column = spec.side == Side::key ? field : spec.whole->key.size() + field;
  const auto& columns = spec.whole->origin->columns;
  if (column >= columns.size() || !columns[column].not_null) return false;
  const Type& type = spec.fields[field].type;
  return spec.side == Side::key || !(type.textual() || type.nested() || type.kind() == TypeKind::decimal);
}

bool avro_has_entries(const Type& type) {
  return type.kind() == TypeKind::map && type.key().kind() != TypeKind::string;
}

const std::string& true_name(const AvroField& field) {
  const Json* name = field.properties.find(name_property);
  return name && name->string() ? *name->string() : field.name;
}

std::string avro_schema_text(const FormatSpec& spec) {
  Writer writer;
  if (avro_is_bare(spec)) return writer.type(spec.fields[0].type, record_name).text();
  const TableOrigin* origin = spec.whole ? spec.whole->origin.get() : nullptr;
  std::string name = record_name;
  if (origin) {
    writer.space = legal_name(origin->schema) + "." + legal_name(origin->table);
    name = spec.side == Side::key ? "Key" : "Value";
  }
  Json record = writer.record(name), fields{Json::Array()};
  Names names;
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    Json field = writer.field(names, spec.fields[i], name, avro_is_required(spec, i));
    if (origin && spec.side == Side::value) tell_column(field, *spec.whole, i, avro_is_required(spec, i));
    fields.add(std::move(field));
  }
  record.set("fields", std::move(fields));
  if (origin && spec.side == Side::value) tell_table(record, *spec.whole);
  return record.text();
}

Result<Type> avro_type(const AvroSchema& schema, std::uint32_t node) { return TypeReader(schema).read(node); }

Result<Schema> read_avro_schemas(const std::string& key_text, const std::string& value_text) {
  Schema result;
  if (!key_text.empty()) {
    auto key = AvroSchema::parse(key_text);
    if (!key) return std::move(key).error().within("key");
    result.key = LV_TRY(fields_of(*key, "ROWKEY"));
  }
  if (value_text.empty()) return result;
  auto value = AvroSchema::parse(value_text);
  if (!value) return std::move(value).error().within("value");
  std::vector<Field> fields = LV_TRY(fields_of(*value, "ROWVAL"));
  std::erase_if(fields, [&](const Field& field) {
    return std::ranges::find(result.key, field.name, &Field::name) != result.key.end();
  });
  result.value = std::move(fields);
  result.origin = read_table(*value, result);
  return result;
}

}  // namespace levada
