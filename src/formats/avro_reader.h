// One Avro record after the other into columns, by the steps of their plans (formats/avro_plan.h). Nothing is believed:
// every length, branch and count is held against what is there.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "batch/column.h"
#include "formats/avro_plan.h"

namespace levada {

class AvroReader {
 public:
  // The slots of a column, in the order of the plan's; null: nobody wants it. It outlives the next clear_slots().
  void add_slots(Column* column, const Type& type);
  void clear_slots() { slots_.clear(); }

  // What stands behind the frame of `text`, into this row. False: it is malformed; the row holds no whole values, and
  // lists may have elements of it.
  bool read(const AvroPlan& plan, std::string_view text, std::uint32_t row);
  // Why read() failed.
  std::string take_why() { return std::move(why_); }

 private:
  // A block of a list; of 0 elements: the list ends here. Some writers say how many bytes it has.
  struct Block {
    std::uint64_t count = 0;
    std::optional<std::size_t> bytes;
  };

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

  bool fault(const AvroStep& step, const char* at, const std::string& what);
  bool fault(const AvroStep& step, const char* at);
  template <class T>
  void put(const AvroStep& step, std::uint32_t row, T v) {
    slots_[step.slot]->values<T>()[row] = v;
  }
  void put_string(const AvroStep& step, std::uint32_t row, std::string_view v) {
    put(step, row, StringView(v.data(), static_cast<std::uint32_t>(v.size())));
  }

  // Number text that `write` puts at a char*.
  template <class F>
  void put_text(const AvroStep& step, std::uint32_t row, F write) {
    char text[32];
    Column& column = *slots_[step.slot];
    StringView kept = column.keep(std::string_view(text, static_cast<std::size_t>(write(text) - text)));
    column.values<StringView>()[row] = kept;
  }

  bool run(std::uint32_t at, std::uint32_t end, std::uint32_t row);
  bool put_number(const AvroStep& step, std::uint32_t row, std::string_view bytes);
  bool next_block(const AvroStep& step, Block& block);
  bool list(const AvroStep& step, std::uint32_t body, std::uint32_t row);
  bool skip_list(const AvroStep& step, std::uint32_t body, std::uint32_t row);
  bool elements(const AvroStep& step, std::uint32_t body, std::uint32_t row, std::uint64_t count, std::uint32_t by);

  std::vector<Column*> slots_;
  const AvroPlan* plan_ = nullptr;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* stop_ = nullptr;
  int calls_ = 0;
  std::string why_;
};

}  // namespace levada
