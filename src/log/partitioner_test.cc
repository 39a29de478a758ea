#include <doctest/doctest.h>

#include "log/log.h"

using namespace levada;

TEST_SUITE("log") {
  // The vectors of Kafka's own UtilsTest.testMurmur2.
  TEST_CASE("murmur2 is that of Kafka's Java client") {
    auto hash = [](std::string_view key) { return static_cast<std::int32_t>(murmur2(key)); };
    CHECK(hash("21") == -973932308);
    CHECK(hash("foobar") == -790332482);
    CHECK(hash("a-little-bit-long-string") == -985981536);
    CHECK(hash("a-little-bit-longer-string") == -1486304829);
    CHECK(hash("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8") == -58897971);
    CHECK(hash("abc") == 479470107);
  }

  TEST_CASE("a key's partition is its hash without the sign, modulo the count") {
    CHECK(partition_of("abc", 1) == 0);
    CHECK(partition_of("abc", 10) == 479470107 % 10);
    CHECK(partition_of("21", 7) == static_cast<std::int32_t>((-973932308) & 0x7fffffff) % 7);
    // Bytes above 127 are unsigned; every count gets a partition within it.
    for (std::int32_t n = 1; n < 100; ++n) {
      std::int32_t p = partition_of("\xff\x80\xfe", n);
      CHECK(p >= 0);
      CHECK(p < n);
    }
  }
}
