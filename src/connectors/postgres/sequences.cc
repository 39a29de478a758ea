#include "connectors/postgres/sequences.h"

#include <algorithm>

namespace levada {
namespace {

constexpr std::int64_t quiet_ms = 500;       // without a commit
constexpr std::int64_t longest_ms = 10'000;  // however many there are

}  // namespace

void Sequences::watch(const PostgresTable& table) {
  for (const PostgresColumn& c : table.columns) {
    if (c.sequence.empty()) continue;
    Column column{table.name.quoted(), quote_name(c.name), c.sequence};
    if (std::ranges::find(columns_, column) == columns_.end()) columns_.push_back(std::move(column));
  }
}

void Sequences::committed() {
  if (columns_.empty()) return;
  const std::int64_t now = clock_.now_ms();
  if (!latest_ms_) latest_ms_ = now + longest_ms;
  due_ms_ = std::min(now + quiet_ms, *latest_ms_);
}

Result<void> Sequences::advance(PostgresConnection& connection) {
  due_ms_.reset();
  latest_ms_.reset();
  // last_value is what was given last or, of a new sequence, what will be given first.
  for (const Column& c : columns_)
    LV_TRY(connection.query("SELECT setval(" + quote_text(c.sequence) + ", m) FROM (SELECT max(" + c.name +
                            ") AS m FROM " + c.table + ") AS t, " + c.sequence +
                            " AS s WHERE m > s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END"));
  return {};
}

}  // namespace levada
