// A typed vector of values with its nulls: what every kernel reads and writes.
//
// Fixed-width kinds lie one after the other in plain memory. Strings are StringViews into memory that the column keeps
// alive: its own arena, or whatever else they were cut from (a record batch, another column's arena). Arrays and maps
// have offsets into child columns, structures have a child for each field, as long as the structure itself.
//
// The value of a null is zero (an empty string, an empty array), so kernels may compute over nulls without looking.
// A column is built by one thread, then shared as const.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "batch/bits.h"
#include "batch/int128.h"
#include "batch/selection.h"
#include "batch/type.h"
#include "batch/value.h"

namespace levada {

// 16 bytes: where, how long, and the first four bytes (zeros behind a shorter string), which settle most comparisons.
// Up to 16 bytes behind the string may be read (Buffer's padding, the arena's).
class StringView {
 public:
  StringView() : data_(""), size_(0), prefix_(0) {}
  StringView(const char* data, std::uint32_t size) : data_(data), size_(size), prefix_(prefix_of(data, size)) {}

  const char* data() const { return data_; }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  bool operator==(const StringView& other) const {
    return size_ == other.size_ && prefix_ == other.prefix_ &&
           (size_ <= 4 || std::memcmp(data_ + 4, other.data_ + 4, size_ - 4) == 0);
  }
  // Byte order, shorter first.
  std::strong_ordering operator<=>(const StringView& other) const {
    if (prefix_ != other.prefix_) return byte_swap(prefix_) <=> byte_swap(other.prefix_);
    int order = std::memcmp(data_, other.data_, std::min(size_, other.size_));
    return order != 0 ? order <=> 0 : size_ <=> other.size_;
  }

 private:
  static std::uint32_t prefix_of(const char* data, std::uint32_t size) {
    if (size == 0) return 0;
    std::uint32_t p = load<std::uint32_t>(data);
    return size >= 4 ? p : p & ((std::uint32_t{1} << (8 * size)) - 1);
  }

  const char* data_;
  std::uint32_t size_, prefix_;
};
static_assert(sizeof(StringView) == 16 && std::is_trivially_copyable_v<StringView>);

// Memory for strings, handed out in pieces and freed as a whole. Behind every piece 16 bytes may be read.
class Arena {
 public:
  // Room for n bytes that stay where they are.
  char* allocate(std::size_t n) {
    if (n + slack > left_) [[unlikely]]
      refill(n + slack);
    char* p = at_;
    at_ += n;
    left_ -= n;
    return p;
  }
  std::string_view copy(std::string_view text) {
    char* p = allocate(text.size());
    if (!text.empty()) std::memcpy(p, text.data(), text.size());
    return {p, text.size()};
  }

 private:
  static constexpr std::size_t slack = 16;
  void refill(std::size_t n);

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* at_ = nullptr;
  std::size_t left_ = 0, next_chunk_ = 4096;
};

// The C++ type that holds a kind's values.
template <TypeKind kind>
struct PhysicalOf;
template <>
struct PhysicalOf<TypeKind::boolean> {
  using type = std::uint8_t;
};
template <>
struct PhysicalOf<TypeKind::int32> {
  using type = std::int32_t;
};
template <>
struct PhysicalOf<TypeKind::int64> {
  using type = std::int64_t;
};
template <>
struct PhysicalOf<TypeKind::float64> {
  using type = double;
};
template <>
struct PhysicalOf<TypeKind::decimal> {
  using type = Int128;
};
template <>
struct PhysicalOf<TypeKind::string> {
  using type = StringView;
};
template <>
struct PhysicalOf<TypeKind::bytes> {
  using type = StringView;
};
template <>
struct PhysicalOf<TypeKind::date> {
  using type = std::int32_t;
};
template <>
struct PhysicalOf<TypeKind::time> {
  using type = std::int64_t;
};
template <>
struct PhysicalOf<TypeKind::timestamp> {
  using type = std::int64_t;
};
template <TypeKind kind>
using Physical = typename PhysicalOf<kind>::type;

// Calls f.template operator()<T>() with the C++ type of a scalar kind.
template <class F>
decltype(auto) with_physical(TypeKind kind, F&& f) {
  switch (kind) {
    case TypeKind::boolean: return f.template operator()<std::uint8_t>();
    case TypeKind::int32:
    case TypeKind::date: return f.template operator()<std::int32_t>();
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp: return f.template operator()<std::int64_t>();
    case TypeKind::float64: return f.template operator()<double>();
    case TypeKind::decimal: return f.template operator()<Int128>();
    case TypeKind::string:
    case TypeKind::bytes: return f.template operator()<StringView>();
    default: LV_UNREACHABLE();
  }
}

// Bytes of one value of a scalar kind; 0 for nested kinds.
std::size_t width_of(TypeKind kind);

class Column {
 public:
  explicit Column(Type type);

  const Type& type() const { return type_; }
  std::uint32_t size() const { return size_; }

  // ---- nulls ----
  bool has_nulls() const { return !valid_.empty(); }  // false: there is certainly none
  bool is_null(std::uint32_t row) const { return has_nulls() && !valid_[row]; }
  // A bit for each row, set where there is a value. Only if has_nulls().
  const Bits& validity() const { return valid_; }
  // Makes the bits if there are none yet (all set) and gives them for writing; the caller leaves zero values in nulls.
  Bits& mutable_validity();
  // The value becomes zero, the fields of a structure null. An array or map should have no elements there.
  void set_null(std::uint32_t row);

  // ---- values of scalar kinds ----
  template <class T>
  const T* values() const {
    LV_DEBUG_ASSERT(sizeof(T) == width_);
    return reinterpret_cast<const T*>(values_.data());
  }
  template <class T>
  T* values() {
    LV_DEBUG_ASSERT(sizeof(T) == width_);
    return reinterpret_cast<T*>(values_.data());
  }
  std::string_view string(std::uint32_t row) const { return values<StringView>()[row].view(); }

  // ---- nested kinds ----
  // Row r of an array or map is [offsets()[r], offsets()[r + 1]) of its children.
  std::span<const std::uint32_t> offsets() const { return offsets_; }
  std::span<std::uint32_t> offsets() { return offsets_; }
  const Column& child(std::size_t i) const { return children_[i]; }
  Column& child(std::size_t i) { return children_[i]; }

  // ---- building ----
  void clear();
  void reserve(std::uint32_t rows);
  // Rows all valid, values undefined for scalars (write them all), empty for arrays and maps.
  void resize(std::uint32_t rows);
  // Rows all valid and zero.
  void resize_zeroed(std::uint32_t rows);
  // Adds rows behind the last, valid and zero.
  void extend(std::uint32_t rows);
  // Drops all rows but the first ones, and what was put into the children behind them.
  void truncate(std::uint32_t rows);
  template <class T>
  void append(T v) {
    LV_DEBUG_ASSERT(sizeof(T) == width_);
    store(values_.room(sizeof(T)), v);
    values_.resize(values_.size() + sizeof(T));
    grow_by_one(true);
  }
  void append_null();
  // Copies the bytes into the arena.
  void append_string(std::string_view text) { append(keep(text)); }
  // Ends the array or map row whose elements were appended to the children since the last call.
  void append_list();
  // Ends the structure row whose fields were appended to the children.
  void append_structure();
  void append(const Value& value);
  // A copy of a row of a column of the same type.
  void append_from(const Column& other, std::uint32_t row);
  void append_from(const Column& other, Rows rows);
  Value value(std::uint32_t row) const;

  // ---- memory of strings ----
  Arena& arena();
  StringView keep(std::string_view text) {
    std::string_view kept = arena().copy(text);
    return {kept.data(), static_cast<std::uint32_t>(kept.size())};
  }
  // Keeps the memory alive as long as this column: for StringViews that were not copied.
  void hold(std::shared_ptr<const void> memory);
  // Keeps everything alive that the other column's strings may point into.
  void hold_memory_of(const Column& other);

 private:
  void grow_by_one(bool valid) {
    if (has_nulls() || !valid) push_validity(valid);
    ++size_;
  }
  void push_validity(bool valid);

  Type type_;
  std::uint32_t size_ = 0;
  std::uint32_t width_ = 0;
  Buffer values_;
  Bits valid_;  // empty: all valid
  std::vector<std::uint32_t> offsets_;
  std::vector<Column> children_;
  std::shared_ptr<Arena> arena_;
  std::vector<std::shared_ptr<const void>> held_;
};

using ColumnRef = std::shared_ptr<const Column>;
using Columns = std::vector<ColumnRef>;

}  // namespace levada
