// Runs a fuzz target: takes seeds, mutates them, keeps in memory what reaches code that none reached before, and stops
// at the first input that crashes, asserts or takes longer than a second.
//
//   fuzz_sql [--seconds N] [--runs N] [--seed N] [--max-size N] [--artifacts DIR] SEEDS…
//   fuzz_sql FILE…             runs just these, to look at one that was found
//
// A target is one file with LLVMFuzzerTestOneInput, as for libFuzzer, which needs clang; our code needs g++ 12, because
// clang 14 cannot read its <expected>. What libFuzzer does with clang's instrumentation we do with
// -fsanitize-coverage=trace-pc: g++ puts a call of __sanitizer_cov_trace_pc into every basic block of the code under
// test. An edge is a pair of blocks, hashed into a table of counters as in AFL. This file is not built with that flag.
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());
// UndefinedBehaviorSanitizer knows nothing of that callback.
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

namespace {

using levada::Random;

// ---- coverage ----

constexpr std::size_t table_size = 1 << 16;
std::uint8_t hits[table_size];  // of the input that runs
std::uintptr_t last_block;

}  // namespace

extern "C" [[gnu::no_sanitize("address"), gnu::no_sanitize("undefined")]] void __sanitizer_cov_trace_pc() {
  auto block = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  ++hits[(block ^ last_block) % table_size];
  last_block = block >> 1;
}

namespace {

// What all inputs have reached, per edge: one bit for each order of magnitude of how often.
class Coverage {
 public:
  // Adds the hits of the last run and forgets them; true if something was new.
  bool add_hits() {
    bool news = false;
    for (std::size_t at = 0; at < table_size; at += 8) {
      std::uint64_t eight;
      std::memcpy(&eight, hits + at, 8);
      if (eight == 0) continue;
      for (std::size_t i = at; i < at + 8; ++i) {
        if (hits[i] == 0) continue;
        auto seen = static_cast<std::uint8_t>(1u << (std::bit_width(hits[i]) - 1));
        if (reached_[i] & seen) continue;
        edges_ += reached_[i] == 0;
        reached_[i] |= seen;
        news = true;
      }
    }
    std::memset(hits, 0, sizeof hits);
    last_block = 0;
    return news;
  }
  std::size_t edges() const { return edges_; }

 private:
  std::array<std::uint8_t, table_size> reached_ = {};
  std::size_t edges_ = 0;
};

// ---- the input that runs, and what becomes of it when it ends badly ----

const char* program = "";
char artifact_path[512];      // empty: a file runs that is there already
const std::uint8_t* running;  // nullptr: none
std::size_t running_size;
double running_since;

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void say(const char* text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

// Only what may be done in a signal handler.
void save_input(const char* why) {
  if (!running) return;
  const std::uint8_t* bytes = running;
  running = nullptr;
  say("\n");
  say(why);
  if (artifact_path[0] == 0) {
    say("\n");
    return;
  }
  int file = open(artifact_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  bool saved = file >= 0 && write(file, bytes, running_size) == static_cast<ssize_t>(running_size);
  say(saved ? ": the input is saved, run it again with\n  " : ": the input could not be saved to ");
  if (saved) {
    say(program);
    say(" ");
  }
  say(artifact_path);
  say("\n");
}

void on_signal(int number) {
  save_input(number == SIGABRT ? "aborted" : "crashed");
  signal(number, SIG_DFL);
  raise(number);
}
void on_tick(int) {
  if (!running || now() - running_since < 1) return;
  save_input("took longer than a second");
  _exit(1);
}
void on_death() { save_input("a sanitizer found something"); }

void watch() {
  static char stack[1 << 16];  // the program's own may be used up
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_flags = SA_ONSTACK;
  action.sa_handler = on_signal;
  sigaction(SIGABRT, &action, nullptr);
  if (__sanitizer_set_death_callback) {
    __sanitizer_set_death_callback(on_death);
  } else {
    for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(number, &action, nullptr);
  }
  action.sa_handler = on_tick;
  action.sa_flags |= SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  itimerval every = {{0, 100'000}, {0, 100'000}};
  setitimer(ITIMER_REAL, &every, nullptr);
}

void run(const std::string& input) {
  // In memory of its very size, so that a sanitizer sees the first byte read beyond it.
  auto bytes = std::make_unique<std::uint8_t[]>(input.size());
  std::memcpy(bytes.get(), input.data(), input.size());
  running_size = input.size();
  running_since = now();
  running = bytes.get();
  LLVMFuzzerTestOneInput(bytes.get(), input.size());
  running = nullptr;
}

// ---- mutation ----

// Pieces of the seeds, to put elsewhere: words, and what stands between them.
std::vector<std::string> pieces_of(const std::vector<std::string>& seeds) {
  auto kind = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ? 1 : c == ' ' ? 2 : 3; };
  std::vector<std::string> pieces;
  for (const std::string& seed : seeds)
    for (std::size_t begin = 0, end; begin < seed.size(); begin = end) {
      for (end = begin + 1; end < seed.size() && kind(seed[end]) == kind(seed[begin]) && end - begin < 32;) ++end;
      pieces.push_back(seed.substr(begin, end - begin));
    }
  std::ranges::sort(pieces);
  pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
  return pieces;
}

class Mutator {
 public:
  Mutator(std::uint64_t seed, std::vector<std::string> pieces, std::size_t max_size)
      : random_(seed), pieces_(std::move(pieces)), max_size_(max_size) {}

  std::string mutate(const std::vector<std::string>& inputs) {
    std::string input = pick(inputs);
    for (std::uint64_t n = std::uint64_t{1} << random_.below(5); n > 0; --n) step(input, inputs);
    if (input.size() > max_size_) input.resize(max_size_);
    return input;
  }

 private:
  // Half of the time one of the newest: they lead on.
  const std::string& pick(const std::vector<std::string>& inputs) {
    std::size_t newest = random_.one_in(2) ? std::min<std::size_t>(inputs.size(), 16) : inputs.size();
    return inputs[inputs.size() - 1 - random_.below(newest)];
  }
  std::size_t place(const std::string& input) { return random_.below(input.size() + 1); }
  std::string part(const std::string& input) {
    return input.substr(place(input), random_.one_in(4) ? random_.below(200) : random_.below(16));
  }

  void step(std::string& input, const std::vector<std::string>& inputs) {
    std::size_t at = place(input);
    switch (random_.below(9)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << random_.below(8)));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(random_());
        break;
      case 2: input.insert(at, 1, static_cast<char>(random_())); break;
      case 3: input.erase(at, 1 + random_.below(random_.one_in(4) ? 200 : 8)); break;
      case 4: input.insert(at, part(input)); break;
      case 5: input.insert(at, part(pick(inputs))); break;
      case 6: {  // the beginning of this one, the end of another
        const std::string& other = pick(inputs);
        input = input.substr(0, at) + other.substr(place(other));
        break;
      }
      case 7: {  // a number that is often a limit
        constexpr std::uint64_t limits[] = {0,
                                            1,
                                            0x7F,
                                            0x80,
                                            0xFF,
                                            0x7FFF,
                                            0xFFFF,
                                            0x7FFF'FFFF,
                                            0xFFFF'FFFF,
                                            0x7FFF'FFFF'FFFF'FFFF,
                                            0xFFFF'FFFF'FFFF'FFFF};
        std::uint64_t value = limits[random_.below(std::size(limits))];
        std::size_t width = std::size_t{1} << random_.below(4);
        if (random_.one_in(2)) value = __builtin_bswap64(value) >> (64 - 8 * width);
        if (at + width <= input.size()) std::memcpy(input.data() + at, &value, width);
        break;
      }
      default:
        if (!pieces_.empty()) {
          const std::string& piece = pieces_[random_.below(pieces_.size())];
          if (random_.one_in(2)) input.erase(at, piece.size());
          input.insert(std::min(at, input.size()), piece);
        }
    }
  }

  Random random_;
  std::vector<std::string> pieces_;
  std::size_t max_size_;
};

// ---- the command line ----

struct Options {
  double seconds = 0;
  std::uint64_t runs = 0, seed = levada::random_seed();
  std::size_t max_size = 4096;
  std::string artifacts = ".";
  std::vector<std::filesystem::path> paths;
};

[[noreturn]] void usage(std::string_view wrong) {
  std::fprintf(stderr, "%.*s\nusage: %s [--seconds N] [--runs N] [--seed N] [--max-size N] [--artifacts DIR] PATH…\n",
               static_cast<int>(wrong.size()), wrong.data(), program);
  std::exit(2);
}

Options read_options(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    std::string_view word = words[i];
    if (!word.starts_with("--")) {
      options.paths.emplace_back(word);
      continue;
    }
    if (i + 1 == count) usage("an option without its value");
    std::string_view value = words[++i];
    std::uint64_t number = 0;
    bool is_number = std::from_chars(value.data(), value.data() + value.size(), number).ptr == value.end();
    if (word == "--artifacts")
      options.artifacts = value;
    else if (!is_number)
      usage("not a number");
    else if (word == "--seconds")
      options.seconds = static_cast<double>(number);
    else if (word == "--runs")
      options.runs = number;
    else if (word == "--seed")
      options.seed = number;
    else if (word == "--max-size")
      options.max_size = number;
    else
      usage("unknown option");
  }
  if (options.paths.empty()) usage("no seeds");
  return options;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) usage("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int count, char** words) {
  program = words[0];
  Options options = read_options(count, words);
  std::string name = std::filesystem::path(program).filename();
  watch();

  std::vector<std::filesystem::path> files;
  bool mutate = options.seconds > 0 || options.runs > 0;
  if (mutate)
    std::snprintf(artifact_path, sizeof artifact_path, "%s/%s-%llu.input", options.artifacts.c_str(), name.c_str(),
                  static_cast<unsigned long long>(options.seed));
  for (const auto& path : options.paths) {
    if (std::filesystem::is_directory(path))
      for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
    else
      files.push_back(path);
  }
  std::ranges::sort(files);  // so that a seed of the command line gives one and the same run

  Coverage coverage;
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    inputs.push_back(contents(file));
    run(inputs.back());
    coverage.add_hits();
  }
  if (!mutate || inputs.empty()) {
    std::printf("%s: %zu inputs, %zu edges, nothing found\n", name.c_str(), inputs.size(), coverage.edges());
    return 0;
  }

  std::printf("%s: seed %llu, %zu seeds, %zu edges\n", name.c_str(), static_cast<unsigned long long>(options.seed),
              inputs.size(), coverage.edges());
  std::fflush(stdout);
  Mutator mutator(options.seed, pieces_of(inputs), options.max_size);
  double begin = now();
  std::uint64_t runs = 0;
  while ((options.runs == 0 || runs < options.runs) && (options.seconds == 0 || now() - begin < options.seconds)) {
    std::string input = mutator.mutate(inputs);
    run(input);
    ++runs;
    if (coverage.add_hits()) inputs.push_back(std::move(input));
  }
  double seconds = now() - begin;
  std::printf("%s: %llu runs in %.1f s, %.0f runs/s, %zu edges, %zu inputs kept, nothing found\n", name.c_str(),
              static_cast<unsigned long long>(runs), seconds, static_cast<double>(runs) / seconds, coverage.edges(),
              inputs.size());
  return 0;
}
