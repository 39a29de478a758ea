// What the statements so far have declared: streams, tables, connectors, by name. A value; the engine keeps one and
// stores it in the log (pipeline/catalog_store.h).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/options.h"
#include "batch/schema.h"
#include "plan/plan.h"
#include "sql/script.h"

namespace levada {

// A stream or table.
struct Relation {
  std::string name;
  bool table = false;
  bool read_only = false;  // CREATE SOURCE …
  SchemaRef schema;
  RecordFormat format;
  std::vector<CheckRule> checks;
  std::string statement;  // as SQL, to compare with when the same file is run again
};

// A query that runs for ever.
struct PersistentQuery {
  std::string statement;
  QueryPlan plan;
};

struct ConnectorDeclaration {
  std::string name;
  bool sink = false;
  Properties properties;  // as written: not yet substituted
  std::string statement;  // without secrets
  std::string place;      // of its name in the script, for messages; empty if it was not in this one
};

struct Catalog {
  std::map<std::string, Relation> relations;
  std::map<std::string, PersistentQuery> queries;  // by id
  std::map<std::string, ConnectorDeclaration> connectors;
  std::vector<std::string> query_order;  // ids in the order of creation
  std::int64_t next_query_number = 0;

  const Relation* find(const std::string& name) const;
  std::vector<std::string> relation_names() const;
  // The queries that write into the relation, and those that read it.
  std::vector<std::string> writers_of(const std::string& relation) const;
  std::vector<std::string> readers_of(const std::string& relation) const;
  // The relations declared over the topic.
  std::vector<const Relation*> over_topic(const std::string& topic) const;
};

// "there is no stream X", at its place, with what is meant or what there is.
Error no_relation(const Script& script, const ast::Name& name, const std::string& what, const Catalog& catalog);

// The relations a plan reads.
std::vector<std::string> sources_of(const QueryPlan& plan);

}  // namespace levada
