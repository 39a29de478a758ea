// The limit for reading CSV: rows of a known width to typed columns, by one thread, with all that AVX-512 can do and
// nothing that a real reader needs beside (other widths, bad cells, decimals, character sets, positions).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace levada::bench {

enum class CsvKind : std::uint8_t { integer, real, text };

struct CsvColumn {
  CsvKind kind;
  std::vector<std::int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string_view> texts;
};

class CsvKernel {
 public:
  // Whether this machine has the instructions.
  static bool runs_here();

  CsvKernel(const std::string& path, const std::vector<CsvKind>& kinds);
  ~CsvKernel();
  CsvKernel(const CsvKernel&) = delete;
  CsvKernel& operator=(const CsvKernel&) = delete;

  // The next rows; 0 at the end of the file. Aborts on anything unexpected.
  std::size_t next();
  const std::vector<CsvColumn>& columns() const { return columns_; }

 private:
  std::size_t find_ends();
  void read_integers(std::size_t column, std::size_t rows);
  void read_reals(std::size_t column, std::size_t rows);
  void read_texts(std::size_t column, std::size_t rows);

  int file_;
  std::size_t width_;
  std::vector<char> text_;
  std::size_t size_ = 0, used_ = 0;
  std::vector<std::uint32_t> ends_;  // -1, then the ends of fields
  std::string unquoted_;             // texts with doubled quotes
  std::vector<CsvColumn> columns_;
};

}  // namespace levada::bench
