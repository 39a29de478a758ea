#include "batch/column.h"

namespace levada {

void Arena::refill(std::size_t n) {
  std::size_t chunk = std::max(n, next_chunk_);
  next_chunk_ = std::min<std::size_t>(next_chunk_ * 2, 1 << 20);
  chunks_.emplace_back(new char[chunk]);
  at_ = chunks_.back().get();
  left_ = chunk;
}

std::size_t width_of(TypeKind kind) {
  if (kind >= TypeKind::array) return 0;
  return with_physical(kind, []<class T>() { return sizeof(T); });
}

Column::Column(Type type) : type_(std::move(type)), width_(static_cast<std::uint32_t>(width_of(type_.kind()))) {
  if (!type_.nested()) return;
  for (const Field& field : type_.children()) children_.emplace_back(field.type);
  if (type_.kind() != TypeKind::structure) offsets_.push_back(0);
}

Bits& Column::mutable_validity() {
  if (valid_.empty()) valid_.assign(size_, true);
  return valid_;
}

void Column::set_null(std::uint32_t row) {
  mutable_validity().reset(row);
  if (type_.textual())
    values<StringView>()[row] = StringView();
  else if (width_ > 0)
    std::memset(values_.data() + std::size_t{row} * width_, 0, width_);
  else if (type_.kind() == TypeKind::structure)
    for (Column& child : children_) child.set_null(row);
}

void Column::push_validity(bool valid) {
  if (valid_.empty()) valid_.assign(size_, true);
  valid_.push_back(valid);
}

void Column::clear() {
  size_ = 0;
  values_.clear();
  valid_.clear();
  if (!offsets_.empty()) offsets_.assign(1, 0);
  for (Column& child : children_) child.clear();
  arena_.reset();
  held_.clear();
}

void Column::reserve(std::uint32_t rows) { values_.reserve(std::size_t{rows} * width_); }

void Column::resize(std::uint32_t rows) {
  size_ = rows;
  valid_.clear();
  values_.resize(std::size_t{rows} * width_);
  if (!offsets_.empty()) offsets_.assign(rows + 1, 0);
  if (type_.kind() == TypeKind::structure)
    for (Column& child : children_) child.resize(rows);
}

void Column::resize_zeroed(std::uint32_t rows) {
  resize(rows);
  if (type_.textual())
    std::fill_n(values<StringView>(), rows, StringView());
  else if (width_ > 0 && rows > 0)
    std::memset(values_.data(), 0, values_.size());
  if (type_.kind() == TypeKind::structure)
    for (Column& child : children_) child.resize_zeroed(rows);
}

void Column::extend(std::uint32_t rows) {
  std::uint32_t first = size_;
  size_ += rows;
  values_.resize(std::size_t{size_} * width_);
  if (type_.textual())
    std::fill_n(values<StringView>() + first, rows, StringView());
  else if (width_ > 0 && rows > 0)
    std::memset(values_.data() + std::size_t{first} * width_, 0, std::size_t{rows} * width_);
  if (!offsets_.empty()) offsets_.resize(std::size_t{size_} + 1, offsets_.back());
  if (!valid_.empty()) valid_.resize(size_, true);
  if (type_.kind() == TypeKind::structure)
    for (Column& child : children_) child.extend(rows);
}

void Column::truncate(std::uint32_t rows) {
  LV_DEBUG_ASSERT(rows <= size_);
  size_ = rows;
  values_.resize(std::size_t{rows} * width_);
  if (!valid_.empty()) valid_.resize(rows, true);
  if (!offsets_.empty()) offsets_.resize(std::size_t{rows} + 1);
  for (Column& child : children_) child.truncate(offsets_.empty() ? rows : offsets_.back());
}

void Column::append_null() {
  if (type_.textual()) {
    append(StringView());
  } else if (width_ > 0) {
    std::memset(values_.room(width_), 0, width_);
    values_.resize(values_.size() + width_);
    grow_by_one(true);
  } else if (type_.kind() == TypeKind::structure) {
    for (Column& child : children_) child.append_null();
    grow_by_one(true);
  } else {
    append_list();
  }
  mutable_validity().reset(size_ - 1);
}

void Column::append_list() {
  LV_DEBUG_ASSERT(type_.kind() == TypeKind::array || type_.kind() == TypeKind::map);
  offsets_.push_back(children_[0].size());
  grow_by_one(true);
}

void Column::append_structure() {
  LV_DEBUG_ASSERT(type_.kind() == TypeKind::structure);
  grow_by_one(true);
}

void Column::append(const Value& value) {
  if (value.is_null()) return append_null();
  switch (type_.kind()) {
    case TypeKind::boolean: return append<std::uint8_t>(std::get<bool>(value));
    case TypeKind::int32:
    case TypeKind::date: return append(static_cast<std::int32_t>(std::get<std::int64_t>(value)));
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp: return append(std::get<std::int64_t>(value));
    case TypeKind::float64: return append(std::get<double>(value));
    case TypeKind::decimal: return append(std::get<Int128>(value));
    case TypeKind::string:
    case TypeKind::bytes: return append_string(std::get<std::string>(value));
    case TypeKind::array:
    case TypeKind::map: {
      const auto& items = std::get<ValueList>(value);
      for (std::size_t i = 0; i < items.size(); ++i) children_[i % children_.size()].append(items[i]);
      return append_list();
    }
    case TypeKind::structure: {
      const auto& fields = std::get<ValueList>(value);
      LV_ASSERT(fields.size() == children_.size());
      for (std::size_t i = 0; i < fields.size(); ++i) children_[i].append(fields[i]);
      return append_structure();
    }
  }
}

void Column::append_from(const Column& other, std::uint32_t row) {
  const std::uint32_t rows[] = {row};
  append_from(other, Rows(rows));
}

void Column::append_from(const Column& other, Rows rows) {
  LV_DEBUG_ASSERT(type_ == other.type_);
  std::uint32_t first = size_;
  if (width_ > 0) {
    with_physical(type_.kind(), [&]<class T>() {
      values_.resize(std::size_t{first + rows.size()} * sizeof(T));
      T* to = reinterpret_cast<T*>(values_.data()) + first;
      const T* from = other.values<T>();
      rows.for_each([&](std::uint32_t row) { *to++ = from[row]; });
    });
    if (type_.textual()) hold_memory_of(other);
  } else if (type_.kind() == TypeKind::structure) {
    for (std::size_t i = 0; i < children_.size(); ++i) children_[i].append_from(other.children_[i], rows);
  } else {
    std::vector<std::uint32_t> elements;
    std::uint32_t end = offsets_.back();
    rows.for_each([&](std::uint32_t row) {
      for (std::uint32_t i = other.offsets_[row]; i < other.offsets_[row + 1]; ++i) elements.push_back(i);
      end += other.offsets_[row + 1] - other.offsets_[row];
      offsets_.push_back(end);
    });
    for (std::size_t i = 0; i < children_.size(); ++i) children_[i].append_from(other.children_[i], Rows(elements));
  }
  size_ += rows.size();
  if (!has_nulls() && !other.has_nulls()) return;
  if (valid_.empty()) valid_.assign(first, true);
  valid_.resize(size_, true);
  if (!other.has_nulls()) return;
  std::uint32_t to = first;
  rows.for_each([&](std::uint32_t row) { valid_.put(to++, !other.is_null(row)); });
}

Value Column::value(std::uint32_t row) const {
  if (is_null(row)) return {};
  switch (type_.kind()) {
    case TypeKind::boolean: return values<std::uint8_t>()[row] != 0;
    case TypeKind::int32:
    case TypeKind::date: return static_cast<std::int64_t>(values<std::int32_t>()[row]);
    case TypeKind::int64:
    case TypeKind::time:
    case TypeKind::timestamp: return values<std::int64_t>()[row];
    case TypeKind::float64: return values<double>()[row];
    case TypeKind::decimal: return values<Int128>()[row];
    case TypeKind::string:
    case TypeKind::bytes: return std::string(string(row));
    case TypeKind::array:
    case TypeKind::map: {
      ValueList items;
      for (std::uint32_t i = offsets_[row]; i < offsets_[row + 1]; ++i)
        for (const Column& child : children_) items.push_back(child.value(i));
      return items;
    }
    case TypeKind::structure: {
      ValueList fields;
      for (const Column& child : children_) fields.push_back(child.value(row));
      return fields;
    }
  }
  LV_UNREACHABLE();
}

Arena& Column::arena() {
  if (!arena_) arena_ = std::make_shared<Arena>();
  return *arena_;
}

void Column::hold(std::shared_ptr<const void> memory) {
  if (memory && std::ranges::find(held_, memory) == held_.end()) held_.push_back(std::move(memory));
}

void Column::hold_memory_of(const Column& other) {
  hold(other.arena_);
  for (const auto& memory : other.held_) hold(memory);
}

}  // namespace levada
