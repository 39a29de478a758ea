#include "formats/json_index.h"

#include <emmintrin.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>

#include "formats/scalar_text.h"

namespace levada {

namespace {
// Up to 16 bytes behind the text are read.
bool holds_backslash(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); at += 16) {
    __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
    std::size_t left = text.size() - at;
    if (left < 16) found &= (1u << left) - 1;
    if (found != 0) return true;
  }
  return false;
}

// What is wrong with the first bad string.
std::string string_fault(std::string_view text) {
  std::size_t begin = std::string_view::npos;  // of the string at hand
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (begin == std::string_view::npos) {
      if (text[at] == '"') begin = at;
    } else if (text[at] == '"') {
      begin = std::string_view::npos;
    } else if (text[at] == '\\') {
      ++at;
    } else if (static_cast<unsigned char>(text[at]) < 0x20) {
      return "a control character in a string at byte " + std::to_string(at);
    }
  }
  return "the string at byte " + std::to_string(begin) + " does not end";
}
}  // namespace

struct JsonIndex::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
};

JsonIndex::JsonIndex() : parser_(std::make_unique<Parser>()) {}
JsonIndex::~JsonIndex() = default;

static_assert(simdjson::SIMDJSON_PADDING <= Buffer::padding);

bool JsonIndex::build(std::string_view text) {
  text_ = text;
  size_ = 0;
  auto& stage = parser_->stage;
  if (!stage || stage->capacity() < text.size()) {
    stage.reset();
    std::size_t capacity = std::bit_ceil(std::max<std::size_t>(text.size(), 4096));
    error_ = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, stage);
    if (error_) return false;
  }
  error_ =
      stage->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), simdjson::stage1_mode::regular);
  if (error_) return false;
  places_ = stage->structural_indexes.get();
  size_ = stage->n_structural_indexes;
  return true;
}

std::string JsonIndex::explain() const {
  switch (error_) {
    case simdjson::EMPTY: return "not JSON: the text is empty";
    case simdjson::UTF8_ERROR: return "not JSON: the text is not UTF-8 at byte " + std::to_string(utf8_fault(text_));
    case simdjson::UNCLOSED_STRING:
    case simdjson::UNESCAPED_CHARS: return "not JSON: " + string_fault(text_);
    case simdjson::CAPACITY: return "not JSON: the text is too long";
    default: return std::string("not JSON: ") + simdjson::error_message(static_cast<simdjson::error_code>(error_));
  }
}

std::string_view JsonIndex::text(Token i) const { return text(i, i); }

std::string_view JsonIndex::text(Token first, Token last) const {
  std::string_view bytes = text_.substr(0, place(last + 1));
  // Between two tokens there is nothing but blanks.
  while (!bytes.empty() &&
         (bytes.back() == ' ' || bytes.back() == '\t' || bytes.back() == '\n' || bytes.back() == '\r'))
    bytes.remove_suffix(1);
  return bytes.substr(place(first));
}

bool JsonIndex::unquote(Token i, Buffer& scratch, std::string_view& value) const {
  value = text(i);
  if (value.size() < 2 || value.back() != '"') return false;
  value = value.substr(1, value.size() - 2);
  if (!holds_backslash(value)) return true;
  scratch.clear();
  char* to = scratch.room(value.size() + Buffer::padding);
  const std::uint8_t* end = parser_->stage->parse_string(reinterpret_cast<const std::uint8_t*>(value.data()),
                                                         reinterpret_cast<std::uint8_t*>(to));
  if (!end) return false;
  value = {to, static_cast<std::size_t>(reinterpret_cast<const char*>(end) - to)};
  return true;
}

}  // namespace levada
