// MaskField: fields say nothing any more: 0, an empty text, or a replacement. A null stays a null.
#include <array>
#include <limits>

#include "batch/decimal_bytes.h"
#include "batch/number_text.h"
#include "connectors/transforms/side_transform.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

struct MaskFieldOptions {
  std::vector<std::string> fields;
  std::string replacement;
};

constexpr std::array option_table = {
    Option{.name = "fields", .field = option<&MaskFieldOptions::fields>, .doc = "The fields.", .required = true},
    Option{.name = "replacement",
           .field = option<&MaskFieldOptions::replacement>,
           .doc = "What numbers and texts become; without it 0, and an empty text."},
    Option{.name = "replace.null.with.default", .doc = "a null stays a null"},
};

// One value of the type; nullopt: the replacement is none.
std::optional<Column> masked_value(const ConnectType& type, const std::string& replacement) {
  Column value(physical_type(type));
  bool custom = !replacement.empty();
  switch (type.kind) {
    case Kind::int8:
    case Kind::int16:
    case Kind::int32:
    case Kind::int64: {
      auto number = custom ? parse_integer(replacement) : 0;
      if (!number) return std::nullopt;
      if (type.kind == Kind::int64) {
        value.append(*number);
        break;
      }
      std::int64_t most = type.kind == Kind::int8    ? std::numeric_limits<std::int8_t>::max()
                          : type.kind == Kind::int16 ? std::numeric_limits<std::int16_t>::max()
                                                     : std::numeric_limits<std::int32_t>::max();
      if (*number > most || *number < -most - 1) return std::nullopt;
      value.append(static_cast<std::int32_t>(*number));
      break;
    }
    case Kind::float32:
    case Kind::float64: {
      auto number = custom ? parse_double(replacement) : 0.0;
      if (!number) return std::nullopt;
      value.append(*number);
      break;
    }
    case Kind::boolean:
      if (custom) return std::nullopt;
      value.append<std::uint8_t>(0);
      break;
    case Kind::string: value.append_string(replacement); break;
    case Kind::bytes: {
      std::string bytes;
      if (type.name == "org.apache.kafka.connect.data.Decimal") {
        auto scale = static_cast<int>(parse_integer(parameter(type, "scale")).value_or(0));
        if (!append_decimal_bytes(bytes, custom ? replacement : "0", scale)) return std::nullopt;
      } else if (custom) {
        return std::nullopt;
      }
      value.append_string(bytes);
      break;
    }
    case Kind::array:
    case Kind::map:
      if (custom) return std::nullopt;
      value.append_list();
      break;
    case Kind::structure: return std::nullopt;
  }
  return value;
}

class MaskField : public SideTransform {
 public:
  MaskField(Side side, MaskFieldOptions options) : SideTransform(side), options_(std::move(options)) {}

 private:
  void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records, RowFailures& failures) override {
    if (fail_unless_structure(*type, *column, failures)) return;
    std::vector<bool> is_masked(type->fields.size(), false);
    for (const std::string& name : options_.fields)
      if (auto field = find_field(*type, name)) is_masked[*field] = true;
    std::vector<Column> fields;
    std::vector<Place> places(records.size);
    for (std::size_t i = 0; i < type->fields.size(); ++i) {
      const Column& child = column->child(i);
      if (!is_masked[i]) {
        fields.push_back(copy_of(child, Rows::all(records.size)));
        continue;
      }
      auto value = masked_value(*type->fields[i].type, options_.replacement);
      if (!value)
        return fail_all(*column,
                        "field " + type->fields[i].name + " cannot be masked" +
                            (options_.replacement.empty() ? "" : " with '" + options_.replacement + "'"),
                        failures);
      for (std::uint32_t row = 0; row < records.size; ++row)
        places[row] = child.is_null(row) ? Place{nullptr, row} : Place{&*value, 0};
      fields.push_back(gather(child.type(), places));
    }
    column = make_structure(physical_type(*type).fields(), std::move(fields), records.size, column.get());
  }

  const MaskFieldOptions options_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side side, OptionNotes& notes) {
  return std::make_unique<MaskField>(side, LV_TRY(parse_options<MaskFieldOptions>(option_table, properties, &notes)));
}

}  // namespace

constinit const TransformKind mask_field{
    .type = "org.apache.kafka.connect.transforms.MaskField",
    .sided = true,
    .doc = "Fields say nothing any more.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
