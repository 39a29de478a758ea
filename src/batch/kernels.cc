#include "batch/kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace levada {
namespace {

constexpr std::uint64_t null_hash = 0x6c62272e07bb0142u;

// Multiplication to 128 bits and a fold: the mixing step of wyhash and its relatives.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  auto product = static_cast<UInt128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
constexpr std::uint64_t prime_a = 0xa0761d6478bd642fu, prime_b = 0xe7037ed1a0b428dbu, prime_c = 0x8ebc6af09c88c6e3u;

std::uint64_t combine(std::uint64_t hash, std::uint64_t value) { return mix(hash ^ prime_a, value ^ prime_b); }

template <class T>
std::uint64_t hash_of(T v) {
  if constexpr (std::is_same_v<T, StringView>) {
    return hash_bytes(v.data(), v.size());
  } else if constexpr (std::is_same_v<T, Int128>) {
    return mix(static_cast<std::uint64_t>(v) ^ prime_a, static_cast<std::uint64_t>(v >> 64) ^ prime_b);
  } else if constexpr (std::is_same_v<T, double>) {
    if (v == 0) v = 0;  // -0.0
    if (std::isnan(v)) v = std::numeric_limits<double>::quiet_NaN();
    return mix(load<std::uint64_t>(&v) ^ prime_a, prime_b);
  } else {
    return mix(static_cast<std::uint64_t>(v) ^ prime_a, prime_b);
  }
}

// One value of any type, for the elements of nested columns.
std::uint64_t hash_value(const Column& column, std::uint32_t row) {
  if (column.is_null(row)) return null_hash;
  switch (column.type().kind()) {
    case TypeKind::array: {
      std::uint64_t h = column.offsets()[row + 1] - column.offsets()[row];
      for (std::uint32_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i)
        h = combine(h, hash_value(column.child(0), i));
      return h;
    }
    case TypeKind::map: {
      std::uint64_t h = column.offsets()[row + 1] - column.offsets()[row];
      for (std::uint32_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i)
        h += combine(hash_value(column.child(0), i), hash_value(column.child(1), i));  // in any order
      return h;
    }
    case TypeKind::structure: {
      std::uint64_t h = 0;
      for (std::size_t c = 0; c < column.type().children().size(); ++c)
        h = combine(h, hash_value(column.child(c), row));
      return h;
    }
    default: return with_physical(column.type().kind(), [&]<class T>() { return hash_of(column.values<T>()[row]); });
  }
}

// The entries of a map, by key.
std::vector<std::uint32_t> sorted_entries(const Column& map, std::uint32_t row) {
  std::vector<std::uint32_t> entries(map.offsets()[row + 1] - map.offsets()[row]);
  std::iota(entries.begin(), entries.end(), map.offsets()[row]);
  const Column& keys = map.child(0);
  std::ranges::stable_sort(entries, [&](std::uint32_t i, std::uint32_t j) { return compare(keys, i, keys, j) < 0; });
  return entries;
}

int compare_maps(const Column& a, std::uint32_t a_row, const Column& b, std::uint32_t b_row) {
  std::vector<std::uint32_t> x = sorted_entries(a, a_row), y = sorted_entries(b, b_row);
  for (std::size_t i = 0; i < x.size() && i < y.size(); ++i)
    for (std::size_t c = 0; c < 2; ++c)
      if (int order = compare(a.child(c), x[i], b.child(c), y[i])) return order;
  return static_cast<int>(x.size() > y.size()) - static_cast<int>(x.size() < y.size());
}

template <class T>
int order_of(T a, T b) {
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  return a < b ? -1 : b < a ? 1 : 0;
}

}  // namespace

ColumnRef gather(const Column& column, Rows rows) {
  auto out = std::make_shared<Column>(column.type());
  out->reserve(rows.size());
  out->append_from(column, rows);
  return out;
}

std::uint64_t hash_bytes(const char* data, std::size_t size) {
  // Three different primes: with the same one twice, low and high of a text of 8 bytes would only change places when
  // a bit of it flips.
  std::uint64_t h = size ^ prime_c;
  for (; size > 16; data += 16, size -= 16)
    h = mix(load<std::uint64_t>(data) ^ prime_b, load<std::uint64_t>(data + 8) ^ h);
  std::uint64_t low = 0, high = 0;
  if (size >= 8) {
    low = load<std::uint64_t>(data);
    high = load<std::uint64_t>(data + size - 8);
  } else if (size >= 4) {
    low = load<std::uint32_t>(data);
    high = load<std::uint32_t>(data + size - 4);
  } else if (size > 0) {
    low = static_cast<std::uint64_t>(static_cast<unsigned char>(data[0])) << 16 |
          static_cast<std::uint64_t>(static_cast<unsigned char>(data[size / 2])) << 8 |
          static_cast<unsigned char>(data[size - 1]);
  }
  return mix(h ^ prime_b, mix(low ^ prime_a, high ^ h));
}

void hash(const Column& column, Rows rows, std::span<std::uint64_t> hashes) {
  LV_DEBUG_ASSERT(hashes.size() == rows.size());
  std::uint64_t* out = hashes.data();
  if (column.type().nested()) {
    rows.for_each([&](std::uint32_t row) { *out = combine(*out, hash_value(column, row)), ++out; });
    return;
  }
  with_physical(column.type().kind(), [&]<class T>() {
    const T* values = column.values<T>();
    if (!column.has_nulls()) {
      rows.for_each([&](std::uint32_t row) { *out = combine(*out, hash_of(values[row])), ++out; });
    } else {
      const Bits& valid = column.validity();
      rows.for_each(
          [&](std::uint32_t row) { *out = combine(*out, valid[row] ? hash_of(values[row]) : null_hash), ++out; });
    }
  });
}

int compare(const Column& a, std::uint32_t a_row, const Column& b, std::uint32_t b_row) {
  bool a_null = a.is_null(a_row), b_null = b.is_null(b_row);
  if (a_null || b_null) return static_cast<int>(b_null) - static_cast<int>(a_null);
  switch (a.type().kind()) {
    case TypeKind::array: {
      std::uint32_t i = a.offsets()[a_row], a_end = a.offsets()[a_row + 1];
      std::uint32_t j = b.offsets()[b_row], b_end = b.offsets()[b_row + 1];
      for (; i < a_end && j < b_end; ++i, ++j)
        if (int order = compare(a.child(0), i, b.child(0), j)) return order;
      return static_cast<int>(i < a_end) - static_cast<int>(j < b_end);
    }
    case TypeKind::map: return compare_maps(a, a_row, b, b_row);
    case TypeKind::structure:
      for (std::size_t c = 0; c < a.type().children().size(); ++c)
        if (int order = compare(a.child(c), a_row, b.child(c), b_row)) return order;
      return 0;
    default:
      return with_physical(a.type().kind(),
                           [&]<class T>() { return order_of(a.values<T>()[a_row], b.values<T>()[b_row]); });
  }
}

std::vector<std::uint32_t> select_true(const Column& booleans, Rows rows) {
  std::vector<std::uint32_t> out(rows.size());
  const std::uint8_t* values = booleans.values<std::uint8_t>();  // a null's value is 0
  std::uint32_t* to = out.data();
  rows.for_each([&](std::uint32_t row) {
    *to = row;
    to += values[row];
  });
  out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

}  // namespace levada
