#include "formats/avro_reader.h"

#include "batch/decimal_bytes.h"
#include "batch/number_text.h"
#include "formats/scalar_text.h"
#include "formats/schema_store.h"

namespace levada {

using Op = AvroStep::Op;

static constexpr int max_calls = 256;              // types within themselves
static constexpr std::uint32_t max_hollow = 4096;  // elements of a list that take no bytes

// Sixteen bytes behind a string may be read.
static constexpr char true_text[24] = "true", false_text[24] = "false";

// ASCII, for short strings faster than to ask.
static bool is_plain(std::string_view text) {
  if (text.size() > 16) return false;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < 16; i += 8) {
    auto word = load<std::uint64_t>(text.data() + i);
    std::size_t n = text.size() > i ? text.size() - i : 0;
    if (n < 8) word &= (std::uint64_t{1} << (8 * n)) - 1;
    seen |= word;
  }
  return (seen & 0x8080808080808080u) == 0;
}

void AvroReader::add_slots(Column* column, const Type& type) {
  slots_.push_back(column);
  if (type.nested())
    for (std::size_t i = 0; i < type.children().size(); ++i)
      add_slots(column ? &column->child(i) : nullptr, type.children()[i].type);
}

bool AvroReader::read(const AvroPlan& plan, std::string_view text, std::uint32_t row) {
  plan_ = &plan;
  begin_ = text.data();
  at_ = begin_ + schema_frame_size;
  stop_ = begin_ + text.size();
  calls_ = 0;
  if (!run(0, plan.end, row)) return false;
  if (at_ == stop_) return true;
  why_ = std::to_string(stop_ - at_) + " bytes more than the schema has, at byte " + std::to_string(at_ - begin_);
  return false;
}

bool AvroReader::fault(const AvroStep& step, const char* at, const std::string& what) {
  const std::string& path = plan_->paths[step.path];
  why_ = (path.empty() ? "" : "field " + path + ": ") + what + " at byte " + std::to_string(at - begin_);
  return false;
}
bool AvroReader::fault(const AvroStep& step, const char* at) {
  std::string what = step.slot == AvroStep::no_slot ? "a value that is skipped" : slots_[step.slot]->type().text();
  return fault(step, at, "expected " + what + ", found none or half of one");
}

// The steps [at, end) with `row` of the slots.
bool AvroReader::run(std::uint32_t at, std::uint32_t end, std::uint32_t row) {
  const AvroStep* steps = plan_->steps.data();
  while (at < end) {
    const AvroStep& step = steps[at++];
    const char* from = at_;
    if (step.null_branch >= 0) {
      // Two branches: their numbers are one byte, 0 or 2.
      if (at_ == stop_ || (*at_ != 0 && *at_ != 2)) return fault(step, from, "expected the number of a union's branch");
      bool is_null = *at_++ == step.null_branch * 2;
      if (is_null) {
        if (step.slot != AvroStep::no_slot) put_null(*slots_[step.slot], row);
        continue;
      }
    }
    std::int64_t v;
    std::string_view bytes;
    switch (step.op) {
      case Op::boolean:
        if (at_ == stop_ || static_cast<unsigned char>(*at_) > 1) return fault(step, from);
        put(step, row, static_cast<std::uint8_t>(*at_++));
        break;
      case Op::int32:
      case Op::date:
        if (!varint(v) || v != static_cast<std::int32_t>(v)) return fault(step, from);
        put(step, row, static_cast<std::int32_t>(v));
        break;
      case Op::int64:
      case Op::timestamp_us:
        if (!varint(v)) return fault(step, from);
        put(step, row, v);
        break;
      case Op::int_to_double:
        if (!varint(v)) return fault(step, from);
        put(step, row, static_cast<double>(v));
        break;
      case Op::float32: {
        float f;
        if (!plain(f)) return fault(step, from);
        put(step, row, static_cast<double>(f));
        break;
      }
      case Op::float64: {
        double d;
        if (!plain(d)) return fault(step, from);
        put(step, row, d);
        break;
      }
      case Op::decimal:
        if (!sized(bytes)) return fault(step, from);
        if (!put_number(step, row, bytes)) return false;
        break;
      case Op::decimal_fixed:
        if (!fixed(step.size, bytes)) return fault(step, from);
        if (!put_number(step, row, bytes)) return false;
        break;
      case Op::string:
      case Op::fixed_string:
        if (step.op == Op::string ? !sized(bytes) : !fixed(step.size, bytes)) return fault(step, from);
        if (!is_plain(bytes) && !is_utf8(bytes))
          return fault(step, bytes.data() + utf8_fault(bytes), "expected STRING, found bytes that are not UTF-8");
        put_string(step, row, bytes);
        break;
      case Op::bytes:
        if (!sized(bytes)) return fault(step, from);
        put_string(step, row, bytes);
        break;
      case Op::fixed:
        if (!fixed(step.size, bytes)) return fault(step, from);
        put_string(step, row, bytes);
        break;
      case Op::boolean_text:
        if (at_ == stop_ || static_cast<unsigned char>(*at_) > 1) return fault(step, from);
        put(step, row, StringView(*at_ ? true_text : false_text, *at_ ? 4 : 5));
        ++at_;
        break;
      case Op::int_text:
        if (!varint(v)) return fault(step, from);
        put_text(step, row, [&](char* p) { return put_integer(p, v); });
        break;
      case Op::float32_text: {
        float f;
        if (!plain(f)) return fault(step, from);
        put_text(step, row, [&](char* p) { return put_double(p, static_cast<double>(f)); });
        break;
      }
      case Op::float64_text: {
        double d;
        if (!plain(d)) return fault(step, from);
        put_text(step, row, [&](char* p) { return put_double(p, d); });
        break;
      }
      case Op::symbol:
        if (!varint(v) || v < 0 || v >= step.size) return fault(step, from, "expected the number of an enum's symbol");
        put(step, row, plan_->symbols[step.other + static_cast<std::uint32_t>(v)]);
        break;
      case Op::time_ms:
      case Op::time_us: {
        if (!varint(v)) return fault(step, from);
        auto time = step.op == Op::time_ms ? time_from_ms(v) : std::optional(v);
        if (!time || *time < 0 || *time >= micros_per_day)
          return fault(step, from, "expected a TIME of one day, found " + std::to_string(v));
        put(step, row, *time);
        break;
      }
      case Op::timestamp_ms: {
        if (!varint(v)) return fault(step, from);
        auto time = timestamp_from_ms(v);
        if (!time) return fault(step, from, "no TIMESTAMP is as far away as " + std::to_string(v) + " milliseconds");
        put(step, row, *time);
        break;
      }
      case Op::skip_varint:
        if (!varint(v)) return fault(step, from);
        break;
      case Op::skip_fixed:
        if (!fixed(step.size, bytes)) return fault(step, from);
        break;
      case Op::skip_bytes:
        if (!sized(bytes)) return fault(step, from);
        break;
      case Op::branch:
        if (!varint(v) || v < 0 || v >= step.size) return fault(step, from, "expected the number of a union's branch");
        at = plan_->targets[step.other + static_cast<std::uint32_t>(v)];
        break;
      case Op::jump: at = step.other; break;
      case Op::list:
        if (!list(step, at, row)) return false;
        at = step.other;
        break;
      case Op::skip_list:
        if (!skip_list(step, at, row)) return false;
        at = step.other;
        break;
      case Op::call:
        if (calls_ == max_calls) return fault(step, from, "a value is nested too deeply");
        ++calls_;
        if (!run(step.other, static_cast<std::uint32_t>(plan_->steps.size()), row)) return false;
        --calls_;
        break;
      case Op::back: return true;
      case Op::null: put_null(*slots_[step.slot], row); break;
      case Op::fail: return fault(step, from, plan_->reasons[step.other]);
    }
  }
  return true;
}

bool AvroReader::put_number(const AvroStep& step, std::uint32_t row, std::string_view bytes) {
  Column& column = *slots_[step.slot];
  std::optional<Int128> number = unscaled_of_bytes(bytes);
  if (number) number = fit_decimal(*number, static_cast<int>(step.other), column.type());
  if (!number) return fault(step, bytes.data(), "the number does not fit into " + column.type().text());
  column.values<Int128>()[row] = *number;
  return true;
}

bool AvroReader::next_block(const AvroStep& step, Block& block) {
  const char* from = at_;
  std::int64_t n = 0, size = 0;
  block = {};
  if (!varint(n) || n == INT64_MIN) return fault(step, from);
  if (n < 0) {
    if (!varint(size) || size < 0 || static_cast<std::uint64_t>(size) > left()) return fault(step, from);
    block.bytes = static_cast<std::size_t>(size);
  }
  block.count = static_cast<std::uint64_t>(n < 0 ? -n : n);
  if (block.count > left() + max_hollow) return fault(step, from, "a block has more elements than bytes");
  return true;
}

bool AvroReader::list(const AvroStep& step, std::uint32_t body, std::uint32_t row) {
  Column& column = *slots_[step.slot];
  Block block;
  for (;;) {
    if (!next_block(step, block)) return false;
    if (block.count == 0) break;
    std::uint32_t first = column.child(0).size();
    if (first + block.count > INT32_MAX) return fault(step, at_, "a list is too long");
    auto count = static_cast<std::uint32_t>(block.count);
    for (std::size_t c = 0; c < column.type().children().size(); ++c) column.child(c).extend(count);
    if (!elements(step, body, first, count, 1)) return false;
  }
  column.offsets()[row + 1] = column.child(0).size();
  return true;
}

bool AvroReader::skip_list(const AvroStep& step, std::uint32_t body, std::uint32_t row) {
  Block block;
  for (;;) {
    if (!next_block(step, block)) return false;
    if (block.count == 0) return true;
    if (block.bytes)
      at_ += *block.bytes;
    else if (!elements(step, body, row, block.count, 0))
      return false;
  }
}

bool AvroReader::elements(const AvroStep& step, std::uint32_t body, std::uint32_t row, std::uint64_t count,
                          std::uint32_t by) {
  std::uint32_t hollow = 0;
  for (; count > 0; --count, row += by) {
    const char* from = at_;
    if (!run(body, step.other, row)) return false;
    if (at_ == from && ++hollow > max_hollow) return fault(step, from, "a list has too many elements without bytes");
  }
  return true;
}

}  // namespace levada
