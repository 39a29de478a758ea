#include "connectors/postgres/url.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

std::string keywords(std::string_view url) {
  auto address = parse_postgres_url(url);
  if (!address) return address.error().line();
  std::string text;
  for (const auto& [keyword, value] : address->keywords) text += (text.empty() ? "" : " ") + keyword + "=" + value;
  if (!address->password.empty()) text += " password=" + address->password.reveal();
  return text;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("Postgres: URLs of the JDBC driver and of libpq say the same") {
    CHECK(keywords("jdbc:postgresql://db.example:5433/shop?user=ann&password=x%26y") ==
          "host=db.example port=5433 dbname=shop user=ann password=x&y");
    CHECK(keywords("postgresql://ann:x%26y@db.example:5433/shop") ==
          "user=ann host=db.example port=5433 dbname=shop password=x&y");
    CHECK(keywords("postgres://db.example") == "host=db.example");
    CHECK(keywords("jdbc:postgresql://a:1,b,[::1]:3/shop") == "host=a,b,::1 port=1,,3 dbname=shop");
    CHECK(keywords("jdbc:postgresql:shop") == "dbname=shop host=localhost");
    CHECK(keywords("jdbc:postgresql:/") == "host=localhost");
    CHECK(keywords("postgresql:///my%20shop?host=/var/run") == "dbname=my shop host=/var/run");
    CHECK(keywords("postgresql://a@b:c@host/x") == "user=a@b host=host dbname=x password=c");
  }

  TEST_CASE("Postgres: parameters of the driver get libpq's names, and those without meaning are noted") {
    CHECK(keywords("jdbc:postgresql://h/d?ssl=true") == "host=h dbname=d sslmode=verify-full");
    CHECK(keywords("jdbc:postgresql://h/d?sslmode=require&ssl=true&sslrootcert=/ca.pem") ==
          "host=h dbname=d sslmode=require sslrootcert=/ca.pem");
    CHECK(keywords("jdbc:postgresql://h/d?targetServerType=primary") ==
          "host=h dbname=d target_session_attrs=read-write");
    auto address = parse_postgres_url(
        "jdbc:postgresql://h/"
        "d?connectTimeout=3&socketTimeout=0&currentSchema=a,%22B%22&prepareThreshold=5&tcpKeepAlive=true");
    REQUIRE(address);
    CHECK(address->connect_patience.count() == 3000);
    CHECK(address->statement_patience.count() == 0);
    CHECK(address->search_path == "a,\"B\"");
    CHECK(address->notes.size() == 2);
    CHECK(address->notes[0] ==
          "connection parameter prepareThreshold has no effect: it steers the inside of the JDBC driver");
    CHECK(address->place() == "h/d");
    CHECK(parse_postgres_url("postgresql://ann:secret@h:7/d")->place() == "h:7/d");
    CHECK(parse_postgres_url("postgresql:///")->place() == "the local socket");
  }

  TEST_CASE("Postgres: a bad URL is told without repeating it, as it may hold a password") {
    const char* bad[] = {"",
                         "canary",
                         "jdbc:mysql://canary/x",
                         "http://canary",
                         "jdbc:postgresql://h:canary/d",
                         "postgresql://h:0/d?password=canary",
                         "postgresql://h:65536/d?password=canary",
                         "postgresql://u:canary%zz@h/d",
                         "postgresql://u:canary%0@h/d",
                         "postgresql://u:canary%00@h/d",
                         "postgresql://[::1/d?password=canary",
                         "postgresql://h/d?password",
                         "jdbc:postgresql://h/d?password=canary&socketTimeout=soon",
                         "jdbc:postgresql://h/d?password=canary&targetServerType=none"};
    for (const char* url : bad) {
      CAPTURE(url);
      auto parsed = parse_postgres_url(url);
      REQUIRE(!parsed);
      CHECK(parsed.error().kind() == ErrorKind::usage);
      CHECK(parsed.error().text().find("canary") == std::string::npos);
      CHECK(!parsed.error().why().empty());
    }
    auto unknown = parse_postgres_url("jdbc:postgresql://h/d?password=canary&sslmod=require");
    REQUIRE(!unknown);
    CHECK(unknown.error().text() == "error: 'connection.url': unknown parameter sslmod\n  do: Did you mean sslmode?");
  }
}

}  // namespace levada
