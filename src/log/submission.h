// A transaction on its way to the committer, or a change of the catalog that somebody proposes.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "log/log_catalog.h"

namespace levada {

// Who may write under a transactional id, since one begin(). After a failure nothing of this holder is committed until
// the holder knows of it, so that nothing is ever missing in between.
struct Holder {
  std::string transactional_id;
  std::uint64_t epoch = 0;
  // Guarded by the committer's mutex: the last failure, and the number of the last submission that fails for it.
  std::optional<Error> failed;
  std::uint64_t failed_through = 0;
};

struct Submission {
  struct Append {
    PartitionRef to;
    std::size_t at = 0, size = 0;  // a record batch in `bytes`
    std::int32_t offsets = 0;      // that it takes
  };
  struct Advance {
    std::string group;
    PartitionRef of;
    std::optional<Offset> next;  // nothing: to the end, this transaction included
  };

  std::shared_ptr<Holder> holder;
  std::uint64_t number = 0;  // in the order of the holder's
  Buffer bytes;
  std::vector<Append> appends;
  std::vector<Advance> advances;
  std::vector<PositionPut> positions;

  // Instead of all that: called by the committer, between commits, for the changes to be made.
  std::function<Result<std::vector<Change>>(const LogCatalog&)> propose;

  // Guarded by the committer's mutex.
  bool settled = false;
  std::optional<Error> error;

  bool empty() const { return appends.empty() && advances.empty() && positions.empty(); }
  void clear() {
    bytes.clear();
    appends.clear();
    advances.clear();
    positions.clear();
    settled = false;
    error.reset();
  }
};

}  // namespace levada
