// Rows of a batch that some of its columns could not hold: which ones, and why.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "formats/format.h"

namespace levada {

class RefusedRows {
 public:
  // What a reader said of a column; `failures` is emptied.
  void add(std::string_view column, RowFailures& failures);
  bool empty() const { return failures_.empty(); }
  // One failure a row, by row: "qty: 'NaN' is …; id: …", the columns in the order in which they were added.
  RowFailures take();

 private:
  RowFailures failures_;  // perhaps several of one row
};

}  // namespace levada
