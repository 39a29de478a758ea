#include <emmintrin.h>

#include <algorithm>

#include "formats/delimited.h"
#include "formats/plain_value.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// Takes one row apart.
class FieldSplitter {
 public:
  struct Field {
    std::string_view text;
    std::size_t place;  // of its first byte in the row's text
    bool copied;        // the text is in a buffer that the next row overwrites
  };

  explicit FieldSplitter(char delimiter) : delimiter_(delimiter) {}

  // False: why() tells. Up to 16 bytes behind the text are read.
  bool split(std::string_view text) {
    fields_.clear();
    begin_ = at_ = text.data();
    stop_ = at_ + text.size();
    beyond_ascii_ = 0;
    while (at_ < stop_ && is_line_end(*at_)) ++at_;
    unquoted_.clear();
    for (;; ++at_) {
      if (at_ < stop_ && *at_ == '"') {
        if (!quoted(text.size())) return false;
      } else {
        bare();
      }
      if (at_ == stop_) break;
      if (*at_ == delimiter_) continue;
      while (at_ < stop_ && is_line_end(*at_)) ++at_;
      if (at_ == stop_) break;
      why_ = "expected one row, found another at byte " + std::to_string(at_ - begin_);
      return false;
    }
    if (beyond_ascii_ == 0 || is_utf8(text)) return true;
    why_ = "the text is not UTF-8 at byte " + std::to_string(utf8_fault(text));
    return false;
  }

  std::span<const Field> fields() const { return fields_; }
  const std::string& why() const { return why_; }

 private:
  void bare() {
    const char* begin = at_;
    for (; at_ < stop_; at_ += 16) {
      __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
      auto left = static_cast<std::size_t>(stop_ - at_);
      unsigned inside = left >= 16 ? 0xffffu : (1u << left) - 1;
      __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
      ends = _mm_or_si128(ends, _mm_cmpeq_epi8(v, _mm_set1_epi8(delimiter_)));
      beyond_ascii_ |= static_cast<unsigned>(_mm_movemask_epi8(v)) & inside;
      unsigned found = static_cast<unsigned>(_mm_movemask_epi8(ends)) & inside;
      if (found == 0) continue;
      at_ += __builtin_ctz(found);
      break;
    }
    at_ = std::min(at_, stop_);
    fields_.push_back(
        {{begin, static_cast<std::size_t>(at_ - begin)}, static_cast<std::size_t>(begin - begin_), false});
  }

  bool quoted(std::size_t text_size) {
    const char* begin = ++at_;
    const char* first = nullptr;  // of the copy, if a doubled quote makes one necessary
    for (;; ++at_) {
      if (at_ == stop_) {
        why_ = "a quote at byte " + std::to_string(begin - 1 - begin_) + " is not closed";
        return false;
      }
      beyond_ascii_ |= *at_ < 0;
      if (*at_ == '"') {
        if (at_ + 1 == stop_ || at_[1] != '"') break;
        if (!first) {
          unquoted_.reserve(text_size);  // for all fields of this row: it never grows again
          first = unquoted_.data() + unquoted_.size();
          unquoted_.append({begin, static_cast<std::size_t>(at_ - begin)});
        }
        ++at_;
      }
      if (first) unquoted_.append(*at_);
    }
    std::string_view text(begin, static_cast<std::size_t>(at_ - begin));
    if (first) text = {first, static_cast<std::size_t>(unquoted_.data() + unquoted_.size() - first)};
    fields_.push_back({text, static_cast<std::size_t>(begin - begin_), first != nullptr});
    ++at_;
    while (at_ < stop_ && *at_ != delimiter_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
    if (at_ == stop_ || *at_ == delimiter_ || is_line_end(*at_)) return true;
    why_ = "expected the delimiter behind a closing quote at byte " + std::to_string(at_ - begin_);
    return false;
  }

  char delimiter_;
  const char *begin_ = nullptr, *at_ = nullptr, *stop_ = nullptr;
  unsigned beyond_ascii_ = 0;
  std::vector<Field> fields_;
  Buffer unquoted_;
  std::string why_;
};

class DelimitedDecoder : public Decoder {
 public:
  explicit DelimitedDecoder(const FormatSpec& spec)
      : fields_(spec.fields), splitter_(*delimiter_byte(spec.delimiter)) {}

  void decode(std::span<const Text> texts, const std::shared_ptr<const void>& memory, std::span<Column* const> columns,
              RowFailures& failures) override {
    if (fields_.empty()) return;
    for (Column* column : columns) {
      if (!column) continue;
      column->resize(static_cast<std::uint32_t>(texts.size()));
      hold_memory(*column, memory);
    }
    for (std::uint32_t row = 0; row < texts.size(); ++row) {
      if (!texts[row].is_null()) {
        if (read_row(texts[row].view(), columns, row)) continue;
        failures.push_back({row, why_});
      }
      for (Column* column : columns)
        if (column) column->set_null(row);
    }
  }

 private:
  bool read_row(std::string_view text, std::span<Column* const> columns, std::uint32_t row) {
    if (!splitter_.split(text)) {
      why_ = splitter_.why();
      return false;
    }
    auto found = splitter_.fields();
    if (found.size() != fields_.size()) {
      why_ = "expected " + std::to_string(fields_.size()) + " fields, found " + std::to_string(found.size());
      return false;
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!columns[i]) continue;
      if (found[i].text.empty()) {
        columns[i]->set_null(row);
      } else if (!put(*columns[i], row, found[i])) {
        why_ = "field " + fields_[i].name + ": expected " + fields_[i].type.text() + ", found " +
               std::string(found[i].text.substr(0, 40)) + " at byte " + std::to_string(found[i].place);
        return false;
      }
    }
    return true;
  }

  static bool put(Column& column, std::uint32_t row, const FieldSplitter::Field& field) {
    TypeKind kind = column.type().kind();
    if (kind == TypeKind::string) {
      column.values<StringView>()[row] =
          field.copied ? column.keep(field.text)
                       : StringView(field.text.data(), static_cast<std::uint32_t>(field.text.size()));
      return true;
    }
    if (has_plain_form(kind) && put_plain(column, row, field.text)) return true;
    return put_text(column, row, field.text);
  }

  std::vector<Field> fields_;
  FieldSplitter splitter_;
  std::string why_;
};

}  // namespace

std::unique_ptr<Decoder> make_delimited_decoder(const FormatSpec& spec) {
  return std::make_unique<DelimitedDecoder>(spec);
}

}  // namespace levada
