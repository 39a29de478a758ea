#include "connectors/csv/charset.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"

namespace levada {
namespace {

// 0x80 to 0x9F in Windows-1252; 0 where there is nothing. Elsewhere it is as in ISO 8859-1, whose bytes are the code
// points. Source: Unicode consortium, MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT.
constexpr char16_t windows_1252[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                       0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                       0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                       0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

void append_code_point(std::string& out, char16_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 63));
  } else {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  }
}

}  // namespace

Result<CsvCharset> find_charset(std::string_view name) {
  struct Name {
    std::string_view text;
    CsvCharset charset;
  };
  static constexpr Name names[] = {{"utf8", CsvCharset::utf8},         {"ascii", CsvCharset::ascii},
                                   {"usascii", CsvCharset::ascii},     {"iso88591", CsvCharset::latin1},
                                   {"latin1", CsvCharset::latin1},     {"windows1252", CsvCharset::windows1252},
                                   {"cp1252", CsvCharset::windows1252}};
  std::string plain;
  for (char c : name)
    if (c != '-' && c != '_' && c != ' ') plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (const Name& known : names)
    if (plain == known.text) return known.charset;
  return Error(ErrorKind::unsupported, "character set '" + std::string(name) + "' cannot be read")
      .remedy("UTF-8, US-ASCII, ISO-8859-1 and windows-1252 can; turn others into UTF-8 first (iconv -t UTF-8).");
}

bool has_high_bytes(std::string_view text) {
  constexpr std::uint64_t high = 0x8080808080808080u;
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) seen |= load<std::uint64_t>(text.data() + i);
  for (; i < text.size(); ++i) seen |= static_cast<unsigned char>(text[i]);
  return seen & high;
}

bool append_as_utf8(std::string& out, std::string_view text, CsvCharset charset) {
  LV_ASSERT(charset != CsvCharset::utf8);
  for (char byte : text) {
    char16_t c = static_cast<unsigned char>(byte);
    if (c >= 0x80 && charset == CsvCharset::ascii) return false;
    if (c >= 0x80 && c < 0xA0 && charset == CsvCharset::windows1252) {
      c = windows_1252[c - 0x80];
      if (c == 0) return false;
    }
    append_code_point(out, c);
  }
  return true;
}

}  // namespace levada
