// Capital and small letters of any script, by Unicode's rules, which no language changes (ß becomes SS).
#pragma once
#include <string_view>

#include "batch/column.h"

namespace levada {

// The result is in the arena.
std::string_view upper_case(Arena& out, std::string_view text);
std::string_view lower_case(Arena& out, std::string_view text);
// The first letter of every word a capital, the others small; words are parted by white space.
std::string_view title_case(Arena& out, std::string_view text);

}  // namespace levada
