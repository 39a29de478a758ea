// Reads one CSV file, from any place on, a few thousand rows at a time: bytes, fields, typed columns.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "connectors/csv/cells.h"
#include "connectors/csv/fingerprint.h"
#include "connectors/csv/known_files.h"
#include "connectors/csv/layout.h"
#include "connectors/csv/tokenizer.h"
#include "connectors/source.h"

namespace levada {

// Which time a row gets.
enum class CsvTime : std::uint8_t { process_time, file_time, field };

// What all files of a source have in common.
struct CsvReadRules {
  CsvCellRules cells;
  CsvLayoutRules layout;
  std::string topic;
  SchemaRef schema;
  std::vector<std::vector<TimeFormat>> formats;  // for each column
  bool keys_required = false;                    // of a table: without its key a row is rejected
  std::uint64_t skip_lines = 0;
  std::uint32_t max_row_bytes = 1 << 20;
  std::uint32_t buffer_bytes = 256 << 10;
  CsvTime time = CsvTime::process_time;
  std::size_t time_column = 0;  // with CsvTime::field
  bool halt_on_error = false;
};

class CsvReader {
 public:
  // The rules outlive the reader. `path` is for messages.
  CsvReader(const CsvReadRules& rules, std::unique_ptr<File> file, std::string path);

  // Where reading goes on, with the fingerprint of all before. `open_end`: the last row there had no line end.
  void go_to(const CsvPlace& place, CsvFingerprint fingerprint, bool open_end);
  const CsvPlace& place() const { return place_; }
  const CsvFingerprint& fingerprint() const { return fingerprint_; }
  // The last row read ended with the file, without a line end.
  bool open_end() const { return open_end_; }
  const std::optional<CsvLayout>& layout() const { return layout_; }
  const File& file() const { return *file_; }

  struct Times {
    std::int64_t now_ms, file_ms;
  };
  // Appends about `most` rows to `out`: those that are good as parts, the others as rejected. False if there are no
  // more
  // (`whole`: what is there is all there will be, so the end of the file ends its last row). kind data: the file cannot
  // be read at all, or a row is bad and rules say to halt.
  Result<bool> read(std::uint32_t most, bool whole, const Times& times, SourceRead& out);

 private:
  struct Chunk;
  struct Taken;
  using Bad = std::map<std::uint32_t, std::string>;

  Result<bool> find_layout(bool whole);
  Result<bool> load(bool whole);
  Result<bool> pass_late_line_end();
  void advance(std::uint32_t to, std::uint64_t rows, std::optional<std::uint64_t> lines = std::nullopt);

  bool is_broken(std::uint32_t row) const;
  Result<bool> reject_first_line(bool whole, const Times& times, SourceRead& out);
  Result<std::uint64_t> find_line_end(std::uint64_t at) const;
  DeadLetter letter(std::string cause, std::uint64_t row, std::uint64_t line, std::string_view bytes,
                    const Times& times) const;
  Error halt(const DeadLetter& letter) const;
  std::string name_of_field(std::uint32_t field) const;
  std::string spoiled_cause(std::uint32_t row) const;
  std::string flaw(std::uint32_t row) const;

  void take_even_rows(std::uint32_t most, Taken& taken) const;
  Taken look_at_rows(std::uint32_t most, const Times& times) const;
  Result<void> take_rows(std::uint32_t most, const Times& times, SourceRead& out);
  SourceRead::Part make_part(Taken& taken, const Times& times, Bad& bad) const;
  void reject_bad(const Batch& batch, Taken& taken, Bad& bad, const Times& times) const;
  std::shared_ptr<const std::vector<std::int64_t>> event_times(const Batch& batch, const Times& times, Bad& bad) const;

  const CsvReadRules& rules_;
  std::unique_ptr<File> file_;
  std::string path_;
  std::vector<CellReader> columns_;
  std::optional<CsvLayout> layout_;
  std::string header_;  // as it stands in the file

  CsvPlace place_;
  CsvFingerprint fingerprint_;
  bool open_end_ = false;

  std::shared_ptr<Chunk> chunk_;  // begins at place_ as it was when the chunk was loaded
  CsvFields fields_;
  std::uint32_t next_row_ = 0;  // of fields_
};

}  // namespace levada
