#include "connectors/csv/cells.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/assert.h"
#include "batch/decimal.h"
#include "batch/number_text.h"
#include "connectors/csv/charset.h"
#include "formats/base64.h"
#include "formats/plain_number.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

unsigned char index_of(char c) { return static_cast<unsigned char>(c); }

// ---- values out of the ordinary, and what is said about texts that are none ----

template <class T>
struct Parsed {
  std::optional<T> value;
  std::string why = {};  // behind the quoted text: "is not a number"
};

bool only_digits(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

template <class T>
Parsed<T> whole_number(std::string_view text, const Type& type) {
  if (auto v = parse_integer(text); v && *v >= std::numeric_limits<T>::min() && *v <= std::numeric_limits<T>::max())
    return {static_cast<T>(*v)};
  if (only_digits(text)) return {{}, "does not fit into " + type.text()};
  return {{}, "is not a whole number"};
}

Parsed<double> real_number(std::string_view text) {
  if (auto v = parse_double(text)) return {*v};
  return {{}, "is not a number"};
}

Parsed<Int128> decimal_number(std::string_view text, const Type& type) {
  auto parsed = parse_decimal(text);
  if (!parsed) return {{}, parse_double(text) ? "does not fit into " + type.text() : "is not a number"};
  if (auto v = fit_decimal(parsed->unscaled, parsed->scale, type)) return {*v};
  return {{}, "does not fit into " + type.text()};
}

Parsed<std::uint8_t> truth(std::string_view text) {
  static constexpr std::string_view yes[] = {"true", "t", "yes", "y", "1"}, no[] = {"false", "f", "no", "n", "0"};
  auto same = [&](std::string_view word) {
    return std::ranges::equal(text, word, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  if (std::ranges::any_of(yes, same)) return {std::uint8_t{1}};
  if (std::ranges::any_of(no, same)) return {std::uint8_t{0}};
  return {{}, "is neither true nor false"};
}

// The first format that reads the text; ISO where there are none.
template <class T>
Parsed<T> moment(std::string_view text, std::span<const TimeFormat> formats, std::string_view kind,
                 std::optional<std::int64_t> (TimeFormat::*read)(std::string_view) const, auto iso,
                 std::string_view iso_form) {
  std::optional<std::int64_t> v;
  for (const TimeFormat& format : formats)
    if ((v = (format.*read)(text))) break;
  if (formats.empty()) v = iso(text);
  if (v) return {static_cast<T>(*v)};
  std::string forms;
  for (const TimeFormat& format : formats)
    if (!format.pattern().empty()) forms += (forms.empty() ? "" : " or ") + std::string(format.pattern());
  return {{}, "is no " + std::string(kind) + " of the form " + (forms.empty() ? std::string(iso_form) : forms)};
}

// ---- values as they mostly are; false: look closer ----

bool quick_date(const char* p, std::size_t n, std::int32_t& v) {  // yyyy-MM-dd
  if (n != 10 || p[4] != '-' || p[7] != '-') return false;
  unsigned d[8];
  unsigned worst = 0;
  for (int i = 0, at = 0; i < 8; ++i, ++at) {
    at += at == 4 || at == 7;
    d[i] = static_cast<unsigned char>(p[at] - '0');
    worst = std::max(worst, d[i]);
  }
  if (worst > 9) return false;
  auto year = static_cast<int>(d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3]);
  auto month = static_cast<int>(d[4] * 10 + d[5]), day = static_cast<int>(d[6] * 10 + d[7]);
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  v = static_cast<std::int32_t>(days_from_civil(year, month, day));
  return true;
}

bool quick_decimal(const char* p, std::size_t n, int scale, Int128 bound, Int128& v) {
  PlainDecimal plain;
  bool negative;
  if (!plain_decimal(p, n, plain, negative) || plain.scale > scale || scale - plain.scale > 18) return false;
  v = Int128(plain.mantissa) * power_of_ten[static_cast<std::size_t>(scale - plain.scale)];
  return v < bound && v > -bound;
}

}  // namespace

std::string shown_cell(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  constexpr std::size_t most = 64;
  bool utf8 = is_utf8(text);
  std::string out = "'";
  std::size_t n = std::min(text.size(), most);
  while (utf8 && n > 0 && n < text.size() && (text[n] & 0xC0) == 0x80) --n;
  for (char c : text.substr(0, n)) {
    auto u = index_of(c);
    if (u >= 0x20 && u != 0x7F && (u < 0x80 || utf8))
      out += c;
    else
      out += {'\\', 'x', hex[u >> 4], hex[u & 15]};
  }
  return out + (n < text.size() ? "…'" : "'");
}

// What a cell means, without its quotes.
struct CellReader::Content {
  std::string_view text;
  bool null = false;
  bool copied = false;  // the text stands in the scratch
};

CellReader::CellReader(Type type, const CsvCellRules& rules, std::vector<TimeFormat> formats)
    : type_(std::move(type)), rules_(rules), formats_(std::move(formats)) {
  LV_ASSERT(!type_.nested());
  const CsvDialect& dialect = rules_.dialect;
  if (dialect.quote) odd_first_[index_of(dialect.quote)] = true;
  if (rules_.trim || (dialect.quote && dialect.skip_blanks_around_quotes))
    odd_first_[index_of(' ')] = odd_first_[index_of('\t')] = true;
  for (const std::string& word : rules_.null_words)
    if (!word.empty()) odd_first_[index_of(word.front())] = true;
  if (dialect.only_quoted) std::ranges::fill(odd_first_, true);
}

bool CellReader::is_null(std::string_view text, bool quoted) const {
  if (text.empty()) {
    if (!type_.textual() || rules_.nulls == CsvNulls::both) return true;
    return rules_.nulls == (quoted ? CsvNulls::empty_quotes : CsvNulls::empty_separators);
  }
  return !quoted && std::ranges::find(rules_.null_words, text) != rules_.null_words.end();
}

CellReader::Content CellReader::content(const char* p, const char* stop, std::string& scratch) const {
  const CsvDialect& dialect = rules_.dialect;
  std::string_view text(p, static_cast<std::size_t>(stop - p));
  std::string_view inner = dialect.skip_blanks_around_quotes ? trimmed(text) : text;
  bool quoted = dialect.quote && inner.starts_with(dialect.quote) && !dialect.only_quoted;
  bool copied = false;
  if (quoted) {
    inner.remove_prefix(1);
    if (inner.ends_with(dialect.quote)) inner.remove_suffix(1);
  }
  if (quoted ? inner.find(dialect.quote) != inner.npos || (dialect.escape && inner.find(dialect.escape) != inner.npos)
             : dialect.only_quoted) {
    scratch.clear();
    bool inside = quoted;
    for (std::size_t i = 0; i < inner.size(); ++i) {
      char c = inner[i], next = i + 1 < inner.size() ? inner[i + 1] : '\0';
      bool pair = c == dialect.quote && next == dialect.quote;
      bool escaped = dialect.escape && c == dialect.escape && (next == dialect.quote || next == dialect.escape) && next;
      if (inside && (pair || escaped))
        scratch += next, ++i;
      else if (c == dialect.quote)
        inside = !inside, quoted = true;
      else if (inside)
        scratch += c;
    }
    inner = scratch;
    copied = true;
  } else if (!quoted) {
    inner = rules_.trim || !type_.textual() ? trimmed(text) : text;
  }
  if (quoted && !type_.textual()) inner = trimmed(inner);
  return {inner, is_null(inner, quoted), copied};
}

// One pass over the cells of a column.
struct CellReader::Loop {
  const CellReader& reader;
  const CsvCells& cells;
  std::uint32_t field;
  bool last;
  Column& out;
  std::vector<CellFailure>& failures;
  std::string scratch = {};

  // quick(p, size, value) answers false for cells that it leaves to odd(row, p, stop).
  template <class T, bool at_end>
  void walk(auto quick, auto odd) {
    T* values = out.values<T>();
    const char* text = cells.text;
    const std::uint32_t* ends = cells.ends + field;
    const std::uint32_t* first = cells.first_field.data();
    const auto rows = static_cast<std::uint32_t>(cells.first_field.size());
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::uint32_t* at = ends + first[row];
      const char* p = text + static_cast<std::uint32_t>(at[0] + 1);
      const char* stop = text + at[1];
      if (at_end && stop > p && stop[-1] == '\r') --stop;
      if (!quick(p, static_cast<std::size_t>(stop - p), values[row])) [[unlikely]]
        odd(row, p, stop);
    }
  }
  template <class T>
  void walk(auto quick, auto odd) {
    if (last && !reader.rules_.dialect.keep_carriage_return)
      walk<T, true>(quick, odd);
    else
      walk<T, false>(quick, odd);
  }

  // `parse` answers for the text of any cell that is not null, with a Parsed<T>.
  template <class T>
  void scalars(auto quick, auto parse) {
    auto odd = [&](std::uint32_t row, const char* p, const char* stop) [[gnu::noinline]] {
      Content content = reader.content(p, stop, scratch);
      if (content.null) return out.set_null(row);
      Parsed<T> parsed = parse(content.text);
      if (parsed.value)
        out.values<T>()[row] = *parsed.value;
      else
        fail(row, content.text, parsed.why);
    };
    if (reader.rules_.null_words.empty() && !reader.rules_.dialect.only_quoted) return walk<T>(quick, odd);
    walk<T>([&](const char* p, std::size_t n, T& v) { return n && !reader.odd_first_[index_of(*p)] && quick(p, n, v); },
            odd);
  }

  void strings() {
    const bool trim = reader.rules_.trim, plain = cells.plain_text;
    out.hold(cells.memory);
    walk<StringView>(
        [&](const char* p, std::size_t n, StringView& v) {
          if (n == 0 || reader.odd_first_[index_of(*p)] || !plain || (trim && is_blank(p[n - 1]))) return false;
          v = StringView(p, static_cast<std::uint32_t>(n));
          return true;
        },
        [this](std::uint32_t row, const char* p, const char* stop) { odd_string(row, p, stop); });
  }

  [[gnu::noinline]] void odd_string(std::uint32_t row, const char* p, const char* stop) {
    Content content = reader.content(p, stop, scratch);
    if (content.null) return out.set_null(row);
    std::string_view text = content.text;
    StringView& value = out.values<StringView>()[row];
    if (reader.type_.kind() == TypeKind::bytes) return put_bytes(row, text);
    if (!cells.plain_text && has_high_bytes(text)) {
      if (reader.rules_.charset == CsvCharset::utf8) {
        if (!is_utf8(text)) return fail(row, text, "is not valid UTF-8");
      } else {
        std::string utf8;
        if (!append_as_utf8(utf8, text, reader.rules_.charset))
          return fail(row, text, "has bytes that are not in its character set");
        value = out.keep(utf8);
        return;
      }
    }
    value = content.copied ? out.keep(text) : StringView(text.data(), static_cast<std::uint32_t>(text.size()));
  }

  void put_bytes(std::uint32_t row, std::string_view text) {
    char* p = out.arena().allocate(base64_room(text.size()));
    char* stop = get_base64(p, text);
    if (!stop) return fail(row, text, "is not base64");
    out.values<StringView>()[row] = StringView(p, static_cast<std::uint32_t>(stop - p));
  }

  [[gnu::cold]] void fail(std::uint32_t row, std::string_view text, std::string_view why) {
    out.set_null(row);
    failures.push_back({row, shown_cell(text) + " " + std::string(why)});
  }
};

void CellReader::read(const CsvCells& cells, std::uint32_t field, bool last, Column& out,
                      std::vector<CellFailure>& failures) const {
  using Text = std::string_view;
  out.resize(static_cast<std::uint32_t>(cells.first_field.size()));
  Loop loop{*this, cells, field, last, out, failures};
  const bool iso = formats_.empty();
  auto never = [](const char*, std::size_t, auto&) { return false; };
  switch (type_.kind()) {
    case TypeKind::boolean:
      return loop.scalars<std::uint8_t>(
          [](const char* p, std::size_t n, std::uint8_t& v) {
            v = *p == 't';
            return (n == 4 && std::memcmp(p, "true", 4) == 0) || (n == 5 && std::memcmp(p, "false", 5) == 0);
          },
          truth);
    case TypeKind::int32:
      return loop.scalars<std::int32_t>(
          [](const char* p, std::size_t n, std::int32_t& v) {
            std::int64_t wide;
            if (!plain_integer(p, n, wide)) return false;
            v = static_cast<std::int32_t>(wide);
            return v == wide;
          },
          [&](Text text) { return whole_number<std::int32_t>(text, type_); });
    case TypeKind::int64:
      return loop.scalars<std::int64_t>(
          [](const char* p, std::size_t n, std::int64_t& v) { return plain_integer(p, n, v); },
          [&](Text text) { return whole_number<std::int64_t>(text, type_); });
    case TypeKind::float64:
      return loop.scalars<double>([](const char* p, std::size_t n, double& v) { return plain_double(p, n, v); },
                                  real_number);
    case TypeKind::decimal: {
      int scale = type_.scale();
      Int128 bound = power_of_ten[static_cast<std::size_t>(type_.precision())];
      return loop.scalars<Int128>(
          [=](const char* p, std::size_t n, Int128& v) { return quick_decimal(p, n, scale, bound, v); },
          [&](Text text) { return decimal_number(text, type_); });
    }
    case TypeKind::date:
      return loop.scalars<std::int32_t>(
          [=](const char* p, std::size_t n, std::int32_t& v) { return iso && quick_date(p, n, v); },
          [&](Text text) {
            return moment<std::int32_t>(text, formats_, "date", &TimeFormat::date, parse_date, "yyyy-MM-dd");
          });
    case TypeKind::time:
      return loop.scalars<std::int64_t>(never, [&](Text text) {
        return moment<std::int64_t>(text, formats_, "time", &TimeFormat::time, parse_time, "HH:mm:ss");
      });
    case TypeKind::timestamp:
      return loop.scalars<std::int64_t>(never, [&](Text text) {
        return moment<std::int64_t>(text, formats_, "timestamp", &TimeFormat::timestamp, parse_timestamp,
                                    "yyyy-MM-ddTHH:mm:ss");
      });
    case TypeKind::string: return loop.strings();
    case TypeKind::bytes:
      return loop.walk<StringView>(
          never, [&](std::uint32_t row, const char* p, const char* stop) { loop.odd_string(row, p, stop); });
    default: LV_UNREACHABLE();
  }
}

}  // namespace levada
