#include "connectors/generator/spec.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/near_name.h"
#include "batch/decimal.h"
#include "batch/number_text.h"
#include "batch/value.h"
#include "connectors/generator/spec_text.h"

namespace levada {

bool TextPart::operator==(const TextPart& other) const {
  return literal == other.literal && spec == other.spec && column == other.column;
}

namespace {

using Kind = GeneratorSpec::Kind;

class Parser : SpecText {
 public:
  Parser(SpecText text, const Type& type) : SpecText(text), type_(type) {}

  Result<GeneratorSpec> parse() {
    GeneratorSpec spec = LV_TRY(value(text_.size()));
    skip_blanks();
    if (take_word("nulls")) {
      spec.nulls = LV_TRY(real());
      if (spec.nulls < 0 || spec.nulls > 1) return wrong(last_, "nulls are a fraction between 0 and 1");
    }
    skip_blanks();
    if (at_ < text_.size()) return wrong(at_, "'" + std::string(text_.substr(at_)) + "' is not expected here");
    return spec;
  }

 private:
  // ---- the grammar ----

  // A spec that ends at `stop` (the closing brace, or the end) at the latest.
  Result<GeneratorSpec> value(std::size_t stop) {
    skip_blanks();
    std::size_t begin = at_;
    std::string_view word = take_letters();
    if (word == "sequence") return sequence();
    if (word == "uniform") return uniform();
    if (word == "zipf") return zipf();
    if (word == "normal") return normal();
    if (word == "timestamp") return timestamp();
    if (word == "choice") return choice(stop);
    if (word == "text") return template_text(stop);
    if (word == "hex" || word == "letters") return characters(word == "hex" ? Kind::hex : Kind::letters);
    if (word == "uuid") return textual(Kind::uuid, begin);
    std::vector<std::string> names = {"sequence", "uniform", "zipf", "normal",  "timestamp",
                                      "choice",   "text",    "hex",  "letters", "uuid"};
    Error error =
        wrong(begin, word.empty() ? "a spec begins with a word" : "'" + std::string(word) + "' is no kind of value");
    std::string near = did_you_mean(word, names);
    return std::move(error).remedy(
        !near.empty() ? near
                      : "Kinds are sequence, uniform, zipf, normal, timestamp, choice, text, hex, letters, uuid.");
  }

  Result<GeneratorSpec> sequence() {
    GeneratorSpec spec = LV_TRY(numeric("sequence"));
    NumberSpec& n = spec.number;
    n.kind = NumberSpec::Kind::sequence;
    Bound from{.unscaled = 1}, to{}, step{.unscaled = 1};
    if (take_word("from")) from = LV_TRY(number());
    if (take_word("to")) to = LV_TRY(number()), n.cyclic = true;
    if (take_word("step")) step = LV_TRY(number());
    n.scale = column_scale(std::max({from.scale, to.scale, step.scale}));
    n.low = LV_TRY(scaled(from, n.scale));
    n.step = LV_TRY(scaled(step, n.scale));
    n.high = n.cyclic ? LV_TRY(scaled(to, n.scale)) : 0;
    if (n.step == 0) return wrong(step.at, "a step of 0 is none");
    if (n.cyclic && (n.high > n.low) != (n.step > 0) && n.high != n.low)
      return wrong(to.at, "a sequence never gets there by its step");
    return spec;
  }

  Result<GeneratorSpec> uniform() {
    if (is_moment()) return uniform_moment();
    GeneratorSpec spec = LV_TRY(numeric("uniform"));
    auto [low, high] = LV_TRY(range());
    NumberSpec& n = spec.number;
    n.kind = NumberSpec::Kind::uniform;
    spec.continuous = type_.kind() == TypeKind::float64 && low.scale == 0 && high.scale == 0;
    n.scale = column_scale(std::max(low.scale, high.scale));
    n.low = LV_TRY(scaled(low, n.scale));
    n.high = LV_TRY(scaled(high, n.scale));
    return n.high < n.low ? Result<GeneratorSpec>(wrong(high.at, "the upper bound is below the lower one")) : spec;
  }

  Result<GeneratorSpec> uniform_moment() {
    GeneratorSpec spec{.kind = Kind::moment};
    spec.number.kind = NumberSpec::Kind::uniform;
    spec.number.low = LV_TRY(moment(".."));
    if (!take("..")) return wrong(at_, "'..' and an upper bound are missing");
    skip_blanks();
    std::size_t high_at = at_;
    spec.number.high = LV_TRY(moment(" "));
    if (spec.number.high < spec.number.low) return wrong(high_at, "the upper bound is below the lower one");
    return spec;
  }

  Result<GeneratorSpec> zipf() {
    GeneratorSpec spec = LV_TRY(numeric("zipf"));
    NumberSpec& n = spec.number;
    n.kind = NumberSpec::Kind::zipf;
    n.exponent = LV_TRY(real());
    if (!(n.exponent > 0 && n.exponent <= 20)) return wrong(last_, "the exponent is above 0 and at most 20");
    if (!take_word("of")) return wrong(at_, "'of' and a range are missing");
    auto [low, high] = LV_TRY(range());
    if (low.scale != 0 || high.scale != 0) return wrong(low.at, "a zipf range is of whole numbers");
    n.low = LV_TRY(scaled(low, 0));
    n.high = LV_TRY(scaled(high, 0));
    if (n.high < n.low) return wrong(high.at, "the upper bound is below the lower one");
    return spec;
  }

  Result<GeneratorSpec> normal() {
    GeneratorSpec spec = LV_TRY(numeric("normal"));
    NumberSpec& n = spec.number;
    n.kind = NumberSpec::Kind::normal;
    Bound mean = LV_TRY(number());
    if (!take_word("deviation")) return wrong(at_, "'deviation' is missing");
    Bound deviation = LV_TRY(number());
    spec.continuous = type_.kind() == TypeKind::float64 && mean.scale == 0 && deviation.scale == 0;
    n.scale = column_scale(std::max(mean.scale, deviation.scale));
    n.mean = decimal_to_double(mean.unscaled, mean.scale);
    n.deviation = decimal_to_double(deviation.unscaled, deviation.scale);
    if (n.deviation < 0) return wrong(deviation.at, "a deviation is not negative");
    return spec;
  }

  Result<GeneratorSpec> timestamp() {
    GeneratorSpec spec{.kind = Kind::moment};
    NumberSpec& n = spec.number;
    TypeKind kind = type_.kind();
    if (kind != TypeKind::timestamp && kind != TypeKind::date && kind != TypeKind::int64 && !type_.textual())
      return wrong(0, "a timestamp cannot stand in a column of type " + type_.text());
    if (!take_word("from")) return wrong(at_, "'from' and a time are missing");
    skip_blanks();
    std::size_t begin = at_;
    std::string_view text = until(" ");
    auto from = parse_timestamp(text);
    if (!from) return wrong(begin, "'" + std::string(text) + "' is no time of the form 2024-01-31T23:59:59");
    n.low = *from;
    n.step = 0;
    if (take_word("step")) n.step = LV_TRY(duration());
    if (take_word("jitter")) n.jitter = LV_TRY(duration());
    if (n.jitter < 0) return wrong(last_, "a jitter is not negative");
    return spec;
  }

  Result<GeneratorSpec> choice(std::size_t stop) {
    GeneratorSpec spec{.kind = Kind::choice};
    do {
      skip_blanks();
      std::size_t begin = at_;
      bool quoted = begin < stop && text_[begin] == '\'';
      std::string item = LV_TRY(choice_item(stop));
      if (item.empty() && !quoted) return wrong(begin, "an item is missing");
      if (!fits(item)) return wrong(begin, "'" + item + "' is no value of type " + type_.text());
      spec.items.push_back(std::move(item));
      double weight = 1;
      if (take(":")) weight = LV_TRY(real());
      if (!(weight >= 0) || !std::isfinite(weight)) return wrong(last_, "a weight is not negative");
      spec.weights.push_back(weight);
      skip_blanks();
    } while (take(","));
    double sum = 0;
    for (double weight : spec.weights) sum += weight;
    if (sum <= 0) return wrong(0, "all weights are 0");
    return spec;
  }

  // 'quoted', or up to a comma, a colon, "nulls", or the end.
  Result<std::string> choice_item(std::size_t stop) {
    std::string item;
    if (take("'")) {
      std::size_t begin = at_ - 1;
      while (at_ < stop && !(text_[at_] == '\'' && !(at_ + 1 < stop && text_[at_ + 1] == '\''))) {
        at_ += text_[at_] == '\'';
        item += text_[at_++];
      }
      if (!take("'")) return wrong(begin, "the quote is not closed");
      return item;
    }
    while (at_ < stop && text_[at_] != ',' && text_[at_] != ':' && !at_nulls()) item += text_[at_++];
    while (!item.empty() && item.back() == ' ') item.pop_back();
    return item;
  }

  Result<GeneratorSpec> template_text(std::size_t stop) {
    GeneratorSpec spec = LV_TRY(textual(Kind::text, at_));
    if (at_ < stop && text_[at_] == ' ') ++at_;
    std::string literal;
    auto end_literal = [&] {
      if (!literal.empty()) spec.parts.push_back({.literal = std::exchange(literal, {})});
    };
    while (at_ < stop && !at_nulls()) {
      char c = text_[at_];
      if ((c == '{' || c == '}') && at_ + 1 < stop && text_[at_ + 1] == c) {
        literal += c;
        at_ += 2;
      } else if (c == '}') {
        return wrong(at_, "'}' without '{' (write }} for a brace)");
      } else if (c == '{') {
        end_literal();
        spec.parts.push_back(LV_TRY(braces(stop)));
      } else {
        literal += c;
        ++at_;
      }
    }
    if (at_ < stop) literal.erase(literal.find_last_not_of(' ') + 1);  // blanks before "nulls"
    end_literal();
    return spec;
  }

  Result<TextPart> braces(std::size_t stop) {
    std::size_t open = at_++;
    std::size_t close = open;
    for (int depth = 0; close < stop; ++close) {
      depth += text_[close] == '{' ? 1 : text_[close] == '}' ? -1 : 0;
      if (depth == 0) break;
    }
    if (close >= stop) return wrong(open, "'{' is not closed");
    TextPart part;
    std::string_view inner = text_.substr(at_, close - at_);
    std::size_t first = inner.find_first_not_of(' ');
    bool name = first != std::string_view::npos &&
                std::ranges::all_of(inner, [](char c) { return is_letter(c) || is_digit(c) || c == ' '; }) &&
                inner.find_first_of(' ', first) == std::string_view::npos && inner.substr(first) != "uuid";
    if (name) {
      part.column = inner.substr(first);
      at_ = close;
    } else {
      Parser nested(before(close), TypeKind::string);
      part.spec.push_back(LV_TRY(nested.value(close)));
      at_ = nested.at_;
      skip_blanks();
      if (at_ < close) return wrong(at_, "'" + std::string(text_.substr(at_, close - at_)) + "' is not expected here");
    }
    ++at_;
    return part;
  }

  Result<GeneratorSpec> characters(Kind kind) {
    GeneratorSpec spec = LV_TRY(textual(kind, at_));
    skip_blanks();
    std::size_t begin = at_;
    Bound least = LV_TRY(number()), most = least;
    if (take("..")) most = LV_TRY(number());
    spec.least = LV_TRY(scaled(least, 0));
    spec.most = LV_TRY(scaled(most, 0));
    if (spec.least < 0 || spec.most < spec.least || spec.most > 1 << 20)
      return wrong(begin, "a length is between 0 and 1048576, and the second not below the first");
    return spec;
  }

  // ---- what the column allows ----

  bool is_moment() const {
    TypeKind kind = type_.kind();
    return kind == TypeKind::date || kind == TypeKind::time || kind == TypeKind::timestamp;
  }
  Result<GeneratorSpec> numeric(std::string_view word) {
    if (!type_.numeric() && !type_.textual())
      return wrong(0, std::string(word) + " gives numbers, and the column is of type " + type_.text());
    return GeneratorSpec{.kind = Kind::number};
  }
  Result<GeneratorSpec> textual(Kind kind, std::size_t begin) {
    if (!type_.textual())
      return wrong(std::min(begin, text_.size()), "text cannot stand in a column of type " + type_.text());
    return GeneratorSpec{.kind = kind};
  }
  // Numbers are drawn in the column's own units.
  int column_scale(int written) const {
    switch (type_.kind()) {
      case TypeKind::int32:
      case TypeKind::int64: return 0;
      case TypeKind::decimal: return type_.scale();
      default: return written;
    }
  }
  bool fits(std::string_view item) const {
    switch (type_.kind()) {
      case TypeKind::boolean: return item == "true" || item == "false";
      case TypeKind::int32: {
        auto v = parse_integer(item);
        return v && *v >= std::numeric_limits<std::int32_t>::min() && *v <= std::numeric_limits<std::int32_t>::max();
      }
      case TypeKind::int64: return parse_integer(item).has_value();
      case TypeKind::float64: return parse_double(item).has_value();
      case TypeKind::decimal: return parse_decimal(item, type_.precision(), type_.scale()).has_value();
      case TypeKind::date: return parse_date(item).has_value();
      case TypeKind::time: return parse_time(item).has_value();
      case TypeKind::timestamp: return parse_timestamp(item).has_value();
      default: return true;
    }
  }

  // The bound in the units in which numbers are drawn; as long as all of them fit into the column.
  Result<std::int64_t> scaled(const Bound& bound, int scale) {
    auto v = bound.scale > scale ? std::optional<Int128>() : rescale(bound.unscaled, bound.scale, scale);
    if (!v) return wrong(bound.at, "more digits behind the point than a column of type " + type_.text() + " has");
    bool small =
        *v >= std::numeric_limits<std::int64_t>::min() / 4 && *v <= std::numeric_limits<std::int64_t>::max() / 4;
    if (type_.kind() == TypeKind::int32)
      small = small && *v >= std::numeric_limits<std::int32_t>::min() && *v <= std::numeric_limits<std::int32_t>::max();
    if (type_.kind() == TypeKind::decimal) small = small && fits_precision(*v, type_.precision());
    if (!small) return wrong(bound.at, "a number too large for a column of type " + type_.text());
    return static_cast<std::int64_t>(*v);
  }

  Result<std::int64_t> moment(std::string_view stop) {
    skip_blanks();
    std::size_t begin = at_;
    std::string_view text = until(stop);
    text = text.substr(0, text.find_last_not_of(' ') + 1);
    auto v = type_.kind() == TypeKind::date   ? parse_date(text)
             : type_.kind() == TypeKind::time ? parse_time(text)
                                              : parse_timestamp(text);
    if (!v) return wrong(begin, "'" + std::string(text) + "' is no value of type " + type_.text());
    return *v;
  }

  const Type type_;
};

}  // namespace

Result<GeneratorSpec> parse_generator_spec(std::string_view text, const Type& type) {
  if (type.nested())
    return Error(ErrorKind::unsupported, "values of type " + type.text() + " cannot be generated")
        .remedy("Generate their parts and put them together in a query.");
  return Parser(SpecText(text), type).parse();
}

std::string default_generator_spec(std::string_view column, const Type& type) {
  switch (type.kind()) {
    case TypeKind::boolean: return "choice true, false";
    case TypeKind::int32:
    case TypeKind::int64: return "uniform 1..1000000";
    case TypeKind::float64: return "uniform 0..1000";
    case TypeKind::decimal: return type.precision() - type.scale() >= 3 ? "uniform 0..999" : "uniform 0..0";
    case TypeKind::bytes: return "hex 16";
    case TypeKind::date: return "uniform 2020-01-01..2024-12-31";
    case TypeKind::time: return "uniform 00:00:00..23:59:59";
    case TypeKind::timestamp: return "timestamp from 2024-01-01T00:00:00 step 1s";
    default: {
      std::string text = "text ";
      for (char c : column) text += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      return text + "-{uniform 1..1000}";
    }
  }
}

}  // namespace levada
