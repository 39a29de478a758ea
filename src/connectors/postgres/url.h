// 'connection.url' as people have it: jdbc:postgresql://host:port/db?user=…&ssl=true or postgresql://user@host:port/db.
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace levada {

// How to reach a server, in libpq's words.
struct PostgresAddress {
  std::vector<std::pair<std::string, std::string>> keywords;  // host, port, dbname, user, sslmode, …; no password
  Secret password;
  std::string search_path;                                // empty: the server's
  std::chrono::milliseconds connect_patience{10'000};     // for the server's next word while connecting
  std::chrono::milliseconds statement_patience{120'000};  // for one statement; 0: endless
  std::vector<std::string> notes;                         // parameters that have no meaning here, one line each

  // The value, or an empty string.
  std::string get(std::string_view keyword) const;
  void set(std::string_view keyword, std::string value);
  // "host:port/database", for people. Never the password.
  std::string place() const;
};

// Errors do not repeat the URL, as it may hold a password.
Result<PostgresAddress> parse_postgres_url(std::string_view url);
// A parameter by the name that the JDBC driver or libpq gives it: ssl, sslmode, socketTimeout, currentSchema, …
Result<void> set_postgres_parameter(PostgresAddress& address, std::string_view name, const std::string& value);

}  // namespace levada
