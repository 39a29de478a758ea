// LIKE's patterns: % stands for any text, _ for one character, the escape character takes the meaning from what
// follows it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace levada {

class LikePattern {
 public:
  // `escape` is one character or empty: there is none. nullopt: the pattern ends with the escape character.
  static std::optional<LikePattern> parse(std::string_view pattern, std::string_view escape);
  bool matches(std::string_view text) const;

 private:
  // Between two %: literal texts with a number of _ before each, and some at the end.
  struct Piece {
    struct Literal {
      std::size_t any = 0;
      std::string text;
    };
    std::vector<Literal> literals;
    std::size_t any_at_end = 0;

    // The end of the piece where it matches at `at`, npos where it does not.
    std::size_t match(std::string_view text, std::size_t at) const;
    // The end of its first match at or behind `at`.
    std::size_t find(std::string_view text, std::size_t at) const;
    bool match_end(std::string_view text, std::size_t from) const;
    bool plain() const { return literals.size() == 1 && literals[0].any == 0 && any_at_end == 0; }
    bool empty() const { return literals.empty() && any_at_end == 0; }
  };
  std::vector<Piece> pieces_;  // one more than there are %
};

}  // namespace levada
