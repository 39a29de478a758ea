// What is wrong with a target and said before anything is written: by preflight() without changing it, by start().
#include <doctest/doctest.h>

#include "base/network.h"
#include "base/random.h"
#include "connectors/postgres/names.h"
#include "tests/live/postgres_stage.h"

namespace levada {
namespace {

SinkTopic orders(bool table = true) {
  return {.topic = "orders",
          .object = "ORDERS",
          .schema = std::make_shared<Schema>(
              Schema{{{"ID", TypeKind::int64}}, {{"ITEM", TypeKind::string}, {"PRICE", Type::decimal(10, 2)}}}),
          .table = table};
}

// All that preflight() finds, as texts; start() must stop at the first of them.
std::string problems(PostgresStage& stage, Properties properties, SinkTopic topic = orders()) {
  auto sink = stage.sink({std::move(topic)}, std::move(properties));
  std::string before = stage.sql("SELECT count(*) FROM pg_class");
  auto found = sink->preflight();
  REQUIRE_MESSAGE(found, found.error().text());
  CHECK(stage.sql("SELECT count(*) FROM pg_class") == before);
  std::string texts;
  for (const Error& e : *found) texts += (texts.empty() ? "" : "\n") + e.text();
  auto started = sink->start();
  CHECK(started.has_value() == found->empty());
  if (!started && !found->empty()) {
    CHECK(started.error().what() == "cannot start sink SINK: " + (*found)[0].what());
    CHECK(started.error().kind() == (*found)[0].kind());
    CHECK(started.error().remedy() == (*found)[0].remedy());
  }
  if (!started) CHECK(stage.sql("SELECT count(*) FROM pg_class") == before);
  return texts;
}

// What start() says when it does not even get in.
Error no_entry(PostgresStage& stage, const std::string& url, Properties more = {}) {
  more.push_back({"connection.url", url, "test.sql:1:1"});
  auto sink = stage.sink({orders()}, more);
  auto found = sink->preflight();
  REQUIRE(found);
  CHECK(found->size() == 1);
  auto started = sink->start();
  REQUIRE(!started);
  CHECK((*found)[0].why() == started.error().why());
  return std::move(started).error();
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("a wrong password, user, database, host or port is told as what it is") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    auto address = parse_postgres_url(stage->url()).value();
    std::string user = address.get("user"), database = address.get("dbname");
    std::string at = stage->host() + ":" + std::to_string(stage->port());

    Error password = no_entry(*stage, "jdbc:postgresql://" + at + "/" + database,
                              {{"connection.user", user, ""}, {"connection.password", "canary-1", ""}});
    CHECK(password.kind() == ErrorKind::permission);
    CHECK(password.text() == "error: cannot start sink SINK: cannot connect to PostgreSQL at " + at + "/" + database +
                                 "\n  why: password authentication failed for user \"" + user +
                                 "\" (SQLSTATE 28P01)\n  do: Check 'connection.user' and 'connection.password'.");
    Error none = no_entry(*stage, "jdbc:postgresql://" + at + "/" + database + "?user=" + user + "&passfile=none");
    CHECK(none.kind() == ErrorKind::permission);
    CHECK(none.why().find("no password supplied") != std::string::npos);
    CHECK(none.remedy() == "Give 'connection.user' and 'connection.password'.");

    std::string good = stage->url_at(stage->host(), stage->port());
    std::string other = good;
    other.replace(
        other.find(std::to_string(stage->port()) + "/") + std::to_string(stage->port()).size() + 1,
        other.find('?') - other.find(std::to_string(stage->port()) + "/") - std::to_string(stage->port()).size() - 1,
        "no_such_database");
    Error missing = no_entry(*stage, other);
    CHECK(missing.kind() == ErrorKind::not_found);
    CHECK(missing.why() == "database \"no_such_database\" does not exist (SQLSTATE 3D000)");
    CHECK(missing.remedy() == "Create the database, or name another one in 'connection.url'.");

    Error host = no_entry(*stage, "jdbc:postgresql://no-such-host.invalid:5432/x");
    CHECK(host.kind() == ErrorKind::unreachable);
    CHECK(host.what() == "cannot start sink SINK: cannot connect to PostgreSQL at no-such-host.invalid:5432/x");
    CHECK(host.why().starts_with("could not translate host name \"no-such-host.invalid\" to address: "));
    CHECK(host.remedy() == "Check that the server runs and that host and port in 'connection.url' are right.");

    auto free = real_network().listen("127.0.0.1", 0).value()->port();
    Error port = no_entry(*stage, "postgresql://127.0.0.1:" + std::to_string(free) + "/x");
    CHECK(port.kind() == ErrorKind::unreachable);
    CHECK(port.why().find("Connection refused") != std::string::npos);

    Error forced = no_entry(*stage, good + "&sslmode=require");
    CHECK(forced.kind() == ErrorKind::permission);
    CHECK(forced.why().find("server does not support SSL, but SSL was required") != std::string::npos);
  }

  TEST_CASE("a missing table is told with the statement that makes it, and made if that is allowed") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    CHECK(problems(*stage, {}) ==
          "error: table orders does not exist\n  topic orders\n  do: Set 'auto.create' = 'true', or create it:\n"
          "  CREATE TABLE \"orders\" (\n    \"id\" bigint,\n    \"item\" text,\n    \"price\" numeric(10,2),\n"
          "    PRIMARY KEY (\"id\")\n  );");
    CHECK(problems(*stage, {{"auto.create", "true"}, {"table.name.format", "nowhere.${topic}"}}) ==
          "error: there is no schema nowhere\n  topic orders\n  do: Create it: CREATE SCHEMA \"nowhere\";");
    CHECK(problems(*stage, {{"auto.create", "true"}}) == "");
    CHECK(stage->sql("SELECT * FROM orders") == "");
    CHECK(stage->sql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass") ==
          "PRIMARY KEY (id)");
    CHECK(problems(*stage, {}) == "");  // it fits what it was made for
    // And once more under a name that wants its quotes.
    CHECK(problems(*stage, {{"auto.create", "true"}, {"table.name.format", "\"Odd.\"\"name\"\" ${topic}\""}}) == "");
    CHECK(stage->sql("SELECT relname FROM pg_class WHERE relname LIKE 'Odd%' AND relkind = 'r'") ==
          "Odd.\"name\" orders");
  }

  TEST_CASE("a missing column is told with the statement that adds it, and added if that is allowed") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE orders (\"ID\" bigint PRIMARY KEY)");
    std::string name = stage->schema() + ".orders", quoted = quote_name(stage->schema()) + ".\"orders\"";
    CHECK(problems(*stage, {}) == "error: table " + name + " has no column \"item\", \"price\"\n  topic orders\n" +
                                      "  do: Set 'auto.evolve' = 'true', or add them:\n  ALTER TABLE " + quoted +
                                      "\n    ADD COLUMN \"item\" text,\n    ADD COLUMN \"price\" numeric(10,2);");
    CHECK(problems(*stage, {{"schema.evolution", "basic"}}) == "");
    CHECK(stage->sql("SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM "
                     "pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0") ==
          "ID bigint, item text, price numeric(10,2)");
  }

  TEST_CASE("columns that do not fit are all told at once") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    stage->sql(
        "CREATE TABLE orders (id text, item int, price numeric(10,1), must text NOT NULL, ok int NOT NULL DEFAULT 1)");
    std::string name = stage->schema() + ".orders", quoted = quote_name(stage->schema()) + ".\"orders\"";
    CHECK(problems(*stage, {}) == "error: column \"price\" of table " + name +
                                      " is numeric(10,1), which takes no DECIMAL(10, 2)\n  topic orders\n"
                                      "  do: CAST it in SQL, or change the column: ALTER TABLE " +
                                      quoted +
                                      " ALTER COLUMN \"price\" TYPE numeric(10,2);\n"
                                      "error: column \"must\" of table " +
                                      name +
                                      " is NOT NULL without default, and ORDERS has no such column\n  topic orders\n"
                                      "  do: Give the column a default, or add it in SQL.\n"
                                      "error: table " +
                                      name +
                                      " has no primary key or unique index over (\"id\")\n  topic orders\n"
                                      "  do: Create it: ALTER TABLE " +
                                      quoted + " ADD PRIMARY KEY (\"id\");");
    stage->sql("DROP TABLE orders");
    stage->sql("CREATE TABLE orders (id bigint, item text GENERATED ALWAYS AS ('x') STORED, price point)");
    stage->sql("CREATE UNIQUE INDEX ON orders (id) WHERE id > 0");  // not one that ON CONFLICT may use
    std::string found = problems(*stage, {});
    CHECK(found.find("column \"item\" of table " + name + " is computed by the server") != std::string::npos);
    CHECK(found.find("column \"price\" of table " + name + " is point, which takes no DECIMAL(10, 2)") !=
          std::string::npos);
    CHECK(found.find("has no primary key or unique index over (\"id\")") != std::string::npos);
    CHECK(problems(*stage,
                   {{"field.exclude.list", "item,price"}, {"insert.mode", "insert"}, {"delete.enabled", "false"}}) ==
          "");
  }

  TEST_CASE("missing privileges are told with the grant that is missing") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    std::string role = "role_" + std::to_string(random_seed() % 1'000'000'000), schema = quote_name(stage->schema());
    stage->sql("CREATE ROLE " + role + " LOGIN PASSWORD 'canary-2'");
    auto address = parse_postgres_url(stage->url()).value();
    std::string url = "postgresql://" + role + ":canary-2@" + stage->host() + ":" + std::to_string(stage->port()) +
                      "/" + address.get("dbname") + "?currentSchema=%22" + "Test%20%22%22" + "x";
    url = stage->url();
    url.replace(url.find("://") + 3, url.find('@') - url.find("://") - 3, role + ":canary-2");
    url = url.substr(0, url.find("&passfile"));
    Properties as_role = {{"connection.url", url, ""}};

    CHECK(problems(*stage, as_role).find("the search path names no schema that exists") != std::string::npos);
    stage->sql("GRANT USAGE ON SCHEMA " + schema + " TO " + role);
    stage->sql("CREATE TABLE orders (id bigint PRIMARY KEY, item text, price numeric)");
    std::string found = problems(*stage, as_role);
    CHECK(found.find(
              "error: no privilege to create table levada_positions\n  do: Let the owner of the schema run:\n  CREATE "
              "TABLE levada_positions (") != std::string::npos);
    CHECK(found.find("error: no privilege to SELECT, INSERT, UPDATE, DELETE on table " + stage->schema() + ".orders") !=
          std::string::npos);
    SteadySink(*stage, orders(), {});  // makes levada_positions
    stage->sql("GRANT INSERT ON orders, levada_positions TO " + role);
    found = problems(*stage, as_role);
    CHECK(found.find("error: no privilege to SELECT, UPDATE on table " + stage->schema() + ".levada_positions") !=
          std::string::npos);
    CHECK(found.find("do: Let the owner run: GRANT SELECT, UPDATE, DELETE ON " + schema + ".\"orders\" TO …;") !=
          std::string::npos);
    stage->sql("GRANT SELECT, UPDATE ON levada_positions TO " + role);
    stage->sql("DELETE FROM levada_positions");
    Properties only_insert = {{"connection.url", url, ""}, {"insert.mode", "insert"}, {"pk.mode", "none"}};
    CHECK(problems(*stage, only_insert, orders(false)) == "");
    found = problems(*stage, {{"connection.url", url, ""}, {"table.name.format", "others"}, {"auto.create", "true"}});
    CHECK(found.find("error: no privilege to create table others") != std::string::npos);
    stage->sql("ALTER TABLE orders DROP COLUMN item");
    only_insert.push_back({"auto.evolve", "true", ""});
    found = problems(*stage, only_insert, orders(false));
    CHECK(found.find("has no column \"item\", and we do not own it to add any") != std::string::npos);
    CHECK(found.find("canary") == std::string::npos);
    stage->sql("DROP OWNED BY " + role);
    stage->sql("DROP ROLE " + role);
  }

  TEST_CASE("views, partitioned tables and tables with row security are written to as well") {
    auto stage = PostgresStage::open();
    if (!stage) return;
    auto row = [](std::int64_t id, const char* item) {
      return TestRecord{{id}, ValueList{std::string(item), Int128{100}}};
    };
    stage->sql("CREATE TABLE orders (id bigint, item text, price numeric, PRIMARY KEY (id)) PARTITION BY RANGE (id)");
    stage->sql("CREATE TABLE orders_low PARTITION OF orders FOR VALUES FROM (0) TO (10)");
    {
      SteadySink upserts(*stage, orders(), {});
      CHECK(upserts.write({row(1, "a"), row(1, "b")}) == "");
      CHECK(upserts.write({row(2, "a"), row(20, "b")}) ==
            "3: no partition of relation \"orders\" found for row (SQLSTATE 23514)");
    }
    stage->sql("DROP TABLE orders, levada_positions");
    stage->sql("CREATE TABLE base (id bigint PRIMARY KEY, item text, price numeric)");
    stage->sql("CREATE VIEW orders AS SELECT * FROM base WHERE id > 0 WITH CHECK OPTION");
    {
      SteadySink upserts(*stage, orders(), {});
      CHECK(upserts.write({row(1, "a"), row(1, "b"), row(-1, "c")}) ==
            "2: new row violates check option for view \"orders\" (SQLSTATE 44000)");
      CHECK(stage->sql("SELECT * FROM base") == "1|b|1.00");
    }
    stage->sql("DROP VIEW orders");
    stage->sql("DROP TABLE levada_positions");
    stage->sql("ALTER TABLE base RENAME TO orders");
    stage->sql("ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
    stage->sql("ALTER TABLE orders ALTER id ADD GENERATED ALWAYS AS IDENTITY");
    SteadySink inserts(*stage, orders(false), {});
    CHECK(inserts.write({row(7, "x")}) == "");
    CHECK(stage->sql("SELECT id FROM orders ORDER BY 1") == "1\n7");
  }
}

}  // namespace levada
