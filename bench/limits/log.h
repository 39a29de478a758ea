// The limits of a log: record batches written to one file and made durable, or walked in one file, by loops that know
// nothing of topics, transactions or recovery.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace levada::bench {

inline constexpr std::size_t commit_bytes = 1 << 20;
inline constexpr std::size_t batch_bytes = 100 << 10;

// What the records of a log are, whatever partitions they are in.
struct LogContent {
  std::uint64_t records = 0, sum = 0;
  void add(std::string_view value);
  std::string text() const;
};

// The value of record i: `size` bytes that do not compress.
std::string_view value_of(std::uint64_t i, std::size_t size);

// Encodes the records and writes them, with one fdatasync for each commit_bytes. A growing file is made anew; a
// recycled one is written over.
void append_kernel(const std::string& path, bool recycled, std::uint64_t records, std::size_t size);

// Reads the file a megabyte at a time, checks each batch and looks at the size and first byte of each value, or, which
// costs more than the walk, at all of it.
LogContent walk_kernel(const std::string& path, bool whole_values);

// `count` times, `pause` apart: `batches` record batches of one record in one write, and fdatasync. Latencies in
// microseconds.
std::vector<double> small_commit_kernel(const std::string& path, int batches, int count,
                                        std::chrono::microseconds pause);

}  // namespace levada::bench
