// LIKE and the regular expressions.
//
// The expressions are RE2's, which read a text once however they are written; Java's that need more (back references,
// look-around) are errors. What replaces a match is written as in Java: $1, ${name}, \ before a character that is meant
// as it is.
#include <re2/re2.h>

#include <memory>

#include "functions/characters.h"
#include "functions/families.h"
#include "functions/kernel.h"
#include "functions/like.h"
#include "functions/memo.h"

namespace levada {
namespace {

constexpr std::string_view category = "REGULAR EXPRESSION";

// ---- LIKE ----

const std::optional<LikePattern>& like_pattern(std::string_view pattern, std::string_view escape) {
  thread_local Memo<std::optional<LikePattern>> memo;
  std::string text = std::string(escape) + '\0' + std::string(pattern);
  return memo.get(text, [&](std::string_view) { return LikePattern::parse(pattern, escape); });
}

void like(const Call& call) {
  const Argument &text = call.arguments[0], &pattern = call.arguments[1];
  const Argument* escape = call.arguments.size() > 2 ? &call.arguments[2] : nullptr;
  std::uint8_t* to = call.result.values<std::uint8_t>();
  auto parsed = [&](std::uint32_t row) -> const LikePattern* {
    std::string_view character = escape ? escape->string(row) : "";
    const auto& p = like_pattern(pattern.string(row), character);
    return p ? &*p : nullptr;
  };
  auto is_null = [&](std::uint32_t row) {
    return text.is_null(row) || pattern.is_null(row) || (escape && escape->is_null(row));
  };
  bool constant = pattern.constant && (!escape || escape->constant);
  const LikePattern* same = constant && !is_null(0) ? parsed(0) : nullptr;
  call.rows.for_each([&](std::uint32_t row) {
    if (is_null(row)) return;
    const LikePattern* p = same ? same : parsed(row);
    if (p)
      to[row] = p->matches(text.string(row));
    else
      call.fail(row, "the pattern of LIKE ends with its escape character");
  });
}

// ---- regular expressions ----

using Regex = std::unique_ptr<re2::RE2>;

const re2::RE2& regex(std::string_view pattern) {
  thread_local Memo<Regex> memo;
  return *memo.get(pattern, [](std::string_view p) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    return std::make_unique<re2::RE2>(re2::StringPiece(p.data(), p.size()), options);
  });
}

std::string why_not(const re2::RE2& expression) {
  return "not a regular expression: " + expression.error() + " in '" + expression.pattern() + "'";
}

std::string_view view(const re2::StringPiece& s) { return {s.data(), s.size()}; }

// The matches of an expression in a text, one after the other, as Java's Matcher.find() gives them.
class Matches {
 public:
  Matches(const re2::RE2& expression, std::string_view text)
      : expression_(expression),
        text_(text.data(), text.size()),
        groups_(static_cast<std::size_t>(expression.NumberOfCapturingGroups()) + 1) {}

  bool next() {
    if (at_ > text_.size()) return false;
    if (!expression_.Match(text_, at_, text_.size(), re2::RE2::UNANCHORED, groups_.data(),
                           static_cast<int>(groups_.size())))
      return false;
    at_ = end();
    if (groups_[0].empty()) at_ += at_ < text_.size() ? character_size(view(text_), at_) : 1;
    return true;
  }
  std::size_t begin() const { return static_cast<std::size_t>(groups_[0].data() - text_.data()); }
  std::size_t end() const { return begin() + groups_[0].size(); }
  std::size_t groups() const { return groups_.size(); }
  // nullopt for a group that took no part.
  std::optional<std::string_view> group(std::size_t i) const {
    if (groups_[i].data() == nullptr) return std::nullopt;
    return view(groups_[i]);
  }

 private:
  const re2::RE2& expression_;
  re2::StringPiece text_;
  std::vector<re2::StringPiece> groups_;
  std::size_t at_ = 0;
};

Computed<std::string_view> extract(std::string_view pattern, std::string_view text, std::int32_t group) {
  using Result = Computed<std::string_view>;
  const re2::RE2& expression = regex(pattern);
  if (!expression.ok()) return Result::failure(why_not(expression));
  Matches matches(expression, text);
  if (group < 0 || static_cast<std::size_t>(group) >= matches.groups() || !matches.next()) return std::nullopt;
  auto found = matches.group(static_cast<std::size_t>(group));
  return found ? Result(*found) : Result(std::nullopt);
}

void extract_all(const Call& call) {
  const Argument &pattern = call.arguments[0], &text = call.arguments[1];
  const Argument* group = call.arguments.size() > 2 ? &call.arguments[2] : nullptr;
  ListWriter out(call.result);
  Column& elements = out.child(0);
  hold_memory(elements, *text.column);
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    const re2::RE2& expression = regex(pattern.string(row));
    if (!expression.ok()) return call.fail(row, why_not(expression));
    Matches matches(expression, text.string(row));
    std::int32_t g = group ? group->value<std::int32_t>(row) : 0;
    if (g < 0 || static_cast<std::size_t>(g) >= matches.groups()) return call.result.set_null(row);
    while (matches.next()) {
      auto found = matches.group(static_cast<std::size_t>(g));
      if (found)
        elements.append(StringView(found->data(), static_cast<std::uint32_t>(found->size())));
      else
        elements.append_null();
    }
    out.end(row);
  });
}

// Appends what Java's replacement text means for this match; false if it names a group that there is not.
bool append_replacement(std::string& out, std::string_view text, const Matches& matches, const re2::RE2& expression) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      out += text[++i];
    } else if (text[i] == '$' && i + 1 < text.size()) {
      std::size_t group = 0;
      if (text[i + 1] == '{') {
        std::size_t close = text.find('}', i);
        if (close == std::string_view::npos) return false;
        auto it = expression.NamedCapturingGroups().find(std::string(text.substr(i + 2, close - i - 2)));
        if (it == expression.NamedCapturingGroups().end()) return false;
        group = static_cast<std::size_t>(it->second);
        i = close;
      } else {
        if (text[i + 1] < '0' || text[i + 1] > '9') return false;
        // As many digits as still name a group.
        group = static_cast<std::size_t>(text[++i] - '0');
        while (i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9') {
          std::size_t longer = group * 10 + static_cast<std::size_t>(text[i + 1] - '0');
          if (longer >= matches.groups()) break;
          group = longer;
          ++i;
        }
      }
      if (group >= matches.groups()) return false;
      if (auto found = matches.group(group)) out += *found;
    } else {
      out += text[i];
    }
  }
  return true;
}

Computed<std::string> replace(std::string_view text, std::string_view pattern, std::string_view replacement) {
  using Result = Computed<std::string>;
  const re2::RE2& expression = regex(pattern);
  if (!expression.ok()) return Result::failure(why_not(expression));
  std::string out;
  std::size_t done = 0;
  for (Matches matches(expression, text); matches.next();) {
    out += text.substr(done, matches.begin() - done);
    if (!append_replacement(out, replacement, matches, expression))
      return Result::failure("'" + std::string(replacement) + "' names a group that the expression does not have");
    done = matches.end();
  }
  return out + std::string(text.substr(done));
}

// What lies between the matches. An empty match parts two characters, but nothing at either end.
void split(const Call& call) {
  const Argument &text = call.arguments[0], &pattern = call.arguments[1];
  ListWriter out(call.result);
  Column& elements = out.child(0);
  hold_memory(elements, *text.column);
  auto append = [&](std::string_view s) {
    elements.append(StringView(s.data(), static_cast<std::uint32_t>(s.size())));
  };
  call.rows.for_each([&](std::uint32_t row) {
    if (call.result.is_null(row)) return;
    const re2::RE2& expression = regex(pattern.string(row));
    if (!expression.ok()) return call.fail(row, why_not(expression));
    std::string_view s = text.string(row);
    std::size_t done = 0;
    for (Matches matches(expression, s); matches.next();) {
      bool empty = matches.begin() == matches.end();
      if (empty && (matches.begin() == 0 || matches.end() == s.size())) continue;
      append(s.substr(done, matches.begin() - done));
      done = matches.end();
    }
    append(s.substr(done));
    out.end(row);
  });
}

}  // namespace

std::span<const Function> pattern_functions() {
  static const Function table[] = {
      {.name = "LIKE",
       .category = "OPERATOR",
       .overloads = {{"(STRING, STRING) BOOLEAN", like}, {"(STRING, STRING, STRING) BOOLEAN", like}},
       .doc = "True if the text is of the pattern, in which % stands for any text and _ for one character.",
       .examples = {{"'levada' LIKE 'le%da'", "true"},
                    {"'levada' LIKE 'l_vada'", "true"},
                    {"'10%' LIKE '10!%' ESCAPE '!'", "true"},
                    {"'10x' NOT LIKE '10!%' ESCAPE '!'", "true"}},
       .strict = false},
      {.name = "REGEXP_EXTRACT",
       .category = category,
       .overloads = {{"(STRING, STRING) STRING",
                      map<[](std::string_view pattern, std::string_view text) { return extract(pattern, text, 0); }>},
                     {"(STRING, STRING, INT) STRING", map<extract>}},
       .doc = "The first place in the text (second argument) that matches the expression (first argument), or a group "
              "of it; null if there is none.",
       .examples = {{"REGEXP_EXTRACT('[0-9]+', 'abc 12 34')", "12"},
                    {"REGEXP_EXTRACT('(.*) (.*)', 'steve smith', 2)", "smith"},
                    {"REGEXP_EXTRACT('x', 'abc')", "null"}}},
      {.name = "REGEXP_EXTRACT_ALL",
       .category = category,
       .overloads = {{"(STRING, STRING) ARRAY<STRING>", extract_all},
                     {"(STRING, STRING, INT) ARRAY<STRING>", extract_all}},
       .doc =
           "All places in the text (second argument) that match the expression (first argument), or a group of each.",
       .examples = {{"REGEXP_EXTRACT_ALL('[0-9]+', 'abc 12 34')", "[\"12\",\"34\"]"},
                    {"REGEXP_EXTRACT_ALL('(\\w)(\\d)', 'a1 b2', 1)", "[\"a\",\"b\"]"}}},
      {.name = "REGEXP_REPLACE",
       .category = category,
       .overloads = {{"(STRING, STRING, STRING) STRING", map<replace>}},
       .doc = "The text with every match of the expression (second argument) replaced. $1 in the replacement is the "
              "first group.",
       .examples = {{"REGEXP_REPLACE('a1b22', '[0-9]+', '-')", "a-b-"},
                    {"REGEXP_REPLACE('john smith', '(\\w+) (\\w+)', '$2 $1')", "smith john"}}},
      {.name = "REGEXP_SPLIT_TO_ARRAY",
       .category = category,
       .overloads = {{"(STRING, STRING) ARRAY<STRING>", split}},
       .doc = "The parts of the text between the matches of the expression.",
       .examples = {{"REGEXP_SPLIT_TO_ARRAY('aabcda', '(ab|cd)')", "[\"a\",\"\",\"a\"]"}}},
  };
  return table;
}

}  // namespace levada
