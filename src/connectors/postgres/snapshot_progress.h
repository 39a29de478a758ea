// How far the snapshot of each table is: the part of a source's position that is stored with the rows.
//
//   {"done": ["public.small", "public.other"],
//    "left": {"public.big": [{"above": ["41", "b"], "to": ["5000"]}, {"above": ["5000"]}]}}
//
// What is left of a table are ranges of its key, in its order: the keys above one, up to and with another; both are
// tuples of the key's first columns in the server's text (a shorter one stands for all keys that begin with it), and
// either may be open. Ranges are read in order of the key, so a crash goes on behind the last row that is in the log.
// A table that is not named has not begun.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace levada {

// Keys k with above < k <= to, compared as the server compares; an empty tuple is an open end.
struct KeyRange {
  std::vector<std::string> above, to;
  bool operator==(const KeyRange&) const = default;
};

struct SnapshotProgress {
  std::set<std::string> done;                         // by CapturedTable::text()
  std::map<std::string, std::vector<KeyRange>> left;  // of those that have begun and are not done

  bool operator==(const SnapshotProgress&) const = default;
  Json json() const;
  static Result<SnapshotProgress> parse(const Json& json);
};

}  // namespace levada
