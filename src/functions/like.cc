#include "functions/like.h"

#include <cstring>
#include <utility>

#include "functions/characters.h"

namespace levada {

constexpr std::size_t npos = std::string_view::npos;

// The first place of the literal at or behind `from`. Its last byte is looked at before the rest is compared.
static std::size_t find_literal(std::string_view text, std::string_view literal, std::size_t from) {
  std::size_t n = literal.size();
  while (text.size() >= from + n) {
    const void* found = std::memchr(text.data() + from, literal.front(), text.size() - from - n + 1);
    if (!found) return npos;
    const char* p = static_cast<const char*>(found);
    if (p[n - 1] == literal.back() && std::memcmp(p, literal.data(), n) == 0)
      return static_cast<std::size_t>(p - text.data());
    from = static_cast<std::size_t>(p - text.data()) + 1;
  }
  return npos;
}

std::optional<LikePattern> LikePattern::parse(std::string_view pattern, std::string_view escape) {
  LikePattern result;
  Piece piece;
  std::size_t any = 0;
  auto literal = [&](std::string_view text) {
    if (piece.literals.empty() || any > 0) {
      piece.literals.push_back({any, ""});
      any = 0;
    }
    piece.literals.back().text += text;
  };
  auto end_piece = [&] {
    piece.any_at_end = std::exchange(any, 0);
    result.pieces_.push_back(std::exchange(piece, {}));
  };
  for (std::size_t i = 0; i < pattern.size();) {
    std::size_t size = character_size(pattern, i);
    std::string_view c = pattern.substr(i, size);
    i += size;
    if (!escape.empty() && c == escape) {
      if (i == pattern.size()) return std::nullopt;
      size = character_size(pattern, i);
      literal(pattern.substr(i, size));
      i += size;
    } else if (c == "%") {
      end_piece();
    } else if (c == "_") {
      ++any;
    } else {
      literal(c);
    }
  }
  end_piece();
  return result;
}

std::size_t LikePattern::Piece::match(std::string_view text, std::size_t at) const {
  auto skip = [&](std::size_t characters) {
    for (; characters > 0 && at < text.size(); --characters) at += character_size(text, at);
    return characters == 0;
  };
  for (const Literal& literal : literals) {
    if (!skip(literal.any) || text.compare(at, literal.text.size(), literal.text) != 0) return npos;
    at += literal.text.size();
  }
  return skip(any_at_end) ? at : npos;
}

std::size_t LikePattern::Piece::find(std::string_view text, std::size_t at) const {
  if (plain()) {
    at = find_literal(text, literals[0].text, at);
    return at == npos ? npos : at + literals[0].text.size();
  }
  for (;; at += character_size(text, at)) {
    if (std::size_t end = match(text, at); end != npos) return end;
    if (at >= text.size()) return npos;
  }
}

bool LikePattern::Piece::match_end(std::string_view text, std::size_t from) const {
  if (plain()) {
    std::size_t size = literals[0].text.size();
    return text.size() - from >= size && text.ends_with(literals[0].text);
  }
  // The characters of a piece are always as many: it can only begin in one place.
  std::size_t characters = any_at_end;
  for (const Literal& literal : literals) characters += literal.any + count_characters(literal.text);
  std::size_t at = text.size();
  for (; characters > 0 && at > from; --characters) at = previous_character(text, at);
  return characters == 0 && match(text, at) == text.size();
}

bool LikePattern::matches(std::string_view text) const {
  const Piece &first = pieces_.front(), &last = pieces_.back();
  std::size_t at = first.empty() ? 0 : first.match(text, 0);
  if (at == npos) return false;
  if (pieces_.size() == 1) return at == text.size();
  for (const Piece* piece = &first + 1; piece != &last; ++piece) {
    if (piece->empty()) continue;
    at = piece->find(text, at);
    if (at == npos) return false;
  }
  return last.empty() || last.match_end(text, at);
}

}  // namespace levada
