// B5: a CSV file of 5 and of 30 columns to typed records in the log, by a pipeline of two statements: from the start of
// its loops until everything is durable. The limit only finds the fields and makes numbers of them
// (limits/csv_parse.h); the peer loads the file into a table (peers/csv_load.py).
//
// As JSON each record names its columns, so that there are two to three times as many bytes to write as there were to
// read; as DELIMITED there are about as many.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/files.h"
#include "bench/csv_table.h"
#include "bench/pairs.h"
#include "bench/scratch.h"
#include "formats/formats.h"
#include "levada/levada.h"
#include "log/embedded_log.h"
#include "log/record_batch.h"

using namespace levada;

namespace {

TypeKind type_of(bench::CsvKind kind) {
  switch (kind) {
    case bench::CsvKind::integer: return TypeKind::int64;
    case bench::CsvKind::real: return TypeKind::float64;
    case bench::CsvKind::text: return TypeKind::string;
  }
  std::abort();
}

std::string script(const bench::CsvTable& t, const std::string& path, const std::string& format) {
  std::string columns;
  for (std::size_t c = 0; c < t.kinds.size(); ++c)
    columns += (c == 0 ? "C" : ", C") + std::to_string(c) + " " + Type(type_of(t.kinds[c])).text();
  return "CREATE STREAM t (" + columns + ") WITH (KAFKA_TOPIC = 't', PARTITIONS = 1, VALUE_FORMAT = '" + format +
         "');\nCREATE SOURCE CONNECTOR rows WITH ('connector.class' = 'csv', 'path' = '" + path +
         "', 'topic' = 't');\n";
}

bench::Measured run_ours(const bench::CsvTable& t, const std::string& directory, const std::string& text) {
  std::filesystem::remove_all(directory);
  auto engine = Engine::open({.log = "embedded:" + directory, .follow = false}).value();
  engine->load(text, "B5").value();
  auto measured = bench::rate(static_cast<double>(t.rows), [&] {
    std::vector<std::string> notes;
    engine->start(notes).value();
    if (engine->wait() != Ended::caught_up) {
      std::fprintf(stderr, "%s\n", engine->failure() ? engine->failure()->text().c_str() : "it was stopped");
      std::exit(1);
    }
  });
  engine->stop().value();
  return measured;
}

std::string digest_of_ours(const bench::CsvTable& t, const std::string& directory, const std::string& format) {
  bench::CsvDigest digest(t);
  FormatSpec spec{.format = format};
  for (std::size_t c = 0; c < t.kinds.size(); ++c)
    spec.fields.push_back({"C" + std::to_string(c), Type(type_of(t.kinds[c]))});
  auto decoder = find_format(format)->make_decoder(spec);
  auto log = open_embedded_log(real_files(), directory, {.access = LogAccess::read_only}).value();
  auto reader = log->open_reader({"t", 0}, Offset(0)).value();
  for (Chunk chunk; !(chunk = reader->read(1 << 20).value()).record_batches.empty();) {
    Records records;
    records.append(chunk.record_batches).value();
    std::vector<Text> texts;
    for (const Record& r : records.all()) texts.push_back(r.value);
    std::vector<Column> columns;
    for (const Field& field : spec.fields) columns.emplace_back(field.type);
    std::vector<Column*> wanted;
    for (Column& column : columns) wanted.push_back(&column);
    RowFailures failures;
    decoder->decode(texts, chunk.memory, wanted, failures);
    if (!failures.empty()) return failures[0].why;
    digest.add_rows(texts.size());
    for (std::size_t c = 0; c < columns.size(); ++c)
      for (std::uint32_t row = 0; row < texts.size(); ++row) switch (t.kinds[c]) {
          case bench::CsvKind::integer: digest.integer(c, columns[c].values<std::int64_t>()[row]); break;
          case bench::CsvKind::real: digest.real(c, columns[c].values<double>()[row]); break;
          case bench::CsvKind::text: digest.text(c, columns[c].string(row)); break;
        }
  }
  return digest.shown();
}

// DuckDB in a process of its own.
struct Peer {
  double seconds = 0, cpu_seconds = 0;
  std::string version, digest;
};

std::optional<Peer> run_peer(const bench::CsvTable& t, const std::string& path, bool with_digest) {
  std::string kinds;
  for (bench::CsvKind kind : t.kinds)
    kinds += kind == bench::CsvKind::integer ? 'i' : kind == bench::CsvKind::real ? 'r' : 't';
  std::string command =
      "bench/peers/duckdb bench/peers/csv_load.py '" + path + "' " + kinds + (with_digest ? " digest" : "");
  std::FILE* out = ::popen(command.c_str(), "r");
  if (!out) return std::nullopt;
  Peer peer;
  char version[32] = "", digest[4096] = "";
  int got = std::fscanf(out, "%lf %lf %31s %4095[^\n]", &peer.seconds, &peer.cpu_seconds, version, digest);
  if (::pclose(out) != 0 || got != (with_digest ? 4 : 3)) return std::nullopt;
  peer.version = version;
  peer.digest = digest;
  return peer;
}

void compare(bench::Pairs& pairs, const bench::CsvTable& t, const std::string& format) {
  std::string name = t.name + (format == "JSON" ? "" : "_delimited");
  if (!pairs.wants(name)) return;
  bench::Scratch scratch;
  const std::string path = scratch / "rows.csv", directory = scratch / "log";
  replace_file(real_files(), path, csv_content(t)).value();
  const std::string text = script(t, path, format);
  bench::Case c{.id = "B5", .name = name, .unit = "rows/s"};
  c.ours = {"levada", [&] { return run_ours(t, directory, text); },
            [&] { return digest_of_ours(t, directory, format); }};
  if (bench::CsvKernel::runs_here())
    c.limit = {"tokenise and parse kernel",
               [&] { return bench::rate(static_cast<double>(t.rows), [&] { run_kernel(t, path); }); },
               [&] { return digest_of_kernel(t, path); }};
  std::optional<Peer> peer = run_peer(t, path, true);
  if (peer) {
    c.versions = Json::Object{{"duckdb", peer->version}};
    c.peer = {"DuckDB " + peer->version + ", one thread",
              [&] {
                Peer run = run_peer(t, path, false).value();
                return bench::Measured{static_cast<double>(t.rows) / run.seconds, run.cpu_seconds};
              },
              [&] { return peer->digest; }};
  } else {
    std::fprintf(stderr, "B5 %s: SKIPPED the peer, DuckDB does not run here (bench/peers/duckdb)\n", name.c_str());
  }
  pairs.compare(c);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  for (bool wide : {false, true})
    for (const char* format : {"JSON", "DELIMITED"}) compare(pairs, bench::csv_table(wide, pairs.smoke()), format);
  return pairs.exit_code();
}
