#include "connectors/csv/first_row.h"

#include <algorithm>

#include "base/bytes.h"
#include "connectors/csv/line_feeds.h"
#include "connectors/csv/tokenizer.h"

namespace levada {
namespace {

// What files begin with that are no CSV in a character set of single bytes.
struct Signature {
  std::string_view bytes, what, remedy;
};
constexpr Signature signatures[] = {
    {"\xFF\xFE", "UTF-16 text", "Turn it into UTF-8 first (iconv -f UTF-16 -t UTF-8)."},
    {"\xFE\xFF", "UTF-16 text", "Turn it into UTF-8 first (iconv -f UTF-16 -t UTF-8)."},
    {"\x1F\x8B", "compressed (gzip)", "Unpack it first."},
    {"\x28\xB5\x2F\xFD", "compressed (zstd)", "Unpack it first."},
    {"PK\x03\x04", "a ZIP archive or a spreadsheet", "Unpack it, or save the sheet as CSV."},
};

Result<void> check_signature(std::string_view text, const std::string& path) {
  for (const Signature& s : signatures)
    if (text.starts_with(s.bytes))
      return Error(ErrorKind::data, "the file is " + std::string(s.what)).where(path).remedy(std::string(s.remedy));
  return {};
}

// Where the first row begins; nullopt if the text ends before.
std::optional<std::size_t> pass_preamble(std::string_view text, std::uint64_t lines) {
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (; lines > 0; --lines) {
    std::size_t feed = text.find('\n', at);
    if (feed == std::string_view::npos) return std::nullopt;
    at = feed + 1;
  }
  return at;
}

// The cells of the first row, without their quotes.
Result<std::vector<std::string>> first_cells(std::string_view text, const CsvFields& fields, const CsvReadRules& rules,
                                             const std::string& path) {
  CsvCellRules literal = rules.cells;
  literal.nulls = CsvNulls::neither;
  literal.null_words.clear();
  CellReader reader(TypeKind::string, literal, {});
  std::vector<std::string> cells;
  const std::uint32_t first[] = {0};
  for (std::uint32_t i = 0; i < fields.fields_of(0); ++i) {
    Column cell(TypeKind::string);
    std::vector<CellFailure> failures;
    reader.read({text.data(), fields.ends(), first, false, nullptr}, i, i + 1 == fields.fields_of(0), cell, failures);
    if (!failures.empty() && rules.layout.header != CsvHeader::no)
      return Error(ErrorKind::data, "the first row cannot be read: " + failures.front().why).where(path);
    cells.emplace_back(cell.string(0));
  }
  return cells;
}

}  // namespace

Result<std::optional<CsvFirstRow>> read_first_row(const File& file, const std::string& path, const CsvReadRules& rules,
                                                  bool whole) {
  Buffer buffer;
  CsvFields fields;
  for (std::size_t want = std::min<std::size_t>(rules.buffer_bytes, 64 << 10);; want *= 4) {
    buffer.resize(want + 1);
    std::size_t size = LV_TRY(file.read_at(0, {buffer.data(), want}));
    bool all = size < want;
    LV_TRY(check_signature({buffer.data(), size}, path));
    auto begin = pass_preamble({buffer.data(), size}, rules.skip_lines);
    bool something = begin && *begin < size;
    if (begin) {
      buffer.data()[size] = '\n';  // stands for the line end that a complete file need not have
      std::string_view text(buffer.data() + *begin, size - *begin + (all && whole && something));
      tokenize(text, rules.cells.dialect, fields);
      if (fields.rows() > 0) {
        auto layout = lay_out(LV_TRY(first_cells(text, fields, rules, path)), *rules.schema, rules.layout);
        if (!layout) return std::move(layout).error().where(path);
        std::size_t end = *begin + (layout->has_header ? fields.row_end(0) : 0);
        bool open_end = end > size;
        end -= open_end;
        CsvPlace place{end, 0, count_line_feeds({buffer.data(), end})};
        std::string_view header(buffer.data() + *begin, layout->has_header ? end - *begin : 0);
        return CsvFirstRow{*std::move(layout), place, open_end,
                           std::string(without_line_end(header, rules.cells.dialect))};
      }
      if (all && whole && something)
        return Error(ErrorKind::data, "the first row opens a quote that is never closed").where(path);
      if (!all && want > rules.max_row_bytes)
        return Error(ErrorKind::data, "the first row is longer than " + std::to_string(rules.max_row_bytes) + " bytes")
            .where(path)
            .remedy("Raise 'max.row.bytes', if this is a CSV file at all.");
    }
    if (all) return std::optional<CsvFirstRow>();
  }
}

}  // namespace levada
