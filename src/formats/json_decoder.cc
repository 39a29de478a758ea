#include "formats/json_decoder.h"

#include <algorithm>

#include "formats/json_value.h"
#include "formats/plain_value.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

constexpr std::size_t max_shapes = 8;
// Blocks between two attempts to learn: once there are max_shapes, and after a text that has no shape.
constexpr std::uint32_t patience = 64, patience_in_vain = 4;

// f(i) for each text of the mask; returns those for which it was true.
template <class F>
[[gnu::always_inline]] inline std::uint64_t for_each(std::uint64_t mask, F f) {
  std::uint64_t bad = 0;
  if ((mask & (mask + 1)) == 0) [[likely]] {  // the first n, as mostly
    auto n = static_cast<unsigned>(__builtin_popcountll(mask));
    for (unsigned i = 0; i < n; ++i)
      if (!f(i)) [[unlikely]]
        bad |= std::uint64_t{1} << i;
  } else {
    for (std::uint64_t left = mask; left != 0; left &= left - 1) {
      auto i = static_cast<unsigned>(__builtin_ctzll(left));
      if (!f(i)) [[unlikely]]
        bad |= std::uint64_t{1} << i;
    }
  }
  return mask & ~bad;
}

// Brings a text nearer that is read in the next block, while this one is worked on.
void prefetch(const Text& text) {
  for (std::int32_t at = 0; at < text.size && at < 512; at += 64) __builtin_prefetch(text.data + at);
}

}  // namespace

JsonDecoder::JsonDecoder(const FormatSpec& spec)
    : target_(spec.fields.size() == 1 && !spec.wrap_single ? JsonTarget(spec.fields[0].type) : JsonTarget(spec.fields)),
      bare_(spec.fields.size() == 1 && !spec.wrap_single),
      slots_(target_.number_slots(0)) {}

void JsonDecoder::decode(std::span<const Text> texts, const std::shared_ptr<const void>& memory,
                         std::span<Column* const> columns, RowFailures& failures) {
  auto rows = static_cast<std::uint32_t>(texts.size());
  bool lists = false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i]) continue;
    columns[i]->resize(rows);
    hold_memory(*columns[i], memory);
    lists |= bare_ ? target_.has_lists : target_.children[i].has_lists;
  }
  if (lists || !use_shapes_) {
    // The elements of arrays and maps lie one after the other: row by row.
    for (std::uint32_t row = 0; row < rows; ++row) read_one(texts[row], row, columns, failures);
    return;
  }
  for (std::uint32_t row = 0; row < rows; row += QuoteScan::max_texts) {
    std::span left = texts.subspan(row);
    std::span block = left.first(std::min<std::size_t>(QuoteScan::max_texts, left.size()));
    decode_block(block, left.subspan(block.size()), row, columns, failures);
  }
}

void JsonDecoder::decode_block(std::span<const Text> texts, std::span<const Text> next, std::uint32_t first_row,
                               std::span<Column* const> columns, RowFailures& failures) {
  scan_.scan(texts);
  Mask all = texts.size() == QuoteScan::max_texts ? ~Mask{0} : (Mask{1} << texts.size()) - 1;
  Mask open = scan_.scanned();
  if ((scan_.odd() & open) != 0) [[unlikely]] {
    // Beyond ASCII is well if it is UTF-8; escapes and control characters are not for the shape path.
    Mask odd = scan_.odd() & open;
    open &= ~odd | for_each(odd, [&](unsigned i) {
      std::string_view text = texts[i].view();
      return std::ranges::all_of(text, [](char c) { return c != '\\' && (c < 0 || c >= 0x20); }) && is_utf8(text);
    });
  }
  Mask done = 0, strangers = open;
  auto try_shape = [&](Known& known) {
    const JsonShape& shape = known.shape;
    extents_.resize(QuoteScan::max_texts * shape.holes());
    Mask mask = for_each(strangers, [&](unsigned i) {
      if (i < next.size()) prefetch(next[i]);
      return scan_.quotes(i) == shape.quotes() &&
             shape.match(texts[i].data, scan_.positions(i), extents_.data() + i, QuoteScan::max_texts);
    });
    if (mask == 0) return;
    strangers &= ~mask;
    done |= read_shaped(shape, texts, first_row, mask, columns);
    known.hits += static_cast<std::uint64_t>(__builtin_popcountll(mask));
  };
  for (Known& known : known_) try_shape(known);
  if (blocks_to_wait_ > 0)
    --blocks_to_wait_;
  else if (strangers != 0)
    if (Known* learned = learn_from(texts[static_cast<unsigned>(__builtin_ctzll(strangers))].view()))
      try_shape(*learned);
  shaped_ += static_cast<std::uint64_t>(__builtin_popcountll(done));
  for_each(all & ~done, [&](unsigned i) {
    read_one(texts[i], first_row + i, columns, failures);
    return true;
  });
}

JsonDecoder::Mask JsonDecoder::read_shaped(const JsonShape& shape, std::span<const Text> texts, std::uint32_t first_row,
                                           Mask mask, std::span<Column* const> columns) {
  wanted_holes_.assign(shape.holes(), false);
  if (bare_) {
    if (columns[0]) mask = fill(shape, target_, *columns[0], texts, first_row, mask);
  } else {
    if (shape.slot(target_.slot).source != JsonShape::Source::object) return 0;
    for (std::size_t i = 0; i < columns.size() && mask != 0; ++i)
      if (columns[i]) mask = fill(shape, target_.children[i], *columns[i], texts, first_row, mask);
  }
  // What nobody wants must still be one value: literals are not yet known to be.
  for (std::size_t h = 0; h < shape.holes(); ++h) {
    if (wanted_holes_[h] || shape.is_quoted(h)) continue;
    auto text_of = hole(texts, h);
    mask = for_each(mask, [&](unsigned i) {
      std::string_view text = text_of(i);
      PlainDecimal ignored;
      bool negative;
      return plain_decimal(text.data(), text.size(), ignored, negative) || is_json_literal(text);
    });
  }
  return mask;
}

JsonDecoder::Mask JsonDecoder::fill(const JsonShape& shape, const JsonTarget& target, Column& column,
                                    std::span<const Text> texts, std::uint32_t first_row, Mask mask) {
  JsonShape::Slot slot = shape.slot(target.slot);
  switch (slot.source) {
    case JsonShape::Source::other: return 0;
    case JsonShape::Source::missing:
      return for_each(mask, [&](unsigned i) {
        put_null(column, first_row + i);
        return true;
      });
    case JsonShape::Source::object:
      for (std::size_t i = 0; i < target.children.size() && mask != 0; ++i)
        mask = fill(shape, target.children[i], column.child(i), texts, first_row, mask);
      return mask;
    case JsonShape::Source::hole: break;
  }
  wanted_holes_[slot.hole] = true;
  auto text = hole(texts, slot.hole);
  TypeKind kind = target.type.kind();
  if (shape.is_quoted(slot.hole)) {
    if (kind != TypeKind::string)
      return for_each(mask, [&](unsigned i) { return put_json_quoted(column, first_row + i, text(i)); });
    auto* values = column.values<StringView>() + first_row;
    return for_each(mask, [&](unsigned i) {
      std::string_view t = text(i);
      values[i] = StringView(t.data(), static_cast<std::uint32_t>(t.size()));
      return true;
    });
  }
  if (!has_plain_form(kind))
    return for_each(mask, [&](unsigned i) { return put_json_literal(column, first_row + i, text(i)); });
  return with_plain_kind(kind, [&]<TypeKind k>() {
    auto* values = column.values<Physical<k>>() + first_row;
    PlainValue<k> plain(target.type);
    return for_each(
        mask, [&](unsigned i) __attribute__((always_inline)) {
          std::string_view t = text(i);
          return plain.read(t.data(), t.size(), values[i]) || put_json_literal(column, first_row + i, t);
        });
  });
}

// ---- one by one ----

namespace {

// Takes back what a failed row put behind the last one.
void drop_elements(Column& column, std::uint32_t row) {
  if (!column.type().nested()) return;
  bool list = column.type().kind() != TypeKind::structure;
  for (std::size_t i = 0; i < column.type().children().size(); ++i)
    list ? column.child(i).truncate(column.offsets()[row]) : drop_elements(column.child(i), row);
}

}  // namespace

void JsonDecoder::read_one(const Text& text, std::uint32_t row, std::span<Column* const> columns,
                           RowFailures& failures) {
  bool good = false;
  if (!text.is_null()) {
    ++unshaped_;
    Column* only = bare_ ? columns[0] : nullptr;
    if (bare_ && !only) return;
    good = bare_ ? reader_.read_bare(text.view(), target_, *only, row)
                 : reader_.read_row(text.view(), target_, columns, row);
    if (good) return;
    failures.push_back({row, reader_.why()});
  }
  for (Column* column : columns) {
    if (!column) continue;
    drop_elements(*column, row);
    put_null(*column, row);
  }
}

// The shape that was needed least makes room for a new one.
JsonDecoder::Known* JsonDecoder::learn_from(std::string_view text) {
  auto shape = JsonShape::learn(text, target_, slots_);
  if (!shape) {
    blocks_to_wait_ = patience_in_vain;
    return nullptr;
  }
  if (known_.size() < max_shapes) return &known_.emplace_back(std::move(*shape));
  Known& least = *std::ranges::min_element(known_, {}, &Known::hits);
  for (Known& known : known_) known.hits /= 2;
  least = {std::move(*shape)};
  blocks_to_wait_ = patience;
  return &least;
}

}  // namespace levada
