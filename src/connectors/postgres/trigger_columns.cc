#include "connectors/postgres/trigger_columns.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>

namespace levada {

bool rows_differ(std::span<const TriggerColumn> before, std::span<const std::string> gone,
                 std::span<const TriggerColumn> now) {
  return std::ranges::any_of(now, [&](const TriggerColumn& column) {
    auto same = std::ranges::find(before, column.number, &TriggerColumn::number);
    if (same != before.end()) return *same != column;
    return column.filled || std::ranges::find(before, column.name, &TriggerColumn::name) != before.end() ||
           std::ranges::find(gone, column.name) != gone.end();
  });
}

std::vector<std::string> names_gone(std::span<const TriggerColumn> before, std::vector<std::string> gone,
                                    std::span<const TriggerColumn> now) {
  for (const TriggerColumn& column : before) gone.push_back(column.name);
  std::erase_if(
      gone, [&](const std::string& name) { return std::ranges::find(now, name, &TriggerColumn::name) != now.end(); });
  std::ranges::sort(gone);
  gone.erase(std::ranges::unique(gone).begin(), gone.end());
  return gone;
}

std::string columns_mark(std::span<const TriggerColumn> columns) {
  std::string all;
  for (const TriggerColumn& c : columns) all += c.name + '\0' + c.type + '\0';
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits(all.data(), all.size())));
  return text;
}

}  // namespace levada
