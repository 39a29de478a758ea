// The csv source: files of a directory, or one, into a topic. Every row counts once, whatever happens to its file's
// name and however often it is offered; rows that cannot be read go to the dead letters.
//
// Files are read one after the other, each to the end that it has; then the directory is looked at again. A file that
// still grows is read on, whole rows at a time. It is taken to have ended when it has not changed for a while, and
// moved (deleted, left alone) when the position that says so is durable in the log.
#pragma once
#include <memory>

#include "connectors/csv/options.h"
#include "connectors/source.h"

namespace levada {

// Checks the properties and that the topic's columns can be read from text.
Result<std::unique_ptr<Source>> make_csv_source(SourceContext context);

}  // namespace levada
