#include "batch/value_bytes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace levada {
namespace {

// The low bytes alone, their highest bit as the sign.
Int128 from_low_bytes(Int128 v, int bytes) {
  if (bytes == 0) return 0;
  int shift = 128 - 8 * bytes;
  return static_cast<Int128>(static_cast<UInt128>(v) << shift) >> shift;
}

void put_decimal_bytes(Int128 v, ByteWriter& out) {
  int size = 0;
  while (from_low_bytes(v, size) != v) ++size;
  out.little(static_cast<std::uint8_t>(size));
  for (int i = 0; i < size; ++i) out.little(static_cast<std::uint8_t>(v >> (8 * i)));
}

bool get_decimal_bytes(ByteReader& in, Int128& v) {
  auto size = in.little<std::uint8_t>();
  if (size > 16) return false;
  std::string_view bytes = in.bytes(size);
  if (!in.ok()) return false;
  v = size > 0 && static_cast<signed char>(bytes[size - 1u]) < 0 ? -1 : 0;
  for (std::size_t i = size; i-- > 0;)
    v = static_cast<Int128>(static_cast<UInt128>(v) << 8) | static_cast<unsigned char>(bytes[i]);
  return true;
}

double one_nan(double v) { return std::isnan(v) ? std::numeric_limits<double>::quiet_NaN() : v; }

void put(const Column& column, std::uint32_t row, ByteWriter& out) {
  if (column.is_null(row)) return out.little<std::uint8_t>(0);
  out.little<std::uint8_t>(1);
  switch (column.type().kind()) {
    case TypeKind::boolean: return out.little(column.values<std::uint8_t>()[row]);
    case TypeKind::int32:
    case TypeKind::date: return out.varint(column.values<std::int32_t>()[row]);
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp: return out.varint(column.values<std::int64_t>()[row]);
    case TypeKind::float64: return out.little(one_nan(column.values<double>()[row]));
    case TypeKind::decimal: return put_decimal_bytes(column.values<Int128>()[row], out);
    case TypeKind::string:
    case TypeKind::bytes: return out.sized_bytes(column.string(row));
    case TypeKind::array: {
      std::uint32_t begin = column.offsets()[row], end = column.offsets()[row + 1];
      out.unsigned_varint(end - begin);
      for (std::uint32_t i = begin; i < end; ++i) put(column.child(0), i, out);
      return;
    }
    case TypeKind::map: {
      const Column& keys = column.child(0);
      std::vector<std::uint32_t> entries(column.offsets()[row + 1] - column.offsets()[row]);
      std::iota(entries.begin(), entries.end(), column.offsets()[row]);
      std::ranges::stable_sort(entries, {}, [&](std::uint32_t i) { return keys.string(i); });
      out.unsigned_varint(entries.size());
      for (std::uint32_t i : entries) {
        put(keys, i, out);
        put(column.child(1), i, out);
      }
      return;
    }
    case TypeKind::structure:
      for (std::size_t c = 0; c < column.type().children().size(); ++c) put(column.child(c), row, out);
      return;
  }
}

template <class T>
bool append_whole(ByteReader& in, Column& column) {
  std::int64_t v = in.varint();
  column.append(static_cast<T>(v));
  return v == static_cast<T>(v);
}

// A bit for the sign that is turned, highest byte first: the order of the bytes is that of the numbers.
template <class T>
std::string ordered(T v) {
  std::string bytes(sizeof(T), '\0');
  for (std::size_t i = sizeof(T); i-- > 0; v = static_cast<T>(v >> 8)) bytes[i] = static_cast<char>(v & 0xff);
  bytes[0] = static_cast<char>(bytes[0] ^ '\x80');
  return bytes;
}
template <class T>
T from_ordered(std::string_view bytes) {
  T v = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    v = static_cast<T>(v << 8 | static_cast<T>(i == 0 ? byte ^ 0x80 : byte));
  }
  return v;
}
// Negative doubles have all other bits turned too.
std::uint64_t double_bits(double v) {
  v = one_nan(v);
  auto bits = load<std::uint64_t>(&v);
  return bits >> 63 ? ~bits ^ (std::uint64_t{1} << 63) : bits;
}
double double_of(std::uint64_t bits) {
  if (bits >> 63) bits = ~bits ^ (std::uint64_t{1} << 63);
  return load<double>(&bits);
}

}  // namespace

void put_value(const Column& column, std::uint32_t row, Buffer& out) {
  ByteWriter writer(out);
  put(column, row, writer);
}

bool get_value(ByteReader& in, Column& column) {
  auto mark = in.little<std::uint8_t>();
  if (mark != 1) {
    column.append_null();
    return in.ok() && mark == 0;
  }
  switch (column.type().kind()) {
    case TypeKind::boolean: {
      auto v = in.little<std::uint8_t>();
      column.append<std::uint8_t>(v != 0);
      return in.ok() && v <= 1;
    }
    case TypeKind::int32:
    case TypeKind::date: return append_whole<std::int32_t>(in, column) && in.ok();
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp: return append_whole<std::int64_t>(in, column) && in.ok();
    case TypeKind::float64: column.append(in.little<double>()); return in.ok();
    case TypeKind::decimal: {
      Int128 v = 0;
      bool good = get_decimal_bytes(in, v);
      column.append(v);
      return good;
    }
    case TypeKind::string:
    case TypeKind::bytes: column.append_string(in.sized_bytes()); return in.ok();
    case TypeKind::array:
    case TypeKind::map: {
      bool good = true;
      // Every value takes a byte at least, so that a wrong count ends with the bytes.
      for (std::uint64_t n = in.unsigned_varint(); n > 0 && good; --n)
        for (std::size_t c = 0; c < column.type().children().size(); ++c) good = get_value(in, column.child(c)) && good;
      column.append_list();
      return good && in.ok();
    }
    case TypeKind::structure: {
      bool good = true;
      for (std::size_t c = 0; c < column.type().children().size(); ++c) good = get_value(in, column.child(c)) && good;
      column.append_structure();
      return good && in.ok();
    }
  }
  LV_UNREACHABLE();
}

std::string ordered_bytes(const Column& column, std::uint32_t row) {
  return with_physical(column.type().kind(), [&]<class T>() -> std::string {
    const T& v = column.values<T>()[row];
    if constexpr (std::is_same_v<T, StringView>)
      return std::string(v.view());
    else if constexpr (std::is_same_v<T, double>)
      return ordered(static_cast<std::int64_t>(double_bits(v)));
    else if constexpr (std::is_same_v<T, std::uint8_t>)
      return ordered(static_cast<std::int8_t>(v));
    else
      return ordered(v);
  });
}

bool append_ordered(std::string_view bytes, Column& column) {
  return with_physical(column.type().kind(), [&]<class T>() {
    if constexpr (std::is_same_v<T, StringView>) {
      column.append_string(bytes);
      return true;
    } else {
      bool good = bytes.size() == sizeof(T);
      if (!good)
        column.append(T());
      else if constexpr (std::is_same_v<T, double>)
        column.append(double_of(static_cast<std::uint64_t>(from_ordered<std::int64_t>(bytes))));
      else if constexpr (std::is_same_v<T, std::uint8_t>)
        column.append(static_cast<std::uint8_t>(from_ordered<std::int8_t>(bytes)));
      else
        column.append(from_ordered<T>(bytes));
      return good;
    }
  });
}

}  // namespace levada
