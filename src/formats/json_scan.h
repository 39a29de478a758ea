// The places of the quotes in many short JSON texts: the first step of the shape path (formats/json_shape.h), in vector
// instructions chosen at run time.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "log/record_batch.h"

namespace levada {

class QuoteScan {
 public:
  static constexpr std::size_t max_texts = 64;
  static constexpr std::size_t max_text_size = 8192;
  static constexpr std::size_t max_quotes = 510;

  QuoteScan();

  // At most max_texts texts, with Buffer::padding behind each.
  void scan(std::span<const Text> texts);

  // A bit for each text of the last scan().
  std::uint64_t scanned() const { return scanned_; }  // it is not null, not too long, has not too many quotes
  std::uint64_t odd() const { return odd_; }          // it holds a backslash, a control character or more than ASCII

  // For scanned texts.
  std::uint16_t quotes(std::size_t text) const { return quotes_[text]; }
  // 0, the offset of each quote, the size of the text. 16 bytes behind the list may be read.
  const std::uint16_t* positions(std::size_t text) const { return positions_of(0) + first_[text]; }

  // The instruction sets that this processor has, the best first; scan() uses the first one. For tests.
  static std::span<const std::string_view> instruction_sets();
  void use(std::string_view instruction_set);

 private:
  friend struct QuoteScanners;
  using Scan = void (*)(std::span<const Text> texts, QuoteScan& to);

  const std::uint16_t* positions_of(std::size_t at) const {
    return reinterpret_cast<const std::uint16_t*>(positions_.data()) + at;
  }

  Scan scan_;
  Buffer positions_;  // of all texts, one list behind the other
  std::uint64_t scanned_ = 0, odd_ = 0;
  std::array<std::uint32_t, max_texts> first_;  // where a text's list begins
  std::array<std::uint16_t, max_texts> quotes_;
};

}  // namespace levada
