// What is on the disk, after whatever has happened to it.
//
// A commit counts if its journal record is whole and all before it are: that is the valid prefix. A record that is not
// whole at the end of it was never told to be durable, unless the published place lies beyond it or a later record
// exists; then stored bytes have changed, and nothing is opened.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "log/journal.h"
#include "log/log_core.h"
#include "log/published.h"
#include "log/redone_file.h"

namespace levada {

struct LoadedJournal {
  std::unique_ptr<LogCatalog> catalog;
  JournalPlace place;
  std::vector<std::uint64_t> generations;  // files that are there, ascending
  bool closed_well = false;                // nothing has to be redone
};

// Reads the valid prefix of the journal. Nothing: there is no journal. damaged: see above.
Result<std::optional<LoadedJournal>> load_journal(const LogDirectory& directory);

// By file number, what of a segment stands in the journal and perhaps not yet, durably, in its own file. Segments that
// the catalog no longer knows are left out.
using JournaledSegments = std::map<std::uint64_t, std::vector<JournaledBytes>>;
Result<JournaledSegments> find_journaled(const LogDirectory& directory, const LoadedJournal& loaded);

// For the writer: fills core's catalog and makes the segments agree with it. Bytes that rode in the journal are written
// to their segments again, files that no commit knows are removed, and a new generation begins. Returns the journal,
// ready for the next commit. A crash in the middle leaves all there is to begin again.
Result<std::unique_ptr<Journal>> recover(LogCore& core);

}  // namespace levada
