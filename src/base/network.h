// The network: streams of bytes between two machines. What speaks a protocol of its own goes through here, so that
// tests can put a network underneath that fails, dawdles, cuts and tears (base/faulty_network.h). Libraries that open
// sockets themselves (libpq, librdkafka) are tested from outside, through tests/fault_proxy.h.
//
// Errors: a peer that cannot be reached, does not answer in time or breaks off is unreachable; after interrupt() it is
// cancelled; all else is io.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace levada {

// A connection. One thread reads and one writes; interrupt() and reset() may be called by any other.
class Socket {
 public:
  virtual ~Socket() = default;  // says goodbye to the peer, if it has not been said

  // The next bytes, at least one; 0 at the end of what the peer has sent.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  // All of them, or an error and an unknown part of them.
  virtual Result<void> write(std::string_view bytes) = 0;
  // Nothing more will be written: the peer reads to the end. Reading goes on.
  virtual void finish() = 0;
  // How long one read() or write() may wait for the peer; 0, the default: for ever.
  virtual void set_patience(std::chrono::milliseconds patience) = 0;
  // What waits in read() or write() fails, and so does all that comes later.
  virtual void interrupt() = 0;
  // Breaks off without goodbye: the peer gets a reset instead of an end.
  virtual void reset() = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual Result<std::unique_ptr<Socket>> accept() = 0;
  virtual std::uint16_t port() const = 0;
  // accept() fails now and later. From any thread.
  virtual void interrupt() = 0;
};

// Thread safe.
class Network {
 public:
  virtual ~Network() = default;
  virtual Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port,
                                                  std::chrono::milliseconds patience) = 0;
  // Port 0: one that is free.
  virtual Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port) = 0;
};

// The operating system's, over TCP. Lives for ever.
Network& real_network();

}  // namespace levada
