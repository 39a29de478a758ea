#include "batch/decimal_bytes.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "batch/decimal.h"

namespace levada {
namespace {

constexpr std::size_t most_digits = 200'000;  // more than any database holds

bool is_negative(std::string_view bytes) { return !bytes.empty() && (bytes[0] & 0x80); }

// Little endian words of the number without its sign.
std::vector<std::uint32_t> magnitude_of(std::string_view bytes) {
  bool negative = is_negative(bytes);
  std::vector<std::uint32_t> words((bytes.size() + 3) / 4 + 1, negative ? ~std::uint32_t{0} : 0);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned shift = 8 * (i % 4);
    auto byte = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[bytes.size() - 1 - i]));
    words[i / 4] = (words[i / 4] & ~(std::uint32_t{0xff} << shift)) | byte << shift;
  }
  if (negative) {
    bool carry = true;
    for (std::uint32_t& word : words) {
      word = ~word + carry;
      carry = carry && word == 0;
    }
  }
  return words;
}

std::string digits_of_bytes(std::string_view bytes) {
  std::vector<std::uint32_t> words = magnitude_of(bytes);
  std::string reversed;
  while (true) {
    while (!words.empty() && words.back() == 0) words.pop_back();
    if (words.empty()) break;
    std::uint64_t rest = 0;
    for (std::size_t i = words.size(); i-- > 0;) {
      rest = rest << 32 | words[i];
      words[i] = static_cast<std::uint32_t>(rest / 1'000'000'000);
      rest %= 1'000'000'000;
    }
    for (int i = 0; i < 9; ++i, rest /= 10) reversed += static_cast<char>('0' + rest % 10);
  }
  while (!reversed.empty() && reversed.back() == '0') reversed.pop_back();
  if (reversed.empty()) reversed += '0';
  std::ranges::reverse(reversed);
  return reversed;
}

void append_bytes_of_digits(std::string& out, std::string_view digits, bool negative) {
  std::vector<std::uint32_t> words;
  for (std::size_t at = 0; at < digits.size();) {
    std::uint64_t factor = 1, carry = 0;
    for (int i = 0; i < 9 && at < digits.size(); ++i, ++at) {
      carry = carry * 10 + static_cast<std::uint64_t>(digits[at] - '0');
      factor *= 10;
    }
    for (std::uint32_t& word : words) {
      carry += word * factor;
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) words.push_back(static_cast<std::uint32_t>(carry));
  }
  words.push_back(0);  // room for the sign
  if (negative) {
    bool carry = true;
    for (std::uint32_t& word : words) {
      word = ~word + carry;
      carry = carry && word == 0;
    }
  }
  std::string bytes;
  for (std::size_t i = words.size(); i-- > 0;)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(words[i] >> shift & 0xff);
  std::size_t first = 0;
  char sign = negative ? '\xff' : '\0';
  while (first + 1 < bytes.size() && bytes[first] == sign && (bytes[first + 1] & 0x80) == (sign & 0x80)) ++first;
  out.append(bytes, first);
}

}  // namespace

std::optional<Int128> unscaled_of_bytes(std::string_view bytes) {
  char sign = is_negative(bytes) ? '\xff' : '\0';
  while (bytes.size() > 16) {
    if (bytes[0] != sign || ((bytes[1] ^ sign) & 0x80)) return std::nullopt;
    bytes.remove_prefix(1);
  }
  Int128 v = sign ? -1 : 0;
  for (char byte : bytes) v = static_cast<Int128>(static_cast<UInt128>(v) << 8) | static_cast<unsigned char>(byte);
  return v;
}

char* put_unscaled_bytes(char* p, Int128 v) {
  int size = 1;
  while (size < 16 && (v >> (8 * size - 1)) != 0 && (v >> (8 * size - 1)) != -1) ++size;
  for (int i = size; i-- > 0;) *p++ = static_cast<char>(v >> (8 * i) & 0xff);
  return p;
}

void append_decimal_text(std::string& out, std::string_view bytes, int scale) {
  if (auto v = unscaled_of_bytes(bytes); v && scale >= 0 && scale <= 38 && fits_precision(*v, 38)) {
    out += decimal_text(*v, scale);
    return;
  }
  std::string digits = digits_of_bytes(bytes);
  if (is_negative(bytes)) out += '-';
  if (scale < 0 && digits != "0") digits.append(static_cast<std::size_t>(-scale), '0');
  if (scale <= 0) {
    out += digits;
    return;
  }
  auto behind = static_cast<std::size_t>(scale);
  std::size_t zeros = digits.size() > behind ? 0 : behind + 1 - digits.size();
  std::string all(zeros, '0');
  all += digits;
  out.append(all, 0, all.size() - behind);
  out += '.';
  out.append(all, all.size() - behind);
}

bool append_decimal_bytes(std::string& out, std::string_view text, int scale) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  std::int64_t missing = scale;  // zeros behind the digits
  bool point = false, any = false;
  std::size_t at = 0;
  for (; at < text.size() && ((text[at] >= '0' && text[at] <= '9') || (text[at] == '.' && !point)); ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    any = true;
    if (point) --missing;
    if (!digits.empty() || text[at] != '0') digits += text[at];
  }
  if (!any) return false;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return false;
    if (++at < text.size() && text[at] == '+') ++at;
    std::int32_t exponent = 0;
    auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (error != std::errc() || end != text.data() + text.size() || at == text.size()) return false;
    missing += exponent;
  }
  if (digits.empty()) {
    out += '\0';
    return true;
  }
  for (; missing < 0; ++missing) {
    if (digits.back() != '0') return false;
    digits.pop_back();
  }
  if (static_cast<std::size_t>(missing) + digits.size() > most_digits) return false;
  digits.append(static_cast<std::size_t>(missing), '0');
  append_bytes_of_digits(out, digits, negative);
  return true;
}

}  // namespace levada
