#include "bench/limits/json.h"

#include <immintrin.h>
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>

#include "batch/number_text.h"
#include "bench/limits/batch_file.h"

namespace levada::limits {
namespace {

namespace ondemand = simdjson::ondemand;

[[noreturn]] void unexpected() {
  std::fputs("a text that is no order\n", stderr);
  std::abort();
}

struct Order {
  std::int64_t id, user, ts;
  double amount;
  std::string_view item;
};

Order read(ondemand::parser& parser, const Text& text) {
  ondemand::document document;
  ondemand::object object;
  Order o;
  auto size = static_cast<std::size_t>(text.size);
  if (parser.iterate(text.data, size, size + simdjson::SIMDJSON_PADDING).get(document) ||
      document.get_object().get(object) || object["id"].get_int64().get(o.id) ||
      object["user"].get_int64().get(o.user) || object["item"].get_string().get(o.item) ||
      object["amount"].get_double().get(o.amount) || object["ts"].get_int64().get(o.ts))
    unexpected();
  return o;
}

template <std::size_t n>
char* put(char* p, const char (&text)[n]) {
  std::memcpy(p, text, n - 1);
  return p + n - 1;
}
char* put(char* p, std::string_view text) {
  _mm512_storeu_si512(p, _mm512_loadu_si512(text.data()));
  if (text.size() > 64) std::memcpy(p + 64, text.data() + 64, text.size() - 64);
  return p + text.size();
}

char* write(const Order& o, char* p) {
  p = put_integer(put(p, "{\"id\":"), o.id);
  p = put_integer(put(p, ",\"user\":"), o.user);
  p = put(put(p, ",\"item\":\""), o.item);  // known to need no escapes
  p = put_double(put(p, "\",\"amount\":"), o.amount);
  p = put_integer(put(p, ",\"ts\":"), o.ts);
  *p++ = '}';
  return p;
}
void write(const Order& o, Texts& out) {
  out.bytes.commit(write(o, out.bytes.room(256)));
  out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
}

void add(Sums& sums, const Order& o) {
  sums.id += o.id;
  sums.user += o.user;
  sums.ts += o.ts;
  sums.amount += o.amount;
  sums.item += o.item.size();
}

// Up to 15 digits that end at `stop`; the 16 bytes in front of it are readable here.
std::uint64_t digits(const char* stop, std::size_t n) {
  __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(stop - 16));
  v = _mm_maskz_sub_epi8(static_cast<__mmask16>(0xffffu << (16 - n)), v, _mm_set1_epi8('0'));
  if (n - 1 > 14 || _mm_cmpgt_epu8_mask(v, _mm_set1_epi8(9))) unexpected();
  __m128i pairs = _mm_maddubs_epi16(v, _mm_set1_epi16(0x010a));
  __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
  __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x00012710));
  auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  return (both & 0xffffffffu) * 100'000'000u + (both >> 32);
}

class Shape {
 public:
  enum Field { id, user, item, qty, amount, money, place, ts };

  void match(const Text& text) {
    const char* p = text.data;
    auto n = static_cast<std::size_t>(text.size);
    static constexpr auto counting = [] {
      std::array<char, 64> a{};
      for (int i = 0; i < 64; ++i) a[static_cast<std::size_t>(i)] = static_cast<char>(i);
      return a;
    }();
    const __m512i count = _mm512_loadu_si512(counting.data());
    std::size_t commas = 0, quotes = 0;
    std::uint64_t odd = n > 192;
    for (std::size_t at = 0; at < n; at += 64) {
      std::uint64_t inside = n - at >= 64 ? ~0ull : (1ull << (n - at)) - 1;
      __m512i v = _mm512_loadu_si512(p + at);
      odd |= (_mm512_cmplt_epi8_mask(v, _mm512_set1_epi8(0x20)) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'))) &
             inside;
      quotes +=
          static_cast<std::size_t>(__builtin_popcountll(_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) & inside));
      std::uint64_t found = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(',')) & inside;
      _mm512_storeu_si512(comma_ + commas, _mm512_maskz_compress_epi8(
                                               found, _mm512_add_epi8(count, _mm512_set1_epi8(static_cast<char>(at)))));
      commas += static_cast<std::size_t>(__builtin_popcountll(found));
    }
    text_ = p;
    size_ = n;
    auto is = [&](std::size_t at, std::string_view name) { return std::memcmp(p + at, name.data(), name.size()) == 0; };
    if (odd || commas != 7 || quotes != 22 || p[n - 1] != '}' || !is(0, "{\"id\":") || !is(comma_[0], ",\"user\":") ||
        !is(comma_[1], ",\"item\":\"") || !is(comma_[2], ",\"qty\":") || !is(comma_[3], ",\"amount\":") ||
        !is(comma_[4], ",\"money\":\"") || !is(comma_[5], ",\"place\":\"") || !is(comma_[6], ",\"ts\":"))
      unexpected();
  }
  std::string_view value(Field f) const {
    static constexpr std::uint8_t name[] = {6, 8, 8, 7, 10, 9, 9, 6};
    std::size_t from = (f == id ? 0u : comma_[f - 1]) + name[f];
    return {text_ + from, (f == ts ? size_ - 1 : comma_[f]) - from};
  }
  // From the name's quote to the end of the value.
  std::string_view member(Field f) const {
    std::size_t from = f == id ? 1u : comma_[f - 1] + 1u;
    return {text_ + from, (f == ts ? size_ - 1 : comma_[f]) - from};
  }
  std::int64_t integer(Field f) const {
    std::string_view v = value(f);
    return static_cast<std::int64_t>(digits(v.data() + v.size(), v.size()));
  }
  double money_amount() const {
    std::string_view v = value(amount);  // 1234.56
    std::uint64_t whole = digits(v.data() + v.size() - 3, v.size() - 3), part = digits(v.data() + v.size(), 2);
    return static_cast<double>(static_cast<std::int64_t>(whole * 100 + part)) / 100.0;
  }
  Order order() const {
    std::string_view i = value(item);
    return {integer(id), integer(user), integer(ts), money_amount(), i.substr(1, i.size() - 2)};
  }

 private:
  alignas(64) std::uint8_t comma_[256];
  const char* text_;
  std::size_t size_;
};

// The five members as they stand.
char* copy(const Shape& shape, const char* text, char* p) {
  p = put(p, std::string_view(text, static_cast<std::size_t>(shape.member(Shape::item).end() - text)));
  *p++ = ',';
  p = put(p, shape.member(Shape::amount));
  *p++ = ',';
  p = put(p, shape.member(Shape::ts));
  *p++ = '}';
  return p;
}

}  // namespace

Sums read_on_demand(std::span<const Text> texts) {
  ondemand::parser parser;
  Sums sums;
  for (const Text& text : texts) add(sums, read(parser, text));
  return sums;
}

void project_on_demand(std::span<const Text> texts, double least, Texts& out) {
  ondemand::parser parser;
  for (const Text& text : texts)
    if (Order o = read(parser, text); o.amount > least) write(o, out);
}

Sums read_by_shape(std::span<const Text> texts) {
  Sums sums;
  Shape shape;
  for (const Text& text : texts) {
    shape.match(text);
    add(sums, shape.order());
  }
  return sums;
}

void project_by_shape(std::span<const Text> texts, double least, Texts& out) {
  Shape shape;
  for (const Text& text : texts) {
    shape.match(text);
    if (Order o = shape.order(); o.amount > least) write(o, out);
  }
}

void copy_by_shape(std::span<const Text> texts, double least, Texts& out) {
  Shape shape;
  for (const Text& text : texts) {
    shape.match(text);
    if (!(shape.money_amount() > least)) continue;
    out.bytes.commit(copy(shape, text.data, out.bytes.room(256)));
    out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
  }
}

void project_log_on_demand(std::string_view record_batches, double least, const std::string& path) {
  BatchFile out(path);
  ondemand::parser parser;
  walk(
      record_batches,
      [&](const LogRecord& record) {
        Order o = read(parser, record.value);
        if (o.amount > least) out.end(write(o, out.begin(record.timestamp_ms)));
      },
      [] {});
  out.finish();
}

void project_log_by_shape(std::string_view record_batches, double least, const std::string& path) {
  BatchFile out(path);
  Shape shape;
  walk(
      record_batches,
      [&](const LogRecord& record) {
        shape.match(record.value);
        if (shape.money_amount() > least) out.end(copy(shape, record.value.data(), out.begin(record.timestamp_ms)));
      },
      [] {});
  out.finish();
}

}  // namespace levada::limits
