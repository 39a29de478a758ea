// How many lines end in a text.
#pragma once
#include <emmintrin.h>

#include <cstdint>
#include <string_view>

namespace levada {

inline std::uint64_t count_line_feeds(std::string_view text) {
  std::uint64_t n = 0;
  const char* p = text.data();
  const char* stop = p + text.size();
  const __m128i feed = _mm_set1_epi8('\n');
  while (stop - p >= 16) {
    __m128i counts = _mm_setzero_si128();  // of each lane, below 256
    for (int i = 0; i < 255 && stop - p >= 16; ++i, p += 16)
      counts = _mm_sub_epi8(counts, _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), feed));
    __m128i sums = _mm_sad_epu8(counts, _mm_setzero_si128());
    n += static_cast<std::uint64_t>(_mm_cvtsi128_si64(sums)) +
         static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
  }
  for (; p < stop; ++p) n += *p == '\n';
  return n;
}

}  // namespace levada
