// ReplaceField: fields are left out, or get other names.
#include <algorithm>
#include <array>

#include "connectors/transforms/side_transform.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

struct ReplaceFieldOptions {
  std::vector<std::string> exclude, include, blacklist, whitelist, renames;
};

constexpr std::array option_table = {
    Option{.name = "exclude", .field = option<&ReplaceFieldOptions::exclude>, .doc = "Fields that are left out."},
    Option{.name = "include",
           .field = option<&ReplaceFieldOptions::include>,
           .doc = "The fields that stay; none given: all."},
    Option{
        .name = "blacklist", .field = option<&ReplaceFieldOptions::blacklist>, .doc = "The older name of 'exclude'."},
    Option{
        .name = "whitelist", .field = option<&ReplaceFieldOptions::whitelist>, .doc = "The older name of 'include'."},
    Option{.name = "renames", .field = option<&ReplaceFieldOptions::renames>, .doc = "Old and new names: a:b,c:d."},
    Option{.name = "replace.null.with.default", .doc = "a null stays a null"},
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

class ReplaceField : public SideTransform {
 public:
  ReplaceField(Side side, ReplaceFieldOptions options, Pairs renames)
      : SideTransform(side), options_(std::move(options)), renames_(std::move(renames)) {}

 private:
  struct Plan {
    std::vector<std::size_t> kept;
    ConnectTypeRef type;
  };

  void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records, RowFailures& failures) override {
    if (fail_unless_structure(*type, *column, failures)) return;
    const Plan& plan = plans_.of(type, [&](const ConnectTypeRef& whole) { return make_plan(*whole); });
    std::vector<Column> fields;
    for (std::size_t field : plan.kept) fields.push_back(copy_of(column->child(field), Rows::all(records.size)));
    column = make_structure(physical_type(*plan.type).fields(), std::move(fields), records.size, column.get());
    type = plan.type;
  }

  Plan make_plan(const ConnectType& whole) const {
    Plan plan;
    ConnectType type = whole;
    type.fields.clear();
    auto is_in = [](const std::vector<std::string>& names, const std::string& name) {
      return std::ranges::find(names, name) != names.end();
    };
    for (std::size_t i = 0; i < whole.fields.size(); ++i) {
      ConnectField field = whole.fields[i];
      if (is_in(options_.exclude, field.name) || (!options_.include.empty() && !is_in(options_.include, field.name)))
        continue;
      auto renamed = std::ranges::find(renames_, field.name, &Pairs::value_type::first);
      if (renamed != renames_.end()) field.name = renamed->second;
      plan.kept.push_back(i);
      type.fields.push_back(std::move(field));
    }
    plan.type = std::make_shared<const ConnectType>(std::move(type));
    return plan;
  }

  const ReplaceFieldOptions options_;
  const Pairs renames_;
  Plans<Plan> plans_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side side, OptionNotes& notes) {
  auto options = LV_TRY(parse_options<ReplaceFieldOptions>(option_table, properties, &notes));
  options.exclude.insert(options.exclude.end(), options.blacklist.begin(), options.blacklist.end());
  options.include.insert(options.include.end(), options.whitelist.begin(), options.whitelist.end());
  auto renames = LV_TRY(read_pairs(options.renames, "renames"));
  return std::make_unique<ReplaceField>(side, std::move(options), std::move(renames));
}

}  // namespace

constinit const TransformKind replace_field{
    .type = "org.apache.kafka.connect.transforms.ReplaceField",
    .sided = true,
    .doc = "Fields are left out, or get other names.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
