// The generator source: rows by a declarative spec for each column (README.md beside this file). The same seed gives
// the same rows, whatever the rate, the batches and the restarts; the position is the number of the next row.
#pragma once
#include <memory>
#include <span>

#include "base/options.h"
#include "connectors/source.h"

namespace levada {

std::span<const Option> generator_options();
Result<std::unique_ptr<Source>> make_generator_source(SourceContext context);

}  // namespace levada
