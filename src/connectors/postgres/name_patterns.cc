#include "connectors/postgres/name_patterns.h"

#include <re2/re2.h>

namespace levada {

static std::string trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return std::string(text);
}

NamePatterns::NamePatterns() = default;
NamePatterns::NamePatterns(NamePatterns&&) noexcept = default;
NamePatterns& NamePatterns::operator=(NamePatterns&&) noexcept = default;
NamePatterns::~NamePatterns() = default;

Result<NamePatterns> NamePatterns::compile(const std::vector<std::string>& patterns, std::string_view property) {
  NamePatterns compiled;
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  for (const std::string& pattern : patterns) {
    auto one = std::make_unique<RE2>(trimmed(pattern), options);
    if (!one->ok())
      return Error(ErrorKind::usage, "'" + std::string(property) + "' has no regular expression '" + pattern + "'")
          .why(one->error())
          .remedy("Write a list with commas; a point in a name is \\., and there is no look-ahead.");
    compiled.patterns_.push_back(std::move(one));
  }
  return compiled;
}

bool NamePatterns::match(std::string_view name) const {
  for (const auto& pattern : patterns_)
    if (RE2::FullMatch({name.data(), name.size()}, *pattern)) return true;
  return false;
}

}  // namespace levada
