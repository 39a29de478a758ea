// A row of bits: which values are there, which rows are deletions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"

namespace levada {

class Bits {
 public:
  Bits() = default;
  Bits(std::size_t size, bool value) { assign(size, value); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool operator[](std::size_t i) const {
    LV_DEBUG_ASSERT(i < size_);
    return words_[i / 64] >> (i % 64) & 1;
  }
  void set(std::size_t i) {
    LV_DEBUG_ASSERT(i < size_);
    words_[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  void reset(std::size_t i) {
    LV_DEBUG_ASSERT(i < size_);
    words_[i / 64] &= ~(std::uint64_t{1} << (i % 64));
  }
  void put(std::size_t i, bool value) { value ? set(i) : reset(i); }
  void push_back(bool value) {
    if (size_ % 64 == 0) words_.push_back(0);
    ++size_;
    put(size_ - 1, value);
  }
  void assign(std::size_t size, bool value) {
    words_.assign((size + 63) / 64, value ? ~std::uint64_t{0} : 0);
    size_ = size;
    clear_tail();
  }
  // New bits are `value`.
  void resize(std::size_t size, bool value) {
    std::size_t old = size_;
    words_.resize((size + 63) / 64, value ? ~std::uint64_t{0} : 0);
    size_ = size;
    for (std::size_t i = old; i < size && i % 64 != 0; ++i) put(i, value);
    clear_tail();
  }
  void clear() {
    words_.clear();
    size_ = 0;
  }
  std::size_t count() const {
    std::size_t n = 0;
    for (std::uint64_t w : words_) n += static_cast<std::size_t>(__builtin_popcountll(w));
    return n;
  }
  // 64 bits a word, the first bit lowest; bits past the end are 0.
  std::uint64_t* words() { return words_.data(); }
  const std::uint64_t* words() const { return words_.data(); }
  std::size_t word_count() const { return words_.size(); }

  bool operator==(const Bits&) const = default;

 private:
  void clear_tail() {
    if (size_ % 64 != 0) words_.back() &= (std::uint64_t{1} << (size_ % 64)) - 1;
  }

  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

}  // namespace levada
