// Is this a file we know? Asked whenever a file turns up, grows, shrinks or changes its name. The rules, and what they
// answer in which case, stand in docs/decisions/0004-csv-identity.md; each case there is a test in recognition_test.cc.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "connectors/csv/fingerprint.h"
#include "connectors/csv/known_files.h"

namespace levada {

// A file in the directory.
struct FoundFile {
  std::string name;  // below the input path
  std::string path;
  std::uint64_t inode = 0, size = 0;
  std::int64_t modified_us = 0;
};

struct Recognition {
  enum class Kind {
    fresh,    // never seen: `known` is a new entry
    known,    // read on behind known->place, if there is more
    wait,     // cannot be said yet
    changed,  // of a file that was read, the bytes that were read are no longer the same
  };
  Kind kind = Kind::wait;
  KnownFile* known = nullptr;
  CsvFingerprint fingerprint = {};  // of the bytes up to known->place
  std::string why = {};             // of changed, or of what is worth telling
};

struct RecognitionRules {
  bool young = false;         // the file may still be being written: where that decides, wait
  bool load_changed = false;  // a file with other content under a known name is a new one
};

// `listing` is the directory as it is now. Entries of files that are found to be gone are marked so; a fresh file and a
// second copy get an entry. Reads as much of the file as it takes to be sure. not_found, if the file shrinks meanwhile.
Result<Recognition> recognise(const FoundFile& found, const File& file, const std::vector<FoundFile>& listing,
                              const RecognitionRules& rules, KnownFiles& known);

}  // namespace levada
