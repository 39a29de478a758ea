// What the csv source remembers of the files it has read: its position in the log.
//
//   position = version u8 = 1, serial varint, count varint, files in the order they became known
//   file     = flags u8 (1 ended, 2 open_end, 4 refused, 8 gone), then without `gone` name, inode, size, modified;
//              bytes, rows, lines, digest 16, without `ended` link 16; mark count, marks 8 each
//   numbers  = varints, texts behind their length; digests and marks as they lie in memory
//
// Files that are still in their directory are kept whole, and all of them. Of those that are gone only what tells their
// content remains, and of these only the latest, so that a position has a bound. docs/decisions/0004-csv-identity.md
// has the reasons.
#pragma once
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "connectors/csv/fingerprint.h"

namespace levada {

// How far a file has been read: always to the end of a row.
struct CsvPlace {
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;   // of data, rejected ones included
  std::uint64_t lines = 0;  // line feeds
  bool operator==(const CsvPlace&) const = default;
};

struct KnownFile {
  std::string name;  // below the input path, as last seen
  std::uint64_t inode = 0, size = 0;
  std::int64_t modified_us = 0;

  CsvPlace place;
  Digest digest;  // of the first place.bytes bytes
  Digest link;    // of ContentHash, to go on from
  CsvMarks marks;

  bool ended = false;     // read to its end, which was taken to be final
  bool open_end = false;  // and its last row had no line end
  bool refused = false;   // cannot be read, and has been told so
  bool gone = false;      // no longer in the directory under this name

  // Not part of the position: the serial of the first one that holds this file as ended or refused.
  std::uint64_t settled_by = 0;

  void take(const CsvPlace& to, const CsvFingerprint& fingerprint);
};

class KnownFiles {
 public:
  // Of files that are gone, so many are remembered.
  static constexpr std::size_t most_gone = 4096;

  std::list<KnownFile> files;  // pointers to them stay valid

  // The file with this inode that is in the directory; nullptr if there is none.
  KnownFile* by_inode(std::uint64_t inode);
  KnownFile* by_name(std::string_view name);  // that is in the directory
  void forget_surplus();

  std::string encode(std::uint64_t serial) const;
  // The serial. damaged, if this is no position of ours.
  Result<std::uint64_t> decode(std::string_view position);
  static std::optional<std::uint64_t> serial_of(std::string_view position);
};

}  // namespace levada
