#include "connectors/generator/values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/near_name.h"
#include "batch/decimal.h"
#include "batch/kernels.h"
#include "batch/number_text.h"
#include "batch/value.h"

namespace levada {
namespace {

using Kind = GeneratorSpec::Kind;

constexpr std::uint64_t null_question = 1'000'003;  // of a row, beside those about its value

double fraction(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

// Evenly in [0, n).
std::uint64_t below(std::uint64_t bits, std::uint64_t n) {
  return static_cast<std::uint64_t>((static_cast<UInt128>(bits) * n) >> 64);
}

// (x^(1-s) - 1) / (1-s), which is log x for s = 1, and its inverse: the area under x^-s.
double area(double x, double s) {
  double log_x = std::log(x), t = (1 - s) * log_x;
  return (std::abs(t) > 1e-8 ? std::expm1(t) / t : 1 + t / 2) * log_x;
}
double area_inverse(double y, double s) {
  double t = std::max(y * (1 - s), -1.0);
  return std::exp((std::abs(t) > 1e-8 ? std::log1p(t) / t : 1 - t / 2) * y);
}

Value parsed(const std::string& item, const Type& type) {
  switch (type.kind()) {
    case TypeKind::boolean: return item == "true";
    case TypeKind::int32:
    case TypeKind::int64: return *parse_integer(item);
    case TypeKind::float64: return *parse_double(item);
    case TypeKind::decimal: return *parse_decimal(item, type.precision(), type.scale());
    case TypeKind::date: return *parse_date(item);
    case TypeKind::time: return *parse_time(item);
    case TypeKind::timestamp: return *parse_timestamp(item);
    default: return item;
  }
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

}  // namespace

std::uint64_t random_bits(std::uint64_t key, std::uint64_t row, std::uint64_t k) {
  std::uint64_t z = key + (row + 1) * 0x9E3779B97F4A7C15u + k * 0xD1B54A32D192ED03u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;  // the finaliser of splitmix64
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

ValueStream::ValueStream(GeneratorSpec spec, Type type, std::uint64_t key)
    : spec_(std::move(spec)), type_(std::move(type)), key_(key) {
  const NumberSpec& n = spec_.number;
  if (spec_.kind == Kind::number && n.kind == NumberSpec::Kind::zipf) {
    auto count = static_cast<double>(n.high - n.low + 1);
    zipf_ = {area(1.5, n.exponent) - 1, area(count + 0.5, n.exponent),
             2 - area_inverse(area(2.5, n.exponent) - std::pow(2, -n.exponent), n.exponent)};
  }
  if (spec_.kind == Kind::choice) {
    double sum = 0;
    for (double weight : spec_.weights) cumulative_.push_back(sum += weight);
    for (double& c : cumulative_) c /= sum;
    auto items = std::make_shared<Column>(type_);
    for (const std::string& item : spec_.items) items->append(parsed(item, type_));
    items_ = std::move(items);
  }
  for (std::size_t i = 0; i < spec_.parts.size(); ++i) {
    const TextPart& part = spec_.parts[i];
    parts_.emplace_back(part.spec.empty() ? GeneratorSpec{.kind = Kind::text} : part.spec.front(), TypeKind::string,
                        random_bits(key, i));
  }
  named_.resize(parts_.size());
}

bool ValueStream::is_null(std::uint64_t row) const {
  return spec_.nulls > 0 && fraction(random_bits(key_, row, null_question)) < spec_.nulls;
}

// ---- drawing ----

Result<void> ValueStream::numbers(std::uint64_t first, std::span<std::int64_t> out) const {
  const NumberSpec& n = spec_.number;
  switch (n.kind) {
    case NumberSpec::Kind::sequence: {
      std::uint64_t count = n.cyclic ? static_cast<std::uint64_t>((n.high - n.low) / n.step) + 1 : 0;
      std::uint64_t last = first + out.size() - 1;
      // Wide enough for any row: the end of the batch is looked at, then numbers may wrap for all we care.
      Int128 end = n.cyclic ? Int128(n.low) : Int128(n.low) + Int128(last) * n.step + n.jitter;
      Int128 most = type_.kind() == TypeKind::int32 ? std::numeric_limits<std::int32_t>::max()
                    : type_.kind() == TypeKind::decimal
                        ? std::min<Int128>(power_of_ten[static_cast<std::size_t>(type_.precision())] - 1,
                                           std::numeric_limits<std::int64_t>::max())
                        : std::numeric_limits<std::int64_t>::max();
      if (end > most || end < -most)
        return Error(ErrorKind::usage, "a sequence leaves type " + type_.text() + " at row " + std::to_string(last + 1))
            .remedy("Give it an end ('sequence from 1 to 1000'), the source a 'count', or the column a wider type.");
      for (std::size_t i = 0; i < out.size(); ++i) {
        std::uint64_t row = n.cyclic ? (first + i) % count : first + i;
        std::uint64_t jitter =
            n.jitter == 0 ? 0 : below(random_bits(key_, first + i), static_cast<std::uint64_t>(n.jitter) + 1);
        out[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(n.low) +
                                           row * static_cast<std::uint64_t>(n.step) + jitter);
      }
      return {};
    }
    case NumberSpec::Kind::uniform: {
      auto width = static_cast<std::uint64_t>(n.high - n.low) + 1;
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = n.low + static_cast<std::int64_t>(below(random_bits(key_, first + i), width));
      return {};
    }
    case NumberSpec::Kind::zipf:
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = zipf(first + i);
      return {};
    case NumberSpec::Kind::normal: {
      double unit = std::pow(10, n.scale), most = type_.kind() == TypeKind::int32 ? 2147483647.0 : 4e18;
      if (type_.kind() == TypeKind::decimal) most = std::min(most, std::pow(10, type_.precision()) - 1);
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::int64_t>(std::clamp(std::round(normal(first + i) * unit), -most, most));
      return {};
    }
  }
  LV_UNREACHABLE();
}

void ValueStream::reals(std::uint64_t first, std::span<double> out) const {
  const NumberSpec& n = spec_.number;
  auto low = static_cast<double>(n.low), width = static_cast<double>(n.high - n.low);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] =
        n.kind == NumberSpec::Kind::normal ? normal(first + i) : low + width * fraction(random_bits(key_, first + i));
}

// W. Hoermann, G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions" (1996).
std::int64_t ValueStream::zipf(std::uint64_t row) const {
  const NumberSpec& n = spec_.number;
  const double s = n.exponent;
  const auto count = static_cast<double>(n.high - n.low + 1);
  for (std::uint64_t k = 0;; ++k) {
    double u = zipf_.integral_to + fraction(random_bits(key_, row, k)) * (zipf_.integral_from - zipf_.integral_to);
    double x = area_inverse(u, s), rank = std::clamp(std::floor(x + 0.5), 1.0, count);
    if (rank - x <= zipf_.threshold || u >= area(rank + 0.5, s) - std::pow(rank, -s))
      return n.low + static_cast<std::int64_t>(rank) - 1;
  }
}

double ValueStream::normal(std::uint64_t row) const {
  double radius = std::sqrt(-2 * std::log(1 - fraction(random_bits(key_, row, 0))));
  return spec_.number.mean +
         spec_.number.deviation * radius * std::cos(2 * std::numbers::pi * fraction(random_bits(key_, row, 1)));
}

std::size_t ValueStream::chosen(std::uint64_t row) const {
  double u = fraction(random_bits(key_, row));
  auto at = std::ranges::upper_bound(cumulative_, u);
  return std::min(static_cast<std::size_t>(at - cumulative_.begin()), cumulative_.size() - 1);
}

// ---- columns ----

Result<void> ValueStream::fill(std::uint64_t first, std::uint32_t count, Column& out) const {
  switch (spec_.kind) {
    case Kind::number: return fill_numbers(first, count, out);
    case Kind::moment: {
      std::vector<std::int64_t> drawn(count);
      LV_TRY(numbers(first, drawn));
      fill_moments(drawn, out);
      return {};
    }
    case Kind::choice: {
      std::vector<std::uint32_t> rows(count);
      for (std::uint32_t i = 0; i < count; ++i) rows[i] = static_cast<std::uint32_t>(chosen(first + i));
      for (std::uint32_t row : rows) out.append_from(*items_, row);
      return {};
    }
    case Kind::text: return fill_text(first, count, out);
    case Kind::hex:
    case Kind::letters:
    case Kind::uuid: fill_characters(first, count, out); return {};
  }
  LV_UNREACHABLE();
}

Result<void> ValueStream::fill_numbers(std::uint64_t first, std::uint32_t count, Column& out) const {
  if (spec_.continuous) {
    out.resize(count);
    reals(first, {out.values<double>(), count});
    return {};
  }
  std::vector<std::int64_t> drawn(count);
  LV_TRY(numbers(first, drawn));
  int scale = spec_.number.scale;
  if (type_.textual()) {
    std::array<char, 48> text;
    for (std::int64_t v : drawn)
      out.append_string({text.data(), static_cast<std::size_t>(put_decimal(text.data(), v, scale) - text.data())});
    return {};
  }
  out.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) switch (type_.kind()) {
      case TypeKind::int32: out.values<std::int32_t>()[i] = static_cast<std::int32_t>(drawn[i]); break;
      case TypeKind::int64: out.values<std::int64_t>()[i] = drawn[i]; break;
      case TypeKind::float64: out.values<double>()[i] = decimal_to_double(drawn[i], scale); break;
      case TypeKind::decimal: out.values<Int128>()[i] = drawn[i]; break;
      default: LV_UNREACHABLE();
    }
  return {};
}

// Drawn are microseconds; evenly drawn dates are days.
void ValueStream::fill_moments(std::span<const std::int64_t> drawn, Column& out) const {
  bool in_days = type_.kind() == TypeKind::date && spec_.number.kind == NumberSpec::Kind::uniform;
  for (std::int64_t v : drawn) switch (type_.kind()) {
      case TypeKind::date: out.append(static_cast<std::int32_t>(in_days ? v : floor_div(v, micros_per_day))); break;
      case TypeKind::int64: out.append(floor_div(v, 1000)); break;
      case TypeKind::time:
      case TypeKind::timestamp: out.append(v); break;
      default: out.append_string(timestamp_text(v));
    }
}

Result<void> ValueStream::fill_text(std::uint64_t first, std::uint32_t count, Column& out) const {
  std::vector<Column> columns;
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const ValueStream& stream = named_[p] ? *named_[p] : parts_[p];
    columns.emplace_back(stream.type());
    if (named_[p] || !spec_.parts[p].spec.empty()) LV_TRY(stream.fill(first, count, columns.back()));
  }
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    text.clear();
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (columns[p].size() == 0)
        text += spec_.parts[p].literal;
      else if (columns[p].type().kind() == TypeKind::string)
        text += columns[p].string(i);
      else
        text += text_of(columns[p].value(i), columns[p].type());
    }
    out.append_string(text);
  }
  return {};
}

void ValueStream::fill_characters(std::uint64_t first, std::uint32_t count, Column& out) const {
  static constexpr std::string_view hex = "0123456789abcdef", letters = "abcdefghijklmnopqrstuvwxyz";
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint64_t row = first + i, k = 0;
    text.clear();
    if (spec_.kind == Kind::uuid) {  // version 4 of RFC 9562
      for (int d = 0; d < 32; ++d) {
        if (d == 8 || d == 12 || d == 16 || d == 20) text += '-';
        std::uint64_t digit = random_bits(key_, row, static_cast<std::uint64_t>(d / 16)) >> (4 * (d % 16)) & 15;
        text += hex[d == 12 ? 4 : d == 16 ? 8 | (digit & 3) : digit];
      }
    } else {
      auto span = static_cast<std::uint64_t>(spec_.most - spec_.least) + 1;
      std::uint64_t n = static_cast<std::uint64_t>(spec_.least) + below(random_bits(key_, row, k++), span);
      std::string_view alphabet = spec_.kind == Kind::hex ? hex : letters;
      while (text.size() < n) text += alphabet[below(random_bits(key_, row, k++), alphabet.size())];
    }
    out.append_string(text);
  }
}

// ---- rows ----

Result<GeneratedRows> GeneratedRows::make(const Schema& schema, const std::vector<GeneratorSpec>& specs,
                                          std::uint64_t seed) {
  GeneratedRows rows;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < schema.size(); ++c) {
    const std::string& name = schema[c].name;
    names.push_back(name);
    std::uint64_t key = random_bits(seed, hash_bytes(name.data(), name.size()));
    rows.streams_.push_back(std::make_unique<ValueStream>(specs[c], schema[c].type, key));
  }
  for (std::size_t c = 0; c < schema.size(); ++c) {
    for (std::size_t p = 0; p < specs[c].parts.size(); ++p) {
      const std::string& name = specs[c].parts[p].column;
      if (name.empty()) continue;
      auto other = schema.find(name);
      if (!other)
        return Error(ErrorKind::usage, "the text of column " + names[c] + " names {" + name + "}, which is no column")
            .remedy(did_you_mean(name, names));
      bool names_others =
          std::ranges::any_of(specs[*other].parts, [](const TextPart& part) { return !part.column.empty(); });
      if (names_others || *other == c)
        return Error(ErrorKind::usage,
                     "the text of column " + names[c] + " names {" + name + "}, whose text names a column, too")
            .remedy("Name the column that is at the end of it.");
      rows.streams_[c]->named_[p] = rows.streams_[*other].get();
    }
  }
  return rows;
}

Result<ColumnRef> GeneratedRows::column(std::size_t c, std::uint64_t first, std::uint32_t count) const {
  const ValueStream& stream = *streams_[c];
  auto column = std::make_shared<Column>(stream.type());
  LV_TRY(stream.fill(first, count, *column));
  if (stream.spec().nulls > 0)
    for (std::uint32_t i = 0; i < count; ++i)
      if (stream.is_null(first + i)) column->set_null(i);
  return column;
}

}  // namespace levada
