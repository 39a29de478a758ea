#include "batch/type.h"

namespace levada {

Type Type::decimal(int precision, int scale) {
  LV_ASSERT(precision >= 1 && precision <= max_precision && scale >= 0 && scale <= precision);
  Type t;
  t.kind_ = TypeKind::decimal;
  t.precision_ = static_cast<std::uint8_t>(precision);
  t.scale_ = static_cast<std::uint8_t>(scale);
  return t;
}

Type Type::array(Type element) {
  Type t;
  t.kind_ = TypeKind::array;
  t.children_ = std::make_shared<const std::vector<Field>>(std::vector<Field>{{"ELEMENT", std::move(element)}});
  return t;
}

Type Type::map(Type key, Type value) {
  Type t;
  t.kind_ = TypeKind::map;
  t.children_ = std::make_shared<const std::vector<Field>>(
      std::vector<Field>{{"KEY", std::move(key)}, {"VALUE", std::move(value)}});
  return t;
}

Type Type::structure(std::vector<Field> fields) {
  Type t;
  t.kind_ = TypeKind::structure;
  t.children_ = std::make_shared<const std::vector<Field>>(std::move(fields));
  return t;
}

const std::vector<Field>& Type::children() const {
  LV_ASSERT(children_ != nullptr);
  return *children_;
}
const Type& Type::element() const {
  LV_ASSERT(kind_ == TypeKind::array);
  return children()[0].type;
}
const Type& Type::key() const {
  LV_ASSERT(kind_ == TypeKind::map);
  return children()[0].type;
}
const Type& Type::value() const {
  LV_ASSERT(kind_ == TypeKind::map);
  return children()[1].type;
}
const std::vector<Field>& Type::fields() const {
  LV_ASSERT(kind_ == TypeKind::structure);
  return children();
}

bool Type::operator==(const Type& other) const {
  if (kind_ != other.kind_ || precision_ != other.precision_ || scale_ != other.scale_) return false;
  return children_ == other.children_ || (children_ && other.children_ && *children_ == *other.children_);
}

std::string Type::text() const {
  switch (kind_) {
    case TypeKind::boolean: return "BOOLEAN";
    case TypeKind::int32: return "INTEGER";
    case TypeKind::int64: return "BIGINT";
    case TypeKind::float64: return "DOUBLE";
    case TypeKind::decimal: return "DECIMAL(" + std::to_string(precision_) + ", " + std::to_string(scale_) + ")";
    case TypeKind::string: return "STRING";
    case TypeKind::bytes: return "BYTES";
    case TypeKind::date: return "DATE";
    case TypeKind::time: return "TIME";
    case TypeKind::timestamp: return "TIMESTAMP";
    case TypeKind::array: return "ARRAY<" + element().text() + ">";
    case TypeKind::map: return "MAP<" + key().text() + ", " + value().text() + ">";
    case TypeKind::structure: return "STRUCT<" + text_of(fields()) + ">";
  }
  LV_UNREACHABLE();
}

std::string text_of(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields) text += (text.empty() ? "`" : ", `") + field.name + "` " + field.type.text();
  return text;
}

}  // namespace levada
