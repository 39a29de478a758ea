#include "tests/fault_proxy.h"

#include <algorithm>

namespace levada {

using std::chrono::milliseconds;

FaultProxy::FaultProxy(Network& network, std::string server_host, std::uint16_t server_port)
    : network_(network),
      server_host_(std::move(server_host)),
      server_port_(server_port),
      listener_(network.listen("127.0.0.1", 0).value()),
      accepting_([this] { accept(); }) {}

FaultProxy::~FaultProxy() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    ended_.notify_all();
  }
  listener_->interrupt();
  accepting_.join();
  for (auto& wire : wires_) {
    wire->client->interrupt();
    wire->server->interrupt();
    wire->to_server.join();
    wire->to_client.join();
  }
}

void FaultProxy::set(Faults faults) {
  std::lock_guard lock(mutex_);
  faults_ = faults;
  passed_[0] = passed_[1] = 0;
}

void FaultProxy::cut_all() {
  std::lock_guard lock(mutex_);
  for (auto& wire : wires_) wire->reset();
}

void FaultProxy::accept() {
  while (true) {
    auto client = listener_->accept();
    if (!client) return;
    ++connections_;
    std::unique_lock lock(mutex_);
    bury_dead();
    bool refuse = faults_.refuse;
    lock.unlock();
    if (refuse) {
      (*client)->reset();
      continue;
    }
    auto server = network_.connect(server_host_, server_port_, milliseconds(5000));
    if (!server) {
      (*client)->reset();
      continue;
    }
    auto wire = std::make_unique<Wire>();
    wire->client = std::move(*client);
    wire->server = std::move(*server);
    Wire& started = *wire;
    lock.lock();
    wires_.push_back(std::move(wire));
    started.to_server = std::thread([this, &started] { pump(started, Direction::to_server); });
    started.to_client = std::thread([this, &started] { pump(started, Direction::to_client); });
  }
}

void FaultProxy::bury_dead() {
  std::erase_if(wires_, [](std::unique_ptr<Wire>& wire) {
    if (wire->running > 0) return false;
    wire->to_server.join();
    wire->to_client.join();
    return true;
  });
}

bool FaultProxy::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !ended_.wait_for(lock, time, [&] { return ending_; });
}

FaultProxy::Step FaultProxy::next_step(Direction direction, std::size_t size) {
  std::lock_guard lock(mutex_);
  Step step{.size = std::min(size, faults_.piece), .delay = faults_.delay, .lose = faults_.black_hole};
  auto& limit = direction == Direction::to_server ? faults_.cut_to_server : faults_.cut_to_client;
  std::atomic<std::uint64_t>& passed = passed_[static_cast<std::size_t>(direction)];
  if (limit && passed + step.size >= *limit) {
    step.size = *limit > passed ? *limit - passed : 0;
    step.cut = faults_.cut_quietly ? Step::Cut::quietly : Step::Cut::hard;
    limit.reset();
  }
  if (!step.lose) passed += step.size;
  return step;
}

void FaultProxy::pump(Wire& wire, Direction direction) {
  bool up = direction == Direction::to_server;
  Socket& from = up ? *wire.client : *wire.server;
  Socket& to = up ? *wire.server : *wire.client;
  std::vector<char> bytes(64 << 10);
  for (bool open = true; open;) {
    auto n = from.read(bytes);
    if (!n) {
      to.reset();
      break;
    }
    if (*n == 0) {
      to.finish();
      break;
    }
    for (std::string_view left(bytes.data(), *n); !left.empty() && open;) {
      Step step = next_step(direction, left.size());
      if (step.delay.count() > 0) open = pause(step.delay);
      if (!step.lose && open && !to.write(left.substr(0, step.size))) {
        from.reset();
        open = false;
      }
      left.remove_prefix(step.size);
      if (step.cut == Step::Cut::no) continue;
      open = false;
      if (step.cut == Step::Cut::hard) {
        wire.reset();
      } else {
        wire.client->finish();  // first: what the server says to its end shall not pass
        wire.server->finish();
      }
    }
  }
  --wire.running;
}

}  // namespace levada
