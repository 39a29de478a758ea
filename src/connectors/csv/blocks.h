// The part of the CSV tokenizer that a vector unit does: which of 64 bytes are what, and which bits are set in a word.
#pragma once
#include <cstddef>
#include <cstdint>

#include "connectors/csv/tokenizer.h"

namespace levada {

// One bit for each of 64 bytes, the first lowest.
struct CsvBlock {
  std::uint64_t separators, feeds, quotes, returns, escapes;
};

// Where field and row ends go. `field` and `row` move on; 64 places behind them may be overwritten.
struct CsvEnds {
  std::uint32_t* first_field;
  std::uint32_t* field;  // positions of separators and line feeds
  std::uint32_t* row;    // for each row the number of fields so far
};

struct CsvBlockLoops {
  // `count` blocks from `text` on, which must be readable. Without quote or escape (0) their bits are 0.
  void (*classify)(const char* text, std::size_t count, const CsvDialect& dialect, CsvBlock* blocks);
  // Writes the places of the blocks' separators, to which line feeds belong here; the first block stands at `base`.
  void (*collect)(const CsvBlock* blocks, std::size_t count, std::uint32_t base, CsvEnds& ends);
};

// Isa::plain has no loops of its own and gets those of SSE4.2.
const CsvBlockLoops& csv_block_loops(Isa isa);

}  // namespace levada
