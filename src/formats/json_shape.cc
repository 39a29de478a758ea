#include "formats/json_shape.h"

#include <algorithm>
#include <cstring>

#include "formats/json_value.h"

namespace levada {

// Walks through one text, strictly, and notes pieces and holes.
class JsonShape::Learner {
 public:
  Learner(std::string_view text, std::size_t slots) : text_(text), at_(text.data()), stop_(at_ + text.size()) {
    shape_.slots_.resize(slots);
  }

  std::optional<JsonShape> learn(const JsonTarget& target) {
    skip_space();
    if (!value(&target, 0)) return std::nullopt;
    skip_space();
    if (at_ != stop_ || shape_.quoted_.empty()) return std::nullopt;
    end_piece(text_.data() + text_.size(), true);
    return std::move(shape_);
  }

 private:
  static constexpr int max_depth = 16;
  static constexpr std::size_t max_holes = 256;

  void skip_space() {
    while (at_ < stop_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool take(char c) {
    if (at_ == stop_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  // A value, into the slot of `target`; nullptr: nobody asks for it.
  bool value(const JsonTarget* target, int depth) {
    if (at_ == stop_ || depth > max_depth || shape_.holes() == max_holes) return false;
    if (*at_ == '{') {
      bool expected = target && target->is_structure;
      if (target) slot(*target).source = expected ? Source::object : Source::other;
      return object(expected ? target : nullptr, depth + 1);
    }
    bool quoted = *at_ == '"';
    const char* begin = quoted ? at_ + 1 : at_;
    const char* end = begin;
    if (quoted) {
      while (end < stop_ && *end != '"') ++end;
      if (end == stop_) return false;
      ++at_;
    } else {
      while (end < stop_ && !std::strchr(",}] \t\n\r", *end)) ++end;
      if (!is_json_literal({begin, static_cast<std::size_t>(end - begin)})) return false;
    }
    end_piece(begin, false);
    piece_ = at_ = end;
    if (quoted) ++at_;
    if (target) slot(*target) = {Source::hole, static_cast<std::uint16_t>(shape_.holes())};
    shape_.quoted_.push_back(quoted);
    return true;
  }

  bool object(const JsonTarget* target, int depth) {
    std::vector<std::string_view> names;
    ++at_;
    skip_space();
    if (take('}')) return true;
    do {
      skip_space();
      if (!take('"')) return false;
      const char* begin = at_;
      while (at_ < stop_ && *at_ != '"') ++at_;
      if (at_ == stop_) return false;
      names.emplace_back(begin, at_++ - begin);
      skip_space();
      if (!take(':')) return false;
      skip_space();
      const JsonTarget* member = nullptr;
      if (target) {
        if (!find(*target, names.back(), member)) return false;
        if (member && slot(*member).source != Source::missing) return false;  // matches twice
      }
      if (!value(member, depth)) return false;
      skip_space();
    } while (take(','));
    if (!take('}')) return false;
    std::ranges::sort(names);
    return std::ranges::adjacent_find(names) == names.end();
  }

  // The field of this name, if any; false: more than one.
  static bool find(const JsonTarget& target, std::string_view name, const JsonTarget*& member) {
    for (std::size_t i = 0; i < target.names.size(); ++i) {
      if (!target.is_exactly(i, name) && !target.is_in_upper_case(i, name)) continue;
      if (member) return false;
      member = &target.children[i];
    }
    return true;
  }

  Slot& slot(const JsonTarget& target) { return shape_.slots_[target.slot]; }

  // The piece that began at piece_ ends here. The first one stands at the begin of the text, the last one at its end,
  // the ones between are known by their first quote.
  void end_piece(const char* end, bool last) {
    auto size = static_cast<std::size_t>(end - piece_);
    auto quotes = static_cast<std::size_t>(std::count(piece_, end, '"'));
    std::size_t at = 0;
    std::ptrdiff_t by = 0;
    if (last) {
      at = quotes_ + quotes + 1;
      by = -static_cast<std::ptrdiff_t>(size);
    } else if (!shape_.pieces_.empty()) {
      at = quotes_ + 1;
      by = piece_ - std::find(piece_, end, '"');
    }
    shape_.pieces_.push_back({bytes_at(0, size), static_cast<std::uint16_t>(at), static_cast<std::int16_t>(by),
                              static_cast<std::int32_t>(size)});
    for (std::size_t done = 16; done < size; done += 16)
      shape_.more_.push_back({bytes_at(done, size), static_cast<std::uint16_t>(shape_.pieces_.size() - 1),
                              static_cast<std::uint16_t>(done)});
    quotes_ += quotes;
    shape_.quotes_ = static_cast<std::uint16_t>(quotes_);
  }

  Bytes bytes_at(std::size_t from, std::size_t size) const {
    Bytes bytes{};
    std::size_t n = std::min<std::size_t>(16, size - from);
    std::memcpy(bytes.bytes, piece_ + from, n);
    std::memset(bytes.care, 0xff, n);
    return bytes;
  }

  std::string_view text_;
  const char* at_;
  const char* stop_;
  const char* piece_ = text_.data();
  std::size_t quotes_ = 0;  // in the pieces that have ended
  JsonShape shape_;
};

std::optional<JsonShape> JsonShape::learn(std::string_view text, const JsonTarget& target, std::size_t slots) {
  return Learner(text, slots).learn(target);
}

}  // namespace levada
