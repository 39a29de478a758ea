// The table of formats.
#pragma once
#include <span>

#include "formats/format.h"

namespace levada {

std::span<const Format> formats();
// nullptr if there is none of this name (in capitals).
const Format* find_format(std::string_view name);

}  // namespace levada
