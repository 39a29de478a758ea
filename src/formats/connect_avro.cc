#include "formats/connect_avro.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/json.h"
#include "batch/number_text.h"
#include "formats/base64.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

// ---- schemas ----

std::string avro_name(std::string_view name) {
  std::string result;
  for (unsigned char c : name) {
    if (c >= 0x80 && (c & 0xc0) == 0x80) continue;  // one _ for each character
    result += c < 0x80 && (std::isalnum(c) || c == '_') ? static_cast<char>(c) : '_';
  }
  if (result.empty() || std::isdigit(static_cast<unsigned char>(result[0]))) result.insert(result.begin(), '_');
  return result;
}

std::string_view primitive_of(Kind kind) {
  switch (kind) {
    case Kind::int8:
    case Kind::int16:
    case Kind::int32: return "int";
    case Kind::int64: return "long";
    case Kind::float32: return "float";
    case Kind::float64: return "double";
    case Kind::boolean: return "boolean";
    case Kind::string: return "string";
    default: return "bytes";
  }
}

// A default as Avro writes it: bytes are a text with a character for each.
Json avro_default(const ConnectType& type) {
  auto value = Json::parse(*type.fallback);
  if (!value) return nullptr;
  if (type.kind != Kind::bytes || !value->string()) return *std::move(value);
  std::string bytes(base64_room(value->string()->size()) + 16, '\0'), text;
  const char* end = get_base64(bytes.data(), *value->string());
  if (!end) return nullptr;
  bytes.resize(static_cast<std::size_t>(end - bytes.data()));
  for (unsigned char c : bytes) {
    if (c >= 0x80) text += static_cast<char>(0xc0 | c >> 6);
    text += static_cast<char>(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
  }
  return text;
}

class SchemaWriter {
 public:
  Json schema(const ConnectType& type, bool with_null = true) {
    Json plain = not_null(type);
    if (!type.optional || !with_null) return plain;
    // A union's default is of its first branch.
    bool default_first = type.fallback && *type.fallback != "null";
    return default_first ? Json(Json::Array{std::move(plain), "null"}) : Json(Json::Array{"null", std::move(plain)});
  }

 private:
  Json not_null(const ConnectType& type) {
    switch (type.kind) {
      case Kind::structure: return record(type);
      case Kind::array: {
        Json array(Json::Object{{"type", "array"}, {"items", schema(*type.element)}});
        add_properties(array, type);
        return array;
      }
      case Kind::map: return map(type);
      default: break;
    }
    Json plain(Json::Object{{"type", primitive_of(type.kind)}});
    if (type.kind == Kind::int8) plain.set("connect.type", "int8");
    if (type.kind == Kind::int16) plain.set("connect.type", "int16");
    std::string_view logical = logical_type(type);
    if (logical == "decimal") {
      plain.set("scale", parse_integer(parameter(type, "scale")).value_or(0));
      plain.set("precision", parse_integer(parameter(type, "connect.decimal.precision")).value_or(64));
    }
    add_properties(plain, type);
    if (!logical.empty()) plain.set("logicalType", logical);
    if (plain.object()->size() == 1) return primitive_of(type.kind);
    return plain;
  }

  static std::string_view logical_type(const ConnectType& type) {
    if (type.kind == Kind::bytes && type.name == "org.apache.kafka.connect.data.Decimal") return "decimal";
    if (type.kind == Kind::int32 && type.name == "org.apache.kafka.connect.data.Date") return "date";
    if (type.kind == Kind::int32 && type.name == "org.apache.kafka.connect.data.Time") return "time-millis";
    if (type.kind == Kind::int64 && type.name == "org.apache.kafka.connect.data.Timestamp") return "timestamp-millis";
    return {};
  }

  static void add_properties(Json& to, const ConnectType& type) {
    if (!type.doc.empty()) to.set("connect.doc", type.doc);
    if (type.version) to.set("connect.version", std::int64_t{*type.version});
    if (!type.parameters.empty()) {
      Json parameters;
      for (const auto& [name, value] : type.parameters) parameters.set(name, value);
      to.set("connect.parameters", std::move(parameters));
    }
    if (type.fallback) to.set("connect.default", avro_default(type));
    if (!type.name.empty()) to.set("connect.name", type.name);
  }

  Json record(const ConnectType& type) {
    std::string space, name = type.name.empty() ? "io.confluent.connect.avro.ConnectDefault" : type.name, full;
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
      space += (space.empty() ? "" : ".") + avro_name(name.substr(0, dot));
      name.erase(0, dot + 1);
    }
    name = avro_name(name);
    auto full_name = [&] { return space.empty() ? name : space + "." + name; };
    // A record is defined once and named from then on; another one of its name gets a name of its own.
    ConnectType bare = type;
    bare.optional = false;
    bare.fallback = std::nullopt;
    const std::string first_name = name;
    for (int n = 2; defined_.contains(full_name()); ++n) {
      if (defined_.at(full_name()) == bare) return full_name();
      name = first_name + std::to_string(n);
    }
    defined_.emplace(full_name(), bare);
    Json record(Json::Object{{"type", "record"}, {"name", name}});
    if (!space.empty()) record.set("namespace", space);
    Json fields = Json::Array{};
    for (const ConnectField& field : type.fields) {
      Json one(Json::Object{{"name", avro_name(field.name)}, {"type", schema(*field.type)}});
      if (field.type->fallback && *field.type->fallback != "null")
        one.set("default", avro_default(*field.type));
      else if (field.type->optional)
        one.set("default", nullptr);
      fields.add(std::move(one));
    }
    record.set("fields", std::move(fields));
    add_properties(record, bare);
    return record;
  }

  Json map(const ConnectType& type) {
    if (type.key->kind == Kind::string && !type.key->optional) {
      Json map(Json::Object{{"type", "map"}, {"values", schema(*type.element)}});
      add_properties(map, type);
      return map;
    }
    ConnectType entry{.kind = Kind::structure, .name = "io.confluent.connect.avro.MapEntry"};
    entry.fields = {{"key", type.key}, {"value", type.element}};
    Json items = record(entry);
    if (items.object()) items.object()->pop_back();  // connect.name: Connect knows no such structure
    Json array(Json::Object{{"type", "array"}, {"items", std::move(items)}});
    add_properties(array, type);
    array.set("connect.internal.type", "MapEntry");
    return array;
  }

  std::map<std::string, ConnectType> defined_;
};

// ---- values ----

// False: a null where there can be none.
bool append(Buffer& out, const ConnectType& type, const Column& column, std::uint32_t row, bool top = false) {
  ByteWriter writer(out);
  const bool null = column.is_null(row);
  if (type.optional && !top) {
    bool null_last = type.fallback && *type.fallback != "null";
    writer.varint(null == null_last ? 1 : 0);
    if (null) return true;
  } else if (null) {
    return false;
  }
  switch (type.kind) {
    case Kind::int8:
    case Kind::int16:
    case Kind::int32: writer.varint(column.values<std::int32_t>()[row]); return true;
    case Kind::int64: writer.varint(column.values<std::int64_t>()[row]); return true;
    case Kind::float32: writer.little(static_cast<float>(column.values<double>()[row])); return true;
    case Kind::float64: writer.little(column.values<double>()[row]); return true;
    case Kind::boolean: out.append(static_cast<char>(column.values<std::uint8_t>()[row])); return true;
    case Kind::string:
    case Kind::bytes: {
      std::string_view bytes = column.string(row);
      writer.varint(static_cast<std::int64_t>(bytes.size()));
      writer.bytes(bytes);
      return true;
    }
    case Kind::array:
    case Kind::map: {
      std::uint32_t first = column.offsets()[row], last = column.offsets()[row + 1];
      if (last > first) writer.varint(last - first);
      for (std::uint32_t i = first; i < last; ++i) {
        if (type.kind == Kind::map && !append(out, *type.key, column.child(0), i)) return false;
        if (!append(out, *type.element, column.child(type.kind == Kind::map ? 1 : 0), i)) return false;
      }
      writer.varint(0);
      return true;
    }
    case Kind::structure:
      for (std::size_t i = 0; i < type.fields.size(); ++i)
        if (!append(out, *type.fields[i].type, column.child(i), row)) return false;
      return true;
  }
  LV_UNREACHABLE();
}

class AvroConverter : public ConnectConverter {
 public:
  AvroConverter(Side side, SchemaStore& schemas) : side_(side), schemas_(schemas) {}

  Result<void> encode(const std::string& topic, const ConnectTypeRef& type, const Column& column, Rows rows, Texts& out,
                      RowFailures& failures) override {
    const std::int32_t id = LV_TRY(id_of(topic, type));
    rows.for_each([&](std::uint32_t row) {
      std::size_t begin = out.bytes.size();
      if (!column.is_null(row)) {
        ByteWriter writer(out.bytes);
        writer.big(std::uint8_t{0});
        writer.big(id);
        if (!append(out.bytes, *type, column, row, true)) {
          out.bytes.resize(begin);
          failures.push_back({row, "a field that cannot be null is null"});
        }
      }
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    });
    return {};
  }

 private:
  static constexpr std::size_t most_ids = 4096;

  Result<std::int32_t> id_of(const std::string& topic, const ConnectTypeRef& type) {
    auto key = std::make_pair(type, topic);
    if (auto found = ids_.find(key); found != ids_.end()) return found->second;
    if (ids_.size() >= most_ids) ids_.clear();
    std::int32_t id =
        LV_TRY(schemas_.put(topic + (side_ == Side::key ? "-key" : "-value"), connect_avro_schema(*type)));
    ids_.emplace(std::move(key), id);
    return id;
  }

  const Side side_;
  SchemaStore& schemas_;
  std::map<std::pair<ConnectTypeRef, std::string>, std::int32_t> ids_;
};

}  // namespace

std::string connect_avro_schema(const ConnectType& type) { return SchemaWriter().schema(type, false).text(); }

std::unique_ptr<ConnectConverter> make_connect_avro(Side side, SchemaStore& schemas) {
  return std::make_unique<AvroConverter>(side, schemas);
}

}  // namespace levada
