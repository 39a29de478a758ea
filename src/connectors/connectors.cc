#include "connectors/connectors.h"

#include <algorithm>
#include <string>

#include "base/near_name.h"
#include "connectors/csv/source.h"
#include "connectors/generator/source.h"
#include "connectors/jsonfile/sink.h"
#include "connectors/postgres/sink.h"
#include "connectors/postgres/trigger_options.h"
#include "connectors/postgres/trigger_source.h"
#include "connectors/postgres/wal_options.h"
#include "connectors/postgres/wal_source.h"

namespace levada {

std::span<const Connector> connectors() {
  static const Connector table[] = {
      {.name = "csv",
       .classes = {"com.github.jcustenborder.kafka.connect.spooldir.SpoolDirCsvSourceConnector",
                   "SpoolDirCsvSourceConnector"},
       .doc = "Rows of CSV files, of a directory or one; each counts once, however its file is called and whenever it "
              "comes.",
       .options = csv_options(),
       .make_source = make_csv_source},
      {.name = "generator",
       .classes = {"io.confluent.kafka.connect.datagen.DatagenConnector", "DatagenConnector"},
       .doc = "Made rows by a spec for each column; the same seed gives the same rows.",
       .options = generator_options(),
       .make_source = make_generator_source},
      {.name = "jsonfile",
       .classes = {"org.apache.kafka.connect.file.FileStreamSinkConnector", "FileStreamSinkConnector",
                   "FileStreamSink"},
       .doc = "Lines of JSON in files, exactly one for each record.",
       .options = jsonfile_options(),
       .make_sink = make_jsonfile_sink},
      {.name = "postgres",
       .classes = {"io.debezium.connector.postgresql.PostgresConnector", "PostgresConnector"},
       .doc = "Tables of PostgreSQL from its write-ahead log: the rows that are there, then every change, each once.",
       .options = wal_options(),
       .make_source = make_wal_source,
       .captures = true},
      {.name = "postgres",
       .classes = {"io.debezium.connector.jdbc.JdbcSinkConnector", "io.confluent.connect.jdbc.JdbcSinkConnector",
                   "JdbcSinkConnector"},
       .doc = "Rows into tables of PostgreSQL, exactly once, several topics in one transaction.",
       .options = postgres_sink_options(),
       .make_sink = make_postgres_sink,
       .takes_any_schema = true},
      {.name = "postgres-trigger",
       .classes = {},
       .doc = "Rows and changes of PostgreSQL's tables, by triggers that write each change into a change table.",
       .options = trigger_options(),
       .make_source = make_postgres_trigger_source,
       .captures = true},
  };
  return table;
}

namespace {

// Connectors whose configurations people have, and that are to come.
constexpr std::string_view not_yet[] = {
    "io.debezium.connector.mysql.MySqlConnector",
    "io.debezium.connector.mariadb.MariaDbConnector",
    "io.confluent.connect.jdbc.JdbcSourceConnector",
    "com.datastax.oss.kafka.sink.CassandraSinkConnector",
    "org.apache.kafka.connect.file.FileStreamSourceConnector",
};

bool is_called(const Connector& connector, std::string_view name) {
  return connector.name == name || std::ranges::find(connector.classes, name) != connector.classes.end();
}

Result<const Connector*> find(std::string_view name, bool source) {
  std::vector<std::string> names;
  std::string short_names;
  const Connector* other_way = nullptr;
  for (const Connector& connector : connectors()) {
    bool fits = source ? connector.make_source != nullptr : connector.make_sink != nullptr;
    if (is_called(connector, name)) {
      if (fits) return &connector;
      other_way = &connector;
    }
    if (!fits) continue;
    names.emplace_back(connector.name);
    names.insert(names.end(), connector.classes.begin(), connector.classes.end());
    short_names += (short_names.empty() ? "" : ", ") + std::string(connector.name);
  }
  if (std::ranges::find(not_yet, name) != std::end(not_yet))
    return Error(ErrorKind::unsupported, "not supported yet: connector " + std::string(name));
  std::string kind = source ? "source" : "sink";
  if (other_way)
    return Error(ErrorKind::usage,
                 "connector " + std::string(name) + " is a " + (source ? "sink" : "source") + ", not a " + kind)
        .remedy(std::string("Write CREATE ") + (source ? "SINK" : "SOURCE") + " CONNECTOR.");
  std::string near = did_you_mean(name, names);
  return Error(ErrorKind::usage, "there is no " + kind + " connector '" + std::string(name) + "'")
      .remedy((near.empty() ? "" : near + " ") + "There are " + short_names + ".");
}

}  // namespace

Result<const Connector*> find_source(std::string_view connector_class) { return find(connector_class, true); }
Result<const Connector*> find_sink(std::string_view connector_class) { return find(connector_class, false); }

}  // namespace levada
