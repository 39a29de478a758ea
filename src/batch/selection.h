// Which rows of a batch count, in rising order: all of the first n, or the ones in a list. A filter makes the list
// shorter; columns stay as they are.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace levada {

// Borrowed: what kernels loop over.
class Rows {
 public:
  static Rows all(std::uint32_t n) { return Rows(nullptr, n); }
  explicit Rows(std::span<const std::uint32_t> list)
      : list_(list.data()), size_(static_cast<std::uint32_t>(list.size())) {}

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool is_all() const { return list_ == nullptr; }  // then the rows are 0 … size() - 1
  std::uint32_t operator[](std::uint32_t i) const { return list_ ? list_[i] : i; }

  // f(row) for each row; two loops, so that the one over all rows can be vectorised.
  template <class F>
  void for_each(F f) const {
    if (list_) {
      for (std::uint32_t i = 0; i < size_; ++i) f(list_[i]);
    } else {
      for (std::uint32_t row = 0; row < size_; ++row) f(row);
    }
  }

 private:
  Rows(const std::uint32_t* list, std::uint32_t size) : list_(list), size_(size) {}

  const std::uint32_t* list_;
  std::uint32_t size_;
};

// Owned: part of a batch.
class Selection {
 public:
  Selection() = default;
  static Selection all(std::uint32_t n) {
    Selection s;
    s.size_ = n;
    return s;
  }
  explicit Selection(std::vector<std::uint32_t> rows)
      : is_all_(false), size_(static_cast<std::uint32_t>(rows.size())), rows_(std::move(rows)) {}

  std::uint32_t size() const { return size_; }
  bool is_all() const { return is_all_; }
  Rows rows() const { return is_all_ ? Rows::all(size_) : Rows(std::span<const std::uint32_t>(rows_)); }

 private:
  bool is_all_ = true;
  std::uint32_t size_ = 0;
  std::vector<std::uint32_t> rows_;
};

}  // namespace levada
