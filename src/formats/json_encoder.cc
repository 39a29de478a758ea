// Columns to JSON texts, field by field: 64 rows at a time, each with room of its own; all of them get the first
// member's name and value, then all the second's, and so on. So the numbers of a row do not wait for each other's
// lengths, and what a column is is asked once for 64 rows. In the end the texts are moved together.
#include <array>
#include <cmath>
#include <cstring>

#include "batch/decimal.h"
#include "batch/number_text.h"
#include "formats/base64.h"
#include "formats/json.h"
#include "formats/json_string.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

constexpr std::uint32_t block_rows = 64;
constexpr std::size_t number_room = 48;  // the longest: a decimal of 38 digits

char* put_word(char* p, std::string_view word) {
  std::memcpy(p, word.data(), word.size());
  return p + word.size();
}

// NaN and infinities are no JSON numbers.
char* put_json_double(char* p, double v) {
  if (std::isfinite(v)) [[likely]]
    return put_double(p, v);
  *p++ = '"';
  p = put_double(p, v);
  *p++ = '"';
  return p;
}

// What a string or bytes column may need for its row.
std::size_t text_room(TypeKind kind, std::size_t size) {
  return kind == TypeKind::string ? json_string_room(size) : base64_size(size) + 2;
}

char* put_base64_string(char* p, std::string_view bytes) {
  *p++ = '"';
  p = put_base64(p, bytes);
  *p++ = '"';
  return p;
}

// Calls f.template operator()<T>(put) with the physical type of a scalar kind and what writes one such value.
template <class F>
void with_put(const Type& type, F f) {
  switch (type.kind()) {
    case TypeKind::boolean:
      return f.template operator()<std::uint8_t>([](char* p, std::uint8_t v) {
        std::memcpy(p, v ? "true\0" : "false", 5);
        return p + (v ? 4 : 5);
      });
    case TypeKind::int32:
    case TypeKind::date:
      return f.template operator()<std::int32_t>([](char* p, std::int32_t v) { return put_integer(p, v); });
    case TypeKind::int64:
      return f.template operator()<std::int64_t>([](char* p, std::int64_t v) { return put_integer(p, v); });
    case TypeKind::time:
    case TypeKind::timestamp:
      return f.template operator()<std::int64_t>([](char* p, std::int64_t v) { return put_integer(p, ms_from_us(v)); });
    case TypeKind::float64:
      return f.template operator()<double>([](char* p, double v) { return put_json_double(p, v); });
    case TypeKind::decimal:
      return f.template operator()<Int128>(
          [scale = type.scale()](char* p, Int128 v) { return put_decimal(p, v, scale); });
    case TypeKind::string:
      return f.template operator()<StringView>(
          [](char* p, const StringView& v) { return put_json_string(p, v.view()); });
    case TypeKind::bytes:
      return f.template operator()<StringView>(
          [](char* p, const StringView& v) { return put_base64_string(p, v.view()); });
    default: LV_UNREACHABLE();
  }
}

// "NAME": with what stands in front of it.
std::string member_lead(std::size_t i, std::string_view name) {
  Buffer padded, lead;
  padded.append(name);
  lead.append(i == 0 ? '{' : ',');
  lead.commit(put_json_string(lead.room(json_string_room(name.size())), padded.view()));
  lead.append(':');
  return std::string(lead.view());
}

// The fixed parts of a nested type: what stands in front of the fields of each structure in it.
struct NestedText {
  explicit NestedText(const Type& type) {
    if (!type.nested()) return;
    for (const Field& child : type.children()) {
      if (type.kind() == TypeKind::structure) leads.push_back(member_lead(leads.size(), child.name));
      children.emplace_back(child.type);
    }
  }
  std::vector<std::string> leads;
  std::vector<NestedText> children;
};

// A value of any type, by recursion; false: a map has a null key.
bool append_value(Buffer& out, const NestedText& fixed, const Column& column, std::uint32_t row) {
  if (column.is_null(row)) {
    out.append("null");
    return true;
  }
  TypeKind kind = column.type().kind();
  if (kind < TypeKind::array) {
    with_put(column.type(), [&]<class T>(auto put) {
      const T& v = column.values<T>()[row];
      std::size_t room = number_room;
      if constexpr (std::is_same_v<T, StringView>) room = text_room(kind, v.size());
      out.commit(put(out.room(room), v));
    });
    return true;
  }
  if (kind == TypeKind::structure) {
    if (fixed.leads.empty()) out.append('{');
    for (std::size_t i = 0; i < fixed.leads.size(); ++i) {
      out.append(fixed.leads[i]);
      if (!append_value(out, fixed.children[i], column.child(i), row)) return false;
    }
    out.append('}');
    return true;
  }
  bool map = kind == TypeKind::map;
  std::uint32_t first = column.offsets()[row], last = column.offsets()[row + 1];
  out.append(map ? '{' : '[');
  for (std::uint32_t i = first; i < last; ++i) {
    if (i > first) out.append(',');
    if (map) {
      if (column.child(0).is_null(i)) return false;
      append_value(out, fixed.children[0], column.child(0), i);
      out.append(':');
    }
    std::size_t value = map ? 1 : 0;
    if (!append_value(out, fixed.children[value], column.child(value), i)) return false;
  }
  out.append(map ? '}' : ']');
  return true;
}

class JsonEncoder : public Encoder {
 public:
  explicit JsonEncoder(const FormatSpec& spec) : fields_(spec.fields) {
    bool bare = spec.fields.size() == 1 && !spec.wrap_single;
    literals_.reserve(1);  // even if there are none: put_padded() reads memory that is there
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      std::size_t begin = literals_.size();
      if (!bare) literals_.append(member_lead(i, fields_[i].name));
      nested_text_.emplace_back(fields_[i].type);
      leads_.push_back({begin, literals_.size() - begin});
      fixed_room_ += literals_.size() - begin + number_room;
    }
    std::size_t begin = literals_.size();
    if (fields_.empty()) literals_.append('{');
    if (!bare) literals_.append('}');
    tail_ = {begin, literals_.size() - begin};
    fixed_room_ += Buffer::padding;
  }

  void encode(std::span<const ColumnRef> columns, Rows rows, Texts& out, RowFailures& failures) override {
    out.ends.reserve(out.ends.size() + rows.size());
    for (std::uint32_t first = 0; first < rows.size(); first += block_rows) {
      count_ = std::min(block_rows, rows.size() - first);
      for (std::uint32_t i = 0; i < count_; ++i) rows_[i] = rows[first + i];
      encode_block(columns, out, failures);
    }
  }

 private:
  struct Literal {
    std::size_t begin, size;
  };

  void encode_block(std::span<const ColumnRef> columns, Texts& out, RowFailures& failures) {
    failed_ = 0;
    make_room(columns, failures);
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      if (fields_[f].type.nested())
        put_nested(f);
      else
        put_field(leads_[f], *columns[f]);
    }
    std::size_t total = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
      ends_[i] = put_padded(ends_[i], literals_.data() + tail_.begin, tail_.size);
      if (failed_ >> i & 1) ends_[i] = begins_[i];
      total += static_cast<std::size_t>(ends_[i] - begins_[i]);
    }
    char* p = out.bytes.room(total);
    for (std::uint32_t i = 0; i < count_; ++i) {
      p = put_padded(p, begins_[i], static_cast<std::size_t>(ends_[i] - begins_[i]));
      out.ends.push_back(static_cast<std::uint32_t>(p - out.bytes.data()));
    }
    out.bytes.commit(p);
  }

  // A place for each row that is large enough whatever it says. Nested values are written beforehand, as nobody knows
  // their size.
  void make_room(std::span<const ColumnRef> columns, RowFailures& failures) {
    std::array<std::size_t, block_rows> room;
    room.fill(fixed_room_);
    nested_.clear();
    nested_ends_.clear();
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      const Column& column = *columns[f];
      TypeKind kind = fields_[f].type.kind();
      if (column.type().textual()) {
        const auto* values = column.values<StringView>();
        for (std::uint32_t i = 0; i < count_; ++i) room[i] += text_room(kind, values[rows_[i]].size());
      } else if (column.type().nested()) {
        for (std::uint32_t i = 0; i < count_; ++i) {
          std::size_t begin = nested_.size();
          if (!append_value(nested_, nested_text_[f], column, rows_[i])) {
            if (!(failed_ >> i & 1))
              failures.push_back({rows_[i], "field " + fields_[f].name + ": JSON has no null keys in a map"});
            failed_ |= std::uint64_t{1} << i;
          }
          nested_ends_.push_back(nested_.size());
          room[i] += nested_.size() - begin;
        }
      }
    }
    std::size_t total = 0;
    for (std::uint32_t i = 0; i < count_; ++i) total += room[i];
    scratch_.clear();
    char* p = scratch_.room(total);
    for (std::uint32_t i = 0; i < count_; ++i) {
      begins_[i] = ends_[i] = p;
      p += room[i];
    }
    next_nested_ = 0;
  }

  void put_field(Literal lead, const Column& column) {
    const char* name = literals_.data() + lead.begin;
    with_put(column.type(), [&]<class T>(auto put) {
      const T* values = column.values<T>();
      if (!column.has_nulls()) {
        for (std::uint32_t i = 0; i < count_; ++i)
          ends_[i] = put(put_padded(ends_[i], name, lead.size), values[rows_[i]]);
        return;
      }
      const Bits& valid = column.validity();
      for (std::uint32_t i = 0; i < count_; ++i) {
        char* p = put_padded(ends_[i], name, lead.size);
        ends_[i] = valid[rows_[i]] ? put(p, values[rows_[i]]) : put_word(p, "null");
      }
    });
  }

  void put_nested(std::size_t f) {
    for (std::uint32_t i = 0; i < count_; ++i, ++next_nested_) {
      std::size_t begin = next_nested_ == 0 ? 0 : nested_ends_[next_nested_ - 1];
      char* p = put_padded(ends_[i], literals_.data() + leads_[f].begin, leads_[f].size);
      ends_[i] = put_padded(p, nested_.data() + begin, nested_ends_[next_nested_] - begin);
    }
  }

  std::vector<Field> fields_;
  Buffer literals_;             // what stands in front of each value: {"A":  ,"B":  and the closing bracket
  std::vector<Literal> leads_;  // of each field
  Literal tail_;
  std::vector<NestedText> nested_text_;  // of each field
  std::size_t fixed_room_ = 0;

  // The block at hand.
  std::uint32_t count_ = 0;
  std::array<std::uint32_t, block_rows> rows_;
  std::array<char*, block_rows> begins_, ends_;
  std::uint64_t failed_ = 0;  // a bit for each row
  Buffer scratch_;
  Buffer nested_;  // texts of nested values, field by field
  std::vector<std::size_t> nested_ends_;
  std::size_t next_nested_ = 0;
};

}  // namespace

std::unique_ptr<Encoder> make_json_encoder(const FormatSpec& spec) { return std::make_unique<JsonEncoder>(spec); }

}  // namespace levada
