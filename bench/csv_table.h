// The CSV files of the benchmarks: rows of a known width and kinds, and what must come out of them, whoever reads them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "batch/number_text.h"
#include "bench/limits/csv_parse.h"

namespace levada::bench {

struct CsvTable {
  std::string name;
  std::vector<CsvKind> kinds;
  std::uint64_t rows;
};

inline CsvTable csv_table(bool wide, bool smoke) {
  using enum CsvKind;
  CsvTable t{wide ? "csv_30_columns" : "csv_5_columns", {integer, integer, real, integer, text}, 4'000'000};
  for (int group = 0; wide && group < 5; ++group) t.kinds.insert(t.kinds.end(), {text, integer, integer, real, text});
  if (wide) t.rows /= 5;
  if (smoke) t.rows /= 100;
  return t;
}

// About 47 bytes for each five columns; one text in twenty is quoted, one in a hundred with doubled quotes.
inline std::string csv_content(const CsvTable& t) {
  static constexpr const char* first[] = {"Ana", "Bruno", "Carla", "Dusan", "Elena", "Filip", "Greta", "Hugo"};
  static constexpr const char* last[] = {"Almeida", "Bauer",   "Costa",  "Dvorak",
                                         "Eriksen", "Ferrari", "Garcia", "Horvat"};
  Random random(5);
  std::string out;
  char number[32];
  auto put = [&](std::uint64_t v) { out.append(number, put_unsigned(number, v)); };
  for (std::uint64_t i = 0; i < t.rows; ++i) {
    put(10'000'000 + i), out += ',';
    put(100'000 + random.below(100'000)), out += ',';
    put(1'000 + random.below(9'000)), out += '.', put(10 + random.below(90)), out += ',';
    put(1'700'000'000'000 + i), out += ',';
    std::uint64_t kind = random.below(100);
    std::string a = first[random.below(8)], b = last[random.below(8)];
    out += kind == 0 ? "\"" + a + " \"\"" + b + "\"\"\"" : kind < 5 ? "\"" + b + ", " + a + "\"" : a + " " + b;
    for (std::size_t c = 5; c < t.kinds.size(); c += 5) {
      out += ',', out += first[random.below(8)], out += ',';
      put(random.below(1'000'000)), out += ",-", put(random.below(1000)), out += ',';
      put(random.below(10'000)), out += '.', put(100 + random.below(900)), out += ',';
      out += last[random.below(8)], out += '-', put(random.below(100));
    }
    out += '\n';
  }
  return out;
}

// What a reader made of the file: the rows, and for each column the sum of its values. That of a real is its
// thousandfold, that of a text has its size, first and last byte in it: bench/peers/csv_load.py says the same of a
// table.
class CsvDigest {
 public:
  explicit CsvDigest(const CsvTable& t) : sums_(t.kinds.size()) {}

  void add_rows(std::uint64_t n) { rows_ += n; }
  void integer(std::size_t c, std::int64_t v) { sums_[c] += v; }
  void real(std::size_t c, double v) { sums_[c] += static_cast<std::int64_t>(v < 0 ? v * 1000 - 0.5 : v * 1000 + 0.5); }
  void text(std::size_t c, std::string_view v) {
    sums_[c] += static_cast<std::int64_t>(v.size()) * 65'536 + v.front() * 256 + v.back();
  }
  std::string shown() const {
    std::string text = std::to_string(rows_) + " rows:";
    for (std::int64_t sum : sums_) text += " " + std::to_string(sum);
    return text;
  }

 private:
  std::uint64_t rows_ = 0;
  std::vector<std::int64_t> sums_;
};

inline std::string digest_of_kernel(const CsvTable& t, const std::string& path) {
  CsvDigest digest(t);
  CsvKernel kernel(path, t.kinds);
  while (std::size_t rows = kernel.next()) {
    digest.add_rows(rows);
    for (std::size_t c = 0; c < t.kinds.size(); ++c)
      for (std::size_t row = 0; row < rows; ++row) switch (t.kinds[c]) {
          case CsvKind::integer: digest.integer(c, kernel.columns()[c].integers[row]); break;
          case CsvKind::real: digest.real(c, kernel.columns()[c].reals[row]); break;
          case CsvKind::text: digest.text(c, kernel.columns()[c].texts[row]); break;
        }
  }
  return digest.shown();
}

inline void run_kernel(const CsvTable& t, const std::string& path) {
  CsvKernel kernel(path, t.kinds);
  while (kernel.next() != 0) asm volatile("" : : "r"(kernel.columns().data()) : "memory");
}

}  // namespace levada::bench
