// WITH (…) of streams and tables, and the session's properties that stand in for what it leaves out.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/options.h"
#include "log/log.h"
#include "plan/plan.h"
#include "sql/ast.h"
#include "sql/parser.h"

namespace levada {

// SET 'name' = 'value', by name.
using SessionProperties = std::map<std::string, std::string>;

// Where properties were written, so that errors point at them; else at the name of what is declared.
struct PropertyPlaces {
  std::map<std::string, ast::Span> written;  // by name in capitals
  ast::Span declared;

  // Of the first of these that was written.
  ast::Span of(std::initializer_list<const char*> names) const;
};

struct RelationProperties {
  std::string topic;            // KAFKA_TOPIC; empty: the relation's name
  std::int64_t partitions = 0;  // 0: not said
  std::int64_t replicas = 1;
  std::optional<std::int64_t> retention_ms;
  std::string cleanup_policy;            // delete, compact, or empty: by kind
  std::string key_format, value_format;  // FORMAT gives both; empty: not said
  std::string key_delimiter, value_delimiter;
  std::optional<bool> wrap_single_value;
  std::string timestamp, timestamp_format;
  PropertyPlaces places;
};

// `name` is that of the relation they belong to.
Result<RelationProperties> read_relation_properties(const Script& script, const ast::Name& name,
                                                    const std::vector<ast::PropertySetting>& settings);

// The name of a side's format in capitals: as written, or the default of the session; empty: there is none.
std::string format_name(Side side, const std::string& written, const SessionProperties& session);

// One side of a topic's records, checked by its format. `format` may be empty for the default of the session.
Result<FormatSpec> make_format(const Script& script, const PropertyPlaces& places, Side side, const std::string& format,
                               const std::string& delimiter, std::optional<bool> wrap, const std::vector<Field>& fields,
                               const SessionProperties& session, SchemaStore* schemas);

// Properties as written, for connectors: text values, with their places.
Properties written_properties(const Script& script, const std::vector<ast::PropertySetting>& settings);

}  // namespace levada
