// A network on which things go wrong where a test says so.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/network.h"

namespace levada {

// Passes everything on to another network, but at the calls it was told something goes wrong. Calls of connect, read
// and write are counted together, from 1, over all connections.
class FaultyNetwork : public Network {
 public:
  enum class Fault {
    fail,   // the call does nothing and fails; the connection stays
    delay,  // the call waits first
    cut,    // the connection is reset, then the call fails
    tear,   // a write sends half, a read gives one byte; then the connection is reset
  };

  explicit FaultyNetwork(Network& network, std::chrono::milliseconds delay = std::chrono::milliseconds(10))
      : network_(network), delay_(delay) {}
  // Before the calls begin.
  void plan(std::uint64_t call, Fault fault) { plans_.emplace_back(call, fault); }
  std::uint64_t calls() const { return calls_; }

  Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port,
                                          std::chrono::milliseconds patience) override;
  Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port) override;

 private:
  class FaultySocket;
  class FaultyListener;
  // Counts a call; what is planned for it, if anything.
  const Fault* next_call();

  Network& network_;
  const std::chrono::milliseconds delay_;
  std::vector<std::pair<std::uint64_t, Fault>> plans_;
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace levada
