// A folder for the files of a run; gone with all that is in it at the end. On a disk, since /tmp may be memory.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace levada::bench {

class Scratch {
 public:
  Scratch() {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder ? folder : "/var/tmp") + "/levada-bench-XXXXXX";
    if (!mkdtemp(path_.data())) throw std::runtime_error("cannot make " + path_);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace levada::bench
