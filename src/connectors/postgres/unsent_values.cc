#include "connectors/postgres/unsent_values.h"

#include <algorithm>

#include "connectors/postgres/names.h"
#include "connectors/postgres/shown_transaction.h"

namespace levada {

static constexpr std::size_t readable_behind = 16;  // as FieldText promises

Result<std::span<const FieldText>> UnsentValues::complete(const CapturedTable& table, std::span<const FieldText> row,
                                                          std::uint32_t transaction) {
  using Kind = FieldText::Kind;
  std::string lacking, same_key;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i].kind != Kind::unchanged) continue;
    lacking += (lacking.empty() ? "" : ", ") + quote_name(table.columns[i].name);
    places.push_back(i);
  }
  std::vector<std::string> key;
  for (std::size_t i : table.row_key()) {
    if (row[i].kind != Kind::text) return row;
    key.emplace_back(row[i].view());
    same_key += (same_key.empty() ? "" : " AND ") + quote_name(table.columns[i].name) + " = $" +
                std::to_string(key.size()) + "::" + table.columns[i].declared;
  }
  if (places.empty() || key.empty()) return row;
  if (shown_ != transaction) {
    shows_ = LV_TRY(wait_until_shown(connection_, transaction));
    shown_ = transaction;
  }
  if (!shows_) return row;
  auto found = connection_.query(
      "SELECT " + lacking + " FROM " + TableName{table.schema, table.name}.quoted() + " WHERE " + same_key, key);
  if (!found && worth_retrying(found.error().kind())) return std::move(found).error();
  if (!found || found->size() != 1) return row;

  row_.assign(row.begin(), row.end());
  texts_.assign(places.size(), {});
  for (std::size_t n = 0; n < places.size(); ++n) {
    FieldText& value = row_[places[n]];
    const std::optional<std::string>& text = found->front()[n];
    value = {};
    if (!text) continue;
    texts_[n] = *text + std::string(readable_behind, '\0');
    value = {.kind = Kind::text, .size = static_cast<std::uint32_t>(text->size()), .data = texts_[n].data()};
  }
  return std::span<const FieldText>(row_);
}

}  // namespace levada
