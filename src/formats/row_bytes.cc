#include "formats/row_bytes.h"

#include <cmath>
#include <limits>

namespace levada {
namespace {

// NaN is one NaN, -0.0 is 0.0.
template <class T>
T normal(T v) {
  if constexpr (std::is_same_v<T, double>) {
    if (v == 0) return 0;
    if (std::isnan(v)) return std::numeric_limits<double>::quiet_NaN();
  }
  return v;
}

void put_value(const Column& column, std::uint32_t row, ByteWriter& out) {
  if (column.is_null(row)) return out.little<std::uint8_t>(0);
  out.little<std::uint8_t>(1);
  switch (column.type().kind()) {
    case TypeKind::string:
    case TypeKind::bytes: return out.sized_bytes(column.string(row));
    case TypeKind::array:
    case TypeKind::map: {
      std::uint32_t begin = column.offsets()[row], end = column.offsets()[row + 1];
      out.unsigned_varint(end - begin);
      for (std::uint32_t i = begin; i < end; ++i)
        for (std::size_t c = 0; c < column.type().children().size(); ++c) put_value(column.child(c), i, out);
      return;
    }
    case TypeKind::structure:
      for (std::size_t c = 0; c < column.type().children().size(); ++c) put_value(column.child(c), row, out);
      return;
    default:
      with_physical(column.type().kind(), [&]<class T>() {
        if constexpr (!std::is_same_v<T, StringView>) out.little(normal(column.values<T>()[row]));
      });
  }
}

bool get_value(ByteReader& in, Column& column) {
  if (in.little<std::uint8_t>() == 0) {
    column.append_null();
    return in.ok();
  }
  switch (column.type().kind()) {
    case TypeKind::string:
    case TypeKind::bytes: column.append_string(in.sized_bytes()); break;
    case TypeKind::array:
    case TypeKind::map: {
      std::uint64_t count = in.unsigned_varint();
      for (std::uint64_t i = 0; i < count && in.ok(); ++i)
        for (std::size_t c = 0; c < column.type().children().size(); ++c) get_value(in, column.child(c));
      column.append_list();
      break;
    }
    case TypeKind::structure:
      for (std::size_t c = 0; c < column.type().children().size(); ++c) get_value(in, column.child(c));
      column.append_structure();
      break;
    default:
      with_physical(column.type().kind(), [&]<class T>() {
        if constexpr (!std::is_same_v<T, StringView>) column.append(in.little<T>());
      });
  }
  return in.ok();
}

}  // namespace

RowBytes::RowBytes(std::vector<Field> fields, Single single)
    : fields_(std::move(fields)), bare_(single == Single::bare && fields_.size() == 1 && fields_[0].type.textual()) {
  if (fields_.size() == 1 && !fields_[0].type.textual() && !fields_[0].type.nested())
    fixed_ = 1 + width_of(fields_[0].type.kind());
}

void RowBytes::encode(std::span<const ColumnRef> columns, Rows rows, std::vector<std::string_view>& bytes,
                      Bits& with_null) {
  LV_ASSERT(columns.size() == fields_.size());
  bytes.resize(rows.size());
  with_null.assign(rows.size(), false);
  for (const ColumnRef& column : columns) {
    if (!column->has_nulls()) continue;
    std::uint32_t i = 0;
    rows.for_each([&](std::uint32_t row) {
      if (column->is_null(row)) with_null.set(i);
      ++i;
    });
  }
  std::uint32_t i = 0;
  if (bare_) {
    const StringView* values = columns[0]->values<StringView>();
    rows.for_each([&](std::uint32_t row) { bytes[i++] = values[row].view(); });
    return;
  }
  buffer_.clear();
  if (fixed_ > 0 && !columns[0]->has_nulls()) {
    char* p = buffer_.room(rows.size() * fixed_);
    with_physical(fields_[0].type.kind(), [&]<class T>() {
      if constexpr (!std::is_same_v<T, StringView>) {
        const T* values = columns[0]->values<T>();
        rows.for_each([&](std::uint32_t row) {
          *p = 1;
          store(p + 1, normal(values[row]));
          bytes[i++] = {p, fixed_};
          p += fixed_;
        });
      }
    });
    return;
  }
  ends_.clear();
  ByteWriter out(buffer_);
  rows.for_each([&](std::uint32_t row) {
    for (const ColumnRef& column : columns) put_value(*column, row, out);
    ends_.push_back(buffer_.size());
  });
  std::size_t begin = 0;
  for (; i < ends_.size(); ++i) {
    bytes[i] = buffer_.view().substr(begin, ends_[i] - begin);
    begin = ends_[i];
  }
}

bool RowBytes::decode(std::string_view bytes, std::span<Column* const> columns) const {
  LV_ASSERT(columns.size() == fields_.size());
  if (bare_) {
    columns[0]->append_string(bytes);
    return true;
  }
  ByteReader in(bytes);
  std::uint32_t row = columns.empty() ? 0 : columns[0]->size();
  for (Column* column : columns) get_value(in, *column);
  if (in.ok() && in.at_end()) return true;
  for (Column* column : columns) {
    column->truncate(row);
    column->append_null();
  }
  return false;
}

bool RowBytes::decode(std::span<const std::string_view> rows, std::span<Column* const> columns) const {
  bool good = true;
  if (fixed_ == 0) {
    for (std::string_view row : rows) good &= decode(row, columns);
    return good;
  }
  with_physical(fields_[0].type.kind(), [&]<class T>() {
    if constexpr (!std::is_same_v<T, StringView>) {
      for (std::string_view row : rows) {
        if (row.size() == fixed_ && row[0] == 1) [[likely]]
          columns[0]->append(load<T>(row.data() + 1));
        else
          good &= decode(row, columns);
      }
    }
  });
  return good;
}

}  // namespace levada
