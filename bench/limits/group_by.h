// What this machine allows for GROUP BY: SELECT user, COUNT(*) AS n, SUM(amount) AS total FROM orders GROUP BY user,
// from record batches in memory to two files of record batches (bench/limits/batch_file.h): the table's updates as JSON
// under the user as eight bytes, and the same updates as bytes for a changelog. The updates of a user are merged until
// `merged_bytes` of input have been read. Values are read with simdjson on demand; the table is flat, made for 200,000
// users. 64 bytes behind the batches may be read.
#pragma once
#include <string>
#include <string_view>

namespace levada::limits {

struct GroupByFiles {
  std::string table, changelog;
};
// The user is the record's key: only the amount is read from the value.
void group_by_key(std::string_view record_batches, std::size_t merged_bytes, const GroupByFiles& to);
// The user is a member of the value.
void group_by_column(std::string_view record_batches, std::size_t merged_bytes, const GroupByFiles& to);

}  // namespace levada::limits
