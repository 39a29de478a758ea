#include "connectors/csv/reader.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/assert.h"
#include "connectors/csv/first_row.h"
#include "connectors/csv/line_feeds.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

constexpr std::size_t letter_bytes = 16 << 20;  // of headers in one read

std::string counted(std::uint64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

}  // namespace

// A piece of the file, from the start of a row. Strings of batches point into it.
struct CsvReader::Chunk {
  Chunk(std::uint64_t from, std::size_t room) : at(from), memory(new char[room + 64]) {}
  std::string_view text() const { return {memory.get(), size + line_end_added}; }

  std::uint64_t at;                  // of the file
  std::unique_ptr<char[]> memory;    // 64 bytes more than text
  std::uint32_t size = 0;            // bytes of the file
  std::uint32_t line_end_added = 0;  // 1: behind them stands a line feed that the file does not have
  bool to_the_end = false;           // of the file as it is
  bool plain = false;                // CsvCells::plain_text of its whole rows
};

// Rows that are looked at, before anything is changed by them.
struct CsvReader::Taken {
  std::vector<std::uint32_t> good;       // first fields
  std::vector<std::int64_t> numbers;     // of the good rows
  std::vector<std::uint32_t> good_rows;  // of fields_
  struct Rejected {
    std::uint64_t row;
    DeadLetter letter;
  };
  std::vector<Rejected> rejected;
  std::uint64_t rows = 0;
  std::uint32_t stop = 0;  // row of fields_ behind the last one
};

CsvReader::CsvReader(const CsvReadRules& rules, std::unique_ptr<File> file, std::string path)
    : rules_(rules), file_(std::move(file)), path_(std::move(path)) {
  for (std::size_t c = 0; c < rules_.schema->size(); ++c)
    columns_.emplace_back((*rules_.schema)[c].type, rules_.cells, rules_.formats[c]);
}

void CsvReader::go_to(const CsvPlace& place, CsvFingerprint fingerprint, bool open_end) {
  place_ = place;
  fingerprint_ = std::move(fingerprint);
  open_end_ = open_end;
  chunk_.reset();
}

Result<bool> CsvReader::read(std::uint32_t most, bool whole, const Times& times, SourceRead& out) {
  if (!layout_ && !LV_TRY(find_layout(whole))) return false;
  // Every rejected row carries the header along.
  most = std::min(most, static_cast<std::uint32_t>(1 + letter_bytes / (1 + header_.size())));
  std::uint64_t before = place_.rows;
  while (true) {
    auto taken = static_cast<std::uint32_t>(place_.rows - before);
    bool exhausted = !chunk_ || next_row_ == fields_.rows();
    if (taken >= most || (taken > 0 && (exhausted || rules_.halt_on_error))) return true;
    if (exhausted && !LV_TRY(load(whole))) {
      bool stuck = chunk_ && chunk_->size > 0 && (whole || chunk_->size > rules_.max_row_bytes);
      if (!stuck || !LV_TRY(reject_first_line(whole, times, out))) return false;
      continue;
    }
    if (is_broken(next_row_))
      LV_TRY(reject_first_line(whole, times, out));
    else
      LV_TRY(take_rows(std::min(most - taken, batch_rows), times, out));
  }
}

// ---- pieces of the file ----

Result<bool> CsvReader::find_layout(bool whole) {
  auto first = LV_TRY(read_first_row(*file_, path_, rules_, whole));
  if (!first) return false;
  layout_ = std::move(first->layout);
  header_ = std::move(first->header);
  if (place_.bytes > 0) return true;
  place_ = first->end;
  open_end_ = first->open_end;
  LV_TRY(fingerprint_.update_from(*file_, place_.bytes));
  return true;
}

// Fields of the next rows, from place_ on. False: there is no whole row (chunk_ holds what there is).
Result<bool> CsvReader::load(bool whole) {
  chunk_.reset();
  if (open_end_ && !LV_TRY(pass_late_line_end())) return false;
  for (std::size_t want = rules_.buffer_bytes;; want *= 4) {
    chunk_ = std::make_shared<Chunk>(place_.bytes, want + 1);
    Chunk& chunk = *chunk_;
    chunk.size = static_cast<std::uint32_t>(LV_TRY(file_->read_at(chunk.at, {chunk.memory.get(), want})));
    chunk.to_the_end = chunk.size < want;
    if (whole && chunk.to_the_end && chunk.size > 0 && chunk.memory[chunk.size - 1] != '\n') {
      chunk.memory[chunk.size] = '\n';
      chunk.line_end_added = 1;
    }
    tokenize(chunk.text(), rules_.cells.dialect, fields_);
    next_row_ = 0;
    if (fields_.rows() > 0) {
      std::string_view rows = chunk.text().substr(0, fields_.complete());
      chunk.plain = rules_.cells.charset == CsvCharset::utf8 ? is_utf8(rows) : !has_high_bytes(rows);
      return true;
    }
    if (chunk.to_the_end || chunk.size > rules_.max_row_bytes) return false;
  }
}

// The last row had no line end when the file seemed to be complete. Now it may have got one, which is no row.
Result<bool> CsvReader::pass_late_line_end() {
  char next[2];
  std::size_t n = LV_TRY(file_->read_at(place_.bytes, next));
  std::size_t end = n >= 1 && next[0] == '\n' ? 1 : n == 2 && next[0] == '\r' && next[1] == '\n' ? 2 : 0;
  if (end == 0) return false;
  fingerprint_.update({next, end});
  place_.bytes += end;
  place_.lines += 1;
  open_end_ = false;
  return true;
}

// The row has wrong quotes or too many bytes, and several lines: what it swallowed may be rows.
bool CsvReader::is_broken(std::uint32_t row) const {
  bool spoiled = std::ranges::binary_search(fields_.spoiled(), row, {}, &CsvFields::Spoiled::row);
  std::uint32_t begin = fields_.row_begin(row), end = fields_.row_end(row);
  if (!spoiled && end - begin <= rules_.max_row_bytes) return false;
  return std::memchr(chunk_->memory.get() + begin, '\n', end - 1 - begin) != nullptr;
}

DeadLetter CsvReader::letter(std::string cause, std::uint64_t row, std::uint64_t line, std::string_view bytes,
                             const Times& times) const {
  DeadLetter letter{.stage = "read",
                    .cause = std::move(cause),
                    .origin = path_ + " row " + std::to_string(row) + ", line " + std::to_string(line),
                    .timestamp_ms = rules_.time == CsvTime::file_time ? times.file_ms : times.now_ms,
                    .value = std::string(without_line_end(bytes, rules_.cells.dialect))};
  if (layout_->has_header) letter.key = header_;
  return letter;
}

Error CsvReader::halt(const DeadLetter& letter) const {
  return Error(ErrorKind::data, letter.cause)
      .where(letter.origin)
      .remedy("Correct the row, or set 'halt.on.error' = 'false' to send such rows to the dead letters.");
}

void CsvReader::advance(std::uint32_t to, std::uint64_t rows, std::optional<std::uint64_t> lines) {
  auto from = static_cast<std::uint32_t>(place_.bytes - chunk_->at);
  open_end_ = to > chunk_->size;
  std::string_view bytes = chunk_->text().substr(from, std::min(to, chunk_->size) - from);
  fingerprint_.update(bytes);
  place_.bytes += bytes.size();
  place_.rows += rows;
  place_.lines += lines ? *lines : count_line_feeds(bytes);
}

// Rejects the line that stands at place_, so that what follows has another chance to be rows. False: its end is not
// there yet.
Result<bool> CsvReader::reject_first_line(bool whole, const Times& times, SourceRead& out) {
  auto from = static_cast<std::uint32_t>(place_.bytes - chunk_->at);
  std::string_view text = chunk_->text().substr(0, chunk_->size).substr(from);
  bool spoiled = next_row_ < fields_.rows() && fields_.row_end(next_row_) - from <= rules_.max_row_bytes;
  std::string cause =
      spoiled ? spoiled_cause(next_row_)
      : text.size() > rules_.max_row_bytes
          ? "the row is longer than " + std::to_string(rules_.max_row_bytes) + " bytes, or a quote in it is left open"
          : "a quote is opened and not closed before the end of the file";
  std::size_t feed = text.find('\n');
  if (feed == std::string_view::npos && chunk_->to_the_end && !whole) return false;
  if (feed != std::string_view::npos) cause += "; reading goes on at the next line";
  std::size_t kept = feed == std::string_view::npos ? rules_.max_row_bytes : feed + 1;
  DeadLetter rejected = letter(cause, place_.rows + 1, place_.lines + 1, text.substr(0, kept), times);
  if (rejected.value->size() > rules_.max_row_bytes) rejected.value->resize(rules_.max_row_bytes);
  if (feed == std::string_view::npos && !chunk_->to_the_end) {
    std::uint64_t end = LV_TRY(find_line_end(chunk_->at + chunk_->size));
    if (end == 0 && !whole) return false;
    if (rules_.halt_on_error) return halt(rejected);
    open_end_ = end == 0;
    if (end == 0) end = LV_TRY(file_->size());
    rejected.cause += ", and only its beginning is kept";
    LV_TRY(fingerprint_.update_from(*file_, end));
    place_ = {end, place_.rows + 1, place_.lines + !open_end_};
  } else {
    if (rules_.halt_on_error) return halt(rejected);
    advance(feed == std::string_view::npos ? chunk_->size + 1 : from + static_cast<std::uint32_t>(feed) + 1, 1);
  }
  out.rejected.push_back(std::move(rejected));
  chunk_.reset();
  return true;
}

// Behind the first line feed from byte `at` on; 0 if there is none.
Result<std::uint64_t> CsvReader::find_line_end(std::uint64_t at) const {
  std::vector<char> buffer(256 << 10);
  while (true) {
    std::size_t n = LV_TRY(file_->read_at(at, buffer));
    const void* feed = std::memchr(buffer.data(), '\n', n);
    if (feed) return at + static_cast<std::uint64_t>(static_cast<const char*>(feed) - buffer.data()) + 1;
    if (n < buffer.size()) return std::uint64_t{0};
    at += n;
  }
}

// ---- rows ----

std::string CsvReader::name_of_field(std::uint32_t field) const {
  for (std::size_t c = 0; c < layout_->fields.size(); ++c)
    if (layout_->fields[c] == field) return (*rules_.schema)[c].name;
  return "field " + std::to_string(field + 1);
}

std::string CsvReader::spoiled_cause(std::uint32_t row) const {
  auto spoiled = std::ranges::lower_bound(fields_.spoiled(), row, {}, &CsvFields::Spoiled::row);
  std::uint32_t field = 0;
  while (fields_.end(fields_.first_field(row) + field) < spoiled->at) ++field;
  return name_of_field(field) + ": there is text behind the closing quote";
}

// Why a row has no cells to read; empty if it has.
std::string CsvReader::flaw(std::uint32_t row) const {
  if (std::ranges::binary_search(fields_.spoiled(), row, {}, &CsvFields::Spoiled::row)) return spoiled_cause(row);
  std::uint32_t size = fields_.row_end(row) - fields_.row_begin(row);
  if (size > rules_.max_row_bytes)
    return "the row has " + std::to_string(size) + " bytes, more than " + std::to_string(rules_.max_row_bytes);
  if (fields_.fields_of(row) != layout_->width)
    return "the row has " + counted(fields_.fields_of(row), "field") + " instead of " + std::to_string(layout_->width);
  return {};
}

// Most pieces of most files hold nothing but rows of the right width, whose quotes are right: these are taken at once.
void CsvReader::take_even_rows(std::uint32_t most, Taken& taken) const {
  taken.stop = next_row_;
  if (!fields_.spoiled().empty() || chunk_->size > rules_.max_row_bytes) return;
  const std::uint32_t* first = fields_.first_fields() + next_row_;
  const std::uint32_t rows = std::min(most, fields_.rows() - next_row_), width = layout_->width;
  std::uint32_t even = 0;
  while (even < rows) {
    std::uint32_t stop = std::min(even + 128, rows), wrong = 0;
    for (std::uint32_t i = even; i < stop; ++i) wrong |= (first[i + 1] - first[i]) ^ width;
    if (wrong != 0) break;
    even = stop;
  }
  taken.good.assign(first, first + even);
  taken.good_rows.resize(even);
  std::iota(taken.good_rows.begin(), taken.good_rows.end(), next_row_);
  taken.numbers.resize(even);
  std::iota(taken.numbers.begin(), taken.numbers.end(), static_cast<std::int64_t>(place_.rows + 1));
  taken.rows = even;
  taken.stop = next_row_ + even;
}

CsvReader::Taken CsvReader::look_at_rows(std::uint32_t most, const Times& times) const {
  Taken taken;
  take_even_rows(most, taken);
  const char* text = chunk_->memory.get();
  const std::uint32_t width = layout_->width;
  std::uint64_t line = 0;  // of the row at `counted_to`; found out only where it is needed
  std::uint32_t counted_to = static_cast<std::uint32_t>(place_.bytes - chunk_->at), row = taken.stop;
  for (; row < fields_.rows() && taken.rows < most; ++row) {
    std::uint32_t begin = fields_.row_begin(row), end = fields_.row_end(row);
    bool blank = end - begin == 1 || (end - begin == 2 && text[begin] == '\r');
    if (blank && width > 1) continue;  // holds nothing
    if (is_broken(row)) break;
    std::string cause = flaw(row);
    if (cause.empty()) {
      taken.good.push_back(fields_.first_field(row));
      taken.good_rows.push_back(row);
      taken.numbers.push_back(static_cast<std::int64_t>(place_.rows + ++taken.rows));
      continue;
    }
    if (rules_.halt_on_error && taken.rows > 0) break;  // what comes before it is delivered first
    line += count_line_feeds({text + counted_to, begin - counted_to});
    counted_to = begin;
    std::uint64_t number = place_.rows + ++taken.rows;
    taken.rejected.push_back(
        {number, letter(std::move(cause), number, place_.lines + line + 1, {text + begin, end - begin}, times)});
    if (rules_.halt_on_error) break;
  }
  taken.stop = row;
  return taken;
}

Result<void> CsvReader::take_rows(std::uint32_t most, const Times& times, SourceRead& out) {
  Taken taken = look_at_rows(most, times);
  if (rules_.halt_on_error && !taken.rejected.empty()) return halt(taken.rejected.front().letter);
  if (!taken.good.empty()) {
    Bad bad;  // place in taken.good, and why
    SourceRead::Part part = make_part(taken, times, bad);
    if (!bad.empty()) {
      std::uint32_t first_bad = bad.begin()->first;
      if (rules_.halt_on_error && first_bad > 0) return take_rows(first_bad, times, out);
      reject_bad(part.batch, taken, bad, times);
      if (rules_.halt_on_error) return halt(taken.rejected.front().letter);
      std::vector<std::uint32_t> kept;
      for (std::uint32_t i = 0; i < taken.good.size(); ++i)
        if (!bad.contains(i)) kept.push_back(i);
      part.batch.selection = Selection(std::move(kept));
      part.batch = compact(std::move(part.batch));
    }
    if (!part.batch.empty()) out.parts.push_back(std::move(part));
  }
  std::ranges::sort(taken.rejected, {}, &Taken::Rejected::row);
  for (Taken::Rejected& rejected : taken.rejected) out.rejected.push_back(std::move(rejected.letter));
  if (taken.stop == next_row_) return {};
  std::uint32_t end = fields_.row_end(taken.stop - 1);
  std::optional<std::uint64_t> lines;
  if (fields_.row_is_line()) lines = taken.stop - next_row_ - (end > chunk_->size);
  advance(end, taken.rows, lines);
  next_row_ = taken.stop;
  return {};
}

void CsvReader::reject_bad(const Batch& batch, Taken& taken, Bad& bad, const Times& times) const {
  const char* text = chunk_->memory.get();
  const std::vector<std::int64_t>& numbers = batch.origin->offsets;
  std::uint64_t line = place_.lines + 1;
  auto counted_to = static_cast<std::uint32_t>(place_.bytes - chunk_->at);
  for (auto& [i, why] : bad) {
    std::uint32_t row = taken.good_rows[i], begin = fields_.row_begin(row), end = fields_.row_end(row);
    line += count_line_feeds({text + counted_to, begin - counted_to});
    counted_to = begin;
    auto number = static_cast<std::uint64_t>(numbers[i]);
    taken.rejected.push_back({number, letter(std::move(why), number, line, {text + begin, end - begin}, times)});
  }
}

// The good rows as a batch; rows with a cell that cannot be read are told in `bad`.
SourceRead::Part CsvReader::make_part(Taken& taken, const Times& times, Bad& bad) const {
  const Schema& schema = *rules_.schema;
  auto rows = static_cast<std::uint32_t>(taken.good.size());
  CsvCells cells{chunk_->memory.get(), fields_.ends(), taken.good, chunk_->plain, chunk_};
  Batch batch{.schema = rules_.schema, .size = rows};
  std::vector<CellFailure> failures;
  for (std::size_t c = 0; c < schema.size(); ++c) {
    auto column = std::make_shared<Column>(schema[c].type);
    std::uint32_t field = layout_->fields[c];
    if (field == CsvLayout::missing) {
      column->resize_zeroed(rows);
      column->mutable_validity().assign(rows, false);
    } else {
      columns_[c].read(cells, field, field + 1 == layout_->width, *column, failures);
    }
    auto note = [&](std::uint32_t row, std::string_view why) {
      std::string& cause = bad[row];
      cause += (cause.empty() ? "" : "; ") + schema[c].name + ": " + std::string(why);
    };
    for (const CellFailure& failure : failures) note(failure.row, failure.why);
    bool key = c < schema.key.size();
    if (key && rules_.keys_required && column->has_nulls())
      for (std::uint32_t row = 0; row < rows; ++row)
        if (column->is_null(row) && std::ranges::find(failures, row, &CellFailure::row) == failures.end())
          note(row, "the key is missing");
    failures.clear();
    (key ? batch.key : batch.after).push_back(std::move(column));
  }
  batch.timestamps_ms = event_times(batch, times, bad);
  auto origin = std::make_shared<Origin>();
  origin->topic = path_;
  origin->partition = -1;
  origin->offsets = std::move(taken.numbers);
  batch.origin = std::move(origin);
  batch.selection = Selection::all(rows);
  return {rules_.topic, std::move(batch)};
}

std::shared_ptr<const std::vector<std::int64_t>> CsvReader::event_times(const Batch& batch, const Times& times,
                                                                        Bad& bad) const {
  std::int64_t all = rules_.time == CsvTime::file_time ? times.file_ms : times.now_ms;
  auto values = std::make_shared<std::vector<std::int64_t>>(batch.size, all);
  if (rules_.time != CsvTime::field) return values;
  const Column& column = *batch.column(rules_.time_column);
  for (std::uint32_t row = 0; row < batch.size; ++row) {
    if (column.is_null(row) && !bad.contains(row))
      bad[row] = (*rules_.schema)[rules_.time_column].name + ": the record's time is missing";
    switch (column.type().kind()) {
      case TypeKind::int64: (*values)[row] = column.values<std::int64_t>()[row]; break;
      case TypeKind::date: (*values)[row] = column.values<std::int32_t>()[row] * (micros_per_day / 1000); break;
      case TypeKind::timestamp: (*values)[row] = ms_from_us(column.values<std::int64_t>()[row]); break;
      default: LV_UNREACHABLE();
    }
  }
  return values;
}

}  // namespace levada
