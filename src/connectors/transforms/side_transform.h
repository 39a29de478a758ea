// What transforms of one side ("$Key", "$Value") share: the side taken out of the records and put back.
#pragma once
#include <string>

#include "connectors/transforms/records.h"
#include "connectors/transforms/transform.h"

namespace levada {

class SideTransform : public Transform {
 public:
  explicit SideTransform(Side side) : side_(side) {}
  // Records without this side pass.
  void apply(const ConnectRecords& records, std::vector<ConnectRecords>& out, RowFailures& failures) final;

 protected:
  // Changes type and column, of records.size rows; nulls stay nulls.
  virtual void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records,
                      RowFailures& failures) = 0;

 private:
  const Side side_;
};

// Every row that is not null fails.
void fail_all(const Column& column, const std::string& why, RowFailures& failures);
// The same, if the type is no structure; then true.
bool fail_unless_structure(const ConnectType& type, const Column& column, RowFailures& failures);

// 'fields' = 'a:b,c:d'. Errors: usage.
Result<std::vector<std::pair<std::string, std::string>>> read_pairs(const std::vector<std::string>& written,
                                                                    std::string_view property);

}  // namespace levada
