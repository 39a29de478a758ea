// Paths into JSON text: $.name, $['any name'], $.list[0], and any row of these. Compiled once, then applied to many
// texts; of a text only what lies on the way is looked at.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace levada {

class JsonPath {
 public:
  // The error (kind statement) says where the path is wrong.
  static Result<JsonPath> parse(std::string_view path);

  // What stands there: text bare, anything else as JSON without blanks. nullopt: nothing does, or null. The error (kind
  // data) says why the text is no JSON.
  Result<std::optional<std::string>> extract(std::string_view json) const;

 private:
  struct Step {
    bool is_index = false;
    std::size_t index = 0;
    bool before_the_first = false;  // a negative index: there is nothing
    std::string name;
  };
  std::vector<Step> steps_;
};

}  // namespace levada
