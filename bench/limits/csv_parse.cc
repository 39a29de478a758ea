#include "bench/limits/csv_parse.h"

#include <fcntl.h>
#include <immintrin.h>
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// Everything below needs these instructions; runs_here() is asked first.
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,pclmul,bmi,bmi2,popcnt")
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12's own intrinsics

namespace levada::bench {
namespace {

constexpr std::size_t piece = 256 << 10, margin = 128;

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "csv kernel: %s\n", why);
  std::abort();
}

// The digits that the mask keeps of 16 characters, the last at the right end.
inline std::uint64_t number(__m128i characters, __mmask16 keep, bool& bad) {
  __m128i digits = _mm_maskz_sub_epi8(keep, characters, _mm_set1_epi8('0'));
  bad |= _mm_cmpgt_epu8_mask(digits, _mm_set1_epi8(9)) != 0;
  __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
  __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
  __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x00012710));
  auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  return (both & 0xFFFFFFFF) * 100'000'000 + (both >> 32);
}

inline __m128i before(const char* stop) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(stop - 16)); }
inline __mmask16 last(std::size_t n) { return static_cast<__mmask16>(0xFFFFu << (16 - n)); }

}  // namespace

bool CsvKernel::runs_here() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
         __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi2");
}

CsvKernel::CsvKernel(const std::string& path, const std::vector<CsvKind>& kinds)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
      width_(kinds.size()),
      text_(margin + 2 * piece + margin),
      ends_(2 * piece + margin) {
  if (file_ < 0) give_up("cannot open the file");
  for (CsvKind kind : kinds) {
    CsvColumn column{kind, {}, {}, {}};
    std::size_t most = 2 * piece / width_ + 1;
    if (kind == CsvKind::integer) column.integers.resize(most);
    if (kind == CsvKind::real) column.reals.resize(most);
    if (kind == CsvKind::text) column.texts.resize(most);
    columns_.push_back(std::move(column));
  }
}
CsvKernel::~CsvKernel() { ::close(file_); }

std::size_t CsvKernel::find_ends() {
  const char* text = text_.data() + margin;
  alignas(64) static constexpr auto numbers = [] {
    struct {
      std::uint8_t at[64];
    } n{};
    for (std::uint8_t i = 0; i < 64; ++i) n.at[i] = i;
    return n;
  }();
  const __m512i order = _mm512_load_si512(numbers.at);
  std::uint32_t* out = ends_.data();
  *out++ = ~std::uint32_t{0};
  std::uint64_t inside = 0;
  for (std::size_t at = 0; at < size_; at += 64) {
    __m512i v = _mm512_loadu_si512(text + at);
    std::uint64_t real = size_ - at >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (size_ - at)) - 1;
    std::uint64_t ends =
        real & (_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(',')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')));
    std::uint64_t quotes = real & _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
    if ((quotes | inside) != 0) {
      __m128i within = _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(quotes)), _mm_set1_epi8(-1), 0);
      std::uint64_t covered = static_cast<std::uint64_t>(_mm_cvtsi128_si64(within)) ^ inside;
      inside = 0 - (covered >> 63);
      ends &= ~covered;
    }
    __m512i places = _mm512_maskz_compress_epi8(ends, order);
    const __m512i base = _mm512_set1_epi32(static_cast<int>(at));
    _mm512_storeu_si512(out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
    int n = std::popcount(ends);
    if (n > 16) [[unlikely]] {
      alignas(64) std::uint8_t all[64];
      _mm512_store_si512(all, places);
      for (int i = 16; i < n; ++i) out[i] = static_cast<std::uint32_t>(at) + all[i];
    }
    out += n;
  }
  return static_cast<std::size_t>(out - ends_.data()) - 1;
}

void CsvKernel::read_integers(std::size_t column, std::size_t rows) {
  const char* text = text_.data() + margin;
  std::int64_t* values = columns_[column].integers.data();
  bool bad = false;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint32_t* end = ends_.data() + row * width_ + column;
    const char* p = text + static_cast<std::uint32_t>(end[0] + 1);
    const char* stop = text + end[1];
    bool negative = *p == '-';
    auto n = static_cast<std::size_t>(stop - p) - negative;
    bad |= n - 1 > 15;
    auto v = static_cast<std::int64_t>(number(before(stop), last(n), bad));
    values[row] = negative ? -v : v;
  }
  if (bad) give_up("a bad integer");
}

void CsvKernel::read_reals(std::size_t column, std::size_t rows) {
  static constexpr double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const char* text = text_.data() + margin;
  double* values = columns_[column].reals.data();
  bool bad = false;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint32_t* end = ends_.data() + row * width_ + column;
    const char* p = text + static_cast<std::uint32_t>(end[0] + 1);
    const char* stop = text + end[1];
    bool negative = *p == '-';
    auto n = static_cast<std::size_t>(stop - p) - negative;
    bad |= n - 1 > 15;
    __m128i v = before(stop);
    auto keep = last(n);
    __mmask16 points = _mm_mask_cmpeq_epi8_mask(keep, v, _mm_set1_epi8('.'));
    int behind = 0;
    if (points != 0) {  // the point is squeezed out: digits before it move up
      behind = 15 - std::countr_zero(static_cast<unsigned>(points));
      auto digits = static_cast<__mmask16>(keep & ~points);
      v = _mm_maskz_expand_epi8(static_cast<__mmask16>(0xFFFFu << (17 - n)), _mm_maskz_compress_epi8(digits, v));
      keep = last(n - 1);
    }
    double value = static_cast<double>(static_cast<std::int64_t>(number(v, keep, bad))) / powers[behind];
    values[row] = negative ? -value : value;
  }
  if (bad) give_up("a bad number");
}

void CsvKernel::read_texts(std::size_t column, std::size_t rows) {
  const char* text = text_.data() + margin;
  std::string_view* values = columns_[column].texts.data();
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint32_t* end = ends_.data() + row * width_ + column;
    std::string_view v(text + static_cast<std::uint32_t>(end[0] + 1), end[1] - (end[0] + 1));
    if (v.starts_with('"')) [[unlikely]] {
      v = v.substr(1, v.size() - 2);
      if (v.find('"') != v.npos) {
        std::size_t from = unquoted_.size();
        for (std::size_t i = 0; i < v.size(); i += v[i] == '"' ? 2 : 1) unquoted_ += v[i];
        v = std::string_view(unquoted_).substr(from);
      }
    }
    values[row] = v;
  }
}

std::size_t CsvKernel::next() {
  char* text = text_.data() + margin;
  std::memmove(text, text + used_, size_ - used_);
  size_ -= used_;
  used_ = 0;
  ssize_t got = ::read(file_, text + size_, piece);
  if (got < 0) give_up("cannot read");
  if (got == 0 && size_ > 0) give_up("the last line has no end");
  if (got == 0) return 0;
  size_ += static_cast<std::size_t>(got);
  std::size_t rows = find_ends() / width_;
  if (rows == 0) give_up("a row is too long");
  for (std::size_t row = 0; row < rows; ++row)
    if (text[ends_[(row + 1) * width_]] != '\n') give_up("a row of another width");
  unquoted_.clear();
  unquoted_.reserve(2 * piece);
  for (std::size_t c = 0; c < width_; ++c) switch (columns_[c].kind) {
      case CsvKind::integer: read_integers(c, rows); break;
      case CsvKind::real: read_reals(c, rows); break;
      case CsvKind::text: read_texts(c, rows); break;
    }
  used_ = ends_[rows * width_] + 1;
  return rows;
}

}  // namespace levada::bench
