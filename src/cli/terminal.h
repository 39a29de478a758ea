// What stderr is: a terminal with colours and a width, or a file or pipe that wants neither.
#pragma once
#include <cstddef>

#include "base/error.h"

namespace levada {

// Colours and redrawing are wanted and can be shown: a terminal that is not dumb, and NO_COLOR is not set.
bool colourful_terminal();
// Characters in a line; 80 where it cannot be told.
std::size_t terminal_columns();

// The error's text to stderr, its first word in red on a terminal.
void tell(const Error& error);

}  // namespace levada
