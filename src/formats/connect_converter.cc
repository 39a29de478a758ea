#include "formats/connect_converter.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "base/near_name.h"
#include "formats/connect_avro.h"
#include "formats/connect_json.h"

namespace levada {

namespace {

constexpr std::string_view decimal_names[] = {"BASE64", "NUMERIC"};

}  // namespace

constexpr std::span<const std::string_view> names_of_values(ConverterSpec::Decimals) { return decimal_names; }

namespace {

struct ConverterClass {
  std::string_view name, short_name;
  ConverterSpec::Kind kind;
};
constexpr ConverterClass classes[] = {
    {"org.apache.kafka.connect.json.JsonConverter", "JsonConverter", ConverterSpec::Kind::json},
    {"io.confluent.connect.avro.AvroConverter", "AvroConverter", ConverterSpec::Kind::avro},
    {"org.apache.kafka.connect.storage.StringConverter", "StringConverter", ConverterSpec::Kind::string},
    {"org.apache.kafka.connect.converters.ByteArrayConverter", "ByteArrayConverter", ConverterSpec::Kind::bytes},
};

constexpr std::array json_options = {
    Option{.name = "schemas.enable",
           .field = option<&ConverterSpec::schemas>,
           .fallback = "true",
           .doc = "true: each text is {\"schema\":…,\"payload\":…}; false: only the payload."},
    Option{.name = "decimal.format",
           .field = option<&ConverterSpec::decimals>,
           .fallback = "BASE64",
           .doc = "Decimals as the base64 of their bytes, or as numbers."},
    Option{.name = "replace.null.with.default",
           .field = option<&ConverterSpec::nulls_become_defaults>,
           .fallback = "false",
           .doc = "true: a null of a field that has a default is written as that default."},
    Option{.name = "schemas.cache.size", .doc = "every schema is made once"},
};
constexpr std::string_view own_registry = "schemas are registered in the log's own topic _schemas";
constexpr std::string_view one_way = "schemas are registered as they are, under TOPIC-key and TOPIC-value";
constexpr std::array avro_options = {
    Option{.name = "schema.registry.url", .doc = own_registry},
    Option{.name = "basic.auth.credentials.source", .doc = own_registry},
    Option{.name = "basic.auth.user.info", .doc = own_registry},
    Option{.name = "schema.registry.basic.auth.user.info", .doc = own_registry},
    Option{.name = "auto.register.schemas", .doc = one_way},
    Option{.name = "use.latest.version", .doc = one_way},
    Option{.name = "enhanced.avro.schema.support", .doc = one_way},
    Option{.name = "connect.meta.data", .doc = "what Connect knows of a type is always in its schema"},
    Option{.name = "schemas.cache.config", .doc = "every schema is made once"},
    Option{.name = "schemas.cache.size", .doc = "every schema is made once"},
};
constexpr std::array plain_options = {
    Option{.name = "schemas.enable", .doc = "this converter writes no schemas"},
    Option{.name = "converter.encoding", .doc = "strings are written in UTF-8"},
};

std::span<const Option> options_of(ConverterSpec::Kind kind) {
  switch (kind) {
    case ConverterSpec::Kind::json: return json_options;
    case ConverterSpec::Kind::avro: return avro_options;
    default: return plain_options;
  }
}

Error unknown_class(const Property& property) {
  std::vector<std::string> names;
  std::string list;
  for (const ConverterClass& c : classes) {
    names.emplace_back(c.name);
    list += (list.empty() ? "" : ", ") + std::string(c.name);
  }
  std::string near = did_you_mean(property.value, names);
  return Error(ErrorKind::usage, "there is no converter '" + property.value + "'")
      .where(property.where)
      .remedy((near.empty() ? "" : near + " ") + "There are " + list + ".");
}

}  // namespace

Result<ConverterSpec> read_converter(std::string_view prefix, const Properties& properties, ConverterSpec otherwise,
                                     OptionNotes& notes) {
  ConverterSpec::Kind kind = otherwise.kind;
  bool named = false;
  if (const Property* property = find_property(properties, prefix)) {
    const ConverterClass* found = std::ranges::find_if(
        classes, [&](const ConverterClass& c) { return c.name == property->value || c.short_name == property->value; });
    if (found == std::end(classes)) return unknown_class(*property);
    kind = found->kind;
    named = true;
  }
  Properties own;
  std::string front = std::string(prefix) + ".";
  for (const Property& property : properties)
    if (property.name.starts_with(front))
      own.push_back({property.name.substr(front.size()), property.value, property.where});
  if (!named && own.empty()) return otherwise;
  OptionNotes own_notes;
  auto spec = parse_options<ConverterSpec>(options_of(kind), own, &own_notes);
  if (!spec) return std::move(spec).error().within("'" + front + "*'");
  for (const std::string& note : own_notes) notes.push_back("'" + front + note.substr(1));
  spec->kind = kind;
  return spec;
}

namespace {

// The text of a string, or the bytes, as they are.
class PlainConverter : public ConnectConverter {
 public:
  explicit PlainConverter(ConverterSpec::Kind kind) : kind_(kind) {}

  Result<void> encode(const std::string& topic, const ConnectTypeRef& type, const Column& column, Rows rows, Texts& out,
                      RowFailures& failures) override {
    bool fits = column.type().textual();
    if (kind_ == ConverterSpec::Kind::string && !fits) return json_->encode(topic, type, column, rows, out, failures);
    rows.for_each([&](std::uint32_t row) {
      if (!fits)
        failures.push_back({row, "ByteArrayConverter writes nothing but bytes"});
      else
        out.bytes.append(column.string(row));
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    });
    return {};
  }

 private:
  const ConverterSpec::Kind kind_;
  // What StringConverter would print by Java's toString(), which nobody can read back: JSON instead.
  std::unique_ptr<ConnectConverter> json_ = make_connect_json({.schemas = false});
};

}  // namespace

Result<std::unique_ptr<ConnectConverter>> make_converter(const ConverterSpec& spec, Side side, SchemaStore* schemas) {
  switch (spec.kind) {
    case ConverterSpec::Kind::json: return make_connect_json(spec);
    case ConverterSpec::Kind::avro: LV_ASSERT(schemas != nullptr); return make_connect_avro(side, *schemas);
    case ConverterSpec::Kind::string:
    case ConverterSpec::Kind::bytes: return std::make_unique<PlainConverter>(spec.kind);
  }
  LV_UNREACHABLE();
}

}  // namespace levada
