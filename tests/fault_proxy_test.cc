#include "tests/fault_proxy.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

using namespace std::chrono_literals;

// Answers every byte with two of the same, until the client ends.
class Doubler {
 public:
  Doubler() : listener_(real_network().listen("127.0.0.1", 0).value()), thread_([this] { serve(); }) {}
  ~Doubler() {
    listener_->interrupt();
    thread_.join();
  }
  std::uint16_t port() const { return listener_->port(); }

 private:
  void serve() {
    while (auto client = listener_->accept()) {
      char bytes[1000];
      while (true) {
        auto n = (*client)->read(bytes);
        if (!n || *n == 0) break;
        std::string answer;
        for (std::size_t i = 0; i < *n; ++i) answer += {bytes[i], bytes[i]};
        if (!(*client)->write(answer)) break;
      }
    }
  }
  const std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

struct Asked {
  std::string got;
  bool reset;  // ended by an error, not by an end
};
// Sends and reads all that comes back.
Asked ask(FaultProxy& proxy, std::string_view question) {
  auto socket = real_network().connect("127.0.0.1", proxy.port(), 5s);
  Asked asked{};
  if (!socket) return {"", true};
  (*socket)->set_patience(200ms);
  asked.reset = !(*socket)->write(question);
  (*socket)->finish();
  char bytes[100];
  while (true) {
    auto n = (*socket)->read(bytes);
    if (!n) asked.reset = true;
    if (!n || *n == 0) return asked;
    asked.got.append(bytes, *n);
  }
}

}  // namespace

TEST_SUITE("tests") {
  TEST_CASE("the fault proxy passes on, slows down and tears apart without changing a byte") {
    Doubler server;
    FaultProxy proxy(real_network(), "127.0.0.1", server.port());
    CHECK(ask(proxy, "abc").got == "aabbcc");
    CHECK(proxy.passed(FaultProxy::Direction::to_server) == 3);
    CHECK(proxy.passed(FaultProxy::Direction::to_client) == 6);
    proxy.set({.delay = 1ms, .piece = 1});
    Asked slow = ask(proxy, "hello");
    CHECK(slow.got == "hheelllloo");
    CHECK(!slow.reset);
    CHECK(proxy.connections() == 2);
  }

  TEST_CASE("the fault proxy cuts after the byte that it is told, once") {
    Doubler server;
    FaultProxy proxy(real_network(), "127.0.0.1", server.port());
    for (std::uint64_t n : {0, 1, 4, 5}) {
      CAPTURE(n);
      proxy.set({.cut_to_client = n});
      Asked cut = ask(proxy, "abc");
      CHECK(cut.got.size() <= n);  // a reset may take with it what was not read yet
      CHECK(cut.reset);
      proxy.set({.cut_to_client = n, .cut_quietly = true});
      cut = ask(proxy, "abc");
      CHECK(cut.got == std::string("aabbcc").substr(0, n));
      CHECK(!cut.reset);
      CHECK(ask(proxy, "abc").got == "aabbcc");
    }
    proxy.set({.cut_to_server = 2, .cut_quietly = true});
    CHECK(std::string("aabb").starts_with(ask(proxy, "abc").got));
  }

  TEST_CASE("the fault proxy loses, refuses and hangs up") {
    Doubler server;
    FaultProxy proxy(real_network(), "127.0.0.1", server.port());
    proxy.set({.black_hole = true});
    CHECK(ask(proxy, "abc").got == "");
    proxy.set({.refuse = true});
    CHECK(ask(proxy, "abc").reset);
    proxy.set({});
    auto socket = real_network().connect("127.0.0.1", proxy.port(), 5s).value();
    REQUIRE(socket->write("a"));
    char bytes[2];
    std::size_t read = 0;
    while (read < 2) read += socket->read(std::span(bytes).subspan(read)).value();
    proxy.cut_all();
    CHECK(!socket->read(bytes));
  }
}

}  // namespace levada
