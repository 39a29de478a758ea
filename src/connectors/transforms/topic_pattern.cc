#include "connectors/transforms/topic_pattern.h"

#include <re2/re2.h>

#include <map>

namespace levada {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Error wrong_replacement(const Property& property, const std::string& why) {
  return Error(ErrorKind::usage, "'" + property.name + "' " + why)
      .where(property.where)
      .remedy("Groups are $1 or ${name}; a plain $ is written \\$.");
}

}  // namespace

struct TopicPattern::Expression {
  RE2 regex;
};

TopicPattern::TopicPattern() = default;
TopicPattern::TopicPattern(TopicPattern&&) noexcept = default;
TopicPattern& TopicPattern::operator=(TopicPattern&&) noexcept = default;
TopicPattern::~TopicPattern() = default;

Result<TopicPattern> TopicPattern::make(const Properties& properties, const std::string& regex,
                                        const std::string& replacement) {
  for (const std::string* name : {&regex, &replacement})
    if (!find_property(properties, *name)) return Error(ErrorKind::usage, "property '" + *name + "' is missing");
  const Property& pattern = *find_property(properties, regex);
  TopicPattern result;
  result.expression_.reset(new Expression{RE2(pattern.value, RE2::Quiet)});
  const RE2& expression = result.expression_->regex;
  if (!expression.ok())
    return Error(ErrorKind::usage, "'" + regex + "' is no regular expression")
        .why(expression.error())
        .where(pattern.where);

  const Property& with = *find_property(properties, replacement);
  const std::string& text = with.value;
  std::string plain;
  auto end_plain = [&] {
    if (!plain.empty()) result.pieces_.push_back({std::exchange(plain, {})});
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      if (++at == text.size()) return wrong_replacement(with, "ends with a \\");
      plain += text[at];
    } else if (text[at] != '$') {
      plain += text[at];
    } else if (at + 1 < text.size() && is_digit(text[at + 1])) {
      end_plain();
      int group = text[++at] - '0';
      if (group > expression.NumberOfCapturingGroups())
        return wrong_replacement(with, "has a group $" + std::to_string(group) + " that '" + regex + "' has not");
      // As many digits as still name a group.
      while (at + 1 < text.size() && is_digit(text[at + 1]) &&
             group * 10 + (text[at + 1] - '0') <= expression.NumberOfCapturingGroups())
        group = group * 10 + (text[++at] - '0');
      result.pieces_.push_back({"", group});
    } else if (at + 1 < text.size() && text[at + 1] == '{') {
      end_plain();
      std::size_t end = text.find('}', at);
      std::string name = end == std::string::npos ? "" : text.substr(at + 2, end - at - 2);
      auto named = expression.NamedCapturingGroups().find(name);
      if (named == expression.NamedCapturingGroups().end())
        return wrong_replacement(with, "has a group ${" + name + "} that '" + regex + "' has not");
      result.pieces_.push_back({"", named->second});
      at = end;
    } else {
      return wrong_replacement(with, "has a $ that names no group");
    }
  }
  end_plain();
  return result;
}

std::optional<std::string> TopicPattern::apply(const std::string& name) const {
  const RE2& regex = expression_->regex;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  if (!regex.Match(name, 0, name.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size())))
    return std::nullopt;
  std::string result;
  for (const Piece& piece : pieces_) {
    if (piece.group < 0)
      result += piece.text;
    else
      result.append(groups[static_cast<std::size_t>(piece.group)].data(),
                    groups[static_cast<std::size_t>(piece.group)].size());
  }
  return result;
}

}  // namespace levada
