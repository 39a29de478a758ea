#include "formats/base64.h"

#include <doctest/doctest.h>

#include <string>

namespace levada {
namespace {

std::string to_text(std::string_view bytes) {
  std::string text(base64_size(bytes.size()), '\0');
  CHECK(put_base64(text.data(), bytes) == text.data() + text.size());
  return text;
}

std::string from_text(std::string_view text) {
  std::string bytes(base64_room(text.size()), '\0');
  const char* end = get_base64(bytes.data(), text);
  if (!end) return "no base64";
  bytes.resize(static_cast<std::size_t>(end - bytes.data()));
  return bytes;
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("base64: the examples of RFC 4648") {
    const std::pair<std::string_view, std::string_view> pairs[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"},
                                                                   {"\xfb\xff", "+/8="}};
    for (auto [bytes, text] : pairs) {
      CHECK(to_text(bytes) == text);
      CHECK(from_text(text) == bytes);
    }
  }

  TEST_CASE("base64: all bytes there and back") {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
      bytes += static_cast<char>(i * 7);
      CHECK(from_text(to_text(bytes)) == bytes);
    }
  }

  TEST_CASE("base64: what is none is refused") {
    for (std::string_view text :
         {"Z", "Zg", "Zg=", "Zg===", "====", "Z===", "=Zg=", "Zm=v", "Zm9v=", "Zm 9", "Zm9-", "Zm9\xff", "Zm9vZg"})
      CHECK_MESSAGE(from_text(text) == "no base64", text);
  }
}

}  // namespace levada
