#include "connectors/postgres/binary_value.h"

#include <doctest/doctest.h>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("binary value: bytes stay where they are, digits are in the arena") {
    using Binary = ValueModes::Binary;
    Arena arena;
    const std::string bytes("\xfb\xff\x00\x0a", 4);
    CHECK(binary_value(bytes, Binary::bytes, arena).view().data() == bytes.data());
    CHECK(binary_value(bytes, Binary::bytes, arena).view() == bytes);
    CHECK(binary_value(bytes, Binary::hex, arena).view() == "fbff000a");
    CHECK(binary_value(bytes, Binary::base64, arena).view() == "+/8ACg==");
    CHECK(binary_value(bytes, Binary::base64_url_safe, arena).view() == "-_8ACg==");
    for (Binary mode : {Binary::bytes, Binary::hex, Binary::base64, Binary::base64_url_safe})
      CHECK(binary_value("", mode, arena).view().empty());
  }
}

}  // namespace levada
