// The records of the JSON benchmarks: orders of a fixed sequence, eight fields in 124 bytes, as performance.md
// describes them.
//
//   {"id":10000000,"user":123456,"item":"item-54321","qty":3,"amount":4711.05,"money":"EUR","place":"Lisboa","ts":17…}
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "batch/number_text.h"
#include "batch/schema.h"
#include "log/record_batch.h"

namespace levada::bench {

struct Orders {
  Buffer bytes;
  std::vector<Text> texts;
};

inline std::vector<Field> order_fields() {
  using enum TypeKind;
  return {{"id", int64},       {"user", int64},   {"item", string},  {"qty", int32},
          {"amount", float64}, {"money", string}, {"place", string}, {"ts", int64}};
}

inline Orders make_orders(std::size_t count) {
  static constexpr std::string_view money[] = {"EUR", "USD", "GBP", "JPY"};
  static constexpr std::string_view place[] = {"Lisboa", "Madrid", "Berlin", "Zagreb",
                                               "Prague", "Dublin", "Athens", "Warsaw"};
  Random random(20261121);
  Orders orders;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < count; ++i) {
    char* p = orders.bytes.room(256);
    auto word = [&](std::string_view text) {
      std::memcpy(p, text.data(), text.size());
      p += text.size();
    };
    auto number = [&](std::uint64_t v) { p = put_unsigned(p, v); };
    word("{\"id\":");
    number(10'000'000 + i);
    word(",\"user\":");
    number(100'000 + random.below(100'000));
    word(",\"item\":\"item-");
    number(10'000 + random.below(90'000));
    word("\",\"qty\":");
    number(1 + random.below(8));
    word(",\"amount\":");
    number(1000 + random.below(9000));
    word(".");
    number(random.below(10));
    number(1 + random.below(9));  // all texts have one length
    word(",\"money\":\"");
    word(money[random.below(4)]);
    word("\",\"place\":\"");
    word(place[random.below(8)]);
    word("\",\"ts\":");
    number(1'700'000'000'000 + i);
    word("}");
    orders.bytes.commit(p);
    ends.push_back(orders.bytes.size());
  }
  std::size_t begin = 0;
  for (std::size_t end : ends) {
    orders.texts.push_back(std::string_view(orders.bytes.data() + begin, end - begin));
    begin = end;
  }
  return orders;
}

}  // namespace levada::bench
