#include "connectors/postgres/unsent_values.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "connectors/postgres/names.h"

namespace levada {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

static constexpr std::size_t readable_behind = 16;  // as FieldText promises
static constexpr milliseconds patience(10'000);
static constexpr milliseconds first_pause(1), longest_pause(50);

bool shows(std::string_view snapshot, std::uint32_t transaction) {
  auto next_number = [&] {
    std::uint64_t number = 0;
    auto [end, problem] = std::from_chars(snapshot.data(), snapshot.data() + snapshot.size(), number);
    snapshot.remove_prefix(std::min(static_cast<std::size_t>(end - snapshot.data()) + 1, snapshot.size()));
    return static_cast<std::uint32_t>(number);
  };
  next_number();  // the oldest that runs
  const std::uint32_t end = next_number();
  if (static_cast<std::int32_t>(transaction - end) >= 0) return false;
  while (!snapshot.empty())
    if (next_number() == transaction) return false;
  return true;
}

Result<UnsentValues::Found> UnsentValues::ask(const std::string& sql, const std::vector<std::string>& key,
                                              std::uint32_t transaction) {
  const auto give_up = steady_clock::now() + patience;
  for (milliseconds pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    auto found = connection_.query(sql, key);
    if (!found && worth_retrying(found.error().kind())) return std::move(found).error();
    if (!found) return Found{};
    if (!found->empty() && shows(found->front()[0].value_or(""), transaction)) return *std::move(found);
    if (steady_clock::now() >= give_up) return Found{};
    std::this_thread::sleep_for(pause);
  }
}

Result<std::span<const FieldText>> UnsentValues::complete(const CapturedTable& table, std::span<const FieldText> row,
                                                          std::uint32_t transaction) {
  using Kind = FieldText::Kind;
  std::string lacking, same_key, not_there;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i].kind != Kind::unchanged) continue;
    lacking += ", t." + quote_name(table.columns[i].name);
    places.push_back(i);
  }
  std::vector<std::string> key;
  for (std::size_t i : table.row_key()) {
    if (row[i].kind != Kind::text) return row;
    key.emplace_back(row[i].view());
    not_there = "t." + quote_name(table.columns[i].name) + " IS NULL";
    same_key += (same_key.empty() ? "t." : " AND t.") + quote_name(table.columns[i].name) + " = $" +
                std::to_string(key.size()) + "::" + table.columns[i].declared;
  }
  if (places.empty() || key.empty()) return row;
  // One row at least, as the snapshot must be known of a key that is not there, too.
  const Found found =
      LV_TRY(ask("SELECT pg_current_snapshot(), " + not_there + lacking + " FROM (SELECT) AS one LEFT JOIN " +
                     TableName{table.schema, table.name}.quoted() + " AS t ON " + same_key,
                 key, transaction));
  if (found.size() != 1 || found[0][1] == "t") return row;

  row_.assign(row.begin(), row.end());
  texts_.assign(places.size(), {});
  for (std::size_t n = 0; n < places.size(); ++n) {
    FieldText& value = row_[places[n]];
    const std::optional<std::string>& text = found[0][n + 2];
    value = {};
    if (!text) continue;
    texts_[n] = *text + std::string(readable_behind, '\0');
    value = {.kind = Kind::text, .size = static_cast<std::uint32_t>(text->size()), .data = texts_[n].data()};
  }
  return std::span<const FieldText>(row_);
}

}  // namespace levada
