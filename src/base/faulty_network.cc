#include "base/faulty_network.h"

#include <algorithm>
#include <thread>

#include "base/assert.h"

namespace levada {
namespace {

Error planned(const char* what) { return Error(ErrorKind::unreachable, std::string(what) + " was planned to fail"); }

}  // namespace

class FaultyNetwork::FaultySocket : public Socket {
 public:
  FaultySocket(FaultyNetwork& network, std::unique_ptr<Socket> socket)
      : network_(network), socket_(std::move(socket)) {}

  Result<std::size_t> read(std::span<char> into) override {
    const Fault* fault = network_.next_call();
    if (!fault) return socket_->read(into);
    switch (*fault) {
      case Fault::fail: return planned("a read");
      case Fault::delay: std::this_thread::sleep_for(network_.delay_); return socket_->read(into);
      case Fault::cut: socket_->reset(); return planned("a read");
      case Fault::tear: {
        std::size_t n = LV_TRY(socket_->read(into.first(std::min<std::size_t>(into.size(), 1))));
        socket_->reset();
        return n;
      }
    }
    LV_UNREACHABLE();
  }
  Result<void> write(std::string_view bytes) override {
    const Fault* fault = network_.next_call();
    if (!fault) return socket_->write(bytes);
    switch (*fault) {
      case Fault::fail: return planned("a write");
      case Fault::delay: std::this_thread::sleep_for(network_.delay_); return socket_->write(bytes);
      case Fault::cut: socket_->reset(); return planned("a write");
      case Fault::tear: {
        LV_TRY(socket_->write(bytes.substr(0, bytes.size() / 2)));
        socket_->reset();
        return planned("a write");
      }
    }
    LV_UNREACHABLE();
  }
  void finish() override { socket_->finish(); }
  void set_patience(std::chrono::milliseconds patience) override { socket_->set_patience(patience); }
  void interrupt() override { socket_->interrupt(); }
  void reset() override { socket_->reset(); }

 private:
  FaultyNetwork& network_;
  const std::unique_ptr<Socket> socket_;
};

class FaultyNetwork::FaultyListener : public Listener {
 public:
  FaultyListener(FaultyNetwork& network, std::unique_ptr<Listener> listener)
      : network_(network), listener_(std::move(listener)) {}
  Result<std::unique_ptr<Socket>> accept() override {
    return std::make_unique<FaultySocket>(network_, LV_TRY(listener_->accept()));
  }
  std::uint16_t port() const override { return listener_->port(); }
  void interrupt() override { listener_->interrupt(); }

 private:
  FaultyNetwork& network_;
  const std::unique_ptr<Listener> listener_;
};

const FaultyNetwork::Fault* FaultyNetwork::next_call() {
  std::uint64_t call = ++calls_;
  for (const auto& [at, fault] : plans_)
    if (at == call) return &fault;
  return nullptr;
}

Result<std::unique_ptr<Socket>> FaultyNetwork::connect(const std::string& host, std::uint16_t port,
                                                       std::chrono::milliseconds patience) {
  const Fault* fault = next_call();
  if (fault && *fault != Fault::delay) return planned("a connect");
  if (fault) std::this_thread::sleep_for(delay_);
  return std::make_unique<FaultySocket>(*this, LV_TRY(network_.connect(host, port, patience)));
}

Result<std::unique_ptr<Listener>> FaultyNetwork::listen(const std::string& host, std::uint16_t port) {
  return std::make_unique<FaultyListener>(*this, LV_TRY(network_.listen(host, port)));
}

}  // namespace levada
