#include "base/network.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <thread>

#include "base/faulty_network.h"

namespace levada {
namespace {

using namespace std::chrono_literals;

struct Pair {
  std::unique_ptr<Socket> near, far;
};

Pair connected(Network& network) {
  auto listener = network.listen("127.0.0.1", 0);
  REQUIRE(listener);
  Pair pair;
  std::thread other([&] { pair.far = std::move((*listener)->accept().value()); });
  pair.near = network.connect("127.0.0.1", (*listener)->port(), 5s).value();
  other.join();
  return pair;
}

// To the end of what the peer sends.
Result<std::string> read_all(Socket& socket) {
  std::string all;
  char bytes[1000];
  while (true) {
    std::size_t n = LV_TRY(socket.read(bytes));
    if (n == 0) return all;
    all.append(bytes, n);
  }
}

ErrorKind kind_of_read(Socket& socket) {
  char byte;
  auto n = socket.read(std::span(&byte, 1));
  REQUIRE(!n);
  return n.error().kind();
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("bytes go both ways over a socket, in order, and then there is an end") {
    Pair pair = connected(real_network());
    std::string sent(3'000'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 % 251);
    std::thread far([&] {
      std::string got = read_all(*pair.far).value();
      CHECK(got == sent);
      CHECK(pair.far->write("thanks").has_value());
      pair.far->finish();
    });
    CHECK(pair.near->write(sent).has_value());
    pair.near->finish();
    CHECK(read_all(*pair.near).value() == "thanks");
    far.join();
  }

  TEST_CASE("a reset is no end") {
    Pair pair = connected(real_network());
    CHECK(pair.far->write("ab").has_value());
    pair.far->reset();
    auto got = read_all(*pair.near);
    REQUIRE(!got);
    CHECK(got.error().kind() == ErrorKind::unreachable);
    // Whoever writes to a peer that has gone learns it, without a signal.
    Result<void> written{};
    for (int i = 0; i < 100 && written; ++i) written = pair.near->write(std::string(100'000, 'x'));
    REQUIRE(!written);
    CHECK(written.error().kind() == ErrorKind::unreachable);
  }

  TEST_CASE("patience ends, and an interruption ends all waiting") {
    Pair pair = connected(real_network());
    pair.near->set_patience(5ms);
    CHECK(kind_of_read(*pair.near) == ErrorKind::unreachable);
    auto written = pair.near->write(std::string(100'000'000, 'x'));  // more than any buffer takes
    REQUIRE(!written);
    CHECK(written.error().kind() == ErrorKind::unreachable);

    ErrorKind kind{};
    Pair quiet = connected(real_network());
    std::thread waiting([&] { kind = kind_of_read(*quiet.far); });
    quiet.far->interrupt();
    waiting.join();
    CHECK(kind == ErrorKind::cancelled);

    auto listener = real_network().listen("127.0.0.1", 0).value();
    std::thread accepting([&] {
      auto accepted = listener->accept();
      REQUIRE(!accepted);
      CHECK(accepted.error().kind() == ErrorKind::cancelled);
    });
    listener->interrupt();
    accepting.join();
  }

  TEST_CASE("who is not there is unreachable") {
    std::uint16_t port = real_network().listen("127.0.0.1", 0).value()->port();  // free again
    auto refused = real_network().connect("127.0.0.1", port, 5s);
    REQUIRE(!refused);
    CHECK(refused.error().kind() == ErrorKind::unreachable);
    CHECK(refused.error().what() == "cannot connect to 127.0.0.1:" + std::to_string(port));
    CHECK(refused.error().why() == "Connection refused");
    auto unknown = real_network().connect("no-such-host.invalid", 1, 5s);
    REQUIRE(!unknown);
    CHECK(unknown.error().kind() == ErrorKind::unreachable);
    CHECK(unknown.error().what() == "cannot find host no-such-host.invalid");
    auto taken = real_network().listen("127.0.0.1", 0).value();
    CHECK(!real_network().listen("127.0.0.1", taken->port()));
  }

  TEST_CASE("a faulty network gives errors or the right bytes, never wrong ones") {
    const std::string question(500, 'q'), answer(900, 'a');
    auto exchange = [&](FaultyNetwork& network) -> Result<std::string> {
      auto listener = LV_TRY(network.listen("127.0.0.1", 0));
      std::thread server([&] {
        auto socket = listener->accept();
        if (!socket) return;
        std::string asked;
        char bytes[1000];
        while (asked.size() < question.size()) {
          auto n = (*socket)->read(bytes);
          if (!n || *n == 0) return;
          asked.append(bytes, *n);
        }
        CHECK(asked == question);
        if ((*socket)->write(answer)) (*socket)->finish();
      });
      auto ask = [&]() -> Result<std::string> {
        auto socket = LV_TRY(network.connect("127.0.0.1", listener->port(), 5s));
        LV_TRY(socket->write(question));
        return read_all(*socket);
      };
      auto got = ask();
      listener->interrupt();
      server.join();
      return got;
    };
    std::uint64_t calls = 0;
    {
      FaultyNetwork network(real_network());
      CHECK(exchange(network).value() == answer);
      calls = network.calls();
      CHECK(calls >= 5);
    }
    for (auto fault : {FaultyNetwork::Fault::fail, FaultyNetwork::Fault::delay, FaultyNetwork::Fault::cut,
                       FaultyNetwork::Fault::tear}) {
      int failed = 0;
      for (std::uint64_t n = 1; n <= calls; ++n) {
        CAPTURE(n);
        FaultyNetwork network(real_network(), 1ms);
        network.plan(n, fault);
        auto got = exchange(network);
        if (fault == FaultyNetwork::Fault::delay) CHECK(got.has_value());
        if (got)
          CHECK(answer.starts_with(*got));  // a server that failed may have said goodbye early
        else
          ++failed;
      }
      CHECK((failed > 0) == (fault != FaultyNetwork::Fault::delay));
    }
  }
}

}  // namespace levada
