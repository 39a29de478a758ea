// Casts of arrays, maps and structures: element by element, or to text.
#pragma once
#include "functions/function.h"

namespace levada {

// nullptr: there is none. `to` is nested.
Kernel find_nested_cast(const Type& from, const Type& to);
// As Java prints them: "[1, 2]", "{a=1}", "Struct{A=1,B=x}" without the fields that are null.
void nested_to_text(const Call& call);
// Type to the same type.
void copy_values(const Call& call);

}  // namespace levada
