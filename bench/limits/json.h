// What this machine allows for JSON: SELECT id, user, item, amount, ts FROM orders WHERE amount > least, text to text,
// by programs that know this one query and nothing else. Compiled for the machine at hand.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "formats/format.h"

namespace levada::limits {

// The values of a text, added up so that nothing is optimised away.
struct Sums {
  std::int64_t id = 0, user = 0, ts = 0;
  double amount = 0;
  std::size_t item = 0;
};

// Five fields read with simdjson on demand, in their order.
Sums read_on_demand(std::span<const Text> texts);
// The same, written again where amount > least.
void project_on_demand(std::span<const Text> texts, double least, Texts& out);

// All commas found at once, names compared, numbers parsed where they must be; anything unexpected ends the program.
Sums read_by_shape(std::span<const Text> texts);
void project_by_shape(std::span<const Text> texts, double least, Texts& out);
// The text between the names is copied, not parsed and written.
void copy_by_shape(std::span<const Text> texts, double least, Texts& out);

// The first and the last of these from record batches in memory to a file of record batches
// (bench/limits/batch_file.h): checksums, records, values; nothing is synced. 64 bytes behind the batches may be read.
void project_log_on_demand(std::string_view record_batches, double least, const std::string& path);
void project_log_by_shape(std::string_view record_batches, double least, const std::string& path);

}  // namespace levada::limits
