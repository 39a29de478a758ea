// Does something now, and again and again, on a thread of its own, and once more at its end.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace levada {

class Ticker {
 public:
  Ticker(std::chrono::milliseconds interval, std::function<void()> work)
      : interval_(interval), work_(std::move(work)), thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}
  ~Ticker() {
    thread_.request_stop();
    thread_.join();
    work_();
  }

 private:
  void run(std::stop_token stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      work_();
      pause_.wait_for(lock, stop, interval_, [] { return false; });
    }
  }

  const std::chrono::milliseconds interval_;
  const std::function<void()> work_;
  std::condition_variable_any pause_;
  std::jthread thread_;
};

}  // namespace levada
