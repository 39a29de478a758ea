// Types: INT, DECIMAL(10, 2), ARRAY<STRUCT<a INT, b MAP<STRING, INT>>>, or a name of CREATE TYPE.
#include "sql/grammar.h"

namespace levada {

Result<ast::TypeName> Grammar::type() {
  Form form(*this,
            "BOOLEAN | INT | BIGINT | DOUBLE | DECIMAL(precision, scale) | STRING | BYTES | DATE | TIME | TIMESTAMP | "
            "ARRAY<type> | MAP<type, type> | STRUCT<field type, …> | a name of CREATE TYPE");
  Level level(*this);
  LV_TRY(level.check());
  std::uint32_t first = begin();
  std::size_t parts = at("ARRAY") ? 1 : at("MAP") ? 2 : 0;
  bool is_structure = at("STRUCT");
  ast::TypeName type;
  type.name = LV_TRY(name("a type"));
  if (parts == 0 && !is_structure &&
      (type.name.text == "ARRAY" || type.name.text == "MAP" || type.name.text == "STRUCT"))
    return wrong(type.name.span, "a type of one's own cannot be called " + type.name.text);
  if (is_structure) {
    LV_TRY(structure_fields(type));
  } else if (parts > 0) {
    LV_TRY(expect("<"));
    for (std::size_t i = 0; i < parts; ++i) {
      if (i > 0) LV_TRY(expect(","));
      auto part = LV_TRY(this->type());
      type.fields.push_back({{}, std::move(part)});
    }
    LV_TRY(expect(">"));
  } else if (at("(")) {
    LV_TRY(type_arguments(type));
  }
  type.span = since(first);
  return type;
}

Result<void> Grammar::type_arguments(ast::TypeName& type) {
  LV_TRY(expect("("));
  do {
    if (accept("STRING")) continue;  // VARCHAR(STRING): old ksqlDB, means nothing
    type.numbers.push_back(LV_TRY(whole_number("a whole number")));
  } while (accept(","));
  return expect(")");
}

Result<void> Grammar::structure_fields(ast::TypeName& type) {
  if (accept("<>")) return {};
  LV_TRY(expect("<"));
  if (accept(">")) return {};
  do {
    auto field = LV_TRY(name("a field name"));
    auto field_type = LV_TRY(this->type());
    type.fields.push_back({std::move(field), std::move(field_type)});
  } while (accept(","));
  return expect(">");
}

}  // namespace levada
