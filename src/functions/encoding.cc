// Text and numbers as bytes, and back.
#include "functions/byte_text.h"
#include "functions/families.h"
#include "functions/kernel.h"
#include "functions/md5.h"

namespace levada {
namespace {

std::string unknown_form(std::string_view name) {
  return "unknown encoding '" + std::string(name) + "': it is hex, utf8, ascii or base64";
}

Computed<std::string> to_bytes(std::string_view text, std::string_view form) {
  auto f = find_byte_text(form);
  if (!f) return Computed<std::string>::failure(unknown_form(form));
  auto bytes = bytes_of_text(text, *f);
  if (!bytes)
    return Computed<std::string>::failure("not " + std::string(form) + ": '" + std::string(text.substr(0, 60)) + "'");
  return *std::move(bytes);
}

Computed<std::string> from_bytes(std::string_view bytes, std::string_view form) {
  auto f = find_byte_text(form);
  if (!f) return Computed<std::string>::failure(unknown_form(form));
  return text_of_bytes(bytes, *f);
}

Computed<std::string> encode(std::string_view text, std::string_view from, std::string_view to) {
  auto form = find_byte_text(to);
  if (!form) return Computed<std::string>::failure(unknown_form(to));
  Computed<std::string> bytes = to_bytes(text, from);
  if (bytes.why) return bytes;
  std::string out = text_of_bytes(bytes.value, *form);
  if (form == ByteText::hexadecimal)  // small digits here, capitals in FROM_BYTES: as in ksqlDB
    for (char& c : out) c = c >= 'A' && c <= 'F' ? static_cast<char>(c | 32) : c;
  return out;
}

std::string md5_text(std::string_view text) {
  std::string out;
  for (std::uint8_t c : md5(text)) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

// The number that exactly these bytes are.
template <class T>
Computed<T> number(std::string_view bytes, std::string_view order) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  if (bytes.size() != sizeof(T))
    return Computed<T>::failure("the number needs " + std::to_string(sizeof(T)) + " bytes, these are " +
                                std::to_string(bytes.size()));
  Bits bits;
  if (order == "BIG_ENDIAN")
    bits = load_big<Bits>(bytes.data());
  else if (order == "LITTLE_ENDIAN")
    bits = load<Bits>(bytes.data());
  else
    return Computed<T>::failure("unknown byte order '" + std::string(order) + "': it is BIG_ENDIAN or LITTLE_ENDIAN");
  return load<T>(&bits);
}

template <class T>
Computed<T> big_number(std::string_view bytes) {
  return number<T>(bytes, "BIG_ENDIAN");
}

}  // namespace

std::span<const Function> encoding_functions() {
  static const Function table[] = {
      {.name = "BIGINT_FROM_BYTES",
       .category = "BYTES",
       .overloads = {{"(BYTES) BIGINT", map<big_number<std::int64_t>>},
                     {"(BYTES, STRING) BIGINT", map<number<std::int64_t>>}},
       .doc = "The BIGINT that eight bytes are, 'BIG_ENDIAN' (the default) or 'LITTLE_ENDIAN'.",
       .examples = {{"BIGINT_FROM_BYTES(TO_BYTES('000000012A05F200', 'hex'))", "5000000000"}}},
      {.name = "DOUBLE_FROM_BYTES",
       .category = "BYTES",
       .overloads = {{"(BYTES) DOUBLE", map<big_number<double>>}, {"(BYTES, STRING) DOUBLE", map<number<double>>}},
       .doc = "The DOUBLE that eight bytes are, 'BIG_ENDIAN' (the default) or 'LITTLE_ENDIAN'.",
       .examples = {{"DOUBLE_FROM_BYTES(TO_BYTES('3FF8000000000000', 'hex'))", "1.5"}}},
      {.name = "ENCODE",
       .category = "STRING",
       .overloads = {{"(STRING, STRING, STRING) STRING", map<encode>}},
       .doc = "Text written in one encoding, written in another: hex, utf8, ascii or base64.",
       .examples = {{"ENCODE('Example!', 'ascii', 'hex')", "4578616d706c6521"},
                    {"ENCODE('RXhhbXBsZSE=', 'base64', 'utf8')", "Example!"}}},
      {.name = "FROM_BYTES",
       .category = "STRING",
       .overloads = {{"(BYTES, STRING) STRING", map<from_bytes>}},
       .doc = "Bytes as text: hex, utf8, ascii or base64.",
       .examples = {{"FROM_BYTES(TO_BYTES('abc', 'utf8'), 'hex')", "616263"}}},
      {.name = "INT_FROM_BYTES",
       .category = "BYTES",
       .overloads = {{"(BYTES) INT", map<big_number<std::int32_t>>},
                     {"(BYTES, STRING) INT", map<number<std::int32_t>>}},
       .doc = "The INT that four bytes are, 'BIG_ENDIAN' (the default) or 'LITTLE_ENDIAN'.",
       .examples = {{"INT_FROM_BYTES(TO_BYTES('000007E5', 'hex'))", "2021"},
                    {"INT_FROM_BYTES(TO_BYTES('E5070000', 'hex'), 'LITTLE_ENDIAN')", "2021"}}},
      {.name = "MD5",
       .category = "STRING",
       .overloads = {{"(STRING) STRING", map<md5_text>}},
       .doc = "The MD5 checksum of a text, in hexadecimal digits.",
       .examples = {{"MD5('abc')", "900150983cd24fb0d6963f7d28e17f72"}}},
      {.name = "TO_BYTES",
       .category = "STRING",
       .overloads = {{"(STRING, STRING) BYTES", map<to_bytes>}},
       .doc = "The bytes that a text stands for: hex, utf8, ascii or base64.",
       .examples = {{"TO_BYTES('616263', 'hex')", "0x616263"}, {"TO_BYTES('YWJj', 'base64')", "0x616263"}}},
  };
  return table;
}

}  // namespace levada
