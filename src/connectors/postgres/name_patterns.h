// Names that are listed by regular expressions, as the include and exclude lists of Debezium's connectors.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace re2 {
class RE2;
}

namespace levada {

// Names that match the whole of one of several regular expressions, whatever their letter case.
class NamePatterns {
 public:
  NamePatterns();
  NamePatterns(NamePatterns&&) noexcept;
  NamePatterns& operator=(NamePatterns&&) noexcept;
  ~NamePatterns();
  // `property` is for the error of one that is none.
  static Result<NamePatterns> compile(const std::vector<std::string>& patterns, std::string_view property);
  bool empty() const { return patterns_.empty(); }
  bool match(std::string_view name) const;

 private:
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
};

}  // namespace levada
