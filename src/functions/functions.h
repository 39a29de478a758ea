// The tables of functions, and the choice of the overload for the types of a call.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "functions/function.h"

namespace levada {

// Every family's table, in the order of src/functions/functions.cc. Operators are among them.
std::span<const std::span<const Function>> function_families();
std::span<const std::span<const AggregateFunction>> aggregate_families();

const Function* find_function(std::string_view name);  // nullptr: none of this name
const AggregateFunction* find_aggregate_function(std::string_view name);
std::vector<std::string> function_names();  // all that a user may call, sorted

// The overload that takes these types: an exact match, else the one with the fewest and nearest of ksqlDB's implicit
// casts (INT to BIGINT to DECIMAL to DOUBLE; the untyped NULL to anything). `arguments` are the types the kernel wants:
// the caller casts.
struct Resolved {
  const Overload* overload;
  std::vector<Type> arguments;
  Type result;
};
struct ResolvedAggregate {
  const AggregateOverload* overload;
  std::vector<Type> arguments;
  Type result;
};
// nullopt in `types` is the untyped NULL. The error lists the signatures there are; kind statement.
Result<Resolved> resolve(const Function& function, std::span<const std::optional<Type>> types);
Result<ResolvedAggregate> resolve(const AggregateFunction& function, std::span<const std::optional<Type>> types);

// The cast from one type to another as ksqlDB's CAST does it; the error (kind statement) says that there is none.
Result<Kernel> find_cast(const Type& from, const Type& to);
// True where a value of `from` may stand for one of `to` without a CAST being written.
bool casts_implicitly(const Type& from, const Type& to);
// The narrowest type that all of them stand for: of the branches of CASE, the elements of an array, both sides of a
// comparison. nullopt among them is the untyped NULL. nullopt: there is none, or all are NULL.
std::optional<Type> common_type(std::span<const std::optional<Type>> types);

}  // namespace levada
