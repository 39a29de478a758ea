// What can be wrong with a server, a user, a slot, a publication, and what is said about it.
#include <doctest/doctest.h>

#include <thread>

#include "connectors/postgres/pgoutput.h"
#include "connectors/postgres/wal_position.h"
#include "tests/live/wal_stage.h"
#include "tests/temporary_directory.h"

namespace levada {
namespace {

// A role of its own, with the password "secret".
class Role {
 public:
  Role(WalStage& stage, const std::string& what) : stage_(stage), name_(stage.slot()) {
    stage_.sql("CREATE ROLE " + name_ + " LOGIN PASSWORD 'secret' " + what);
  }
  ~Role() {
    auto address = parse_postgres_url(stage_.database().url());
    if (auto connection = PostgresConnection::open(*address, "levada live test"))
      (void)(*connection)->execute("DROP OWNED BY " + name_ + "; DROP ROLE " + name_);
  }
  Properties properties() const {
    return {{"connection.user", name_}, {"connection.password", "secret"}, {"connection.currentSchema", "public"}};
  }

 private:
  WalStage& stage_;
  const std::string name_;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string preflight(WalStage& stage, const Properties& more = {}) {
  auto source = stage.make(more);
  REQUIRE_MESSAGE(source, source.error().text());
  auto found = (*source)->preflight();
  REQUIRE_MESSAGE(found, found.error().text());
  std::string text;
  for (const Error& error : *found) {
    CHECK_FALSE(error.remedy().empty());
    text += error.text() + "\n";
  }
  return text;
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("wal: a slot that is gone, or was made anew, or read by somebody else, is a position lost") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    stage->read();
    const std::string drop = "SELECT pg_drop_replication_slot('" + stage->slot() + "')";
    const std::string make = "SELECT pg_create_logical_replication_slot('" + stage->slot() + "', 'pgoutput')";
    stage->sql("INSERT INTO t VALUES (1)");
    stage->sql(drop);
    std::string said = stage->fails(ErrorKind::position_lost);
    CHECK(has(said, "is not there any more"));
    CHECK(has(said, lsn_text(WalPosition::parse(*stage->position)->point.lsn)));
    stage->sql(make);
    CHECK(has(stage->fails(ErrorKind::position_lost), "is ahead of what we have stored"));

    // A new start is one.
    stage->position.reset();
    stage->sql("INSERT INTO t VALUES (2)");
    CHECK(stage->read()["t"] == "2 ->");
    stage->sql("INSERT INTO t VALUES (3)");
    stage->until_released();
    stage->sql("SELECT pg_replication_slot_advance('" + stage->slot() + "', pg_current_wal_lsn())");
    CHECK(has(stage->fails(ErrorKind::position_lost), "somebody else has read it"));
    // Asked to, the tables are read again.
    CHECK(has(stage->read({{"snapshot.mode", "when_needed"}})["t"], "3 ->"));
    stage->sql("INSERT INTO t VALUES (4)");
    CHECK(stage->read({{"snapshot.mode", "when_needed"}})["t"] == "4 ->");
  }

  TEST_CASE("wal: another server, or one that is behind us, is a position lost") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    stage->read();
    auto good = WalPosition::parse(*stage->position);
    REQUIRE(good);
    auto with = [&](auto change) {
      WalPosition position = *good;
      change(position);
      stage->position = position.text();
      return stage->fails(ErrorKind::position_lost);
    };
    CHECK(has(with([](WalPosition& p) { p.system = "1"; }), "another one than before"));
    CHECK(has(with([](WalPosition& p) { p.point.lsn += std::uint64_t(1) << 40; }), "is behind what we have read"));
    CHECK(has(with([](WalPosition& p) { p.database = "other"; }), "of database other"));
    stage->position = good->text();
    stage->sql("INSERT INTO t VALUES (1)");
    CHECK(stage->read()["t"] == "1 ->");
    stage->position = "{}";
    stage->fails(ErrorKind::damaged);
  }

  TEST_CASE("wal: a slot that is not ours to use") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    stage->sql("SELECT pg_create_logical_replication_slot('" + stage->slot() + "', 'test_decoding')");
    CHECK(has(stage->fails(ErrorKind::refused), "its output plugin is test_decoding"));
    CHECK(has(preflight(*stage), "its output plugin is test_decoding"));
    stage->sql("SELECT pg_drop_replication_slot('" + stage->slot() + "')");
    stage->sql("SELECT pg_create_physical_replication_slot('" + stage->slot() + "')");
    CHECK(has(stage->fails(ErrorKind::refused), "it is a physical slot"));
    stage->sql("SELECT pg_drop_replication_slot('" + stage->slot() + "')");

    auto first = stage->make({}, true);
    REQUIRE(first);
    REQUIRE((*first)->start(std::nullopt));
    std::string said = stage->fails(ErrorKind::unreachable);
    CHECK(has(said, "is in use"));
    CHECK(has(said, "pg_terminate_backend("));
  }

  TEST_CASE("wal: the slot is dropped at the end where that is wanted") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    stage->read({{"slot.drop.on.stop", "true"}});
    CHECK(stage->sql("SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + stage->slot() + "'") == "0");
  }

  TEST_CASE("wal: what a user may not do is said with the statement that allows it") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    {
      Role role(*stage, "");
      std::string said = stage->fails(ErrorKind::permission, role.properties());
      CHECK(has(said, "ALTER ROLE \"" + stage->slot() + "\" REPLICATION"));
      said = preflight(*stage, role.properties());
      CHECK(has(said, "it has neither REPLICATION nor SUPERUSER"));
      CHECK(has(said, "only a superuser can make one of all tables"));
    }
    Role role(*stage, "REPLICATION");
    std::string said = stage->fails(ErrorKind::permission, role.properties());
    CHECK(has(said, "'publication.autocreate.mode' = 'filtered'"));
    Properties wrong = role.properties();
    wrong[1].value = "wrong";
    said = stage->fails(ErrorKind::permission, wrong);
    CHECK(has(said, "password authentication failed"));
    CHECK(has(preflight(*stage, wrong), "password authentication failed"));
    wrong.push_back({"connection.port", "1"});
    stage->fails(ErrorKind::unreachable, wrong);
  }

  TEST_CASE("wal: a publication that is not there, and tables that match nothing") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    Properties disabled = {{"publication.autocreate.mode", "disabled"}};
    CHECK(has(stage->fails(ErrorKind::not_found, disabled), "CREATE PUBLICATION \"" + stage->slot() + "\" FOR ALL"));
    CHECK(has(preflight(*stage, disabled), "there is no publication"));
    std::string said =
        preflight(*stage, {{"publication.autocreate.mode", "disabled"}, {"table.include.list", "public.t,other.*"}});
    CHECK(has(said, "there is no publication"));
    CHECK(has(said, "no table of"));

    stage->read({{"publication.autocreate.mode", "no_tables"}});
    CHECK(stage->sql("SELECT puballtables FROM pg_publication WHERE pubname = '" + stage->slot() + "'") == "f");
    stage->sql("INSERT INTO t VALUES (1)");
    CHECK(stage->read({{"publication.autocreate.mode", "no_tables"}}).empty());
    stage->sql("DROP PUBLICATION " + stage->slot());
    stage->sql("INSERT INTO t VALUES (2)");
    CHECK(has(stage->fails(ErrorKind::not_found, disabled), "there is no publication"));
  }

  TEST_CASE("wal: a server that is not ready for it") {
    if (!PostgresStage::open()) return;
    OwnServer server;
    auto again = [&](WalStage& stage, const std::string& setting) {
      stage.sql("ALTER SYSTEM SET " + setting);
      server.down();
      server.up();
      stage.database().reconnect();
    };
    WalStage stage(server.url());
    stage.sql("CREATE TABLE t (id int PRIMARY KEY)");
    again(stage, "wal_level = replica");
    CHECK(has(preflight(stage), "ALTER SYSTEM SET wal_level = logical"));
    CHECK(has(stage.fails(ErrorKind::refused), "ALTER SYSTEM SET wal_level = logical"));
    stage.sql("ALTER SYSTEM SET wal_level = logical");
    again(stage, "max_replication_slots = 1");
    stage.sql("SELECT pg_create_physical_replication_slot('other')");
    CHECK(has(preflight(stage), "all of max_replication_slots (1) are in use"));
    CHECK(has(stage.fails(ErrorKind::refused), "raise max_replication_slots"));
    stage.sql("SELECT pg_drop_replication_slot('other')");
    stage.read();

    // The server gives up what we would need.
    stage.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'; SELECT pg_reload_conf()");
    for (int i = 0; i < 3; ++i) stage.sql("INSERT INTO t VALUES (" + std::to_string(i) + "); SELECT pg_switch_wal()");
    stage.sql("CHECKPOINT");
    CHECK(stage.sql("SELECT wal_status FROM pg_replication_slots") == "lost");
    CHECK(has(stage.fails(ErrorKind::position_lost), "has lost the log it needs"));

    // Encrypted, and the server must be who it says it is.
    if (shell("command -v openssl || true").empty()) return;
    TemporaryDirectory directory;
    std::string data = server.folder() + "/data", path = directory.path();
    for (const std::string name : {"server", "stranger"})
      shell("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name +
            " -addext subjectAltName=IP:127.0.0.1 -keyout " + path + "/" + name + ".key -out " + path + "/" + name +
            ".crt");
    shell("cp " + path + "/server.* '" + data + "' && chown --reference='" + data + "' '" + data +
          "'/server.* && chmod 600 '" + data + "'/server.key");
    again(stage, "ssl = on");
    Properties tls = {{"database.sslmode", "verify-full"}, {"database.sslrootcert", path + "/server.crt"}};
    stage.position.reset();
    stage.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    stage.read(tls);
    stage.sql("INSERT INTO t VALUES (100)");
    CHECK(stage.read(tls)["t"] == "100 ->");
    tls[1].value = path + "/stranger.crt";
    CHECK(has(stage.fails(ErrorKind::permission, tls), "certificate verify failed"));
  }

  TEST_CASE("wal: the server may end our connection at any time") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    auto source = stage->make({}, true);
    REQUIRE(source);
    REQUIRE((*source)->start(std::nullopt));
    stage->sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" + stage->slot() +
               "'");
    Result<SourceRead> read = SourceRead();
    for (int i = 0; i < 100 && read; ++i) {
      read = (*source)->read({}, std::chrono::milliseconds(100));
      if (read && read->position) stage->position = read->position;
    }
    REQUIRE_FALSE(read);
    CHECK(read.error().kind() == ErrorKind::unreachable);
    stage->sql("INSERT INTO t VALUES (1)");
    REQUIRE((*source)->start(stage->position));
    for (int i = 0; i < 100; ++i) {
      read = (*source)->read({}, std::chrono::milliseconds(100));
      REQUIRE(read);
      if (!read->parts.empty()) break;
    }
    REQUIRE(read->parts.size() == 1);
    CHECK(batch_text(read->parts[0].batch) == "1 ->");
  }

  TEST_CASE("wal: the slot moves though nothing is captured, but never before what it gave is stored") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY)");
    stage->sql("SELECT pg_switch_wal()");  // there is much left of the segment in which it begins
    auto source = stage->make({{"status.update.interval.ms", "10"}}, true);
    REQUIRE(source);
    REQUIRE((*source)->start(std::nullopt));
    auto slot = [&] {
      return parse_lsn(stage->sql("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" +
                                  stage->slot() + "'"))
          .value();
    };
    std::uint64_t began = slot();
    stage->sql("INSERT INTO t VALUES (1)");
    stage->sql("SELECT pg_switch_wal()");
    std::string position;
    for (int i = 0; i < 20; ++i) {
      auto read = (*source)->read({}, std::chrono::milliseconds(20));
      REQUIRE(read);
      if (read->position) position = *read->position;
    }
    CHECK(slot() == began);
    REQUIRE((*source)->acknowledge(position));
    for (int i = 0; i < 100 && slot() == began; ++i) REQUIRE((*source)->read({}, std::chrono::milliseconds(20)));
    CHECK(slot() >= WalPosition::parse(position)->point.lsn);
    CHECK(slot() > began + 100'000);  // beyond the insert: the rest of the segment
    bool retained = false;
    for (const Sample& sample : stage->metrics().samples())
      retained = retained || sample.name == "levada_wal_retained_bytes";
    CHECK(retained);
  }

  TEST_CASE("wal: a topic's columns are known before its first row") {
    auto stage = WalStage::open();
    if (!stage) return;
    stage->sql("CREATE TABLE t (id int PRIMARY KEY, name varchar(7) NOT NULL)");
    auto source = stage->make();
    REQUIRE(source);
    std::string topic = stage->database().schema();
    for (char& c : topic)
      if (c == ' ' || c == '"') c = '_';
    auto schema = (*source)->describe("t." + topic + ".t");
    REQUIRE_MESSAGE(schema, schema.error().text());
    REQUIRE(schema->has_value());
    CHECK((**schema).key.size() == 1);
    REQUIRE((**schema).origin);
    CHECK((**schema).origin->columns[1].type == "character varying(7)");
    CHECK((**schema).origin->columns[1].not_null);
    CHECK_FALSE((*source)->describe("t.public.nothing")->has_value());
    CHECK_FALSE((*source)->describe("other")->has_value());
  }
}

}  // namespace levada
