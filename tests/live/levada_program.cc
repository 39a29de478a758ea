#include "tests/live/levada_program.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace levada {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// Asks now and then, for at most two minutes.
bool becomes_true(auto condition) {
  for (int i = 0; i < 12'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL_CHECK("waited for two minutes");
  return false;
}

}  // namespace

LevadaProgram::LevadaProgram(const std::string& script) { rewrite(script); }

LevadaProgram::~LevadaProgram() {
  if (process_ != 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    all_ += said("out") + said("err");
  }
  for (const std::string& secret : secrets_) {
    CHECK_MESSAGE(all_.find(secret) == std::string::npos, all_);
    if (!std::filesystem::exists(log_directory())) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(log_directory()))
      if (entry.is_regular_file())
        CHECK_MESSAGE(bytes_of(entry.path()).find(secret) == std::string::npos, entry.path().string());
  }
}

void LevadaProgram::rewrite(const std::string& script) const { std::ofstream(directory_ / "pipeline.sql") << script; }

std::string LevadaProgram::said(const std::string& file) const { return bytes_of(directory_ / file); }

void LevadaProgram::start(const std::string& arguments) {
  REQUIRE(process_ == 0);
  for (const char* file : {"out", "err"}) std::filesystem::remove(directory_ / file);
  std::string command = "SQL='" + (directory_ / "pipeline.sql") + "' LOG='embedded:" + log_directory() +
                        "'; exec '" LEVADA_PROGRAM "' " + arguments + " </dev/null >'" + (directory_ / "out") +
                        "' 2>'" + (directory_ / "err") + "'";
  process_ = ::fork();
  REQUIRE(process_ >= 0);
  if (process_ == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
}

bool LevadaProgram::ended() {
  if (process_ != 0 && ::waitpid(process_, &status_, WNOHANG) == process_) process_ = 0;
  return process_ == 0;
}

bool LevadaProgram::says(const std::string& words) const {
  bool found = false;
  becomes_true([&] {
    siginfo_t info{};
    bool over = ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid;
    found = said("err").find(words) != std::string::npos;
    return found || over;
  });
  return found;
}

void LevadaProgram::interrupt() const { ::kill(process_, SIGINT); }

LevadaProgram::Said LevadaProgram::wait() {
  if (!becomes_true([&] { return ended(); })) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, &status_, 0);
    process_ = 0;
  }
  Said all{WIFEXITED(status_) ? WEXITSTATUS(status_) : -1, said("out"), said("err")};
  all_ += all.out + all.err;
  return all;
}

LevadaProgram::Said LevadaProgram::beside(const std::string& arguments) {
  const std::string command = "SQL='" + (directory_ / "pipeline.sql") + "' LOG='embedded:" + log_directory() + "'; '" +
                              LEVADA_PROGRAM "' " + arguments + " </dev/null >'" + (directory_ / "beside-out") +
                              "' 2>'" + (directory_ / "beside-err") + "'";
  const int status = std::system(command.c_str());
  Said all{WIFEXITED(status) ? WEXITSTATUS(status) : -1, said("beside-out"), said("beside-err")};
  all_ += all.out + all.err;
  return all;
}

LevadaProgram::Said LevadaProgram::run(const std::string& arguments) {
  start(arguments);
  return wait();
}

}  // namespace levada
