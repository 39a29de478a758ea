#include "functions/signature.h"

#include <array>

#include "functions/functions.h"
#include "functions/implicit_cast.h"

namespace levada {
namespace {

using Kind = TypePattern::Kind;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Signature parse() {
    Signature s;
    expect('(');
    while (!take(')')) {
      if (!s.parameters.empty()) expect(',');
      s.parameters.push_back(type());
      if (take("...")) {
        LV_ASSERT(!s.variadic);
        s.variadic = s.parameters.size() - 1;
      }
    }
    s.result = type();
    LV_ASSERT(text_.empty());
    return s;
  }

 private:
  TypePattern type() {
    static constexpr std::pair<std::string_view, TypeKind> scalars[] = {
        {"BOOLEAN", TypeKind::boolean}, {"INT", TypeKind::int32},     {"BIGINT", TypeKind::int64},
        {"DOUBLE", TypeKind::float64},  {"STRING", TypeKind::string}, {"BYTES", TypeKind::bytes},
        {"DATE", TypeKind::date},       {"TIME", TypeKind::time},     {"TIMESTAMP", TypeKind::timestamp}};
    skip_blanks();
    std::size_t length = 0;
    while (length < text_.size() && text_[length] >= 'A' && text_[length] <= 'Z') ++length;
    std::string_view word = text_.substr(0, length);
    text_.remove_prefix(length);
    if (word.size() == 1) return {.kind = Kind::variable, .variable = word[0]};
    for (auto [name, kind] : scalars)
      if (word == name) return {.kind = Kind::scalar, .scalar = kind};
    if (word == "DECIMAL") return {.kind = Kind::decimal};
    if (word == "STRUCT") return {.kind = Kind::structure};
    if (word == "ANY") return {.kind = Kind::any};
    TypePattern nested{.kind = word == "ARRAY" ? Kind::array : Kind::map};
    LV_ASSERT(word == "ARRAY" || word == "MAP");
    expect('<');
    nested.children.push_back(type());
    if (word == "MAP") {
      expect(',');
      nested.children.push_back(type());
    }
    expect('>');
    return nested;
  }

  void skip_blanks() {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  bool take(char c) { return take(std::string_view(&c, 1)); }
  void expect(char c) { LV_ASSERT(take(c)); }

  std::string_view text_;
};

// Types that the arguments give to each letter.
using Variables = std::array<std::vector<std::optional<Type>>, 26>;

void collect(const TypePattern& pattern, const Type& type, Variables& variables) {
  if (pattern.kind == Kind::variable) variables[static_cast<std::size_t>(pattern.variable - 'A')].push_back(type);
  bool same = (pattern.kind == Kind::array && type.kind() == TypeKind::array) ||
              (pattern.kind == Kind::map && type.kind() == TypeKind::map);
  if (!same) return;
  for (std::size_t i = 0; i < pattern.children.size(); ++i)
    collect(pattern.children[i], type.children()[i].type, variables);
}

// The type that an argument must have; nullopt if the pattern leaves that open and the argument does not say it.
std::optional<Type> substitute(const TypePattern& pattern, const std::optional<Type>& argument,
                               const Variables& variables) {
  switch (pattern.kind) {
    case Kind::scalar: return pattern.scalar;
    case Kind::decimal:
      if (!argument) return Type::decimal(1, 0);
      return as_decimal(*argument);
    case Kind::structure:
      if (argument && argument->kind() == TypeKind::structure) return argument;
      return std::nullopt;
    case Kind::any: return argument ? argument : Type(TypeKind::string);
    case Kind::variable: return common_type(variables[static_cast<std::size_t>(pattern.variable - 'A')]);
    case Kind::array:
    case Kind::map: {
      std::vector<Type> children;
      for (std::size_t i = 0; i < pattern.children.size(); ++i) {
        std::optional<Type> child;
        if (argument && argument->nested() && argument->children().size() > i) child = argument->children()[i].type;
        auto type = substitute(pattern.children[i], child, variables);
        if (!type) return std::nullopt;
        children.push_back(*type);
      }
      return pattern.kind == Kind::array ? Type::array(children[0]) : Type::map(children[0], children[1]);
    }
  }
  LV_UNREACHABLE();
}

bool open(const TypePattern& pattern) {
  if (pattern.kind == Kind::decimal || pattern.kind == Kind::structure || pattern.kind == Kind::any) return true;
  for (const TypePattern& child : pattern.children)
    if (open(child)) return true;
  return false;
}

bool general(const TypePattern& pattern) {
  return pattern.kind == Kind::any || pattern.kind == Kind::variable ||
         (!pattern.children.empty() && general(pattern.children[0]));
}

}  // namespace

Signature parse_signature(std::string_view text) { return Parser(text).parse(); }

std::optional<SignatureMatch> match(const Signature& signature, std::span<const std::optional<Type>> types) {
  std::size_t parameters = signature.parameters.size();
  if (signature.variadic ? types.size() < parameters : types.size() != parameters) return std::nullopt;
  // A repeated parameter takes what the ones before and behind it leave over.
  auto parameter = [&](std::size_t i) -> const TypePattern& {
    if (signature.variadic && i > *signature.variadic) {
      std::size_t repeated = types.size() - parameters;
      i = i > *signature.variadic + repeated ? i - repeated : *signature.variadic;
    }
    return signature.parameters[i];
  };
  Variables variables;
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i]) collect(parameter(i), *types[i], variables);

  SignatureMatch result;
  for (std::size_t i = 0; i < types.size(); ++i) {
    auto wanted = substitute(parameter(i), types[i], variables);
    if (!wanted) return std::nullopt;
    if (types[i]) {
      auto cost = implicit_cast_cost(*types[i], *wanted);
      if (!cost) return std::nullopt;
      result.cost += *cost;
    }
    if (general(parameter(i))) result.cost += 1;  // less than any cast
    result.arguments.push_back(*std::move(wanted));
  }
  // Arguments in the place of a repeated parameter cost a little, so that a signature of their exact number wins.
  if (signature.variadic) result.cost += 1;
  if (!open(signature.result)) {
    result.result = substitute(signature.result, std::nullopt, variables);
    if (!result.result) return std::nullopt;
  }
  return result;
}

}  // namespace levada
