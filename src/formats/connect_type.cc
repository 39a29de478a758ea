#include "formats/connect_type.h"

#include <algorithm>

namespace levada {
namespace {

bool same(const ConnectTypeRef& a, const ConnectTypeRef& b) { return a == b || (a && b && *a == *b); }

}  // namespace

Type physical_type(const ConnectType& type) {
  switch (type.kind) {
    case ConnectType::Kind::int8:
    case ConnectType::Kind::int16:
    case ConnectType::Kind::int32: return TypeKind::int32;
    case ConnectType::Kind::int64: return TypeKind::int64;
    case ConnectType::Kind::float32:
    case ConnectType::Kind::float64: return TypeKind::float64;
    case ConnectType::Kind::boolean: return TypeKind::boolean;
    case ConnectType::Kind::string: return TypeKind::string;
    case ConnectType::Kind::bytes: return TypeKind::bytes;
    case ConnectType::Kind::array: return Type::array(physical_type(*type.element));
    case ConnectType::Kind::map: return Type::map(physical_type(*type.key), physical_type(*type.element));
    case ConnectType::Kind::structure: {
      std::vector<Field> fields;
      for (const ConnectField& field : type.fields) fields.push_back({field.name, physical_type(*field.type)});
      return Type::structure(std::move(fields));
    }
  }
  LV_UNREACHABLE();
}

ConnectTypeRef scalar_type(ConnectType::Kind kind, bool optional) {
  return std::make_shared<const ConnectType>(ConnectType{.kind = kind, .optional = optional});
}

ConnectTypeRef structure_type(std::string name, std::optional<std::int32_t> version, bool optional,
                              std::vector<ConnectField> fields) {
  return std::make_shared<const ConnectType>(ConnectType{.kind = ConnectType::Kind::structure,
                                                         .optional = optional,
                                                         .name = std::move(name),
                                                         .version = version,
                                                         .fields = std::move(fields)});
}

bool operator==(const ConnectType& a, const ConnectType& b) {
  return a.kind == b.kind && a.optional == b.optional && a.name == b.name && a.version == b.version &&
         a.parameters == b.parameters && a.doc == b.doc && a.fallback == b.fallback && same(a.key, b.key) &&
         same(a.element, b.element) &&
         std::ranges::equal(a.fields, b.fields, [](const ConnectField& x, const ConnectField& y) {
           return x.name == y.name && same(x.type, y.type);
         });
}

std::optional<std::size_t> find_field(const ConnectType& structure, std::string_view name) {
  auto found = std::ranges::find(structure.fields, name, &ConnectField::name);
  if (found == structure.fields.end()) return std::nullopt;
  return static_cast<std::size_t>(found - structure.fields.begin());
}

std::string_view parameter(const ConnectType& type, std::string_view name) {
  auto found = std::ranges::find(type.parameters, name, &std::pair<std::string, std::string>::first);
  return found == type.parameters.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace levada
