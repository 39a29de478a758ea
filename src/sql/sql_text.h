// SQL text in the making: print() of every kind of tree adds its part here.
#pragma once
#include <string>
#include <string_view>

#include "sql/ast.h"
#include "sql/precedence.h"

namespace levada {

class SqlText {
 public:
  SqlText& operator<<(std::string_view words) {
    text_ += words;
    return *this;
  }
  SqlText& operator<<(const ast::Name& name);  // with backticks where they are needed
  SqlText& operator<<(const ast::TypeName& type);
  SqlText& operator<<(const ast::Expression& expression) { return add(expression, or_level); }
  // In parentheses if it binds less tightly than the place asks for.
  SqlText& add(const ast::Expression& expression, Precedence at_least);

  SqlText& string(std::string_view text);  // in single quotes
  SqlText& quoted(std::string_view name);  // in backticks

  // The items with a comma between them.
  template <class Items>
  SqlText& list(const Items& items) {
    return list(items, [this](const auto& item) { *this << item; });
  }
  template <class Items, class Add>
  SqlText& list(const Items& items, Add add_item) {
    std::string_view separator;
    for (const auto& item : items) {
      text_ += separator;
      add_item(item);
      separator = ", ";
    }
    return *this;
  }

  std::string take() { return std::move(text_); }

 private:
  void add_sign(std::string_view sign, const ast::Expression& operand);
  void add_case(const ast::Expression& expression);

  std::string text_;
};

}  // namespace levada
