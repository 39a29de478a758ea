// Flatten: fields of structures in structures become fields of the whole: {"a":{"b":1}} is {"a.b":1}.
#include <array>

#include "connectors/transforms/side_transform.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

struct FlattenOptions {
  std::string delimiter;
};

constexpr std::array option_table = {
    Option{.name = "delimiter",
           .field = option<&FlattenOptions::delimiter>,
           .fallback = ".",
           .doc = "What stands between the names."},
};

class Flatten : public SideTransform {
 public:
  Flatten(Side side, std::string delimiter) : SideTransform(side), delimiter_(std::move(delimiter)) {}

 private:
  void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records,
              RowFailures& /*failures*/) override {
    if (type->kind != ConnectType::Kind::structure) return;
    ConnectTypeRef flat = types_.of(type, [&](const ConnectTypeRef& whole) {
      ConnectType copy = *whole;
      copy.fields.clear();
      flatten(*whole, "", whole->optional, copy.fields);
      return ConnectTypeRef(std::make_shared<const ConnectType>(std::move(copy)));
    });
    std::vector<Column> fields;
    std::vector<const Column*> above;
    flatten(*type, *column, above, records.size, fields);
    column = make_structure(physical_type(*flat).fields(), std::move(fields), records.size, column.get());
    type = flat;
  }

  // What is below something that may be null may be null itself.
  void flatten(const ConnectType& type, const std::string& front, bool optional,
               std::vector<ConnectField>& fields) const {
    for (const ConnectField& field : type.fields) {
      std::string name = front.empty() ? field.name : front + delimiter_ + field.name;
      if (field.type->kind == ConnectType::Kind::structure)
        flatten(*field.type, name, optional || field.type->optional, fields);
      else
        fields.push_back({name, with_optional(field.type, optional || field.type->optional)});
    }
  }

  void flatten(const ConnectType& type, const Column& column, std::vector<const Column*>& above, std::uint32_t rows,
               std::vector<Column>& fields) const {
    above.push_back(&column);
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      const ConnectType& field = *type.fields[i].type;
      if (field.kind == ConnectType::Kind::structure) {
        flatten(field, column.child(i), above, rows, fields);
        continue;
      }
      fields.push_back(copy_of(column.child(i), Rows::all(rows)));
      for (const Column* structure : above)
        for (std::uint32_t row = 0; structure->has_nulls() && row < rows; ++row)
          if (structure->is_null(row) && !fields.back().is_null(row)) fields.back().set_null(row);
    }
    above.pop_back();
  }

  const std::string delimiter_;
  Plans<ConnectTypeRef> types_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side side, OptionNotes& notes) {
  return std::make_unique<Flatten>(side,
                                   LV_TRY(parse_options<FlattenOptions>(option_table, properties, &notes)).delimiter);
}

}  // namespace

constinit const TransformKind flatten_transform{
    .type = "org.apache.kafka.connect.transforms.Flatten",
    .sided = true,
    .doc = "Fields of structures in structures become fields of the whole.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
