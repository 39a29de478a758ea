// The catalog in the log: what was declared, as statements, in a compacted topic, so that a start finds it and can tell
// what has changed. Plans are made anew from the statements.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "sql/catalog.h"
#include "sql/relation_properties.h"

namespace levada {

inline constexpr std::string_view catalog_topic = "_catalog";

struct StoredDeclaration {
  std::string object;       // "relation ORDERS", "query CSAS_X_1", "connector C"
  std::int64_t number = 0;  // in the order in which they were made
  std::string statement;
  std::string query;          // the id, of statements that start one
  SessionProperties session;  // as it was
};

class CatalogStore {
 public:
  // Makes the topic if it is not there and the log may be written.
  static Result<CatalogStore> open(Log& log, bool read_only);

  // What is declared, in order.
  const std::vector<StoredDeclaration>& declarations() const { return declarations_; }
  Result<void> put(StoredDeclaration declaration);
  Result<void> remove(const std::string& object);
  std::int64_t next_number() const { return next_number_; }
  // Larger than the number of every query that was ever stored: offsets and states are kept by a query's id, so that of
  // one that was dropped must not come again.
  std::int64_t next_query_number() const { return next_query_number_; }

 private:
  explicit CatalogStore(Log& log) : log_(&log) {}
  Result<void> read();
  Result<void> write(const std::string& object, const StoredDeclaration* declaration);

  Log* log_;
  std::vector<StoredDeclaration> declarations_;
  std::int64_t next_number_ = 0, next_query_number_ = 0;
};

// 7 of "CSAS_ORDERS_7".
std::int64_t query_number(std::string_view id);

}  // namespace levada
