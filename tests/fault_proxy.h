// A wire between a client and a server that a test can spoil: it listens on a free port of 127.0.0.1 and passes on to
// the server what it gets, until it is told to cut, lose, slow down or tear apart. For clients whose sockets are not
// ours (libpq, librdkafka), and for servers that are.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/network.h"

namespace levada {

class FaultProxy {
 public:
  enum class Direction { to_server, to_client };
  // Holds for all connections, also those that are open already. Counted are the bytes since set(), of all connections.
  struct Faults {
    std::optional<std::uint64_t> cut_to_server, cut_to_client;  // after so many bytes: resets that connection, once
    bool cut_quietly = false;                                   // an end instead of a reset
    bool black_hole = false;                                    // bytes vanish, connections stay
    std::chrono::milliseconds delay{0};                         // of each piece
    std::size_t piece = 64 << 10;                               // bytes passed on at a time
    bool refuse = false;                                        // new connections are reset at once
  };

  FaultProxy(Network& network, std::string server_host, std::uint16_t server_port);
  ~FaultProxy();

  std::uint16_t port() const { return listener_->port(); }
  void set(Faults faults);
  // Resets all connections that are open.
  void cut_all();
  // Bytes passed on since set().
  std::uint64_t passed(Direction direction) const { return passed_[static_cast<std::size_t>(direction)]; }
  std::uint64_t connections() const { return connections_; }  // ever

 private:
  struct Wire {
    std::unique_ptr<Socket> client, server;
    std::thread to_server, to_client;
    std::atomic<int> running = 2;
    void reset() { client->reset(), server->reset(); }
  };

  // What happens to the next bytes.
  struct Step {
    enum class Cut { no, hard, quietly };
    std::size_t size;
    std::chrono::milliseconds delay;
    bool lose;
    Cut cut = Cut::no;  // behind them
  };

  void accept();
  Step next_step(Direction direction, std::size_t size);
  void pump(Wire& wire, Direction direction);
  // Waits; false if the proxy ends meanwhile.
  bool pause(std::chrono::milliseconds time);
  void bury_dead();

  Network& network_;
  const std::string server_host_;
  const std::uint16_t server_port_;
  const std::unique_ptr<Listener> listener_;
  std::atomic<std::uint64_t> passed_[2] = {0, 0}, connections_ = 0;

  std::mutex mutex_;  // of what follows
  std::condition_variable ended_;
  bool ending_ = false;
  Faults faults_;
  std::vector<std::unique_ptr<Wire>> wires_;

  std::thread accepting_;
};

}  // namespace levada
