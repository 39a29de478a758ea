// ValueToKey: the key is made of fields of the value.
#include <array>

#include "connectors/transforms/records.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

struct ValueToKeyOptions {
  std::vector<std::string> fields;
};

constexpr std::array option_table = {
    Option{.name = "fields",
           .field = option<&ValueToKeyOptions::fields>,
           .doc = "The fields of the value that make the key.",
           .required = true},
    Option{.name = "replace.null.with.default", .doc = "a null stays a null"},
};

class ValueToKey : public Transform {
 public:
  explicit ValueToKey(std::vector<std::string> fields) : fields_(std::move(fields)) {}

  void apply(const ConnectRecords& records, std::vector<ConnectRecords>& out, RowFailures& failures) override {
    RowFailures own;
    for (std::uint32_t row = 0; row < records.size; ++row)
      if (is_tombstone(records, row)) own.push_back({row, "there is no value to make the key of"});
    if (records.value_type && records.value) {
      const Plan& plan = plans_.of(records.value_type, [&](const ConnectTypeRef& type) { return make_plan(*type); });
      if (!plan.wrong.empty()) {
        own.clear();
        for (std::uint32_t row = 0; row < records.size; ++row) own.push_back({row, plan.wrong});
      } else {
        ConnectRecords keyed = records;
        std::vector<Column> columns;
        for (std::size_t field : plan.fields)
          columns.push_back(copy_of(records.value->child(field), Rows::all(records.size)));
        keyed.key_type = plan.type;
        keyed.key = make_structure(physical_type(*plan.type).fields(), std::move(columns), records.size, nullptr);
        keyed = without(keyed, own);
        if (keyed.size > 0) out.push_back(std::move(keyed));
      }
    }
    failures.insert(failures.end(), own.begin(), own.end());
  }

 private:
  struct Plan {
    std::vector<std::size_t> fields;
    ConnectTypeRef type;
    std::string wrong;
  };

  Plan make_plan(const ConnectType& value) const {
    Plan plan;
    ConnectType key{.kind = ConnectType::Kind::structure};
    if (value.kind != ConnectType::Kind::structure) plan.wrong = "the value is no structure with fields";
    for (const std::string& name : fields_) {
      auto field = find_field(value, name);
      if (!field) {
        if (plan.wrong.empty()) plan.wrong = "the value has no field " + name;
        continue;
      }
      plan.fields.push_back(*field);
      key.fields.push_back(value.fields[*field]);
    }
    plan.type = std::make_shared<const ConnectType>(std::move(key));
    return plan;
  }

  const std::vector<std::string> fields_;
  Plans<Plan> plans_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side /*side*/, OptionNotes& notes) {
  return std::make_unique<ValueToKey>(
      LV_TRY(parse_options<ValueToKeyOptions>(option_table, properties, &notes)).fields);
}

}  // namespace

constinit const TransformKind value_to_key{
    .type = "org.apache.kafka.connect.transforms.ValueToKey",
    .sided = false,
    .doc = "The key is made of fields of the value.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
