// From columns to Avro's bytes, row by row. Rows of scalars are written into room that was reckoned beforehand; what is
// nested is written value by value.
#include <cstring>

#include "batch/decimal_bytes.h"
#include "formats/avro.h"
#include "formats/avro_fields.h"

namespace levada {
namespace {

constexpr std::size_t scalar_room = 20;  // the longest: a decimal behind its length, and a branch

char* put_number(char* p, Int128 v) {
  char* end = put_unscaled_bytes(p + 1, v);
  *p = static_cast<char>(2 * (end - p - 1));  // its length: one byte
  return end;
}

char* put_text(char* p, const StringView& text) {
  p = put_varint(p, text.size());
  if (text.empty()) return p;  // nobody promises that there is anything to read
  return put_padded(p, text.data(), text.size());
}

// A value of a scalar kind; strings need room for themselves.
char* put_scalar(char* p, const Column& column, std::uint32_t row) {
  switch (column.type().kind()) {
    case TypeKind::boolean: *p++ = static_cast<char>(column.values<std::uint8_t>()[row]); return p;
    case TypeKind::int32:
    case TypeKind::date: return put_varint(p, column.values<std::int32_t>()[row]);
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp: return put_varint(p, column.values<std::int64_t>()[row]);
    case TypeKind::float64: store(p, column.values<double>()[row]); return p + 8;
    case TypeKind::decimal: return put_number(p, column.values<Int128>()[row]);
    case TypeKind::string:
    case TypeKind::bytes: return put_text(p, column.values<StringView>()[row]);
    default: LV_UNREACHABLE();
  }
}

// A value of any type behind its branch; false: a map has a null key.
bool append_value(Buffer& out, const Column& column, std::uint32_t row);

bool append_list(Buffer& out, const Column& column, std::uint32_t row) {
  std::uint32_t first = column.offsets()[row], last = column.offsets()[row + 1];
  bool map = column.type().kind() == TypeKind::map, entries = avro_has_entries(column.type());
  if (last > first) out.commit(put_varint(out.room(max_varint_size), last - first));
  for (std::uint32_t i = first; i < last; ++i) {
    if (map && !entries) {
      const Column& key = column.child(0);
      if (key.is_null(i)) return false;
      out.commit(put_scalar(out.room(scalar_room + key.values<StringView>()[i].size()), key, i));
    } else if (map && !append_value(out, column.child(0), i)) {
      return false;
    }
    if (!append_value(out, column.child(map ? 1 : 0), i)) return false;
  }
  out.append('\0');
  return true;
}

// A value that is there, without a branch.
bool append_present(Buffer& out, const Column& column, std::uint32_t row) {
  const Type& type = column.type();
  if (type.kind() == TypeKind::structure) {
    for (std::size_t i = 0; i < type.fields().size(); ++i)
      if (!append_value(out, column.child(i), row)) return false;
    return true;
  }
  if (type.nested()) return append_list(out, column, row);
  std::size_t room = scalar_room + (type.textual() ? column.values<StringView>()[row].size() : 0);
  out.commit(put_scalar(out.room(room), column, row));
  return true;
}

bool append_value(Buffer& out, const Column& column, std::uint32_t row) {
  bool is_null = column.is_null(row);
  out.append(is_null ? '\0' : '\2');
  return is_null || append_present(out, column, row);
}

class AvroEncoder : public Encoder {
 public:
  explicit AvroEncoder(const FormatSpec& spec)
      : bare_(avro_is_bare(spec)), unregistered_(spec.fields.empty() && spec.schema_id == 0), fields_(spec.fields) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      required_.push_back(bare_ || avro_is_required(spec, i));
      nested_ |= fields_[i].type.nested();
      if (fields_[i].type.textual()) texts_.push_back(i);
    }
    framing_[0] = 0;
    store_big(framing_ + 1, spec.schema_id);
  }

  void encode(std::span<const ColumnRef> columns, Rows rows, Texts& out, RowFailures& failures) override {
    out.ends.reserve(out.ends.size() + rows.size());
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      std::size_t begin = out.bytes.size();
      std::uint32_t row = rows[i];
      bool nothing = unregistered_ || (bare_ && columns[0]->is_null(row));
      std::size_t failed = nothing   ? fields_.size()
                           : nested_ ? put_nested(columns, row, out.bytes)
                                     : put_flat(columns, row, out.bytes);
      if (failed < fields_.size()) {
        out.bytes.resize(begin);
        failures.push_back({row, "field " + fields_[failed].name +
                                     (columns[failed]->is_null(row) ? ": it is null, but its table says NOT NULL"
                                                                    : ": Avro has no null keys in a map")});
      }
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    }
  }

 private:
  // Both return the field that has no form, or how many there are.
  std::size_t put_flat(std::span<const ColumnRef> columns, std::uint32_t row, Buffer& out) const {
    std::size_t room = schema_frame_size + fields_.size() * scalar_room + Buffer::padding;
    for (std::size_t t : texts_) room += columns[t]->values<StringView>()[row].size();
    char* p = out.room(room);
    std::memcpy(p, framing_, schema_frame_size);
    p += schema_frame_size;
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      const Column& column = *columns[f];
      bool is_null = column.is_null(row);
      if (!required_[f]) *p++ = is_null ? '\0' : '\2';
      if (!is_null)
        p = put_scalar(p, column, row);
      else if (required_[f])
        return f;
    }
    out.commit(p);
    return fields_.size();
  }

  std::size_t put_nested(std::span<const ColumnRef> columns, std::uint32_t row, Buffer& out) const {
    out.append({framing_, schema_frame_size});
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      bool good = required_[f] ? !columns[f]->is_null(row) && append_present(out, *columns[f], row)
                               : append_value(out, *columns[f], row);
      if (!good) return f;
    }
    return fields_.size();
  }

  const bool bare_;
  const bool unregistered_;  // a side without columns that nobody gave a schema: no bytes at all
  const std::vector<Field> fields_;
  std::vector<bool> required_;
  std::vector<std::size_t> texts_;
  bool nested_ = false;
  char framing_[schema_frame_size];
};

}  // namespace

std::unique_ptr<Encoder> make_avro_encoder(const FormatSpec& spec) { return std::make_unique<AvroEncoder>(spec); }

}  // namespace levada
