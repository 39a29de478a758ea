#include "pipeline/read_ahead.h"

namespace levada {

static constexpr std::size_t most_ahead = 2;
static constexpr std::chrono::milliseconds idle_wait(200);

Result<void> ReadAhead::start(const std::optional<std::string>& position) {
  halt();
  acknowledged_.clear();
  LV_TRY(source_.start(position));
  read_ = std::make_unique<Queue<Result<SourceRead>>>(most_ahead);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return {};
}

void ReadAhead::run(const std::stop_token& stop) {
  bool told_quiet = false;
  while (!stop.stop_requested()) {
    auto read = [&]() -> Result<SourceRead> {
      LV_TRY(tell());
      return source_.read(stop, told_quiet ? idle_wait : std::chrono::milliseconds(0));
    }();
    bool quiet = read && read->parts.empty() && read->rejected.empty();
    bool nothing = quiet && !read->position && !read->end;
    bool last = !read || read->end;
    if ((!nothing || !told_quiet) && !read_->push(std::move(read))) return;
    if (last) return;
    told_quiet = quiet;
  }
}

Result<SourceRead> ReadAhead::next(std::stop_token stop) {
  std::stop_callback wake(stop, [this] { read_->close(); });
  auto read = read_->pop();
  if (!read) return SourceRead();
  return *std::move(read);
}

void ReadAhead::acknowledge(std::string position) {
  std::lock_guard lock(mutex_);
  acknowledged_.push_back(std::move(position));
}

Result<void> ReadAhead::tell() {
  std::vector<std::string> positions;
  {
    std::lock_guard lock(mutex_);
    positions.swap(acknowledged_);
  }
  for (const std::string& position : positions) LV_TRY(source_.acknowledge(position));
  return {};
}

void ReadAhead::halt() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  read_->close();
  thread_.join();
}

Result<void> ReadAhead::finish() {
  halt();
  return tell();
}

}  // namespace levada
