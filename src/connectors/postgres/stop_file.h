// A file that becomes readable when a stop is asked for, so that a poll() for a server's word ends too.
#pragma once
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>

namespace levada {

class StopFile {
 public:
  StopFile() : file_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~StopFile() {
    if (file_ >= 0) ::close(file_);
  }
  StopFile(const StopFile&) = delete;
  int file() const { return file_; }
  void signal() const {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(file_, &one, sizeof one);
  }
  void wait(std::chrono::microseconds time) const {
    pollfd waited{file_, POLLIN, 0};
    ::poll(&waited, 1, static_cast<int>(time.count() / 1000 + 1));
  }
  void clear() const {
    std::uint64_t count;
    [[maybe_unused]] auto read = ::read(file_, &count, sizeof count);
  }

 private:
  const int file_;
};

}  // namespace levada
