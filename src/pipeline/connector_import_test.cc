#include "pipeline/connector_import.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

std::string imported(std::string_view text, bool secrets = false) {
  auto configuration = read_connector_configuration(text, "c");
  if (!configuration) return "error: " + configuration.error().what();
  return import_connector(*configuration, secrets).sql;
}

TEST_SUITE("pipeline") {
  TEST_CASE("a JDBC sink's configuration becomes SQL; what has no effect is said") {
    std::string_view text = R"({
      "name": "jdbc-sink",
      "config": {
        "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
        "tasks.max": "1",
        "topics": "customers",
        "connection.url": "jdbc:postgresql://postgres:5432/inventory?user=me&password=it's",
        "connection.password": "s'ecret",
        "connection.username": "me",
        "transforms": "unwrap",
        "transforms.unwrap.type": "io.debezium.transforms.ExtractNewRecordState",
        "transforms.unwrap.drop.tombstones": "false",
        "table.name.format": "x_${topic}",
        "insert.mode": "upsert",
        "delete.enabled": true,
        "primary.key.mode": "record_key"
      }
    })";
    CHECK(imported(text, true) == R"(CREATE SINK CONNECTOR `jdbc-sink` WITH (
  'connector.class' = 'io.debezium.connector.jdbc.JdbcSinkConnector',
  'tasks.max' = '1',  -- has no effect: work is shared out over the machine's cores by itself
  'topics' = 'customers',
  'connection.url' = '${env:CONNECTION_URL}',
  'connection.password' = '${env:CONNECTION_PASSWORD}',
  'connection.username' = 'me',
  'transforms' = 'unwrap',  -- has no effect: a sink is given rows, whatever their topic's format
  'transforms.unwrap.type' = 'io.debezium.transforms.ExtractNewRecordState',
  'transforms.unwrap.drop.tombstones' = 'false',
  'table.name.format' = 'x_$${topic}',
  'insert.mode' = 'upsert',
  'delete.enabled' = 'true',
  'primary.key.mode' = 'record_key'
);
)");
    CHECK(imported(text).find("'connection.password' = 's''ecret',") != std::string::npos);
  }

  TEST_CASE("the Debezium tutorial's configuration for PostgreSQL, with what people add to it") {
    std::string_view text = R"x({
      "name": "inventory-connector",
      "config": {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "database.hostname": "postgres",
        "database.port": "5432",
        "database.user": "postgres",
        "database.password": "postgres",
        "database.dbname": "postgres",
        "topic.prefix": "dbserver1",
        "schema.include.list": "inventory",
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.cache.size": "10",
        "transforms": "route",
        "transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter",
        "transforms.route.regex": "([^.]+)\\.([^.]+)\\.([^.]+)",
        "transforms.route.replacement": "$3"
      }
    })x";
    auto configuration = read_connector_configuration(text, "c");
    REQUIRE(configuration);
    ImportedConnector made = import_connector(*configuration, true);
    CHECK(made.problems.empty());
    CHECK(made.sql == R"x(CREATE SOURCE CONNECTOR `inventory-connector` WITH (
  'connector.class' = 'io.debezium.connector.postgresql.PostgresConnector',
  'tasks.max' = '1',  -- has no effect: work is shared out over the machine's cores by itself
  'database.hostname' = 'postgres',
  'database.port' = '5432',
  'database.user' = 'postgres',
  'database.password' = '${env:DATABASE_PASSWORD}',
  'database.dbname' = 'postgres',
  'topic.prefix' = 'dbserver1',
  'schema.include.list' = 'inventory',
  'key.converter' = 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable' = 'false',
  'value.converter' = 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.cache.size' = '10',  -- has no effect: every schema is made once
  'transforms' = 'route',
  'transforms.route.type' = 'org.apache.kafka.connect.transforms.RegexRouter',
  'transforms.route.regex' = '([^.]+)\.([^.]+)\.([^.]+)',
  'transforms.route.replacement' = '$3'
);
)x");
  }

  TEST_CASE("properties files are read as Java does, and flat JSON") {
    CHECK(imported("# a sink\n! too\n\nname=files\r\nconnector.class: jsonfile\ntopics = a,\\\n   b\npath "
                   "/o\\u0075t\\\\x\n") ==
          "CREATE SINK CONNECTOR `files` WITH (\n  'connector.class' = 'jsonfile',\n  'topics' = 'a,b',\n  'path' = "
          "'/out\\x'\n);\n");
    CHECK(imported(R"({"connector.class":"jsonfile","name":"FILES","topics":"a","path":"p","none":null})") ==
          "CREATE SINK CONNECTOR FILES WITH (\n  'connector.class' = 'jsonfile',\n  'topics' = 'a',\n  'path' = "
          "'p'\n);\n");
  }

  TEST_CASE("what cannot be had here is a comment and a problem") {
    std::string sql = imported(R"({"name":"m","config":{"connector.class":"io.debezium.connector.mysql.MySqlConnector",
        "database.password":"x"}})",
                               true);
    CHECK(sql ==
          "-- error: not supported yet: connector io.debezium.connector.mysql.MySqlConnector\n"
          "CREATE SOURCE CONNECTOR `m` WITH (\n  'connector.class' = 'io.debezium.connector.mysql.MySqlConnector',\n  "
          "'database.password' = '${env:DATABASE_PASSWORD}'\n);\n");
    std::string unknown = imported(R"({"connector.class":"jsonfile","topics":"a","pth":"p"})");
    CHECK(unknown.starts_with("-- error: unknown property 'pth' - Did you mean path?\n"));
    CHECK(unknown.find("'pth' = 'p'  -- unknown. Did you mean path?\n") != std::string::npos);
    CHECK(imported("{\"a\":1}") == "error: there is no 'connector.class'");
    CHECK(imported("") == "error: the file is empty");
    CHECK(imported("{\"config\":1}") == "error: 'config' is no object");
    CHECK(imported(R"({"connector.class":["x"]})") == "error: 'connector.class' is neither a text nor a number");
    CHECK(imported("{\"a\"").starts_with("error: "));
  }
}

}  // namespace
}  // namespace levada
