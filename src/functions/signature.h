// What a signature in a function's table says, and whether a call's arguments fit it.
//
//   signature = "(" [parameter {"," parameter}] ")" type
//   parameter = type ["..."]        any number of these, at least one; once in a signature, anywhere
//   type      = BOOLEAN | INT | BIGINT | DOUBLE | DECIMAL | STRING | BYTES | DATE | TIME | TIMESTAMP | STRUCT | ANY
//             | letter              the same type wherever the letter stands
//             | "ARRAY<" type ">" | "MAP<" type "," type ">"
//
// DECIMAL and STRUCT stand for any of their kind, ANY for any type at all. A result that such a word leaves open is
// said by the overload's result_type.
#pragma once
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "batch/type.h"

namespace levada {

struct TypePattern {
  enum class Kind : std::uint8_t { scalar, decimal, structure, any, variable, array, map } kind = Kind::any;
  TypeKind scalar = TypeKind::string;
  char variable = 0;
  std::vector<TypePattern> children;  // of array and map
};

struct Signature {
  std::vector<TypePattern> parameters;
  std::optional<std::size_t> variadic;  // the parameter that may be repeated
  TypePattern result;
};

// The text is one of ours: a mistake in it is an assertion.
Signature parse_signature(std::string_view text);

struct SignatureMatch {
  std::vector<Type> arguments;  // what each must be cast to
  std::optional<Type> result;   // nullopt: left open
  int cost = 0;                 // 0 for an exact match; the least wins
};
// nullopt in `types` is the untyped NULL, which fits anything that another argument or the signature determines.
std::optional<SignatureMatch> match(const Signature& signature, std::span<const std::optional<Type>> types);

}  // namespace levada
