// JSON texts to columns, 64 at a time: quotes are found (json_scan.h), texts that have a known shape (json_shape.h)
// give their values column by column, all others are read one by one (json_reader.h), and now and then a shape is
// learned from one of them.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "formats/format.h"
#include "formats/json_reader.h"
#include "formats/json_scan.h"
#include "formats/json_shape.h"
#include "formats/json_target.h"

namespace levada {

class JsonDecoder : public Decoder {
 public:
  explicit JsonDecoder(const FormatSpec& spec);

  void decode(std::span<const Text> texts, const std::shared_ptr<const void>& memory, std::span<Column* const> columns,
              RowFailures& failures) override;

  // For tests: without shapes; with the instructions of this set.
  void use_shapes(bool use) { use_shapes_ = use; }
  void use_instructions(std::string_view set) { scan_.use(set); }
  // Texts read by their shape so far, and one by one.
  std::uint64_t shaped() const { return shaped_; }
  std::uint64_t unshaped() const { return unshaped_; }

 private:
  using Mask = std::uint64_t;  // a bit for each text of a block

  struct Known {
    JsonShape shape;
    std::uint64_t hits = 0;
  };

  // `next`: the texts of the blocks that follow.
  void decode_block(std::span<const Text> texts, std::span<const Text> next, std::uint32_t first_row,
                    std::span<Column* const> columns, RowFailures& failures);
  // The texts in `mask` are of this shape. Returns those that could be read into the columns.
  Mask read_shaped(const JsonShape& shape, std::span<const Text> texts, std::uint32_t first_row, Mask mask,
                   std::span<Column* const> columns);
  Mask fill(const JsonShape& shape, const JsonTarget& target, Column& column, std::span<const Text> texts,
            std::uint32_t first_row, Mask mask);
  // What stands in hole h of each text of the block.
  auto hole(std::span<const Text> texts, std::size_t h) const {
    return [texts, extents = extents_.data() + h * QuoteScan::max_texts](std::size_t i) {
      return std::string_view(texts[i].data + extents[i].begin, extents[i].size);
    };
  }
  void read_one(const Text& text, std::uint32_t row, std::span<Column* const> columns, RowFailures& failures);
  // nullptr if the text has no shape.
  Known* learn_from(std::string_view text);

  JsonTarget target_;
  bool bare_;  // one value, not an object with fields
  std::uint32_t slots_;
  bool use_shapes_ = true;

  QuoteScan scan_;
  std::vector<Known> known_;
  std::uint32_t blocks_to_wait_ = 0;        // until a shape may be learned again
  std::vector<JsonShape::Extent> extents_;  // of the block's texts for the shape at hand: hole by hole, 64 of each
  std::vector<bool> wanted_holes_;
  JsonReader reader_;
  std::uint64_t shaped_ = 0, unshaped_ = 0;
};

}  // namespace levada
