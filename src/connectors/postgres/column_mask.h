// Columns whose text is made unreadable or short before it goes anywhere: into records, row states and dead letters.
//
//   column.mask.with.N.chars                 N stars, whatever the value is, also for null
//   column.mask.hash.ALG.with.salt.S         the hash in hexadecimal digits, cut at the column's length; as Java writes
//                                            the text (ObjectOutputStream)
//   column.mask.hash.v2.ALG.with.salt.S      the same of the text's UTF-8
//   column.truncate.to.N.chars               the first N characters, as Java counts them
//
// As in Debezium a record's key stays as it is: rows are told apart by it. A value that was not sent stays unsent, and
// of several properties that name a column the one that hides most counts (docs/debezium-differences.md).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "connectors/postgres/captured_table.h"
#include "connectors/postgres/name_patterns.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

// Immutable; any thread.
struct ColumnMask {
  enum class Kind { stars, hash, hash_v2, cut };
  Kind kind{};
  std::size_t chars = 0;                            // of stars and cut
  std::string salt;                                 // of a hash
  std::shared_ptr<const void> algorithm = nullptr;  // of a hash: libcrypto's

  // Whether values of the (resolved) type are texts that can be hidden; of cut also bytea.
  bool takes(const CapturedType& type) const;
  // What stands for the value; its text is in the arena.
  FieldText apply(const FieldText& value, const CapturedType& type, Arena& arena) const;
  // The type, in SQL, of a column of `declared` type that has such values.
  std::string declared(const CapturedType& type, const std::string& declared) const;
  // What Debezium adds to the field's schema; no name: nothing.
  std::pair<std::string, std::string> parameter(const CapturedType& type) const;
};

class ColumnMasks {
 public:
  // The properties behind 'column.mask.' ("with.5.chars" = "a.b.c, …") and 'column.truncate.'.
  static Result<ColumnMasks> compile(const Properties& masks, const Properties& cuts);

  // nullptr: the column is captured as it is.
  std::shared_ptr<const ColumnMask> of(std::string_view schema, std::string_view table, std::string_view column) const;

 private:
  struct Rule {
    std::shared_ptr<const ColumnMask> mask;
    NamePatterns columns;
  };
  std::vector<Rule> rules_;  // those that hide most first
};

// A reader of what the mask makes of values.
std::shared_ptr<const ValueReader> masked_reader(std::shared_ptr<const ColumnMask> mask, CapturedType type,
                                                 std::shared_ptr<const ValueReader> reader);

// A line for each column that a property names and that is not hidden all the same: of another type, or in the key.
std::vector<std::string> unmasked_columns(const CapturedTable& table);

}  // namespace levada
