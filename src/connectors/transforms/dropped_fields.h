// Fields that records shall not have because a header of theirs says so: ["note", "price"], a JSON array of names. One
// thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "connectors/transforms/records.h"

namespace levada {

class DroppedFields {
 public:
  struct Options {
    std::string header;  // its name; empty: nothing is dropped
    bool from_key = false;
    bool optional_only = true;  // so that old readers can read what comes out
  };
  explicit DroppedFields(Options options) : options_(std::move(options)) {}

  // Appends the records in their order, those that follow one another with the same list together. A header that is no
  // list of names drops nothing.
  void apply(const ConnectRecords& records, std::vector<ConnectRecords>& out);

 private:
  std::string list_of(const ConnectRecords& records, std::uint32_t row) const;
  void drop(ConnectTypeRef& type, ColumnRef& column, const std::vector<std::string>& names, const std::string& list);

  const Options options_;
  std::map<std::string, Plans<ConnectTypeRef>> types_;  // that are left, by the header's text
};

}  // namespace levada
