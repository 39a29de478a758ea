// A password or token. It prints as *** wherever text is made of it; only reveal() gives it away, and only to the call
// that needs it.
#pragma once
#include <string>
#include <utility>

namespace levada {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  const std::string& reveal() const { return text_; }
  std::string masked() const { return text_.empty() ? "" : "***"; }

 private:
  std::string text_;
};

}  // namespace levada
