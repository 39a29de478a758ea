// A rejected row as it stands in a dead letter, read again: the key is the header as it stands in the file (none, if
// the file has none), the value the row's bytes, perhaps corrected by somebody. Both are in the file's character set.
#pragma once
#include "connectors/csv/reader.h"
#include "connectors/dead_letter.h"
#include "connectors/source.h"

namespace levada {

// The rows of the letter, at the time that the letter has; several, if that is what the bytes are now. kind
// unsupported: the letter is about a whole file; kind data: the bytes hold no row at all.
Result<SourceRead> read_csv_letter(const CsvReadRules& rules, const DeadLetter& letter);

}  // namespace levada
