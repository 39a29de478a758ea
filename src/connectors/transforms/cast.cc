// Cast: fields, or the whole key or value, to another type: spec=price:float64,id:string. A number that the new type
// cannot hold is a record that cannot be taken; Connect would wrap it round. Fractions are cut off.
#include <array>
#include <cmath>
#include <limits>

#include "batch/decimal_bytes.h"
#include "batch/number_text.h"
#include "connectors/transforms/side_transform.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

struct CastOptions {
  std::vector<std::string> spec;
};

constexpr std::array option_table = {
    Option{.name = "spec",
           .field = option<&CastOptions::spec>,
           .doc = "field:type,field:type, or one type for the whole.",
           .required = true},
    Option{.name = "replace.null.with.default", .doc = "a null stays a null"},
};

struct Target {
  std::string_view name;
  Kind kind;
};
constexpr Target targets[] = {
    {"int8", Kind::int8},       {"int16", Kind::int16},     {"int32", Kind::int32},     {"int64", Kind::int64},
    {"float32", Kind::float32}, {"float64", Kind::float64}, {"boolean", Kind::boolean}, {"string", Kind::string},
};

Result<Kind> read_kind(const std::string& name) {
  std::string list;
  for (const Target& target : targets) {
    if (target.name == name) return target.kind;
    list += (list.empty() ? "" : ", ") + std::string(target.name);
  }
  return Error(ErrorKind::usage, "'spec': there is no type " + name).remedy("There are " + list + ".");
}

constexpr std::string_view decimal_name = "org.apache.kafka.connect.data.Decimal";

// The value as text, from which every other type can be read.
std::string text_value(const ConnectType& type, const Column& column, std::uint32_t row) {
  if (type.kind == Kind::bytes && type.name == decimal_name) {
    std::string text;
    append_decimal_text(text, column.string(row),
                        static_cast<int>(parse_integer(parameter(type, "scale")).value_or(0)));
    return text;
  }
  std::string text = text_of(type, column, row);
  if (type.kind != Kind::string && text.starts_with('"')) text = text.substr(1, text.size() - 2);  // base64, NaN
  return text;
}

// The number without its fraction.
bool whole_number(const std::string& text, std::int64_t& whole) {
  if (text == "true" || text == "false") {
    whole = text == "true";
    return true;
  }
  if (text.find_first_of("eE") == std::string::npos) {
    auto digits = parse_integer(text.substr(0, text.find('.')));
    whole = digits.value_or(0);
    return digits.has_value();
  }
  auto number = parse_double(text);
  if (!number || std::abs(*number) >= 9.2e18) return false;
  whole = static_cast<std::int64_t>(*number);
  return true;
}

// False: the type has no such value.
bool put(Kind kind, const std::string& text, Column& out) {
  switch (kind) {
    case Kind::string: out.append_string(text); return true;
    case Kind::boolean: {
      if (text == "true" || text == "false") return out.append<std::uint8_t>(text == "true"), true;
      auto number = parse_double(text);
      if (!number) return false;
      return out.append<std::uint8_t>(*number != 0), true;
    }
    case Kind::float32:
    case Kind::float64: {
      if (text == "true" || text == "false") return out.append(text == "true" ? 1.0 : 0.0), true;
      auto number = parse_double(text);
      if (!number) return false;
      return out.append(kind == Kind::float32 ? static_cast<double>(static_cast<float>(*number)) : *number), true;
    }
    default: break;
  }
  std::int64_t whole = 0;
  if (!whole_number(text, whole)) return false;
  if (kind == Kind::int64) return out.append(whole), true;
  std::int64_t most = kind == Kind::int8    ? std::numeric_limits<std::int8_t>::max()
                      : kind == Kind::int16 ? std::numeric_limits<std::int16_t>::max()
                                            : std::numeric_limits<std::int32_t>::max();
  if (whole > most || whole < -most - 1) return false;
  return out.append(static_cast<std::int32_t>(whole)), true;
}

class Cast : public SideTransform {
 public:
  Cast(Side side, std::optional<Kind> whole, std::map<std::string, Kind> fields)
      : SideTransform(side), whole_(whole), fields_(std::move(fields)) {}

 private:
  void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records, RowFailures& failures) override {
    if (whole_) {
      column = std::make_shared<const Column>(cast(*type, *column, *whole_, "", failures));
      type = types_.of(type, [&](const ConnectTypeRef& from) { return scalar_type(*whole_, from->optional); });
      return;
    }
    if (fail_unless_structure(*type, *column, failures)) return;
    ConnectTypeRef changed = types_.of(type, [&](const ConnectTypeRef& from) {
      ConnectType copy = *from;
      for (ConnectField& field : copy.fields)
        if (auto kind = fields_.find(field.name); kind != fields_.end())
          field.type = cast_type(*field.type, kind->second);
      return ConnectTypeRef(std::make_shared<const ConnectType>(std::move(copy)));
    });
    std::vector<Column> columns;
    for (std::size_t i = 0; i < type->fields.size(); ++i) {
      const ConnectField& field = type->fields[i];
      auto kind = fields_.find(field.name);
      if (kind == fields_.end())
        columns.push_back(copy_of(column->child(i), Rows::all(records.size)));
      else
        columns.push_back(cast(*field.type, column->child(i), kind->second, "field " + field.name + ": ", failures));
    }
    column = make_structure(physical_type(*changed).fields(), std::move(columns), records.size, column.get());
    type = changed;
  }

  // A default that is a number or text of the new type stays.
  static ConnectTypeRef cast_type(const ConnectType& from, Kind kind) {
    ConnectType type{.kind = kind, .optional = from.optional};
    if (from.kind == kind) type.fallback = from.fallback;
    return std::make_shared<const ConnectType>(std::move(type));
  }

  static Column cast(const ConnectType& from, const Column& column, Kind kind, const std::string& front,
                     RowFailures& failures) {
    Column out(physical_type(*scalar_type(kind, true)));
    for (std::uint32_t row = 0; row < column.size(); ++row) {
      if (column.is_null(row)) {
        out.append_null();
        continue;
      }
      std::string text;
      if (!column.type().nested()) text = text_value(from, column, row);
      if (!column.type().nested() && put(kind, text, out)) continue;
      out.append_null();
      std::string name;
      for (const Target& target : targets)
        if (target.kind == kind) name = target.name;
      failures.push_back(
          {row, front + (column.type().nested() ? "a nested value" : "'" + text + "'") + " cannot be cast to " + name});
    }
    return out;
  }

  const std::optional<Kind> whole_;
  const std::map<std::string, Kind> fields_;
  Plans<ConnectTypeRef> types_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side side, OptionNotes& notes) {
  auto options = LV_TRY(parse_options<CastOptions>(option_table, properties, &notes));
  if (options.spec.size() == 1 && options.spec[0].find(':') == std::string::npos)
    return std::make_unique<Cast>(side, LV_TRY(read_kind(options.spec[0])), std::map<std::string, Kind>());
  std::map<std::string, Kind> fields;
  for (const auto& [field, type] : LV_TRY(read_pairs(options.spec, "spec"))) fields[field] = LV_TRY(read_kind(type));
  if (fields.empty()) return Error(ErrorKind::usage, "'spec' is empty").remedy(std::string(option_table[0].doc));
  return std::make_unique<Cast>(side, std::nullopt, std::move(fields));
}

}  // namespace

constinit const TransformKind cast_transform{
    .type = "org.apache.kafka.connect.transforms.Cast",
    .sided = true,
    .doc = "Fields, or the whole key or value, to another type.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
