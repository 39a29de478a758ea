// CSV text of any kind: all instruction sets must find the same fields, and a file that arrives in pieces must give the
// same rows and rejects as one that was there at once, whatever the pieces and buffers. The first two bytes of an input
// choose the dialect and the pieces.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/random.h"
#include "batch/value.h"
#include "connectors/csv/reader.h"
#include "connectors/csv/tokenizer.h"

namespace levada {
namespace {

// A file of which the reader sees a growing part.
class GrowingFile : public File {
 public:
  GrowingFile(std::string_view content, const std::size_t& visible) : content_(content), visible_(visible) {}
  Result<std::size_t> read_at(std::uint64_t at, std::span<char> into) const override {
    std::string_view there = content_.substr(0, visible_);
    if (at >= there.size()) return std::size_t{0};
    return there.copy(into.data(), into.size(), at);
  }
  Result<void> write_at(std::uint64_t, std::span<const std::string_view>) override { LV_UNREACHABLE(); }
  Result<void> sync() override { LV_UNREACHABLE(); }
  Result<std::uint64_t> size() const override { return visible_; }
  Result<void> truncate(std::uint64_t) override { LV_UNREACHABLE(); }
  std::uint64_t identity() const override { return 1; }

 private:
  std::string_view content_;
  const std::size_t& visible_;
};

void same_fields(std::string_view text, const CsvDialect& dialect) {
  Buffer buffer;
  buffer.append(text);
  std::memset(buffer.room(64), '"', 64);
  CsvFields plain, fast;
  tokenize({buffer.data(), text.size()}, dialect, plain, Isa::plain);
  for (Isa isa : {Isa::sse42, Isa::avx2, Isa::avx512}) {
    if (!runs_here(isa)) continue;
    tokenize({buffer.data(), text.size()}, dialect, fast, isa);
    LV_ASSERT(fast.rows() == plain.rows() && fast.ends_in_quotes() == plain.ends_in_quotes());
    LV_ASSERT(fast.row_is_line() == plain.row_is_line() && fast.spoiled().size() == plain.spoiled().size());
    for (std::size_t i = 0; i < plain.spoiled().size(); ++i)
      LV_ASSERT(fast.spoiled()[i].row == plain.spoiled()[i].row && fast.spoiled()[i].at == plain.spoiled()[i].at);
    for (std::uint32_t row = 0; row < plain.rows(); ++row)
      LV_ASSERT(fast.first_field(row + 1) == plain.first_field(row + 1));
    for (std::uint32_t field = 0; field < plain.first_field(plain.rows()); ++field)
      LV_ASSERT(fast.end(field) == plain.end(field));
  }
}

struct Outcome {
  std::vector<std::string> rows, rejected;
  CsvPlace place;
  bool operator==(const Outcome&) const = default;
};

void take(SourceRead& read, std::uint32_t max_row_bytes, Outcome& outcome) {
  for (const SourceRead::Part& part : read.parts)
    part.batch.rows().for_each([&](std::uint32_t row) {
      std::string text = std::to_string(part.batch.origin->offsets[row]);
      for (std::size_t c = 0; c < part.batch.schema->size(); ++c)
        text += "|" + text_of(part.batch.column(c)->value(row), (*part.batch.schema)[c].type);
      outcome.rows.push_back(std::move(text));
    });
  // How much of a row that is too long is kept depends on how much of it was there.
  for (const DeadLetter& letter : read.rejected)
    outcome.rejected.push_back(letter.origin + " " +
                               letter.value->substr(0, std::min<std::size_t>(max_row_bytes, letter.value->size())));
}

// Reads the text as it grows by pieces drawn from the seed; 0: all at once.
Outcome read(std::string_view text, CsvReadRules rules, std::uint64_t seed) {
  Random random(seed);
  std::size_t visible = seed == 0 ? text.size() : 0;
  if (seed != 0) rules.buffer_bytes = static_cast<std::uint32_t>(1 + random.below(200));
  CsvReader reader(rules, std::make_unique<GrowingFile>(text, visible), "f");
  Outcome outcome;
  while (true) {
    bool whole = visible == text.size();
    while (true) {
      SourceRead out;
      auto most = static_cast<std::uint32_t>(seed == 0 ? 100'000 : 1 + random.below(9));
      auto more = reader.read(most, whole, {.now_ms = 0, .file_ms = 0}, out);
      LV_ASSERT(more.has_value());
      take(out, rules.max_row_bytes, outcome);
      LV_ASSERT(reader.place().bytes <= visible && reader.fingerprint().content().bytes() == reader.place().bytes);
      if (!*more) break;
    }
    if (whole) break;
    visible = std::min(text.size(), visible + 1 + random.below(random.one_in(4) ? 1000 : 20));
  }
  LV_ASSERT(reader.place().bytes == text.size());
  outcome.place = reader.place();
  std::ranges::sort(outcome.rejected);
  return outcome;
}

void same_outcome(const Outcome& pieces, const Outcome& at_once) {
  if (pieces == at_once) return;
  auto show = [](const char* what, const std::vector<std::string>& a, const std::vector<std::string>& b) {
    auto [x, y] = std::ranges::mismatch(a, b);
    if (x != a.end() || y != b.end())
      std::fprintf(stderr, "%s %zu and %zu\n  in pieces: %s\n  at once:   %s\n", what, a.size(), b.size(),
                   x == a.end() ? "-" : x->c_str(), y == b.end() ? "-" : y->c_str());
  };
  show("rows", pieces.rows, at_once.rows);
  show("rejected", pieces.rejected, at_once.rejected);
  LV_ASSERT(pieces == at_once);
}

}  // namespace
}  // namespace levada

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace levada;
  if (size < 2) return 0;
  std::uint8_t flags = bytes[0], seed = bytes[1];
  std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  CsvReadRules rules;
  CsvDialect& dialect = rules.cells.dialect;
  if (flags & 1) dialect.escape = '\\';
  if (flags & 2) dialect.skip_blanks_around_quotes = false;
  if (flags & 4) dialect.only_quoted = true;
  if (flags & 8) dialect.quote = '\0', dialect.escape = '\0', dialect.only_quoted = false;
  if (flags & 16) dialect.separator = ' ';
  if (flags & 32) dialect.keep_carriage_return = true;
  if (flags & 64) rules.cells.trim = true, rules.cells.null_words = {"NULL"};
  same_fields(text, dialect);

  rules.layout.header = CsvHeader::no;
  rules.schema = std::make_shared<Schema>(
      Schema{.key = {{"A", TypeKind::string}}, .value = {{"B", TypeKind::int32}, {"C", Type::decimal(6, 2)}}});
  if (flags & 128) rules.schema = std::make_shared<Schema>(Schema{.key = {}, .value = {{"A", TypeKind::string}}});
  rules.formats.resize(rules.schema->size());
  rules.max_row_bytes = 150;
  rules.topic = "t";
  // A signature at the start makes the file unreadable, which is another matter.
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") || text.starts_with("\x1F\x8B") ||
      text.starts_with("\x28\xB5\x2F\xFD") || text.starts_with("PK\x03\x04"))
    return 0;
  // Without a header the first row need only be there to be read; one that is too long or never ends is refused.
  CsvFields fields;
  std::string padded(text);
  padded.append(64, '\0');
  tokenize(std::string_view(padded).substr(0, text.size()), dialect, fields);
  if (fields.rows() == 0 || fields.row_end(0) > 100) return 0;
  Outcome at_once = read(text, rules, 0);
  same_outcome(read(text, rules, seed + 1u), at_once);
  return 0;
}
