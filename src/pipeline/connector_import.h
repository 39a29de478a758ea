// A configuration of Kafka Connect to the SQL that says the same: what `levada import` prints.
//
//   {"name": "inventory", "config": {"connector.class": …}}   as its REST API takes it; or only what is in "config"
//   name=inventory\nconnector.class=…                         a properties file, as connect-standalone takes it
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/options.h"

namespace levada {

struct ConnectorConfiguration {
  std::string name;
  Properties properties;  // without the name
};
// `where`: the file, for errors. Errors: usage.
Result<ConnectorConfiguration> read_connector_configuration(std::string_view text, const std::string& where);

struct ImportedConnector {
  std::string sql;                    // ends with a line feed; comments say what has no effect and what is wrong
  std::vector<std::string> problems;  // one line each; empty: the statement can be run
};
// `secrets_from_environment`: passwords are ${env:DATABASE_PASSWORD} instead of what they are.
ImportedConnector import_connector(const ConnectorConfiguration& configuration, bool secrets_from_environment);

}  // namespace levada
