#include "base/bytes.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"

namespace levada {
namespace {

std::string varint(std::int64_t v) {
  std::array<char, max_varint_size> bytes;
  return std::string(bytes.data(), put_varint(bytes.data(), v));
}

// The definition, bit by bit.
std::uint32_t slow_crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return crc ^ 0xffffffffu;
}

std::string random_bytes(Random& random, std::size_t n) {
  std::string bytes(n, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("integers stand in either byte order at any address") {
    std::array<char, 16> bytes{};
    store_big<std::uint32_t>(bytes.data() + 1, 0x01020304);
    CHECK(std::string_view(bytes.data(), 6) == std::string_view("\0\1\2\3\4\0", 6));
    CHECK(load_big<std::uint32_t>(bytes.data() + 1) == 0x01020304);
    store<std::uint16_t>(bytes.data(), 0x0102);
    CHECK(bytes[0] == 2);
    store_big<std::int64_t>(bytes.data() + 3, -2);
    CHECK(load_big<std::int64_t>(bytes.data() + 3) == -2);
    store_big<std::int16_t>(bytes.data() + 3, -2);
    CHECK(load_big<std::int16_t>(bytes.data() + 3) == -2);
    CHECK(byte_swap<std::uint8_t>(7) == 7);
  }

  TEST_CASE("varints are Kafka's and Avro's, byte for byte") {
    CHECK(varint(0) == std::string(1, '\0'));
    CHECK(varint(-1) == "\x01");
    CHECK(varint(1) == "\x02");
    CHECK(varint(-64) == "\x7f");
    CHECK(varint(64) == "\x80\x01");
    CHECK(varint(INT64_MAX) == "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    CHECK(varint(INT64_MIN) == "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  }

  TEST_CASE("varints of every length come back, take the size foretold, and cut off ones are refused") {
    std::vector<std::uint64_t> values = {0, ~std::uint64_t{0}};
    for (int bit = 0; bit < 64; ++bit)
      for (std::uint64_t v : {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1}) values.push_back(v);
    for (std::uint64_t v : values) {
      std::array<char, max_varint_size> bytes;
      char* end = put_unsigned_varint(bytes.data(), v);
      CHECK(static_cast<std::size_t>(end - bytes.data()) == varint_size(v));
      std::uint64_t back = 0;
      CHECK(get_unsigned_varint(bytes.data(), end, back) == end);
      CHECK(back == v);
      CHECK(get_unsigned_varint(bytes.data(), end - 1, back) == nullptr);
      CHECK(unzigzag(zigzag(static_cast<std::int64_t>(v))) == static_cast<std::int64_t>(v));
    }
  }

  TEST_CASE("varints of more than 64 bits are refused") {
    auto read = [](std::string_view bytes) {
      std::uint64_t v = 0;
      return get_unsigned_varint(bytes.data(), bytes.data() + bytes.size(), v) != nullptr;
    };
    CHECK(read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    CHECK_FALSE(read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    CHECK_FALSE(read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01"));
    CHECK_FALSE(read(""));
  }

  TEST_CASE("CRC-32C gives the values of RFC 3720") {
    std::string up, down;
    for (int i = 0; i < 32; ++i) up += static_cast<char>(i), down += static_cast<char>(31 - i);
    CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
    CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
    CHECK(crc32c(up) == 0x46dd794e);
    CHECK(crc32c(down) == 0x113fdb5c);
    CHECK(crc32c("123456789") == 0xe3069283);
    CHECK(crc32c("") == 0);
  }

  TEST_CASE("CRC-32C of any length and alignment is what the definition says") {
    Random random(20);
    std::string bytes = random_bytes(random, 20'000);
    for (std::size_t n : {0u, 1u, 7u, 8u, 9u, 1023u, 3071u, 3072u, 3073u, 6144u, 9999u, 19'993u})
      for (std::size_t from : {0u, 1u, 7u}) {
        std::string_view part = std::string_view(bytes).substr(from, n);
        CHECK(crc32c(part) == slow_crc32c(part));
      }
  }

  TEST_CASE("CRC-32C goes on from where it was, wherever the bytes are split") {
    Random random(21);
    std::string bytes = random_bytes(random, 10'000);
    std::uint32_t whole = crc32c(bytes);
    for (int i = 0; i < 200; ++i) {
      std::size_t at = random.below(bytes.size() + 1);
      std::string_view all = bytes;
      CHECK(crc32c(all.substr(at), crc32c(all.substr(0, at))) == whole);
    }
  }

  TEST_CASE("a buffer grows, is cleared without losing its memory, and can be moved") {
    Buffer buffer;
    CHECK(buffer.empty());
    CHECK(buffer.view() == "");
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
      std::string piece(static_cast<std::size_t>(i % 37), static_cast<char>('a' + i % 26));
      buffer.append(piece);
      buffer.append('.');
      expected += piece + '.';
    }
    CHECK(buffer.view() == expected);

    std::size_t capacity = buffer.capacity();
    buffer.remove_front(10);
    CHECK(buffer.view() == std::string_view(expected).substr(10));
    buffer.remove_front(buffer.size());
    CHECK(buffer.empty());
    CHECK(buffer.capacity() == capacity);

    buffer.append("kept");
    Buffer moved = std::move(buffer);
    CHECK(moved.view() == "kept");
    CHECK(buffer.view() == "");  // NOLINT: a moved buffer is empty and may be used again
    buffer.append("again");
    moved = std::move(buffer);
    CHECK(moved.view() == "again");
  }

  TEST_CASE("nothing may be appended to a buffer without memory") {
    Buffer buffer;
    buffer.append(std::string_view());
    buffer.append("");
    buffer.remove_front(0);
    buffer.clear();
    CHECK(buffer.empty());
  }

  TEST_CASE("a buffer has room for its padding even if nothing is to be written") {
    Buffer buffer;
    char* p = buffer.room(0);
    REQUIRE(p);
    std::memset(p, 0, Buffer::padding);
    buffer.commit(p);
    CHECK(buffer.size() == 0);
  }

  TEST_CASE("room is written to and committed") {
    Buffer buffer(4);
    char* p = buffer.room(100);
    for (int i = 0; i < 5; ++i) *p++ = static_cast<char>('a' + i);
    buffer.commit(p);
    CHECK(buffer.view() == "abcde");
    buffer.resize(2);
    CHECK(buffer.view() == "ab");
  }

  TEST_CASE("padded copies of every length") {
    std::string from(200, '\0');
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<char>('a' + i % 26);
    for (std::size_t n = 0; n <= 100; ++n) {
      std::array<char, 200> to{};
      CHECK(put_padded(to.data(), from.data(), n) == to.data() + n);
      CHECK(std::string_view(to.data(), n) == std::string_view(from).substr(0, n));
    }
  }

  TEST_CASE("what a ByteWriter writes, a ByteReader reads") {
    Buffer buffer;
    ByteWriter out(buffer);
    out.big<std::int32_t>(-5);
    out.little<std::uint16_t>(0x0102);
    out.varint(-300);
    out.unsigned_varint(300);
    out.sized_bytes("hello");
    out.bytes("tail");
    ByteReader in(buffer.view());
    CHECK(in.big<std::int32_t>() == -5);
    CHECK(in.little<std::uint16_t>() == 0x0102);
    CHECK(in.varint() == -300);
    CHECK(in.unsigned_varint() == 300);
    CHECK(in.sized_bytes() == "hello");
    CHECK(in.left() == 4);
    CHECK(in.bytes(4) == "tail");
    CHECK(in.ok());
    CHECK(in.at_end());
  }

  TEST_CASE("a ByteReader gives zeros beyond the end and stays wrong") {
    std::string bytes(3, '\1');
    ByteReader in(bytes);
    CHECK(in.big<std::uint32_t>() == 0);
    CHECK_FALSE(in.ok());
    CHECK(in.big<std::uint8_t>() == 0);
    CHECK(in.varint() == 0);
    CHECK(in.bytes(0) == "");
    CHECK(in.bytes(1) == "");
    CHECK_FALSE(in.ok());

    bytes = "\5ab";
    ByteReader cut(bytes);
    CHECK(cut.sized_bytes() == "");
    CHECK_FALSE(cut.ok());
    bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    ByteReader huge(bytes);
    CHECK(huge.sized_bytes() == "");
    CHECK_FALSE(huge.ok());
    ByteReader nothing{std::string_view()};
    CHECK(nothing.at_end());
    CHECK(nothing.bytes(0).empty());
    CHECK(nothing.ok());
  }
}

}  // namespace levada
