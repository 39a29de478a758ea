#include "formats/avro_schema.h"

#include <algorithm>
#include <map>

namespace levada {
namespace {

using Kind = AvroNode::Kind;

constexpr std::string_view kind_names[] = {"null",   "boolean", "int",  "long",  "float", "double", "bytes",
                                           "string", "fixed",   "enum", "array", "map",   "record", "union"};

constexpr int max_depth = 64;
constexpr std::size_t max_nodes = 1 << 16;

Error wrong(std::string what) { return Error(ErrorKind::data, "the Avro schema is wrong: " + std::move(what)); }

std::int64_t number(const Json& json, std::string_view name, std::int64_t otherwise) {
  const Json* found = json.find(name);
  return found ? found->integer().value_or(otherwise) : otherwise;
}

// An object's member by its path: connect.parameters → scale. Connect writes numbers there as text.
std::optional<std::int64_t> parameter(const Json& properties, std::string_view name) {
  const Json* parameters = properties.find("connect.parameters");
  const Json* found = parameters ? parameters->find(name) : nullptr;
  if (!found) return std::nullopt;
  if (const std::string* text = found->string()) return Json(JsonNumber{*text}).integer();
  return found->integer();
}

struct Meaning {
  std::string_view name;
  Kind kind;
  AvroMeaning meaning;
};
constexpr Meaning meanings[] = {
    {"date", Kind::int32, AvroMeaning::date},
    {"time-millis", Kind::int32, AvroMeaning::time_ms},
    {"time-micros", Kind::int64, AvroMeaning::time_us},
    {"timestamp-millis", Kind::int64, AvroMeaning::timestamp_ms},
    {"timestamp-micros", Kind::int64, AvroMeaning::timestamp_us},
    {"local-timestamp-millis", Kind::int64, AvroMeaning::timestamp_ms},
    {"local-timestamp-micros", Kind::int64, AvroMeaning::timestamp_us},
    {"org.apache.kafka.connect.data.Date", Kind::int32, AvroMeaning::date},
    {"org.apache.kafka.connect.data.Time", Kind::int32, AvroMeaning::time_ms},
    {"org.apache.kafka.connect.data.Timestamp", Kind::int64, AvroMeaning::timestamp_ms},
    {"io.debezium.time.Date", Kind::int32, AvroMeaning::date},
    {"io.debezium.time.Time", Kind::int32, AvroMeaning::time_ms},
    {"io.debezium.time.MicroTime", Kind::int64, AvroMeaning::time_us},
    {"io.debezium.time.Timestamp", Kind::int64, AvroMeaning::timestamp_ms},
    {"io.debezium.time.MicroTimestamp", Kind::int64, AvroMeaning::timestamp_us},
};

// As the specification wants it, a logical type that does not fit is passed over.
void find_meaning(AvroNode& node, const Json& json) {
  std::string logical = json.text_of("logicalType"), semantic = json.text_of("connect.name");
  for (const std::string& name : {logical, semantic})
    for (const Meaning& m : meanings)
      if (node.meaning == AvroMeaning::plain && m.name == name && m.kind == node.kind) node.meaning = m.meaning;
  if (node.kind != Kind::bytes && node.kind != Kind::fixed) return;
  if (logical == "decimal") {
    node.precision = static_cast<int>(std::clamp<std::int64_t>(number(json, "precision", 0), 0, 1000));
    node.scale = static_cast<int>(std::clamp<std::int64_t>(number(json, "scale", 0), -1, 1000));
  } else if (semantic == "org.apache.kafka.connect.data.Decimal") {
    node.scale = static_cast<int>(std::clamp<std::int64_t>(parameter(json, "scale").value_or(-1), -1, 1000));
    node.precision = static_cast<int>(
        std::clamp<std::int64_t>(parameter(json, "connect.decimal.precision").value_or(38), node.scale, 1000));
  }
  if (node.precision >= 1 && node.scale >= 0 && node.scale <= node.precision) node.meaning = AvroMeaning::decimal;
}

class Reader {
 public:
  Result<AvroSchema> read(const Json& json) {
    LV_TRY(schema(json, "", 0));
    return std::move(schema_);
  }

 private:
  Result<std::uint32_t> add(AvroNode node) {
    if (schema_.nodes.size() == max_nodes) return wrong("it has too many parts");
    schema_.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(schema_.nodes.size() - 1);
  }

  Result<std::uint32_t> schema(const Json& json, const std::string& space, int depth) {
    if (depth > max_depth) return wrong("it is nested too deeply");
    if (const std::string* name = json.string()) return named(*name, space, Json());
    if (const Json::Array* branches = json.array()) return choice(*branches, space, depth);
    const Json* type = json.find("type");
    if (!type) return wrong("a type is missing");
    const std::string* name = type->string();
    if (!name) return schema(*type, space, depth + 1);
    if (*name == "record" || *name == "error") return record(json, space, depth);
    if (*name == "enum" || *name == "fixed") return symbols_or_size(json, space, *name == "enum");
    if (*name == "array" || *name == "map") {
      std::uint32_t place = LV_TRY(add({.kind = *name == "array" ? Kind::array : Kind::map}));
      schema_.nodes[place].properties = properties(json, {"type", "items", "values"});
      const Json* child = json.find(*name == "array" ? "items" : "values");
      if (!child) return wrong("an " + *name + " does not say of what");
      std::uint32_t of = LV_TRY(schema(*child, space, depth + 1));
      schema_.nodes[place].children.push_back(of);
      return place;
    }
    return named(*name, space, json);
  }

  // A primitive type, or one that was named before.
  Result<std::uint32_t> named(const std::string& name, const std::string& space, const Json& json) {
    auto kind = static_cast<std::size_t>(std::ranges::find(kind_names, name) - std::begin(kind_names));
    if (kind <= static_cast<std::size_t>(Kind::string)) {
      AvroNode node{.kind = static_cast<Kind>(kind)};
      if (json.object()) {
        node.properties = properties(json, {"type"});
        find_meaning(node, json);
      }
      return add(std::move(node));
    }
    for (const std::string& full : {full_name(name, space), name})
      if (auto known = names_.find(full); known != names_.end()) return known->second;
    return wrong("there is no type '" + name + "'");
  }

  Result<std::uint32_t> choice(const Json::Array& branches, const std::string& space, int depth) {
    std::uint32_t place = LV_TRY(add({.kind = Kind::choice}));
    std::vector<std::uint32_t> children;
    for (const Json& branch : branches) {
      children.push_back(LV_TRY(schema(branch, space, depth + 1)));
      if (schema_[children.back()].kind == Kind::choice) return wrong("a union stands in a union");
    }
    if (children.empty()) return wrong("a union has no branches");
    schema_.nodes[place].children = std::move(children);
    return place;
  }

  Result<std::uint32_t> begin_named(const Json& json, const std::string& space, Kind kind) {
    std::string name = json.text_of("name");
    if (name.empty()) return wrong("a " + std::string(name_of(kind)) + " has no name");
    const Json* own = json.find("namespace");
    std::string full = full_name(name, own && own->string() ? *own->string() : space);
    AvroNode node{.kind = kind, .name = full, .aliases = aliases(json)};
    std::uint32_t place = LV_TRY(add(std::move(node)));
    if (!names_.emplace(full, place).second) return wrong("two types are named '" + full + "'");
    return place;
  }

  Result<std::uint32_t> symbols_or_size(const Json& json, const std::string& space, bool is_enum) {
    std::uint32_t place = LV_TRY(begin_named(json, space, is_enum ? Kind::enumeration : Kind::fixed));
    AvroNode& node = schema_.nodes[place];
    node.properties = properties(json, {"type", "name", "namespace", "aliases", "symbols", "size"});
    if (is_enum) {
      const Json* symbols = json.find("symbols");
      if (!symbols || !symbols->array()) return wrong("enum '" + node.name + "' has no symbols");
      for (const Json& symbol : *symbols->array()) {
        if (!symbol.string()) return wrong("a symbol of enum '" + node.name + "' is no text");
        node.symbols.push_back(*symbol.string());
      }
      return place;
    }
    std::int64_t size = number(json, "size", -1);
    if (size < 0 || size > INT32_MAX) return wrong("fixed '" + node.name + "' has no size");
    node.size = static_cast<std::size_t>(size);
    find_meaning(node, json);
    return place;
  }

  Result<std::uint32_t> record(const Json& json, const std::string& space, int depth) {
    std::uint32_t place = LV_TRY(begin_named(json, space, Kind::record));
    const std::string name = schema_[place].name;
    const std::string inner = name.substr(0, name.rfind('.') == std::string::npos ? 0 : name.rfind('.'));
    schema_.nodes[place].properties = properties(json, {"type", "name", "namespace", "aliases", "fields"});
    const Json* list = json.find("fields");
    if (!list || !list->array()) return wrong("record '" + name + "' has no fields");
    std::vector<AvroField> fields;
    for (const Json& member : *list->array()) {
      AvroField field{.name = member.text_of("name"), .aliases = aliases(member)};
      const Json* type = member.find("type");
      if (field.name.empty() || !type) return wrong("a field of record '" + name + "' has no name or no type");
      if (std::ranges::find(fields, field.name, &AvroField::name) != fields.end())
        return wrong("record '" + name + "' has two fields '" + field.name + "'");
      field.type = LV_TRY(schema(*type, inner, depth + 1));
      if (const Json* fallback = member.find("default")) field.fallback = *fallback;
      field.properties = properties(member, {"name", "type", "default", "aliases", "order"});
      fields.push_back(std::move(field));
    }
    schema_.nodes[place].fields = std::move(fields);
    return place;
  }

  static std::string full_name(const std::string& name, const std::string& space) {
    return space.empty() || name.find('.') != std::string::npos ? name : space + "." + name;
  }

  static std::vector<std::string> aliases(const Json& json) {
    std::vector<std::string> names;
    if (const Json* list = json.find("aliases"); list && list->array())
      for (const Json& alias : *list->array())
        if (alias.string()) names.push_back(*alias.string());
    return names;
  }

  static Json properties(const Json& json, std::initializer_list<std::string_view> known) {
    Json rest;
    for (const Json::Member& member : *json.object())
      if (std::ranges::find(known, member.first) == known.end()) rest.set(member.first, member.second);
    return rest;
  }

  AvroSchema schema_;
  std::map<std::string, std::uint32_t> names_;
};

}  // namespace

std::string_view name_of(AvroNode::Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::string_view AvroNode::branch_name() const {
  if (name.empty()) return name_of(kind);
  return std::string_view(name).substr(name.rfind('.') + 1);
}

Result<AvroSchema> AvroSchema::parse(std::string_view text) {
  // Only a name: some write it without the quotes that JSON wants.
  auto primitive = std::ranges::find(kind_names, text);
  if (primitive - std::begin(kind_names) <= static_cast<std::ptrdiff_t>(Kind::string)) return Reader().read(Json(text));
  auto json = Json::parse(text);
  if (!json) return wrong("it is not JSON").why(json.error().line());
  return Reader().read(*json);
}

const AvroNode* AvroSchema::record() const {
  auto either = optional(0);
  const AvroNode& root = nodes[either ? either->node : 0];
  return root.kind == Kind::record ? &root : nullptr;
}

std::optional<AvroSchema::Optional> AvroSchema::optional(std::uint32_t node) const {
  const std::vector<std::uint32_t>& branches = nodes[node].children;
  if (nodes[node].kind != Kind::choice || branches.size() != 2) return std::nullopt;
  for (std::uint32_t b = 0; b < 2; ++b)
    if (nodes[branches[b]].kind == Kind::null && nodes[branches[1 - b]].kind != Kind::null)
      return Optional{b, branches[1 - b]};
  return std::nullopt;
}

}  // namespace levada
