#include "connectors/postgres/structure_reader.h"

#include "batch/decimal.h"
#include "batch/decimal_bytes.h"
#include "batch/number_text.h"
#include "connectors/postgres/scalar_reader.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

ConnectTypeRef field_type(Kind kind, bool optional) {
  return std::make_shared<const ConnectType>(ConnectType{.kind = kind, .optional = optional});
}

// put(text, column, row) writes the fields of a row that is there, with all fields zero.
template <class Put>
class StructureReader : public ValueReader {
 public:
  StructureReader(Put put, std::string_view what) : put_(put), what_(what) {}

  void read(const FieldText* values, std::size_t stride, std::uint32_t rows, Column& out,
            RowFailures& failures) const override {
    std::uint32_t first = out.size();
    out.extend(rows);
    for (std::uint32_t row = 0; row < rows; ++row, values += stride) {
      if (values->kind == FieldText::Kind::text) {
        if (put_(values->view(), out, first + row)) continue;
        failures.push_back({row, wrong_text(*values, what_)});
      }
      out.set_null(first + row);
    }
  }

 private:
  const Put put_;
  const std::string what_;
};

bool put_point(std::string_view text, Column& out, std::uint32_t row) {
  std::size_t comma = text.find(',');
  if (comma == std::string_view::npos || !text.starts_with('(') || !text.ends_with(')')) return false;
  auto x = parse_double(text.substr(1, comma - 1)), y = parse_double(text.substr(comma + 1, text.size() - comma - 2));
  if (!x || !y) return false;
  out.child(0).values<double>()[row] = *x;
  out.child(1).values<double>()[row] = *y;
  char wkb[21] = {1, 1, 0, 0, 0};  // little endian, a point
  store(wkb + 5, *x);
  store(wkb + 13, *y);
  out.child(2).values<StringView>()[row] = out.child(2).keep({wkb, sizeof wkb});
  out.child(3).set_null(row);
  return true;
}

bool put_number(std::string_view text, Column& out, std::uint32_t row) {
  std::size_t point = text.find('.');
  int scale = point == std::string_view::npos ? 0 : static_cast<int>(text.size() - point - 1);
  StringView bytes;
  if (!put_unscaled(text, scale, out.child(1).arena(), bytes)) return false;
  out.child(0).values<std::int32_t>()[row] = scale;
  out.child(1).values<StringView>()[row] = bytes;
  return true;
}

}  // namespace

bool put_unscaled(std::string_view text, int scale, Arena& arena, StringView& value) {
  if (text.size() <= 36) {
    auto number = parse_decimal(text);
    if (number && number->scale == scale) {
      char* bytes = arena.allocate(16);
      value = StringView(bytes, static_cast<std::uint32_t>(put_unscaled_bytes(bytes, number->unscaled) - bytes));
      return true;
    }
  }
  std::string bytes;
  if (!append_decimal_bytes(bytes, text, scale)) return false;
  std::string_view kept = arena.copy(bytes);
  value = StringView(kept.data(), static_cast<std::uint32_t>(kept.size()));
  return true;
}

ConnectType point_type() {
  ConnectType type{.kind = Kind::structure, .name = "io.debezium.data.geometry.Point", .version = 1};
  type.doc = "Geometry (POINT)";
  type.fields = {{"x", field_type(Kind::float64, false)},
                 {"y", field_type(Kind::float64, false)},
                 {"wkb", field_type(Kind::bytes, true)},
                 {"srid", field_type(Kind::int32, true)}};
  return type;
}

std::shared_ptr<const ValueReader> point_reader() {
  return std::make_shared<StructureReader<decltype(&put_point)>>(&put_point, "a point");
}

ConnectType variable_scale_type() {
  ConnectType type{.kind = Kind::structure, .name = "io.debezium.data.VariableScaleDecimal", .version = 1};
  type.doc = "Variable scaled decimal";
  type.fields = {{"scale", field_type(Kind::int32, false)}, {"value", field_type(Kind::bytes, false)}};
  return type;
}

std::shared_ptr<const ValueReader> variable_scale_reader() {
  return std::make_shared<StructureReader<decltype(&put_number)>>(&put_number, "a number that a Decimal can hold");
}

}  // namespace levada
