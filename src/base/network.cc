#include "base/network.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace levada {
namespace {

using std::chrono::milliseconds;

// Closed when it goes, unless it was handed on.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int hand_on() { return std::exchange(number, -1); }
};

struct Addresses {
  addrinfo* list = nullptr;
  ~Addresses() {
    if (list) ::freeaddrinfo(list);
  }
};

std::string place(const std::string& host, std::uint16_t port) { return host + ":" + std::to_string(port); }

Error unreachable(std::string what, int error_number) {
  return Error(ErrorKind::unreachable, std::move(what)).why(std::strerror(error_number));
}

Result<void> resolve(const std::string& host, std::uint16_t port, int flags, Addresses& addresses) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  int problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses.list);
  if (problem == 0) return {};
  return Error(ErrorKind::unreachable, "cannot find host " + host)
      .why(problem == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(problem));
}

// Waits until the descriptor is ready; false when the time has run out. Patience 0 is endless.
bool wait_for(int descriptor, short events, milliseconds patience) {
  pollfd waited{descriptor, events, 0};
  int ready;
  do ready = ::poll(&waited, 1, patience.count() == 0 ? -1 : static_cast<int>(patience.count()));
  while (ready < 0 && errno == EINTR);
  return ready != 0;
}

class TcpSocket : public Socket {
 public:
  explicit TcpSocket(int descriptor) : descriptor_(descriptor) {
    int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~TcpSocket() override { ::close(descriptor_); }

  Result<std::size_t> read(std::span<char> into) override {
    while (true) {
      ssize_t n = ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
      if (interrupted_) return Error(ErrorKind::cancelled, "reading from the network was interrupted");
      if (n >= 0) return static_cast<std::size_t>(n);
      if (LV_TRY(blocked("cannot read from the network")) && !wait_for(descriptor_, POLLIN, patience_))
        return Error(ErrorKind::unreachable, "the peer has sent nothing for " + patience_text());
    }
  }
  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (interrupted_) return Error(ErrorKind::cancelled, "writing to the network was interrupted");
      if (n >= 0)
        bytes.remove_prefix(static_cast<std::size_t>(n));
      else if (LV_TRY(blocked("cannot write to the network")) && !wait_for(descriptor_, POLLOUT, patience_))
        return Error(ErrorKind::unreachable, "the peer has taken nothing for " + patience_text());
    }
    return {};
  }
  void finish() override { ::shutdown(descriptor_, SHUT_WR); }
  void set_patience(milliseconds patience) override { patience_ = patience; }
  void interrupt() override {
    interrupted_ = true;
    ::shutdown(descriptor_, SHUT_RDWR);
  }
  void reset() override {
    // To disconnect a TCP socket is to reset it, at once and without closing the descriptor under another thread. Not
    // through connect(), which ThreadSanitizer takes for the birth of the descriptor.
    sockaddr none{};
    none.sa_family = AF_UNSPEC;
    if (::syscall(SYS_connect, descriptor_, &none, sizeof none) == 0) return;
    linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::shutdown(descriptor_, SHUT_RDWR);
  }

 private:
  // After a failed call: true if it would have had to wait, false if it was only disturbed.
  Result<bool> blocked(const char* what) const {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
    if (errno == EINTR) return false;
    if (errno == ECONNRESET || errno == EPIPE || errno == ETIMEDOUT || errno == EHOSTUNREACH || errno == ENOTCONN)
      return unreachable("the connection broke off", errno);
    return system_error(what, errno);
  }
  std::string patience_text() const { return std::to_string(patience_.load().count()) + " ms"; }

  const int descriptor_;
  std::atomic<milliseconds> patience_ = milliseconds(0);
  std::atomic<bool> interrupted_ = false;
};

class TcpListener : public Listener {
 public:
  TcpListener(int descriptor, std::uint16_t port) : descriptor_(descriptor), port_(port) {}
  ~TcpListener() override { ::close(descriptor_); }

  Result<std::unique_ptr<Socket>> accept() override {
    while (true) {
      int taken = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
      if (interrupted_) {
        if (taken >= 0) ::close(taken);
        return Error(ErrorKind::cancelled, "listening was interrupted");
      }
      if (taken >= 0) return std::make_unique<TcpSocket>(taken);
      if (errno != EINTR && errno != ECONNABORTED) return system_error("cannot accept a connection", errno);
    }
  }
  std::uint16_t port() const override { return port_; }
  void interrupt() override {
    interrupted_ = true;
    ::shutdown(descriptor_, SHUT_RDWR);
  }

 private:
  const int descriptor_;
  const std::uint16_t port_;
  std::atomic<bool> interrupted_ = false;
};

class TcpNetwork : public Network {
 public:
  Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port, milliseconds patience) override {
    Addresses addresses;
    LV_TRY(resolve(host, port, 0, addresses));
    int problem = 0;
    for (const addrinfo* a = addresses.list; a; a = a->ai_next) {
      Descriptor descriptor{::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
      if (descriptor.number < 0) return system_error("cannot make a socket", errno);
      problem = begin_and_wait(descriptor.number, *a, patience);
      if (problem == 0) return std::make_unique<TcpSocket>(descriptor.hand_on());
    }
    return unreachable("cannot connect to " + place(host, port), problem);
  }

  Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port) override {
    Addresses addresses;
    LV_TRY(resolve(host, port, AI_PASSIVE, addresses));
    const addrinfo& a = *addresses.list;
    Descriptor descriptor{::socket(a.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (descriptor.number < 0) return system_error("cannot make a socket", errno);
    int on = 1;
    ::setsockopt(descriptor.number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::bind(descriptor.number, a.ai_addr, a.ai_addrlen) != 0 || ::listen(descriptor.number, 128) != 0 ||
        ::getsockname(descriptor.number, reinterpret_cast<sockaddr*>(&bound), &size) != 0)
      return system_error("cannot listen on " + place(host, port), errno);
    std::uint16_t chosen = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                                             : reinterpret_cast<sockaddr_in&>(bound).sin_port);
    return std::make_unique<TcpListener>(descriptor.hand_on(), chosen);
  }

 private:
  // 0 or the error number.
  static int begin_and_wait(int descriptor, const addrinfo& to, milliseconds patience) {
    if (::connect(descriptor, to.ai_addr, to.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!wait_for(descriptor, POLLOUT, patience)) return ETIMEDOUT;
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size);
    return problem;
  }
};

}  // namespace

Network& real_network() {
  static TcpNetwork network;
  return network;
}

}  // namespace levada
