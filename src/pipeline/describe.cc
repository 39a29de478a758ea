#include "pipeline/describe.h"

#include <algorithm>
#include <array>

#include "base/near_name.h"
#include "connectors/connectors.h"
#include "formats/formats.h"
#include "functions/functions.h"

namespace levada {
namespace {

using Cell = std::optional<std::string>;

Answer table(std::vector<std::string> columns) {
  Answer answer{.columns = std::move(columns)};
  answer.types.assign(answer.columns.size(), "STRING");
  return answer;
}

std::string format_of(const RecordFormat& format) { return format.key.format + " / " + format.value.format; }

struct SessionProperty {
  std::string_view name, fallback, doc;
};
constexpr std::array session_properties = {
    SessionProperty{"auto.offset.reset", "earliest", "Queries begin with the oldest record there is; only earliest."},
    SessionProperty{"cache.max.bytes.buffering", "10485760",
                    "0: every update of a table is told; else updates of a key between two commits become one."},
    SessionProperty{"ksql.streams.cache.max.bytes.buffering", "10485760", "The same as cache.max.bytes.buffering."},
    SessionProperty{"ksql.persistence.default.format.key", "KAFKA", "KEY_FORMAT where none is given."},
    SessionProperty{"ksql.persistence.default.format.value", "", "VALUE_FORMAT where none is given."},
    SessionProperty{"processing.guarantee", "exactly_once_v2", "Always exactly once."},
    SessionProperty{"ksql.streams.auto.offset.reset", "earliest", "The same as auto.offset.reset."},
};

Answer list_functions() {
  Answer answer = table({"Function Name", "Category"});
  for (std::span<const Function> family : function_families())
    for (const Function& f : family)
      if (std::isalpha(static_cast<unsigned char>(f.name[0])) && f.name.find(' ') == std::string_view::npos)
        answer.rows.push_back({Cell(f.name), Cell(f.category)});
  for (std::span<const AggregateFunction> family : aggregate_families())
    for (const AggregateFunction& f : family) answer.rows.push_back({Cell(f.name), Cell("AGGREGATE")});
  std::ranges::sort(answer.rows);
  return answer;
}

Answer list_topics(const Log& log, bool all) {
  Answer answer = table({"Topic", "Partitions", "Cleanup", "Records"});
  answer.types[1] = answer.types[3] = "BIGINT";
  for (const Topic& topic : log.topics()) {
    if (!all && topic.name.starts_with('_')) continue;
    std::int64_t records = 0;
    for (std::int32_t p = 0; p < topic.config.partitions; ++p)
      if (auto range = log.offsets({topic.name, p})) records += range->end - range->first;
    answer.rows.push_back({Cell(topic.name), std::to_string(topic.config.partitions),
                           topic.config.compact ? "compact" : "delete", std::to_string(records)});
  }
  return answer;
}

Answer list_relations(const Catalog& catalog, bool tables) {
  Answer answer = table({tables ? "Table Name" : "Stream Name", "Kafka Topic", "Formats", "Written By"});
  for (const auto& [name, relation] : catalog.relations) {
    if (relation.table != tables) continue;
    std::string writers;
    for (const std::string& id : catalog.writers_of(name)) writers += (writers.empty() ? "" : ", ") + id;
    answer.rows.push_back(
        {name, relation.format.topic, format_of(relation.format), writers.empty() ? Cell() : Cell(writers)});
  }
  return answer;
}

}  // namespace

Answer message(std::string text) { return {.message = std::move(text)}; }

Error no_connector(const Script& script, const ast::Name& name, const Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& [known, declaration] : catalog.connectors) names.push_back(known);
  return statement_error(script, name.span, "there is no connector " + name.text)
      .remedy(did_you_mean(name.text, names));
}

Error no_query(const Script& script, const ast::Name& id, const Catalog& catalog) {
  std::string ids;
  for (const std::string& known : catalog.query_order) ids += (ids.empty() ? "" : ", ") + known;
  return statement_error(script, id.span, "there is no query " + id.text)
      .why(ids.empty() ? "there is none" : (catalog.query_order.size() == 1 ? "there is " : "there are ") + ids);
}

Result<void> check_session_property(const Script& script, const ast::SetProperty& set) {
  if (std::ranges::find(session_properties, set.name, &SessionProperty::name) == session_properties.end()) {
    std::vector<std::string> names;
    for (const SessionProperty& p : session_properties) names.emplace_back(p.name);
    return statement_error(script, set.span, "there is no property '" + set.name + "'")
        .remedy(did_you_mean(set.name, names));
  }
  bool offset_reset = set.name.ends_with("auto.offset.reset");
  if (offset_reset && set.action == ast::SetProperty::Action::set && set.value != "earliest")
    return statement_error(script, set.span, "not supported yet: " + set.name + " = " + set.value)
        .remedy("Queries begin with the oldest record: earliest.");
  if (set.action == ast::SetProperty::Action::set && set.name.ends_with("cache.max.bytes.buffering")) {
    std::int64_t bytes = 0;
    if (auto number = read_option(set.value, bytes); !number || bytes < 0)
      return statement_error(script, set.span, "'" + set.value + "' is no number of bytes")
          .remedy("0 tells every update of a table; any other number merges those of a key between two commits.");
  }
  if (set.action == ast::SetProperty::Action::set && set.name.starts_with("ksql.persistence.default.format.")) {
    std::string format = set.value;
    std::ranges::transform(format, format.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    std::vector<std::string> names;
    for (const Format& f : formats()) names.emplace_back(f.name);
    if (!find_format(format))
      return statement_error(script, set.span, "there is no format " + format).remedy(did_you_mean(format, names));
  }
  if (set.name == "processing.guarantee" && set.action == ast::SetProperty::Action::set &&
      !set.value.starts_with("exactly_once"))
    return statement_error(script, set.span, "processing is always exactly once")
        .remedy("Leave 'processing.guarantee' out.");
  return {};
}

Answer describe_list(const ast::Show& show, const Catalog& catalog, const SessionProperties& session,
                     const std::map<std::string, std::string>& variables, const Log& log) {
  using What = ast::Show::What;
  switch (show.what) {
    case What::streams: return list_relations(catalog, false);
    case What::tables: return list_relations(catalog, true);
    case What::topics: return list_topics(log, false);
    case What::all_topics: return list_topics(log, true);
    case What::functions: return list_functions();
    case What::queries: {
      Answer answer = table({"Query ID", "Writes", "Reads", "Query String"});
      for (const std::string& id : catalog.query_order) {
        const PersistentQuery& query = catalog.queries.at(id);
        std::string reads;
        for (const std::string& name : sources_of(query.plan)) reads += (reads.empty() ? "" : ", ") + name;
        answer.rows.push_back({id, query.plan.target->object, reads, query.statement});
      }
      return answer;
    }
    case What::properties: {
      Answer answer = table({"Property", "Value", "Effect"});
      for (const SessionProperty& p : session_properties) {
        auto set = session.find(std::string(p.name));
        answer.rows.push_back({Cell(p.name), set == session.end() ? Cell(p.fallback) : Cell(set->second), Cell(p.doc)});
      }
      return answer;
    }
    case What::variables: {
      Answer answer = table({"Variable Name", "Value"});
      for (const auto& [name, value] : variables) answer.rows.push_back({name, value});
      return answer;
    }
    case What::connectors:
    case What::source_connectors:
    case What::sink_connectors: {
      Answer answer = table({"Connector Name", "Type", "Class"});
      for (const auto& [name, c] : catalog.connectors) {
        if ((show.what == What::source_connectors && c.sink) || (show.what == What::sink_connectors && !c.sink))
          continue;
        const Property* connector_class = find_property(c.properties, "connector.class");
        answer.rows.push_back(
            {name, c.sink ? "SINK" : "SOURCE", connector_class ? Cell(connector_class->value) : Cell()});
      }
      return answer;
    }
    case What::connector_plugins: {
      Answer answer = table({"Class", "Type", "Description"});
      for (const Connector& c : connectors())
        answer.rows.push_back({Cell(c.name), c.make_sink ? "SINK" : "SOURCE", Cell(c.doc)});
      return answer;
    }
    case What::types: break;
  }
  LV_UNREACHABLE();
}

Result<Answer> describe_object(const Script& script, const ast::Describe& describe, const Catalog& catalog,
                               const Log& log) {
  using What = ast::Describe::What;
  const std::string& name = describe.name.text;
  switch (describe.what) {
    case What::streams: return list_relations(catalog, false);
    case What::tables: return list_relations(catalog, true);
    case What::function: {
      Answer answer = table({"Signature", "Example", "Result"});
      if (const Function* f = find_function(name)) {
        answer.message = name + ": " + std::string(f->doc);
        for (const Overload& o : f->overloads) answer.rows.push_back({name + std::string(o.signature), Cell(), Cell()});
        for (const Example& e : f->examples) answer.rows.push_back({Cell(), Cell(e.call), Cell(e.result)});
        return answer;
      }
      if (const AggregateFunction* f = find_aggregate_function(name)) {
        answer.message = name + ": " + std::string(f->doc);
        for (const AggregateOverload& o : f->overloads)
          answer.rows.push_back({name + std::string(o.signature), Cell(), Cell()});
        for (const auto& e : f->examples)
          answer.rows.push_back({Cell(), std::string(e.call) + " over " + std::string(e.rows), Cell(e.result)});
        return answer;
      }
      return statement_error(script, describe.name.span, "there is no function " + name)
          .remedy(did_you_mean(name, function_names()));
    }
    case What::connector: {
      auto c = catalog.connectors.find(name);
      if (c == catalog.connectors.end()) return no_connector(script, describe.name, catalog);
      return Answer{.message = c->second.statement};
    }
    case What::source: break;
  }
  const Relation* relation = catalog.find(name);
  if (!relation) return no_relation(script, describe.name, "stream or table", catalog);
  Answer answer = table({"Field", "Type"});
  const Schema& schema = *relation->schema;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    std::string type = schema[i].type.text();
    if (i < schema.key.size()) type += relation->table ? " (primary key)" : " (key)";
    answer.rows.push_back({schema[i].name, std::move(type)});
  }
  answer.message = std::string(relation->table ? "Table " : "Stream ") + name + ", topic " + relation->format.topic +
                   ", " + std::to_string(relation->format.partitions) +
                   (relation->format.partitions == 1 ? " partition, " : " partitions, ") + format_of(relation->format);
  for (const CheckRule& check : relation->checks)
    answer.message += "\nconstraint " + check.name + ": " + check.condition->text;
  if (!describe.extended) return answer;
  answer.message += "\n" + relation->statement;
  for (const std::string& id : catalog.writers_of(name)) answer.message += "\nwritten by " + id;
  for (const std::string& id : catalog.readers_of(name)) answer.message += "\nread by " + id;
  for (std::int32_t p = 0; p < relation->format.partitions; ++p)
    if (auto range = log.offsets({relation->format.topic, p}))
      answer.message += "\npartition " + std::to_string(p) + ": offsets " + std::to_string(range->first.value()) +
                        " to " + std::to_string(range->end.value());
  return answer;
}

}  // namespace levada
