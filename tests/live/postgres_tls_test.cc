// Encryption, and whether the server is who it says it is.
#include <doctest/doctest.h>

#include "tests/live/postgres_stage.h"
#include "tests/temporary_directory.h"

namespace levada {
namespace {

// A certificate of a name that signs itself, as DIRECTORY/NAME.crt and .key.
void make_certificate(const std::string& directory, const std::string& name) {
  shell("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name +
        " -addext subjectAltName=IP:127.0.0.1 " + "-keyout " + directory + "/" + name + ".key -out " + directory + "/" +
        name + ".crt");
}

}  // namespace

TEST_SUITE("live") {
  TEST_CASE("sslmode verify-full wants the right certificate and the right name") {
    if (!PostgresStage::open()) return;
    if (shell("command -v openssl || true").empty()) return skip_test("openssl is not installed");
    TemporaryDirectory directory;
    make_certificate(directory.path(), "server");
    make_certificate(directory.path(), "stranger");
    OwnServer server;
    PostgresStage stage(server.url());
    std::string data = server.folder() + "/data";
    shell("cp " + directory.path() + "/server.* '" + data + "' && chown --reference='" + data + "' '" + data +
          "'/server.* && chmod 600 '" + data + "'/server.key");
    stage.sql("ALTER SYSTEM SET ssl = on");
    stage.sql("SELECT pg_reload_conf()");
    // The server reads its configuration a moment later.
    auto encrypted = [&] { return stage.sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t"; };
    do stage.reconnect();
    while (!encrypted());

    SinkTopic topic{
        .topic = "x", .object = "X", .schema = std::make_shared<Schema>(Schema{{}, {{"N", TypeKind::int32}}})};
    auto start = [&](const std::string& host, const std::string& certificate) -> std::string {
      std::string url =
          stage.url_at(host, 0) + "&sslmode=verify-full&sslrootcert=" + directory.path() + "/" + certificate + ".crt";
      auto sink = stage.sink({topic}, {{"connection.url", url}, {"auto.create", "true"}});
      auto started = sink->start();
      if (started)
        return stage.sql(
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE "
            "'levada %SINK%'");
      CHECK(started.error().kind() == ErrorKind::permission);
      CHECK(started.error().remedy() ==
            "Check sslmode and sslrootcert in 'connection.url' against what the server offers.");
      return started.error().why();
    };
    CHECK(start("127.0.0.1", "server") == "t");
    CHECK(start("127.0.0.1", "stranger").find("certificate verify failed") != std::string::npos);
    CHECK(start("127.0.0.1", "nobody").find("root certificate file") != std::string::npos);
    CHECK(start("localhost", "server").find("does not match host name \"localhost\"") != std::string::npos);
  }
}

}  // namespace levada
