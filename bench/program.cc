#include "bench/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/clock.h"

namespace levada::bench {
namespace {

int spawn(const std::vector<std::string>& words, int standard_output, bool loud) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, standard_output, STDOUT_FILENO);
  if (!loud) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  int pid = 0;
  int error = ::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    std::fprintf(stderr, "cannot run %s\n", words[0].c_str());
    std::exit(1);
  }
  return pid;
}

double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

}  // namespace

std::string levada_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "levada";
}

Ran run_program(const std::vector<std::string>& words, bool loud) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  std::int64_t start = real_clock().steady_us();
  auto since = [&] { return static_cast<double>(real_clock().steady_us() - start) / 1e6; };
  int pid = spawn(words, ends[1], loud);
  ::close(ends[1]);
  Ran ran;
  std::array<char, 4096> bytes;
  for (ssize_t n; (n = ::read(ends[0], bytes.data(), bytes.size())) > 0;) {
    if (ran.output.empty()) ran.first_output = since();
    ran.output.append(bytes.data(), static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  rusage usage;
  if (::wait4(pid, &status, 0, &usage) != pid) std::abort();
  ran.seconds = since();
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  ran.peak_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  return ran;
}

RunningProgram::RunningProgram(const std::vector<std::string>& words) {
  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  pid_ = spawn(words, null, false);
  ::close(null);
}
RunningProgram::~RunningProgram() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

double RunningProgram::resident_mb() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

}  // namespace levada::bench
