#include "formats/json_scan.h"

#include <immintrin.h>

#include <string_view>

#include "base/assert.h"

namespace levada {
namespace {

constexpr std::size_t slack = 64;  // entries that may be written behind the last one

std::uint64_t bits_inside(std::size_t left) { return left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1; }

// Eight at a time, whether there are so many or not: that is cheaper than asking each time.
[[gnu::always_inline]] inline std::uint16_t* put_offsets(std::uint64_t bits, std::size_t at, std::uint16_t* to) {
  auto* end = to + __builtin_popcountll(bits);
  do {
    for (int i = 0; i < 8; ++i) {
      to[i] = static_cast<std::uint16_t>(at + static_cast<std::size_t>(__builtin_ctzll(bits | std::uint64_t{1} << 63)));
      bits &= bits - 1;
    }
    to += 8;
  } while (to < end);
  return end;
}

bool has_avx512() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2");
}
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }

alignas(64) constexpr auto counting = [] {
  struct Bytes {
    char at[64];
  } bytes{};
  for (int i = 0; i < 64; ++i) bytes.at[i] = static_cast<char>(i);
  return bytes;
}();

}  // namespace

// The same in three instruction sets.
struct QuoteScanners {
  // scan_block(p, inside, at, to, odd) puts down the offsets (+ at) of the quotes among the 64 bytes at p that are
  // inside, returns their end, and sets bits in odd for odd bytes.
  template <class ScanBlock>
  [[gnu::always_inline]] static inline void scan_texts(std::span<const Text> texts, QuoteScan& result,
                                                       ScanBlock scan_block) {
    auto* positions = reinterpret_cast<std::uint16_t*>(result.positions_.data());
    std::uint16_t* to = positions;
    std::uint64_t all_scanned = 0, all_odd = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto size = static_cast<std::size_t>(texts[i].size);  // huge for null
      if (size > QuoteScan::max_text_size) [[unlikely]]
        continue;
      std::uint16_t* first = to;
      std::uint64_t odd = 0;
      *to++ = 0;
      for (std::size_t at = 0; at < size; at += 64) {
        to = scan_block(texts[i].data + at, bits_inside(size - at), at, to, odd);
        if (to - first > static_cast<std::ptrdiff_t>(QuoteScan::max_quotes)) [[unlikely]]
          break;
      }
      auto quotes = static_cast<std::size_t>(to - first - 1);
      *to++ = static_cast<std::uint16_t>(size);
      result.first_[i] = static_cast<std::uint32_t>(first - positions);
      result.quotes_[i] = static_cast<std::uint16_t>(quotes);
      all_scanned |= static_cast<std::uint64_t>(quotes < QuoteScan::max_quotes) << i;
      all_odd |= static_cast<std::uint64_t>(odd != 0) << i;
    }
    result.scanned_ = all_scanned;
    result.odd_ = all_odd;
  }

  static void sse(std::span<const Text> texts, QuoteScan& result) {
    scan_texts(texts, result,
               [](const char* p, std::uint64_t inside, std::size_t at, std::uint16_t* to, std::uint64_t& odd) {
                 std::uint64_t quotes = 0, strange = 0;
                 for (int i = 0; i < 4; ++i) {
                   __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
                   // Signed: bytes beyond ASCII are negative.
                   __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
                   __m128i escape = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
                   auto o = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, escape)));
                   auto q = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('"'))));
                   strange |= static_cast<std::uint64_t>(o) << (16 * i);
                   quotes |= static_cast<std::uint64_t>(q) << (16 * i);
                 }
                 odd |= strange & inside;
                 return put_offsets(quotes & inside, at, to);
               });
  }

#define LV_AVX2 gnu::target("avx2,bmi,bmi2,popcnt")
  [[LV_AVX2]] static void avx2(std::span<const Text> texts, QuoteScan& result) {
    scan_texts(
        texts, result,
        [] [[LV_AVX2]] (const char* p, std::uint64_t inside, std::size_t at, std::uint16_t* to, std::uint64_t& odd) {
          std::uint64_t quotes = 0, strange = 0;
          for (int i = 0; i < 2; ++i) {
            __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32 * i));
            __m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), v);
            __m256i escape = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
            auto o = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_or_si256(low, escape)));
            auto q = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'))));
            strange |= static_cast<std::uint64_t>(o) << (32 * i);
            quotes |= static_cast<std::uint64_t>(q) << (32 * i);
          }
          odd |= strange & inside;
          return put_offsets(quotes & inside, at, to);
        });
  }

// The offsets are squeezed together in one instruction instead of being taken off one by one.
#define LV_AVX512 gnu::target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")
  [[LV_AVX512]] static void avx512(std::span<const Text> texts, QuoteScan& result) {
    scan_texts(
        texts, result,
        [] [[LV_AVX512]] (const char* p, std::uint64_t inside, std::size_t at, std::uint16_t* to, std::uint64_t& odd) {
          __m512i v = _mm512_loadu_si512(p);
          __mmask64 low = _mm512_cmplt_epi8_mask(v, _mm512_set1_epi8(0x20));
          odd |= (low | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'))) & inside;
          std::uint64_t quotes = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) & inside;
          __m512i offsets = _mm512_maskz_compress_epi8(quotes, _mm512_load_si512(counting.at));
          auto count = static_cast<std::size_t>(__builtin_popcountll(quotes));
          auto put = [&] [[LV_AVX512]] (__m128i quarter, std::size_t where) {
            __m256i wide = _mm256_add_epi16(_mm256_cvtepu8_epi16(quarter), _mm256_set1_epi16(static_cast<short>(at)));
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + where), wide);
          };
          put(_mm512_maskz_extracti32x4_epi32(0xff, offsets, 0), 0);
          if (count > 16) put(_mm512_maskz_extracti32x4_epi32(0xff, offsets, 1), 16);
          if (count > 32) {
            put(_mm512_maskz_extracti32x4_epi32(0xff, offsets, 2), 32);
            put(_mm512_maskz_extracti32x4_epi32(0xff, offsets, 3), 48);
          }
          return to + count;
        });
  }
};

std::span<const std::string_view> QuoteScan::instruction_sets() {
  static constexpr std::string_view names[] = {"avx512", "avx2", "sse"};
  return std::span(names).subspan(has_avx512() ? 0 : has_avx2() ? 1 : 2);
}

QuoteScan::QuoteScan() { use(instruction_sets().front()); }

void QuoteScan::use(std::string_view instruction_set) {
  scan_ = instruction_set == "avx512" ? QuoteScanners::avx512
          : instruction_set == "avx2" ? QuoteScanners::avx2
                                      : QuoteScanners::sse;
}

void QuoteScan::scan(std::span<const Text> texts) {
  LV_DEBUG_ASSERT(texts.size() <= max_texts);
  positions_.reserve(max_texts * (max_quotes + 2 + slack) * sizeof(std::uint16_t));
  scan_(texts, *this);
}

}  // namespace levada
