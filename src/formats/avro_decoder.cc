// From Avro's bytes to columns: for each record the steps of its writer's plan (formats/avro_plan.h).
#include <algorithm>
#include <cstring>

#include "formats/avro.h"
#include "formats/avro_fields.h"
#include "formats/avro_plan.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

using Op = AvroStep::Op;

constexpr int max_calls = 256;              // types within themselves
constexpr std::uint32_t max_hollow = 4096;  // elements of a list that take no bytes

// What was put into lists for this row is taken away again.
void undo(Column& column, std::uint32_t row) {
  TypeKind kind = column.type().kind();
  if (!column.type().nested()) return;
  for (std::size_t i = 0; i < column.type().children().size(); ++i) {
    if (kind == TypeKind::structure)
      undo(column.child(i), row);
    else
      column.child(i).truncate(column.offsets()[row]);
  }
}

// One record after the other, by the steps of its plan.
class AvroReader {
 public:
  void add_slots(Column* column, const Type& type) {
    slots_.push_back(column);
    if (type.nested())
      for (std::size_t i = 0; i < type.children().size(); ++i)
        add_slots(column ? &column->child(i) : nullptr, type.children()[i].type);
  }
  void clear_slots() { slots_.clear(); }

  bool read(const AvroPlan& plan, std::string_view text, std::uint32_t row) {
    plan_ = &plan;
    begin_ = text.data();
    at_ = begin_ + avro_framing_size;
    stop_ = begin_ + text.size();
    calls_ = 0;
    if (!run(0, plan.end, row)) return false;
    if (at_ == stop_) return true;
    why_ = std::to_string(stop_ - at_) + " bytes more than the schema has, at byte " + std::to_string(at_ - begin_);
    return false;
  }
  // Why read() failed.
  std::string take_why() { return std::move(why_); }

 private:
  bool varint(std::int64_t& v) {
    if (at_ < stop_ && static_cast<signed char>(*at_) >= 0) [[likely]] {
      v = unzigzag(static_cast<unsigned char>(*at_++));
      return true;
    }
    const char* end = get_varint(at_, stop_, v);
    if (!end) return false;
    at_ = end;
    return true;
  }
  std::size_t left() const { return static_cast<std::size_t>(stop_ - at_); }
  bool sized(std::string_view& bytes) {
    std::int64_t size;
    return varint(size) && fixed(size, bytes);
  }
  bool fixed(std::int64_t size, std::string_view& bytes) {
    if (size < 0 || static_cast<std::uint64_t>(size) > left()) return false;
    bytes = {at_, static_cast<std::size_t>(size)};
    at_ += size;
    return true;
  }
  template <class T>
  bool plain(T& v) {
    if (left() < sizeof v) return false;
    v = load<T>(at_);
    at_ += sizeof v;
    return true;
  }

  bool fault(const AvroStep& step, const char* at, const std::string& what) {
    const std::string& path = plan_->paths[step.path];
    why_ = (path.empty() ? "" : "field " + path + ": ") + what + " at byte " + std::to_string(at - begin_);
    return false;
  }
  bool fault(const AvroStep& step, const char* at) {
    std::string what = step.slot == AvroStep::no_slot ? "a value that is skipped" : slots_[step.slot]->type().text();
    return fault(step, at, "expected " + what + ", found none or half of one");
  }

  template <class T>
  void put(const AvroStep& step, std::uint32_t row, T v) {
    slots_[step.slot]->values<T>()[row] = v;
  }
  void put_string(const AvroStep& step, std::uint32_t row, std::string_view v) {
    put(step, row, StringView(v.data(), static_cast<std::uint32_t>(v.size())));
  }

  // The steps [at, end) with `row` of the slots.
  bool run(std::uint32_t at, std::uint32_t end, std::uint32_t row) {
    const AvroStep* steps = plan_->steps.data();
    while (at < end) {
      const AvroStep& step = steps[at++];
      const char* from = at_;
      if (step.null_branch >= 0) {
        // Two branches: their numbers are one byte, 0 or 2.
        if (at_ == stop_ || (*at_ != 0 && *at_ != 2))
          return fault(step, from, "expected the number of a union's branch");
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
        case Op::symbol:
          if (!varint(v) || v < 0 || v >= step.size)
            return fault(step, from, "expected the number of an enum's symbol");
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
          if (!varint(v) || v < 0 || v >= step.size)
            return fault(step, from, "expected the number of a union's branch");
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

  bool put_number(const AvroStep& step, std::uint32_t row, std::string_view bytes) {
    Int128 v = bytes.empty() ? 0 : static_cast<signed char>(bytes[0]) < 0 ? -1 : 0;
    std::size_t more = bytes.size() > sizeof v ? bytes.size() - sizeof v : 0;
    bool fits = true;
    for (std::size_t i = 0; i < more; ++i) fits &= bytes[i] == static_cast<char>(v);
    if (more > 0) fits &= (bytes[more] & 0x80) == (static_cast<char>(v) & 0x80);
    for (char byte : bytes.substr(more))
      v = static_cast<Int128>(static_cast<UInt128>(v) << 8 | static_cast<unsigned char>(byte));
    Column& column = *slots_[step.slot];
    std::optional<Int128> number;
    if (fits) number = fit_decimal(v, static_cast<int>(step.other), column.type());
    if (!number) return fault(step, bytes.data(), "the number does not fit into " + column.type().text());
    column.values<Int128>()[row] = *number;
    return true;
  }

  // The next block of a list; of 0 elements: the list ends here. Some writers say how many bytes it has.
  struct Block {
    std::uint64_t count = 0;
    std::optional<std::size_t> bytes;
  };
  bool next_block(const AvroStep& step, Block& block) {
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

  bool list(const AvroStep& step, std::uint32_t body, std::uint32_t row) {
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

  bool skip_list(const AvroStep& step, std::uint32_t body, std::uint32_t row) {
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

  bool elements(const AvroStep& step, std::uint32_t body, std::uint32_t row, std::uint64_t count, std::uint32_t by) {
    std::uint32_t hollow = 0;
    for (; count > 0; --count, row += by) {
      const char* from = at_;
      if (!run(body, step.other, row)) return false;
      if (at_ == from && ++hollow > max_hollow) return fault(step, from, "a list has too many elements without bytes");
    }
    return true;
  }

  std::vector<Column*> slots_;
  const AvroPlan* plan_ = nullptr;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* stop_ = nullptr;
  int calls_ = 0;
  std::string why_;
};

class AvroDecoder : public Decoder {
 public:
  explicit AvroDecoder(const FormatSpec& spec)
      : fields_(spec.fields), bare_(avro_is_bare(spec)), schemas_(spec.schemas) {}

  void decode(std::span<const Text> texts, const std::shared_ptr<const void>& memory, std::span<Column* const> columns,
              RowFailures& failures) override {
    if (fields_.empty()) return;
    begin(columns, static_cast<std::uint32_t>(texts.size()), memory);
    for (std::uint32_t row = 0; row < texts.size(); ++row) {
      const Text& text = texts[row];
      std::string why;
      if (!text.is_null()) {
        const Writer* writer = writer_of(text.view(), columns, why);
        if (writer && reader_.read(*writer->plan, text.view(), row)) [[likely]]
          continue;
        if (writer) why = reader_.take_why();
        failures.push_back({row, std::move(why)});
      }
      for (Column* column : columns) {
        if (!column) continue;
        undo(*column, row);
        put_null(*column, row);
      }
    }
  }

 private:
  struct Writer {
    std::int32_t id;
    std::shared_ptr<const AvroPlan> plan;
  };

  void begin(std::span<Column* const> columns, std::uint32_t rows, const std::shared_ptr<const void>& memory) {
    std::vector<bool> wanted;
    reader_.clear_slots();
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      wanted.push_back(columns[i] != nullptr);
      reader_.add_slots(columns[i], fields_[i].type);
      if (!columns[i]) continue;
      columns[i]->resize(rows);
      hold_memory(*columns[i], memory);
    }
    unknown_.reset();
    last_ = nullptr;
    if (wanted == wanted_) {
      for (const auto& writer : writers_) hold_symbols(*writer, columns);
    } else {
      writers_.clear();
      wanted_ = std::move(wanted);
    }
  }

  // The plan for the schema that the text names; nullptr: there is none, and why.
  const Writer* writer_of(std::string_view text, std::span<Column* const> columns, std::string& why) {
    if (text.size() < avro_framing_size || text[0] != 0) {
      why =
          "expected a byte 0 and the number of an Avro schema, found " +
          (text.empty() ? "nothing" : text_of(Value(std::string(text.substr(0, avro_framing_size))), TypeKind::bytes));
      return nullptr;
    }
    auto id = load_big<std::int32_t>(text.data() + 1);
    if (last_ && last_->id == id) [[likely]]
      return last_;
    for (const auto& writer : writers_)
      if (writer->id == id) return last_ = writer.get();
    if (unknown_ && unknown_->first == id) {
      why = unknown_->second;
      return nullptr;
    }
    auto plan = plan_for(id);
    if (!plan) {
      why = plan.error().line();
      unknown_ = {id, why};
      return nullptr;
    }
    writers_.push_back(std::make_unique<Writer>(Writer{id, *std::move(plan)}));
    hold_symbols(*writers_.back(), columns);
    return last_ = writers_.back().get();
  }

  Result<std::shared_ptr<const AvroPlan>> plan_for(std::int32_t id) {
    std::string name = "Avro schema " + std::to_string(id);
    if (!schemas_) return Error(ErrorKind::not_found, name + " cannot be looked up: there is no log");
    auto text = schemas_->schema(id);
    if (!text) return std::move(text).error().within(name);
    auto schema = AvroSchema::parse(*text);
    if (!schema) return std::move(schema).error().within(name);
    return make_avro_plan(*schema, fields_, wanted_, bare_);
  }

  static void hold_symbols(const Writer& writer, std::span<Column* const> columns) {
    if (writer.plan->symbols.empty()) return;
    for (Column* column : columns)
      if (column) hold_memory(*column, writer.plan);
  }

  const std::vector<Field> fields_;
  const bool bare_;
  SchemaStore* const schemas_;
  AvroReader reader_;
  std::vector<bool> wanted_;
  std::vector<std::unique_ptr<Writer>> writers_;
  const Writer* last_ = nullptr;
  std::optional<std::pair<std::int32_t, std::string>> unknown_;  // looked up in vain during this decode()
};

}  // namespace

std::unique_ptr<Decoder> make_avro_decoder(const FormatSpec& spec) { return std::make_unique<AvroDecoder>(spec); }

}  // namespace levada
