// HoistField: the key or value as the only field of a structure.
#include <array>

#include "connectors/transforms/side_transform.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

struct HoistFieldOptions {
  std::string field;
};

constexpr std::array option_table = {
    Option{
        .name = "field", .field = option<&HoistFieldOptions::field>, .doc = "The name of the field.", .required = true},
};

class HoistField : public SideTransform {
 public:
  HoistField(Side side, std::string field) : SideTransform(side), field_(std::move(field)) {}

 private:
  void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records,
              RowFailures& /*failures*/) override {
    ConnectTypeRef hoisted = types_.of(type, [&](const ConnectTypeRef& inner) {
      return ConnectTypeRef(std::make_shared<const ConnectType>(
          ConnectType{.kind = ConnectType::Kind::structure, .fields = {{field_, inner}}}));
    });
    std::vector<Column> fields;
    fields.push_back(copy_of(*column, Rows::all(records.size)));
    column = make_structure(physical_type(*hoisted).fields(), std::move(fields), records.size, column.get());
    type = hoisted;
  }

  const std::string field_;
  Plans<ConnectTypeRef> types_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side side, OptionNotes& notes) {
  return std::make_unique<HoistField>(side,
                                      LV_TRY(parse_options<HoistFieldOptions>(option_table, properties, &notes)).field);
}

}  // namespace

constinit const TransformKind hoist_field{
    .type = "org.apache.kafka.connect.transforms.HoistField",
    .sided = true,
    .doc = "The key or value as the only field of a structure.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
