// CSV files of 5 and 30 columns to typed columns: the csv source beside the kernel of bench/limits/csv_parse.h. What
// follows the columns (encoding, the log) is B5's.
#include <cstdlib>
#include <optional>
#include <string>

#include "base/files.h"
#include "bench/csv_table.h"
#include "bench/pairs.h"
#include "bench/scratch.h"
#include "connectors/csv/source.h"

namespace levada::bench {
namespace {

std::unique_ptr<Source> source(const CsvTable& t, const std::string& path) {
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
void run_ours(const CsvTable& t, const std::string& path, auto see) {
  auto csv = source(t, path);
  if (!csv->start(std::nullopt)) std::abort();
  while (true) {
    SourceRead read = csv->read({}, std::chrono::milliseconds(0)).value();
    if (!read.rejected.empty()) std::abort();
    for (const SourceRead::Part& part : read.parts) see(part.batch);
    if (read.end) return;
  }
}

std::string digest_of_ours(const CsvTable& t, const std::string& path) {
  CsvDigest digest(t);
  run_ours(t, path, [&](const Batch& batch) {
    digest.add_rows(batch.size);
    for (std::size_t c = 0; c < t.kinds.size(); ++c)
      for (std::uint32_t row = 0; row < batch.size; ++row) switch (t.kinds[c]) {
          case CsvKind::integer: digest.integer(c, batch.after[c]->values<std::int64_t>()[row]); break;
          case CsvKind::real: digest.real(c, batch.after[c]->values<double>()[row]); break;
          case CsvKind::text: digest.text(c, batch.after[c]->string(row)); break;
        }
  });
  return digest.shown();
}

void compare(Pairs& pairs, const CsvTable& t) {
  if (!pairs.wants(t.name)) return;
  Scratch scratch;
  std::string path = scratch / "rows.csv";
  if (!replace_file(real_files(), path, csv_content(t))) std::abort();
  auto rows = static_cast<double>(t.rows);
  Case c{.id = "csv", .name = t.name, .unit = "rows/s"};
  c.ours = {"levada", [&] { return rate(rows, [&] { run_ours(t, path, [](const Batch&) {}); }); },
            [&] { return digest_of_ours(t, path); }};
  if (CsvKernel::runs_here())
    c.limit = {"tokenise and parse kernel", [&] { return rate(rows, [&] { run_kernel(t, path); }); },
               [&] { return digest_of_kernel(t, path); }};
  pairs.compare(c);
}

}  // namespace
}  // namespace levada::bench

int main(int argc, char** argv) {
  using namespace levada::bench;
  Pairs pairs(argc, argv);
  for (bool wide : {false, true}) compare(pairs, csv_table(wide, pairs.smoke()));
  return pairs.exit_code();
}
