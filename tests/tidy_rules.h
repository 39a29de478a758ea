// The tables of tests/tidy_test.cc: what is not wanted, why, and where it is allowed all the same.
#pragma once
#include <string_view>

namespace levada::tidy {

struct Rule {
  std::string_view text, reason;
};
// Where a rule of the table beside it does not hold.
struct Exception {
  std::string_view path, text, reason;
};

inline constexpr int longest_source = 1000, long_source = 400;  // lines

// As a word of a type's or a file's name.
inline constexpr Rule empty_words[] = {
    {"Manager", "say what it does with them"},
    {"Helper", "say what the functions share: that is the name"},
    {"Util", "say what the functions share: that is the name"},
    {"Utils", "say what the functions share: that is the name"},
    {"Common", "say what the functions share: that is the name"},
    {"Impl", "name the way it is done: EmbeddedLog, MemoryFiles"},
    {"Info", "say what is known: Progress, Origin, OffsetRange"},
    {"Data", "say what it holds: Row, Batch, Payload"},
};

// As the beginning of what a header of ours includes in angle brackets.
inline constexpr Rule heavy_headers[] = {
    {"boost/", "behind one .cc file"},
    {"CLI/", "only in the file that reads the command line"},
    {"rocksdb/", "behind the store that spills"},
    {"librdkafka/", "behind the log over Kafka"},
    {"libpq", "behind the Postgres connection"},
    {"postgresql/", "behind the Postgres connection"},
    {"mysql/", "behind the MySQL connection"},
    {"mariadb/", "behind the MySQL connection"},
    {"simdjson", "25,000 lines; only in decoders"},
    {"re2/", "behind the functions that match"},
    {"unicode/", "behind the text functions"},
    {"date/", "behind the time functions"},
    {"google/protobuf/", "behind the format"},
    {"fmt/", "fmt/core.h is the light one"},
};
inline constexpr std::string_view light_headers[] = {"fmt/core.h"};

// In src/, outside base/ and unit tests: a test must be able to put something else underneath.
inline constexpr Rule seams[] = {
    {"fopen(", "Files (base/files.h)"},
    {"std::fopen(", "Files (base/files.h)"},
    {"::open(", "Files (base/files.h)"},
    {"::openat(", "Files (base/files.h)"},
    {"::rename(", "Files (base/files.h)"},
    {"::unlink(", "Files (base/files.h)"},
    {"std::ofstream", "Files (base/files.h)"},
    {"std::ifstream", "Files (base/files.h)"},
    {"std::fstream", "Files (base/files.h)"},
    {"std::filesystem", "Files (base/files.h)"},
    {"time(nullptr)", "Clock (base/clock.h)"},
    {"time(NULL)", "Clock (base/clock.h)"},
    {"time(0)", "Clock (base/clock.h)"},
    {"std::time(", "Clock (base/clock.h)"},
    {"::time(", "Clock (base/clock.h)"},
    {"gettimeofday(", "Clock (base/clock.h)"},
    {"clock_gettime(", "Clock (base/clock.h)"},
    {"std::chrono::system_clock::now(", "Clock (base/clock.h)"},
    {"std::chrono::steady_clock::now(", "Clock (base/clock.h)"},
    {"rand()", "Random (base/random.h)"},
    {"std::rand(", "Random (base/random.h)"},
    {"std::random_device", "random_seed() (base/random.h)"},
    {"std::mt19937", "Random (base/random.h)"},
    {"system(", "nothing: a program of ours starts no shell"},
    {"std::system(", "nothing: a program of ours starts no shell"},
};
inline constexpr Exception seam_exceptions[] = {
    {"src/base/", "", "the seams themselves"},
    {"_test.cc", "", "tests look at the real thing beside what they test"},
};

// In any file, standing alone or as the beginning of a path: what belongs to one machine or to one way of working.
// Put together from pieces, so that this file keeps its own rule.
inline constexpr Rule machine_paths[] = {
    {"/ro"
     "ot",
     "a path of one machine"},
    {"/wo"
     "rk",
     "a path of one machine"},
    {"/ho"
     "me",
     "a path of one machine"},
};
inline constexpr Rule strange_words[] = {
    {"Cla"
     "ude",
     "the text speaks of Levada, not of how it was written"},
    {"Anth"
     "ropic",
     "the text speaks of Levada, not of how it was written"},
    {"A"
     "I",
     "the text speaks of Levada, not of how it was written"},
    {"this ses"
     "sion",
     "the text speaks of Levada; name the database or the window that is meant"},
    {"last ses"
     "sion",
     "the text speaks of Levada; name the database or the window that is meant"},
    {"next ses"
     "sion",
     "the text speaks of Levada; name the database or the window that is meant"},
    {"earlier ses"
     "sion",
     "the text speaks of Levada; name the database or the window that is meant"},
    {"later ses"
     "sion",
     "the text speaks of Levada; name the database or the window that is meant"},
};

}  // namespace levada::tidy
