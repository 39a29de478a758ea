#include "connectors/csv/letter.h"

#include "base/assert.h"

namespace levada {
namespace {

// A text where a reader looks for a file.
class TextFile : public File {
 public:
  explicit TextFile(std::string text) : text_(std::move(text)) {}

  Result<std::size_t> read_at(std::uint64_t at, std::span<char> into) const override {
    if (at >= text_.size()) return std::size_t{0};
    return text_.copy(into.data(), into.size(), at);
  }
  Result<std::uint64_t> size() const override { return std::uint64_t{text_.size()}; }
  std::uint64_t identity() const override { return 0; }
  Result<void> write_at(std::uint64_t, std::span<const std::string_view>) override { LV_UNREACHABLE(); }
  Result<void> sync() override { LV_UNREACHABLE(); }
  Result<void> truncate(std::uint64_t) override { LV_UNREACHABLE(); }

 private:
  const std::string text_;
};

}  // namespace

Result<SourceRead> read_csv_letter(const CsvReadRules& rules, const DeadLetter& letter) {
  if (!letter.value)
    return Error(ErrorKind::unsupported, "this dead letter is a whole file, not a row")
        .where(letter.origin)
        .remedy("Repair the file and offer it again, under another name.");
  CsvReadRules alone = rules;
  alone.skip_lines = 0;
  alone.halt_on_error = false;
  alone.layout.header = letter.key ? CsvHeader::yes : CsvHeader::no;
  std::string text = letter.key ? *letter.key + "\n" + *letter.value : *letter.value;
  CsvReader reader(alone, std::make_unique<TextFile>(std::move(text)), letter.origin);
  SourceRead out;
  while (LV_TRY(reader.read(batch_rows, true, {letter.timestamp_ms, letter.timestamp_ms}, out))) continue;
  for (DeadLetter& rejected : out.rejected) rejected.origin = letter.origin;
  if (out.parts.empty() && out.rejected.empty())
    return Error(ErrorKind::data, "there is no row in these bytes").where(letter.origin);
  return out;
}

}  // namespace levada
