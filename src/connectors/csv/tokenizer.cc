#include "connectors/csv/tokenizer.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/assert.h"
#include "connectors/csv/blocks.h"

namespace levada {
namespace {

// What a byte finds itself in.
enum class Place : std::uint8_t {
  start,         // of a field, perhaps behind blanks that do not count
  plain,         // in a field without quotes
  quoted,        // within quotes
  escaped,       // behind an escape within quotes
  closed,        // behind a quote that closes, or is the first of two
  closed_blank,  // behind blanks behind a closing quote
  closed_return  // behind the carriage return behind a closing quote
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The definition of where fields end, a byte at a time.
class StateMachine {
 public:
  StateMachine(const CsvDialect& dialect, std::vector<CsvFields::Spoiled>& spoiled)
      : dialect_(dialect), spoiled_(spoiled) {}

  Place place = Place::start;

  // Up to 64 bytes; the block's separators and feeds become the ones that count.
  void walk(const char* text, std::uint32_t at, std::uint32_t count, CsvBlock& block) {
    block.separators = block.feeds = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      char c = text[at + i];
      if (!ends_field(c, at + i)) continue;
      block.separators |= std::uint64_t{1} << i;
      if (c == '\n') block.feeds |= std::uint64_t{1} << i;
    }
  }

 private:
  bool ends_field(char c, std::uint32_t at) {
    bool quote = dialect_.quote && c == dialect_.quote;
    switch (place) {
      case Place::start:
        if (quote) return place = Place::quoted, false;
        if (is_end(c)) return true;
        if (!(dialect_.skip_blanks_around_quotes && is_blank(c))) place = Place::plain;
        return false;
      case Place::plain:
        if (quote && dialect_.only_quoted) return place = Place::quoted, false;
        if (!is_end(c)) return false;
        place = Place::start;
        return true;
      case Place::quoted:
        if (dialect_.escape && c == dialect_.escape)
          place = Place::escaped;
        else if (quote)
          place = dialect_.only_quoted ? Place::plain : Place::closed;
        return false;
      case Place::escaped: return place = Place::quoted, false;
      case Place::closed:
        if (quote) return place = Place::quoted, false;
        if (c == '\r') return place = Place::closed_return, false;
        [[fallthrough]];
      case Place::closed_blank:
        if (is_end(c)) return place = Place::start, true;
        if (c == '\r') return place = Place::closed_return, false;
        if (dialect_.skip_blanks_around_quotes && is_blank(c)) return place = Place::closed_blank, false;
        return spoil(c, at);
      case Place::closed_return:
        if (c == '\n') return place = Place::start, true;
        return spoil(c, at);
    }
    LV_UNREACHABLE();
  }

  bool is_end(char c) const { return c == dialect_.separator || c == '\n'; }

  // Text behind a closing quote. The rest of the field is taken as plain.
  bool spoil(char c, std::uint32_t at) {
    spoiled_.push_back({0, at});
    place = is_end(c) ? Place::start : Place::plain;
    return is_end(c);
  }

  const CsvDialect& dialect_;
  std::vector<CsvFields::Spoiled>& spoiled_;
};

// Bit i is the exclusive or of bits 0 to i: set from each opening quote to the byte before the closing one.
std::uint64_t running_xor(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Blocks of 64 bytes with their quotes taken into account, as long as these follow RFC 4180 to the letter.
class Resolver {
 public:
  explicit Resolver(const CsvDialect& dialect) : dialect_(dialect) {}

  // False: this block needs the state machine, and nothing has changed.
  bool resolve(CsvBlock& b) {
    if (odd_ != Place::plain) return false;
    std::uint64_t ends = b.separators | b.feeds;
    if ((b.quotes | inside_ | closed_ | closed_return_) == 0) {
      b.separators = ends;
      boundary_ = ends >> 63;
      return true;
    }
    if (b.escapes != 0) return false;
    std::uint64_t within = running_xor(b.quotes) ^ inside_;
    ends &= ~within;
    if (!dialect_.only_quoted) {
      std::uint64_t opening = b.quotes & within, closing = b.quotes & ~within;
      std::uint64_t may_open = (ends << 1) | (closing << 1) | boundary_ | closed_;
      std::uint64_t behind_closing = (closing << 1) | closed_;
      std::uint64_t returns = behind_closing & b.returns;
      std::uint64_t behind_return = (returns << 1) | closed_return_;
      std::uint64_t wrong =
          (opening & ~may_open) | (behind_closing & ~(ends | b.quotes | returns)) | (behind_return & ~(ends & b.feeds));
      if (wrong != 0) return false;
      closed_ = closing >> 63;
      closed_return_ = returns >> 63;
    }
    inside_ = 0 - (within >> 63);
    boundary_ = ends >> 63;
    b.separators = ends;
    b.feeds &= ends;
    return true;
  }

  // The place before the block at `text + at`.
  Place place(const char* text, std::uint32_t at) const {
    if (odd_ != Place::plain) return odd_;
    if (inside_) return Place::quoted;
    if (closed_) return Place::closed;
    if (closed_return_) return Place::closed_return;
    if (boundary_) return Place::start;
    if (!dialect_.skip_blanks_around_quotes) return Place::plain;
    return blank_place(text, at);
  }
  void set(Place place) {
    odd_ = place == Place::escaped || place == Place::closed_blank ? place : Place::plain;
    inside_ = place == Place::quoted ? ~std::uint64_t{0} : 0;
    closed_ = place == Place::closed;
    closed_return_ = place == Place::closed_return;
    boundary_ = place == Place::start;
  }

 private:
  // Behind blanks it is still the start of a field if a separator stands before them.
  Place blank_place(const char* text, std::uint32_t at) const {
    while (at > 0 && is_blank(text[at - 1]) && text[at - 1] != dialect_.separator) --at;
    if (at == 0) return Place::start;
    char c = text[at - 1];
    return c == dialect_.separator || c == '\n' ? Place::start : Place::plain;
  }

  const CsvDialect& dialect_;
  // All ones while within quotes; the others are 0 or 1 and speak of the byte before the block.
  std::uint64_t inside_ = 0, boundary_ = 1, closed_ = 0, closed_return_ = 0;
  Place odd_ = Place::plain;  // a place that only the state machine knows
};

}  // namespace

void tokenize(std::string_view text, const CsvDialect& dialect, CsvFields& fields, Isa isa) {
  LV_ASSERT(text.size() < (std::size_t{1} << 31));
  constexpr std::uint32_t group = 64;  // blocks at a time: the bits stay in the nearest cache
  auto size = static_cast<std::uint32_t>(text.size());
  if (fields.capacity_ < text.size() + 128) {
    fields.capacity_ = text.size() + 128;
    fields.ends_ = std::make_unique_for_overwrite<std::uint32_t[]>(fields.capacity_);
    fields.row_ends_ = std::make_unique_for_overwrite<std::uint32_t[]>(fields.capacity_);
  }
  fields.spoiled_.clear();

  const CsvBlockLoops& loops = csv_block_loops(isa);
  StateMachine machine(dialect, fields.spoiled_);
  Resolver resolver(dialect);
  fields.ends_[0] = ~std::uint32_t{0};
  fields.row_ends_[0] = 0;
  CsvEnds ends = {fields.ends_.get() + 1, fields.ends_.get() + 1, fields.row_ends_.get() + 1};
  std::array<CsvBlock, group> blocks;
  std::uint64_t quoted_feeds = 0;
  for (std::uint32_t at = 0; at < size; at += 64 * group) {
    std::uint32_t count = std::min(group, (size - at + 63) / 64);
    loops.classify(text.data() + at, count, dialect, blocks.data());
    if (std::uint32_t rest = size - at; rest < 64 * count) {  // what stands behind the text does not count
      std::uint64_t mask = (std::uint64_t{1} << (rest % 64)) - 1;
      CsvBlock& b = blocks[count - 1];
      b = {b.separators & mask, b.feeds & mask, b.quotes & mask, b.returns & mask, b.escapes & mask};
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t feeds = blocks[i].feeds;
      if (isa != Isa::plain && resolver.resolve(blocks[i])) {
        quoted_feeds |= feeds ^ blocks[i].feeds;
        continue;
      }
      std::uint32_t from = at + 64 * i;
      if (isa != Isa::plain) machine.place = resolver.place(text.data(), from);
      machine.walk(text.data(), from, std::min(64u, size - from), blocks[i]);
      resolver.set(machine.place);
      quoted_feeds |= feeds ^ blocks[i].feeds;
    }
    loops.collect(blocks.data(), count, at, ends);
  }
  fields.field_count_ = static_cast<std::uint32_t>(ends.field - ends.first_field);
  fields.row_count_ = static_cast<std::uint32_t>(ends.row - fields.row_ends_.get()) - 1;
  fields.quoted_feeds_ = quoted_feeds != 0;
  Place last = resolver.place(text.data(), size);
  fields.ends_in_quotes_ = last == Place::quoted || last == Place::escaped;
  fields.name_spoiled_rows();
}

void CsvFields::name_spoiled_rows() {
  std::uint32_t row = 0;
  auto kept = spoiled_.begin();
  for (const Spoiled& s : spoiled_) {
    while (row < row_count_ && row_end(row) <= s.at) ++row;
    if (row == row_count_) break;  // its end has not been seen yet
    if (kept != spoiled_.begin() && kept[-1].row == row) continue;
    *kept++ = {row, s.at};
  }
  spoiled_.erase(kept, spoiled_.end());
}

}  // namespace levada
