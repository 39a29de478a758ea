#include "connectors/postgres/snapshot_rows.h"

#include <emmintrin.h>

#include <cstring>
#include <string>

namespace levada {
namespace {

struct Marks {
  std::uint64_t ends, backslashes;  // of 64 bytes
};

// May read up to 64 bytes: the buffer's padding is there for that.
Marks marks_at(const char* at) {
  const __m128i tab = _mm_set1_epi8('\t'), feed = _mm_set1_epi8('\n'), backslash = _mm_set1_epi8('\\');
  Marks marks{0, 0};
  for (int part = 0; part < 4; ++part) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * part));
    __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, tab), _mm_cmpeq_epi8(bytes, feed));
    auto bits = [](__m128i v) { return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(v))); };
    marks.ends |= bits(ends) << (16 * part);
    marks.backslashes |= bits(_mm_cmpeq_epi8(bytes, backslash)) << (16 * part);
  }
  return marks;
}

char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return c;  // the backslash itself; the server writes no numbers
  }
}

// A value that has a backslash: \N alone is null.
FieldText unescape(char* start, char* end) {
  if (end - start == 2 && start[1] == 'N') return {};
  char* to = start;
  for (char* from = start; from < end;) {
    auto* next = static_cast<char*>(std::memchr(from, '\\', static_cast<std::size_t>(end - from)));
    char* stop = next && next + 1 < end ? next : end;
    std::memmove(to, from, static_cast<std::size_t>(stop - from));
    to += stop - from;
    if (stop == end) break;
    *to++ = unescaped(next[1]);
    from = next + 2;
  }
  return {FieldText::Kind::text, static_cast<std::uint32_t>(to - start), start};
}

Error wrong_shape(std::uint32_t row, std::size_t columns) {
  return Error(ErrorKind::data, "a row of COPY has not the " + std::to_string(columns) + " columns that were asked for")
      .where("row " + std::to_string(row) + " of the block");
}

}  // namespace

Result<void> cut_copied_rows(CopiedRows& rows, std::size_t columns) {
  rows.values.resize(rows.rows * columns);
  if (columns == 0) return {};
  char* const bytes = rows.text.data();
  const std::size_t size = rows.text.size();
  FieldText* const first = rows.values.data();
  FieldText* value = first;
  FieldText* const stop = first + rows.values.size();
  FieldText* row_end = first + columns;  // where the row's values must have ended
  std::size_t start = 0;
  bool escaped = false;
  for (std::size_t base = 0; base < size; base += 64) {
    auto [ends, backslashes] = marks_at(bytes + base);
    if (size - base < 64) {
      std::uint64_t there = (std::uint64_t{1} << (size - base)) - 1;
      ends &= there, backslashes &= there;
    }
    for (; ends; ends &= ends - 1) {
      unsigned bit = static_cast<unsigned>(__builtin_ctzll(ends));
      std::uint64_t behind = ~std::uint64_t{0} << bit;
      escaped |= (backslashes & ~behind) != 0;
      backslashes &= behind;
      std::size_t end = base + bit;
      if (value == stop) return wrong_shape(rows.rows, columns);
      if (escaped) [[unlikely]]
        *value++ = unescape(bytes + start, bytes + end);
      else
        *value++ = {FieldText::Kind::text, static_cast<std::uint32_t>(end - start), bytes + start};
      if ((bytes[end] == '\n') != (value == row_end)) [[unlikely]]
        return wrong_shape(static_cast<std::uint32_t>((value - first - 1) / static_cast<std::ptrdiff_t>(columns)),
                           columns);
      if (value == row_end) row_end += columns;
      escaped = false;
      start = end + 1;
    }
    escaped |= backslashes != 0;
  }
  if (value != stop || start != size) return wrong_shape(rows.rows, columns);
  return {};
}

}  // namespace levada
