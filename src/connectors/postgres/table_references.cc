#include "connectors/postgres/table_references.h"

#include <map>
#include <string>

namespace levada {

Result<TableReferences> read_references(PostgresConnection& connection, std::span<const std::uint32_t> tables) {
  TableReferences references(tables.size());
  if (tables.size() < 2) return references;
  std::map<std::string, std::size_t> places;
  std::string oids;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    std::string oid = std::to_string(tables[i]);
    oids += (i ? "," : "{") + oid;
    places[oid] = i;
  }
  oids += "}";
  for (const auto& row :
       LV_TRY(connection.query("SELECT DISTINCT conrelid, confrelid FROM pg_constraint WHERE contype = 'f' AND "
                               "conrelid = ANY ($1::oid[]) AND confrelid = ANY ($1::oid[]) AND conrelid <> confrelid "
                               "ORDER BY conrelid, confrelid",
                               {&oids, 1})))
    references[places.at(row[0].value_or(""))].push_back(places.at(row[1].value_or("")));
  return references;
}

std::vector<std::size_t> referred_first(const TableReferences& references) {
  std::vector<std::size_t> order;
  std::vector<bool> met(references.size());
  struct Step {
    std::size_t place, next = 0;
  };
  std::vector<Step> path;
  for (std::size_t first = 0; first < references.size(); ++first) {
    if (!met[first]) path.push_back({first});
    met[first] = true;
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next == references[step.place].size()) {
        order.push_back(step.place);
        path.pop_back();
        continue;
      }
      std::size_t to = references[step.place][step.next++];
      if (!met[to]) path.push_back({to});
      met[to] = true;
    }
  }
  return order;
}

}  // namespace levada
