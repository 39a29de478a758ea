#include "connectors/csv/blocks.h"

#include <immintrin.h>

#include <bit>

#include "base/assert.h"

namespace levada {
namespace {

// ---- SSE4.2, which every machine has that we run on ----

std::uint64_t equal_sse(const __m128i (&v)[4], __m128i c) {
  std::uint64_t bits = 0;
  for (int i = 0; i < 4; ++i)
    bits |= std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], c)))} << (16 * i);
  return bits;
}

void classify_sse(const char* text, std::size_t count, const CsvDialect& dialect, CsvBlock* blocks) {
  const __m128i separator = _mm_set1_epi8(dialect.separator), feed = _mm_set1_epi8('\n'), ret = _mm_set1_epi8('\r');
  const __m128i quote = _mm_set1_epi8(dialect.quote), escape = _mm_set1_epi8(dialect.escape);
  for (std::size_t i = 0; i < count; ++i) {
    __m128i v[4];
    for (int j = 0; j < 4; ++j) v[j] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 64 * i) + j);
    blocks[i] = {equal_sse(v, separator), equal_sse(v, feed), dialect.quote ? equal_sse(v, quote) : 0,
                 equal_sse(v, ret), dialect.escape ? equal_sse(v, escape) : 0};
  }
}

// For each row end among the bits the number of fields up to it.
[[gnu::always_inline]] inline std::uint32_t* put_rows(std::uint64_t feeds, std::uint64_t separators,
                                                      std::uint32_t fields, std::uint32_t* row) {
  for (; feeds != 0; feeds &= feeds - 1) {
    std::uint64_t up_to = feeds ^ (feeds - 1);  // the lowest feed and all below it
    *row++ = fields + static_cast<std::uint32_t>(std::popcount(separators & up_to));
  }
  return row;
}

void collect_sse(const CsvBlock* blocks, std::size_t count, std::uint32_t base, CsvEnds& ends) {
  for (std::size_t i = 0; i < count; ++i, base += 64) {
    std::uint64_t bits = blocks[i].separators;
    ends.row = put_rows(blocks[i].feeds, bits, static_cast<std::uint32_t>(ends.field - ends.first_field), ends.row);
    std::uint32_t* stop = ends.field + std::popcount(bits);
    for (std::uint32_t* out = ends.field;; out += 8) {  // eight at a time: for most blocks that is one turn
      for (int j = 0; j < 8; ++j, bits &= bits - 1) out[j] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
      if (bits == 0) break;
    }
    ends.field = stop;
  }
}

// ---- AVX2 ----

[[gnu::target("avx2,bmi")]] void classify_avx2(const char* text, std::size_t count, const CsvDialect& dialect,
                                               CsvBlock* blocks) {
  const __m256i separator = _mm256_set1_epi8(dialect.separator), feed = _mm256_set1_epi8('\n');
  const __m256i ret = _mm256_set1_epi8('\r'), quote = _mm256_set1_epi8(dialect.quote);
  const __m256i escape = _mm256_set1_epi8(dialect.escape);
  for (std::size_t i = 0; i < count; ++i) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 64 * i));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 64 * i + 32));
#define LV_EQUAL(c)                                                                        \
  (std::uint64_t{static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, c)))} | \
   std::uint64_t{static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, c)))} << 32)
    blocks[i] = {LV_EQUAL(separator), LV_EQUAL(feed), dialect.quote ? LV_EQUAL(quote) : 0, LV_EQUAL(ret),
                 dialect.escape ? LV_EQUAL(escape) : 0};
#undef LV_EQUAL
  }
}

[[gnu::target("avx2,bmi,popcnt")]] void collect_avx2(const CsvBlock* blocks, std::size_t count, std::uint32_t base,
                                                     CsvEnds& ends) {
  for (std::size_t i = 0; i < count; ++i, base += 64) {
    std::uint64_t bits = blocks[i].separators;
    ends.row = put_rows(blocks[i].feeds, bits, static_cast<std::uint32_t>(ends.field - ends.first_field), ends.row);
    std::uint32_t* stop = ends.field + std::popcount(bits);
    for (std::uint32_t* out = ends.field;; out += 8) {
      for (int j = 0; j < 8; ++j, bits = _blsr_u64(bits)) out[j] = base + static_cast<std::uint32_t>(_tzcnt_u64(bits));
      if (bits == 0) break;
    }
    ends.field = stop;
  }
}

// ---- AVX-512 ----

// GCC 12 takes the don't-care operand of its own intrinsics for a variable that somebody forgot.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#define LV_AVX512 "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,popcnt"

struct ByteNumbers {
  alignas(64) std::uint8_t at[64];
  constexpr ByteNumbers() : at() {
    for (std::uint8_t i = 0; i < 64; ++i) at[i] = i;
  }
};
constexpr ByteNumbers byte_numbers;

[[gnu::target(LV_AVX512)]] void classify_avx512(const char* text, std::size_t count, const CsvDialect& dialect,
                                                CsvBlock* blocks) {
  const __m512i separator = _mm512_set1_epi8(dialect.separator), feed = _mm512_set1_epi8('\n');
  const __m512i ret = _mm512_set1_epi8('\r'), quote = _mm512_set1_epi8(dialect.quote);
  const __m512i escape = _mm512_set1_epi8(dialect.escape);
  for (std::size_t i = 0; i < count; ++i) {
    const __m512i v = _mm512_loadu_si512(text + 64 * i);
    blocks[i] = {_mm512_cmpeq_epi8_mask(v, separator), _mm512_cmpeq_epi8_mask(v, feed),
                 dialect.quote ? _mm512_cmpeq_epi8_mask(v, quote) : 0, _mm512_cmpeq_epi8_mask(v, ret),
                 dialect.escape ? _mm512_cmpeq_epi8_mask(v, escape) : 0};
  }
}

[[gnu::target(LV_AVX512)]] void collect_avx512(const CsvBlock* blocks, std::size_t count, std::uint32_t base,
                                               CsvEnds& ends) {
  const __m512i numbers = _mm512_load_si512(byte_numbers.at);
  for (std::size_t i = 0; i < count; ++i, base += 64) {
    std::uint64_t bits = blocks[i].separators;
    ends.row = put_rows(blocks[i].feeds, bits, static_cast<std::uint32_t>(ends.field - ends.first_field), ends.row);
    __m512i places = _mm512_maskz_compress_epi8(bits, numbers);
    const __m512i first = _mm512_set1_epi32(static_cast<int>(base));
    _mm512_storeu_si512(ends.field, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
    int n = std::popcount(bits);
    if (n > 16) [[unlikely]] {
      alignas(64) std::uint8_t all[64];
      _mm512_store_si512(all, places);
      for (int done = 16; done < n; ++done) ends.field[done] = base + all[done];
    }
    ends.field += n;
  }
}

}  // namespace

const CsvBlockLoops& csv_block_loops(Isa isa) {
  static constexpr CsvBlockLoops sse = {classify_sse, collect_sse}, avx2 = {classify_avx2, collect_avx2},
                                 avx512 = {classify_avx512, collect_avx512};
  LV_ASSERT(runs_here(isa));
  return isa == Isa::avx512 ? avx512 : isa == Isa::avx2 ? avx2 : sse;
}

bool runs_here(Isa isa) {
  switch (isa) {
    case Isa::plain:
    case Isa::sse42: return true;
    case Isa::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
    case Isa::avx512:
      return runs_here(Isa::avx2) && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
  }
  return false;
}

Isa best_isa() {
  static const Isa best = runs_here(Isa::avx512) ? Isa::avx512 : runs_here(Isa::avx2) ? Isa::avx2 : Isa::sse42;
  return best;
}

}  // namespace levada
