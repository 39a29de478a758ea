#include "connectors/postgres/url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/near_name.h"

namespace levada {
namespace {

Error bad_url(std::string why) {
  return Error(ErrorKind::usage, "'connection.url' is no address of a PostgreSQL server")
      .why(std::move(why))
      .remedy("Write jdbc:postgresql://HOST:PORT/DATABASE or postgresql://HOST:PORT/DATABASE.");
}

Result<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const char* stop = text.data() + std::min(i + 3, text.size());
    auto [end, error] = std::from_chars(text.data() + i + 1, stop, value, 16);
    if (error != std::errc() || end != text.data() + i + 3) return bad_url("a '%' without two hexadecimal digits");
    if (value == 0) return bad_url("%00 stands for no character");
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::optional<std::int64_t> number_in(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) return std::nullopt;
  return number;
}

// ---- parameters ----

enum class Meaning { keyword, user, password, connect_patience, statement_patience, search_path, ssl, server, none };

struct Parameter {
  std::string_view name;
  Meaning meaning = Meaning::none;  // accepted, without effect: it steers what the JDBC driver does inside
  std::string_view keyword = {};    // libpq's, if it is another
};

constexpr Parameter parameters[] = {
    {"user", Meaning::user},
    {"password", Meaning::password},
    {"connectTimeout", Meaning::connect_patience},
    {"connect_timeout", Meaning::connect_patience},
    {"loginTimeout", Meaning::connect_patience},
    {"socketTimeout", Meaning::statement_patience},
    {"currentSchema", Meaning::search_path},
    {"ssl", Meaning::ssl},
    {"targetServerType", Meaning::server},
    {"channelBinding", Meaning::keyword, "channel_binding"},
    {"channel_binding", Meaning::keyword},
    {"dbname", Meaning::keyword},
    {"gssEncMode", Meaning::keyword, "gssencmode"},
    {"gssencmode", Meaning::keyword},
    {"gsslib", Meaning::keyword},
    {"host", Meaning::keyword},
    {"hostaddr", Meaning::keyword},
    {"kerberosServerName", Meaning::keyword, "krbsrvname"},
    {"krbsrvname", Meaning::keyword},
    {"options", Meaning::keyword},
    {"passfile", Meaning::keyword},
    {"port", Meaning::keyword},
    {"sslcert", Meaning::keyword},
    {"sslcrl", Meaning::keyword},
    {"sslkey", Meaning::keyword},
    {"sslmode", Meaning::keyword},
    {"sslrootcert", Meaning::keyword},
    {"sslsni", Meaning::keyword},
    {"ssl_min_protocol_version", Meaning::keyword},
    {"ssl_max_protocol_version", Meaning::keyword},
    {"target_session_attrs", Meaning::keyword},
    {"ApplicationName"},
    {"adaptiveFetch"},
    {"allowEncodingChanges"},
    {"application_name"},
    {"assumeMinServerVersion"},
    {"autosave"},
    {"binaryTransfer"},
    {"binaryTransferDisable"},
    {"binaryTransferEnable"},
    {"cancelSignalTimeout"},
    {"cleanupSavepoints"},
    {"client_encoding"},
    {"databaseMetadataCacheFields"},
    {"databaseMetadataCacheFieldsMiB"},
    {"defaultRowFetchSize"},
    {"disableColumnSanitiser"},
    {"escapeSyntaxCallMode"},
    {"fallback_application_name"},
    {"groupStartupParameters"},
    {"hostRecheckSeconds"},
    {"jaasApplicationName"},
    {"jaasLogin"},
    {"keepalives"},
    {"loadBalanceHosts"},
    {"logServerErrorDetail"},
    {"logUnclosedConnections"},
    {"loggerFile"},
    {"loggerLevel"},
    {"maxResultBuffer"},
    {"preferQueryMode"},
    {"prepareThreshold"},
    {"preparedStatementCacheQueries"},
    {"preparedStatementCacheSizeMiB"},
    {"quoteReturningIdentifiers"},
    {"reWriteBatchedInserts"},
    {"readOnly"},
    {"readOnlyMode"},
    {"receiveBufferSize"},
    {"sendBufferSize"},
    {"socketFactory"},
    {"sslfactory"},
    {"sslhostnameverifier"},
    {"stringtype"},
    {"tcpKeepAlive"},
    {"tcpNoDelay"},
    {"tcp_user_timeout"},
    {"unknownLength"},
};

Error bad_parameter(std::string_view name, std::string why) {
  return Error(ErrorKind::usage, "parameter " + std::string(name) + " cannot be used").why(std::move(why));
}

Result<void> set_patience(std::chrono::milliseconds& patience, std::string_view name, const std::string& seconds) {
  auto number = number_in(seconds, 0, 1'000'000);
  if (!number) return bad_parameter(name, "'" + seconds + "' is no number of seconds");
  patience = std::chrono::seconds(*number);
  return {};
}

Result<void> set_server_type(PostgresAddress& address, const std::string& type) {
  constexpr std::pair<std::string_view, std::string_view> types[] = {
      {"any", "any"},           {"primary", "read-write"},       {"master", "read-write"},
      {"secondary", "standby"}, {"preferPrimary", "read-write"}, {"preferSecondary", "prefer-standby"}};
  for (const auto& [jdbc, libpq] : types)
    if (type == jdbc) return address.set("target_session_attrs", std::string(libpq)), Result<void>();
  return bad_parameter("targetServerType", "'" + type + "' is not known");
}

// ---- the parts of a URL ----

// "h1:1,[::1]:2,h3" becomes libpq's two lists.
Result<void> set_hosts(PostgresAddress& address, std::string_view list) {
  std::string hosts, ports;
  for (bool first = true;; first = false) {
    std::string_view item = list.substr(0, list.find(',')), host = item, port;
    std::size_t bracket = item.starts_with('[') ? item.find(']') : 0;
    if (bracket == item.npos) return bad_url("a '[' without ']'");
    if (std::size_t colon = item.find(':', bracket); colon != item.npos) {
      host = item.substr(0, colon);
      port = item.substr(colon + 1);
      if (!number_in(port, 1, 65535)) return bad_url("the port is no number from 1 to 65535");
    }
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    hosts += (first ? "" : ",") + LV_TRY(percent_decoded(host));
    ports += (first ? "" : ",") + std::string(port);
    if (item.size() == list.size()) break;
    list.remove_prefix(item.size() + 1);
  }
  if (hosts.find_first_not_of(',') != hosts.npos) address.set("host", std::move(hosts));
  if (ports.find_first_not_of(',') != ports.npos) address.set("port", std::move(ports));
  return {};
}

Result<void> set_user(PostgresAddress& address, std::string_view user_and_password) {
  std::size_t colon = user_and_password.find(':');
  address.set("user", LV_TRY(percent_decoded(user_and_password.substr(0, colon))));
  if (colon != user_and_password.npos)
    address.password = Secret(LV_TRY(percent_decoded(user_and_password.substr(colon + 1))));
  return {};
}

Result<void> set_parameters(PostgresAddress& address, std::string_view list) {
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find('&'));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    if (item.empty()) continue;
    std::size_t equals = item.find('=');
    if (equals == item.npos) return bad_url("a parameter without '='");
    std::string value = LV_TRY(percent_decoded(item.substr(equals + 1)));
    if (auto set = set_postgres_parameter(address, item.substr(0, equals), value); !set)
      return std::move(set).error().within("'connection.url'");
  }
  return {};
}

}  // namespace

std::string PostgresAddress::get(std::string_view keyword) const {
  auto at = std::ranges::find(keywords, keyword, [](const auto& pair) { return std::string_view(pair.first); });
  return at == keywords.end() ? std::string() : at->second;
}

void PostgresAddress::set(std::string_view keyword, std::string value) {
  std::erase_if(keywords, [&](const auto& pair) { return pair.first == keyword; });
  keywords.emplace_back(keyword, std::move(value));
}

std::string PostgresAddress::place() const {
  std::string host = get("host"), port = get("port"), database = get("dbname");
  if (host.empty()) host = get("hostaddr");
  return (host.empty() ? "the local socket" : host) + (port.empty() ? "" : ":" + port) +
         (database.empty() ? "" : "/" + database);
}

Result<PostgresAddress> parse_postgres_url(std::string_view url) {
  PostgresAddress address;
  bool jdbc = url.starts_with("jdbc:postgresql:");
  if (jdbc)
    url.remove_prefix(std::string_view("jdbc:postgresql:").size());
  else if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
    url.remove_prefix(url.find("//"));
  else if (url.starts_with("jdbc:"))
    return bad_url("it names another kind of database");
  else
    return bad_url("it starts with neither jdbc:postgresql: nor postgresql://");

  std::size_t question = std::min(url.find('?'), url.size());
  std::string_view path = url.substr(0, question), list = url.substr(std::min(question + 1, url.size()));
  if (path.starts_with("//")) {
    path.remove_prefix(2);
    std::string_view authority = path.substr(0, path.find('/'));
    path.remove_prefix(authority.size());
    if (std::size_t at = authority.rfind('@'); at != authority.npos) {
      LV_TRY(set_user(address, authority.substr(0, at)));
      authority.remove_prefix(at + 1);
    }
    if (!authority.empty()) LV_TRY(set_hosts(address, authority));
  }
  if (path.starts_with('/')) path.remove_prefix(1);
  if (!path.empty()) address.set("dbname", LV_TRY(percent_decoded(path)));
  LV_TRY(set_parameters(address, list));
  if (jdbc && address.get("host").empty()) address.set("host", "localhost");  // the driver knows no local sockets
  return address;
}

Result<void> set_postgres_parameter(PostgresAddress& address, std::string_view name, const std::string& value) {
  const Parameter* row = std::ranges::find(parameters, name, &Parameter::name);
  if (row == std::end(parameters)) {
    std::vector<std::string> names;
    for (const Parameter& p : parameters)
      if (p.meaning != Meaning::none) names.emplace_back(p.name);
    return Error(ErrorKind::usage, "unknown parameter " + std::string(name)).remedy(did_you_mean(name, names));
  }
  switch (row->meaning) {
    case Meaning::keyword: address.set(row->keyword.empty() ? row->name : row->keyword, value); break;
    case Meaning::user: address.set("user", value); break;
    case Meaning::password: address.password = Secret(value); break;
    case Meaning::connect_patience: return set_patience(address.connect_patience, name, value);
    case Meaning::statement_patience: return set_patience(address.statement_patience, name, value);
    case Meaning::search_path: address.search_path = value; break;
    case Meaning::ssl:  // as the driver understands it: encrypted, and the server must prove who it is
      if (value.empty() || value == "true")
        if (address.get("sslmode").empty()) address.set("sslmode", "verify-full");
      break;
    case Meaning::server: return set_server_type(address, value);
    case Meaning::none:
      address.notes.push_back("connection parameter " + std::string(name) +
                              " has no effect: it steers the inside of the JDBC driver");
  }
  return {};
}

}  // namespace levada
