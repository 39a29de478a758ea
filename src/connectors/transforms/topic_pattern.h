// "Topics like this are called that": a regular expression for the whole name, and a replacement with $1 or ${name} for
// its groups, as Java's Matcher.replaceFirst() has them.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/options.h"

namespace levada {

class TopicPattern {
 public:
  // The properties of these names; both must be there. Errors: usage.
  static Result<TopicPattern> make(const Properties& properties, const std::string& regex,
                                   const std::string& replacement);
  TopicPattern(TopicPattern&&) noexcept;
  TopicPattern& operator=(TopicPattern&&) noexcept;
  ~TopicPattern();

  // nullopt: the name does not match.
  std::optional<std::string> apply(const std::string& name) const;

 private:
  struct Expression;
  struct Piece {
    std::string text;
    int group = -1;  // else the text
  };
  TopicPattern();
  std::unique_ptr<Expression> expression_;
  std::vector<Piece> pieces_;
};

}  // namespace levada
