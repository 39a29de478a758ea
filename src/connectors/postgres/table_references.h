// Which of some tables refer to which, by foreign keys, and an order in which each stands behind those that it refers
// to: whoever writes their rows elsewhere may have the same foreign keys.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "connectors/postgres/connection.h"

namespace levada {

// Of each table, by its place, the places of those that it refers to; not of itself.
using TableReferences = std::vector<std::vector<std::size_t>>;

// Of these tables, by their oids, among each other.
Result<TableReferences> read_references(PostgresConnection& connection, std::span<const std::uint32_t> tables);

// The places, each behind those that it refers to; a cycle begins where it is met first.
std::vector<std::size_t> referred_first(const TableReferences& references);

}  // namespace levada
