// STATUS, a file in the log's directory: how the objects of the running pipeline are doing. The engine replaces it
// every second, so that `levada status` works beside it and, behind its end, still tells how it ended. JSON, one text.
#pragma once
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "levada/levada.h"

namespace levada {

// Replaces the file in one step. It is not synced: what a crash of the machine leaves of it is of no use anyway.
Result<void> write_status(Files& files, const std::string& directory, const RunReport& report);
// not_found: there is none. A run whose engine is gone without a word is `gone`.
Result<RunReport> read_status(Files& files, const std::string& directory);

Json json_of(const ObjectReport& report);
Json json_of(const RunReport& report);

}  // namespace levada
