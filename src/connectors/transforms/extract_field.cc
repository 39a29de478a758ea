// ExtractField: a field instead of the structure that it is in.
#include <array>

#include "connectors/transforms/side_transform.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

enum class Syntax : std::uint8_t { names, paths };
constexpr std::string_view syntax_names[] = {"V1", "V2"};
constexpr std::span<const std::string_view> names_of_values(Syntax) { return syntax_names; }

struct ExtractFieldOptions {
  std::string field;
  Syntax syntax = Syntax::names;
};

constexpr std::array option_table = {
    Option{.name = "field", .field = option<&ExtractFieldOptions::field>, .doc = "The field.", .required = true},
    Option{.name = "field.syntax.version",
           .field = option<&ExtractFieldOptions::syntax>,
           .fallback = "V1",
           .doc = "V2: 'a.b' is the field b of the structure a."},
    Option{.name = "replace.null.with.default", .doc = "a null stays a null"},
};

class ExtractField : public SideTransform {
 public:
  ExtractField(Side side, const ExtractFieldOptions& options) : SideTransform(side) {
    std::string rest = options.field;
    if (options.syntax == Syntax::paths)
      for (std::size_t dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
        path_.push_back(rest.substr(0, dot));
        rest = rest.substr(dot + 1);
      }
    path_.push_back(rest);
  }

 private:
  void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records, RowFailures& failures) override {
    for (const std::string& name : path_) {
      if (fail_unless_structure(*type, *column, failures)) return;
      auto field = find_field(*type, name);
      if (!field) return fail_all(*column, "there is no field " + name, failures);
      auto child = std::make_shared<Column>(copy_of(column->child(*field), Rows::all(records.size)));
      for (std::uint32_t row = 0; column->has_nulls() && row < records.size; ++row)
        if (column->is_null(row) && !child->is_null(row)) child->set_null(row);
      type = type->fields[*field].type;
      column = std::move(child);
    }
  }

  std::vector<std::string> path_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side side, OptionNotes& notes) {
  return std::make_unique<ExtractField>(side,
                                        LV_TRY(parse_options<ExtractFieldOptions>(option_table, properties, &notes)));
}

}  // namespace

constinit const TransformKind extract_field{
    .type = "org.apache.kafka.connect.transforms.ExtractField",
    .sided = true,
    .doc = "A field instead of the structure that it is in.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
