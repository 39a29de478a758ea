// CSV files of 5 and 30 columns to typed columns: the csv source beside the kernel of bench/limits/csv_parse.h. What
// follows the columns (encoding, the log) is B5's.
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/files.h"
#include "base/random.h"
#include "batch/kernels.h"
#include "batch/number_text.h"
#include "bench/limits/csv_parse.h"
#include "bench/pairs.h"
#include "connectors/csv/source.h"

namespace levada::bench {
namespace {

struct Table {
  std::string name;
  std::vector<CsvKind> kinds;
  std::uint64_t rows;
};

Table table(bool wide, bool smoke) {
  using enum CsvKind;
  Table t{wide ? "csv_30_columns" : "csv_5_columns", {integer, integer, real, integer, text}, 4'000'000};
  for (int group = 0; wide && group < 5; ++group) t.kinds.insert(t.kinds.end(), {text, integer, integer, real, text});
  if (wide) t.rows /= 5;
  if (smoke) t.rows /= 100;
  return t;
}

// About 47 bytes for each five columns; one text in twenty is quoted, one in a hundred with doubled quotes.
std::string content(const Table& t) {
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

std::unique_ptr<Source> source(const Table& t, const std::string& path) {
  Schema schema;
  for (std::size_t c = 0; c < t.kinds.size(); ++c)
    schema.value.push_back({"C" + std::to_string(c), t.kinds[c] == CsvKind::integer ? TypeKind::int64
                                                     : t.kinds[c] == CsvKind::real  ? TypeKind::float64
                                                                                    : TypeKind::string});
  SourceContext context{.name = "csv", .properties = {{"path", path, ""}}};
  context.targets = {{"t", "T", std::make_shared<Schema>(schema), false}};
  context.follow = false;
  context.files = &real_files();
  context.clock = &real_clock();
  context.logger = &silent_logger();
  return make_csv_source(std::move(context)).value();
}

// Calls see(part) for every part of the file.
void run_ours(const Table& t, const std::string& path, auto see) {
  auto csv = source(t, path);
  if (!csv->start(std::nullopt)) std::abort();
  while (true) {
    SourceRead read = csv->read({}, std::chrono::milliseconds(0)).value();
    if (!read.rejected.empty()) std::abort();
    for (const SourceRead::Part& part : read.parts) see(part.batch);
    if (read.end) return;
  }
}

struct Digest {
  std::uint64_t rows = 0, sum = 0;
  void integer(std::size_t c, std::int64_t v) { sum += static_cast<std::uint64_t>(v) * (2 * c + 1); }
  void real(std::size_t c, double v) { sum += load<std::uint64_t>(&v) * (2 * c + 1); }
  void text(std::size_t c, std::string_view v) { sum += hash_bytes(v.data(), v.size()) * (2 * c + 1); }
  std::string shown() const { return std::to_string(rows) + "-" + std::to_string(sum); }
};

std::string digest_of_ours(const Table& t, const std::string& path) {
  Digest digest;
  run_ours(t, path, [&](const Batch& batch) {
    digest.rows += batch.size;
    for (std::size_t c = 0; c < t.kinds.size(); ++c)
      for (std::uint32_t row = 0; row < batch.size; ++row) switch (t.kinds[c]) {
          case CsvKind::integer: digest.integer(c, batch.after[c]->values<std::int64_t>()[row]); break;
          case CsvKind::real: digest.real(c, batch.after[c]->values<double>()[row]); break;
          case CsvKind::text: digest.text(c, batch.after[c]->string(row)); break;
        }
  });
  return digest.shown();
}

std::string digest_of_kernel(const Table& t, const std::string& path) {
  Digest digest;
  CsvKernel kernel(path, t.kinds);
  while (std::size_t rows = kernel.next()) {
    digest.rows += rows;
    for (std::size_t c = 0; c < t.kinds.size(); ++c)
      for (std::size_t row = 0; row < rows; ++row) switch (t.kinds[c]) {
          case CsvKind::integer: digest.integer(c, kernel.columns()[c].integers[row]); break;
          case CsvKind::real: digest.real(c, kernel.columns()[c].reals[row]); break;
          case CsvKind::text: digest.text(c, kernel.columns()[c].texts[row]); break;
        }
  }
  return digest.shown();
}

void compare(Pairs& pairs, const Table& t) {
  if (!pairs.wants(t.name)) return;
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder ? folder : "/tmp") + "/levada-" + t.name + "-XXXXXX";
  int file = ::mkstemp(path.data());
  if (file < 0) std::abort();
  ::close(file);
  if (!replace_file(real_files(), path, content(t))) std::abort();
  auto rows = static_cast<double>(t.rows);
  Case c{.id = "csv", .name = t.name, .unit = "rows/s"};
  c.ours = {"levada", [&] { return rate(rows, [&] { run_ours(t, path, [](const Batch&) {}); }); },
            [&] { return digest_of_ours(t, path); }};
  if (CsvKernel::runs_here())
    c.limit = {"tokenise and parse kernel",
               [&] {
                 return rate(rows, [&] {
                   CsvKernel kernel(path, t.kinds);
                   while (kernel.next() != 0) asm volatile("" : : "r"(kernel.columns().data()) : "memory");
                 });
               },
               [&] { return digest_of_kernel(t, path); }};
  pairs.compare(c);
  if (!real_files().remove(path)) std::abort();
}

}  // namespace
}  // namespace levada::bench

int main(int argc, char** argv) {
  using namespace levada::bench;
  Pairs pairs(argc, argv);
  for (bool wide : {false, true}) compare(pairs, table(wide, pairs.smoke()));
  return pairs.exit_code();
}
