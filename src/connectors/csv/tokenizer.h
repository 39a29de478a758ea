// Finds where the fields and rows of a CSV text end. This is the one place that knows what a quote does to a separator;
// what stands in a field is read later (cells.h).
//
// 64 bytes are looked at together: a vector unit says where separators, line feeds, quotes and carriage returns are, a
// running exclusive or over the quotes says what lies within them. Where the quotes of such a block do not follow
// RFC 4180 to the letter (an inch sign in a plain field, text behind a closing quote, an escape), the block is gone
// through byte by byte instead, by the plain state machine that is also the definition of what is right.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "connectors/csv/dialect.h"

namespace levada {

// Which instructions to use. All give the same result.
enum class Isa : std::uint8_t { plain, sse42, avx2, avx512 };
Isa best_isa();
bool runs_here(Isa isa);

class CsvFields;
// Takes the text apart, which must begin at the start of a row and be shorter than 2 GiB. Behind it 64 bytes may be
// read. What follows the last line feed outside quotes belongs to no row yet.
void tokenize(std::string_view text, const CsvDialect& dialect, CsvFields& fields, Isa isa = best_isa());

// Where a text has its fields. Reused: memory stays.
class CsvFields {
 public:
  // A row whose quotes are wrong: text behind a closing quote.
  struct Spoiled {
    std::uint32_t row;
    std::uint32_t at;  // the first byte that should not be there
  };

  std::uint32_t rows() const { return row_count_; }
  // The fields of a row are [first_field(row), first_field(row + 1)).
  std::uint32_t first_field(std::uint32_t row) const { return row_ends_[row]; }
  std::uint32_t fields_of(std::uint32_t row) const { return first_field(row + 1) - first_field(row); }
  // Field i is [begin(i), end(i)); at its end stands the separator or the line feed.
  std::uint32_t begin(std::uint32_t field) const { return ends_[field] + 1; }
  std::uint32_t end(std::uint32_t field) const { return ends_[field + 1]; }
  std::uint32_t row_begin(std::uint32_t row) const { return begin(first_field(row)); }
  // Behind the line feed.
  std::uint32_t row_end(std::uint32_t row) const { return ends_[row_ends_[row + 1]] + 1; }
  // Behind the last whole row.
  std::uint32_t complete() const { return row_count_ == 0 ? 0 : row_end(row_count_ - 1); }

  // For loops: begin(i) is ends()[i] + 1, end(i) is ends()[i + 1]; first_field(row) is first_fields()[row].
  const std::uint32_t* ends() const { return ends_.get(); }
  const std::uint32_t* first_fields() const { return row_ends_.get(); }
  const std::vector<Spoiled>& spoiled() const { return spoiled_; }  // by row, each row once
  // No line feed stands within quotes: every row is one line.
  bool row_is_line() const { return !quoted_feeds_; }
  bool ends_in_quotes() const { return ends_in_quotes_; }  // the text stops within quotes

 private:
  friend void tokenize(std::string_view, const CsvDialect&, CsvFields&, Isa);
  void name_spoiled_rows();

  // Room for a text of line feeds only, so that the loops need not look; not cleared.
  std::unique_ptr<std::uint32_t[]> ends_;      // -1, then the ends of fields
  std::unique_ptr<std::uint32_t[]> row_ends_;  // 0, then for each row the number of fields up to its end
  std::size_t capacity_ = 0;
  std::uint32_t field_count_ = 0, row_count_ = 0;
  std::vector<Spoiled> spoiled_;
  bool quoted_feeds_ = false, ends_in_quotes_ = false;
};

}  // namespace levada
