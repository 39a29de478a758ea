// The tables, one for each family of functions. functions/functions.cc lists them.
#pragma once
#include <span>

#include "functions/function.h"

namespace levada {

std::span<const Function> arithmetic_functions();  // + - * / %
std::span<const Function> comparison_functions();  // = < … DISTINCT, BETWEEN, IN, IS NULL
std::span<const Function> logical_functions();     // AND, OR, NOT, COALESCE, NULLIF
std::span<const Function> nested_functions();      // [ ], ARRAY, MAP
std::span<const Function> pattern_functions();     // LIKE, REGEXP_…
std::span<const Function> text_functions();        // pieces of text and bytes
std::span<const Function> mask_functions();        // MASK_…
std::span<const Function> encoding_functions();    // text and numbers as bytes and back
std::span<const Function> number_functions();      // ABS, ROUND, SIN, …
std::span<const Function> date_functions();        // calendar arithmetic and clocks
std::span<const Function> date_text_functions();   // dates as text and back
std::span<const Function> array_functions();
std::span<const Function> map_functions();
std::span<const Function> json_functions();
std::span<const Function> url_functions();
std::span<const Function> other_functions();  // AS_VALUE, GEO_DISTANCE, UUID

std::span<const AggregateFunction> sum_functions();      // COUNT, SUM, AVG, the moments
std::span<const AggregateFunction> extreme_functions();  // MIN, MAX, TOPK
std::span<const AggregateFunction> collect_functions();  // COLLECT_…, HISTOGRAM, ATTR, …_BY_OFFSET

}  // namespace levada
