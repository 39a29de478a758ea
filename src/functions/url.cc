// URLs (RFC 3986), taken apart, and texts coded for their parameters.
//
//   scheme://user@host:port/path?query#fragment
#include <charconv>

#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

constexpr std::string_view category = "URL";

struct Url {
  std::optional<std::string_view> scheme, host, path, query, fragment;
  std::optional<std::int32_t> port;
};

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  int letter = (c | 32) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

// The value of %XX at `at`; -1 if there is none.
int escape_at(std::string_view s, std::size_t at) {
  if (at + 2 >= s.size()) return -1;
  int high = digit_of(s[at + 1]), low = digit_of(s[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// Nothing that has no place in a URL: blanks, control characters, half escapes.
bool legal(std::string_view s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto c = static_cast<unsigned char>(s[i]);
    if (c <= ' ' || c == 0x7f || std::string_view("\"<>\\^`{|}").find(s[i]) != std::string_view::npos) return false;
    if (c == '%' && escape_at(s, i) < 0) return false;
  }
  return true;
}

bool split_authority(std::string_view authority, Url& url) {
  std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    std::string_view digits = authority.substr(colon + 1);
    std::int32_t port = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (!digits.empty()) {
      if (error != std::errc() || end != digits.data() + digits.size() || port < 0) return false;
      url.port = port;
    }
    authority = authority.substr(0, colon);
  }
  if (!authority.empty()) url.host = authority;
  return true;
}

std::optional<Url> parse(std::string_view text) {
  if (text.empty() || !legal(text)) return std::nullopt;
  Url url;
  if (std::size_t at = text.find('#'); at != std::string_view::npos) {
    url.fragment = text.substr(at + 1);
    text = text.substr(0, at);
  }
  if (std::size_t at = text.find('?'); at != std::string_view::npos) {
    url.query = text.substr(at + 1);
    text = text.substr(0, at);
  }
  std::size_t colon = text.find_first_of(":/");
  if (colon != std::string_view::npos && text[colon] == ':') {
    std::string_view scheme = text.substr(0, colon);
    if (scheme.empty() || digit_of(scheme[0]) == 0 || (scheme[0] >= '0' && scheme[0] <= '9')) return std::nullopt;
    for (char c : scheme)
      if (!is_alphanumeric(c) && c != '+' && c != '-' && c != '.') return std::nullopt;
    url.scheme = scheme;
    text.remove_prefix(colon + 1);
    if (!text.starts_with('/')) {
      if (text.empty()) return std::nullopt;
      url.query.reset();  // mailto:… has no parts
      return url;
    }
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    std::size_t end = std::min(text.find('/'), text.size());
    if (!split_authority(text.substr(0, end), url)) return std::nullopt;
    text.remove_prefix(end);
  }
  url.path = text;
  return url;
}

std::string decoded(std::string_view s, bool plus_is_blank) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    int c = s[i] == '%' ? escape_at(s, i) : -1;
    if (c >= 0) {
      out += static_cast<char>(c);
      i += 2;
    } else {
      out += plus_is_blank && s[i] == '+' ? ' ' : s[i];
    }
  }
  return out;
}

Computed<std::string> no_url(std::string_view text) {
  return Computed<std::string>::failure("not a URL: '" + std::string(text.substr(0, 100)) + "'");
}

template <std::optional<std::string_view> Url::*part>
Computed<std::string> extract(std::string_view text) {
  auto url = parse(text);
  if (!url) return no_url(text);
  if (!((*url).*part)) return std::nullopt;
  return decoded(*((*url).*part), false);
}

Computed<std::int32_t> extract_port(std::string_view text) {
  auto url = parse(text);
  if (!url) return Computed<std::int32_t>::failure(*no_url(text).why);
  if (!url->port) return std::nullopt;
  return *url->port;
}

// A parameter without a value is an empty text.
Computed<std::string> extract_parameter(std::string_view text, std::string_view name) {
  auto url = parse(text);
  if (!url) return no_url(text);
  if (!url->query) return std::nullopt;
  std::string query = decoded(*url->query, false);
  for (std::string_view rest = query;;) {
    std::size_t end = rest.find('&');
    std::string_view parameter = rest.substr(0, end);
    std::size_t equals = parameter.find('=');
    if (parameter.substr(0, equals) == name)
      return std::string(equals == std::string_view::npos ? "" : parameter.substr(equals + 1));
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

std::string encode_parameter(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (is_alphanumeric(c) || c == '.' || c == '-' || c == '*' || c == '_') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      auto u = static_cast<unsigned char>(c);
      out += '%';
      out += "0123456789ABCDEF"[u >> 4];
      out += "0123456789ABCDEF"[u & 15];
    }
  }
  return out;
}
Computed<std::string> decode_parameter(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '%' && escape_at(text, i) < 0)
      return Computed<std::string>::failure("% without two hexadecimal digits in '" + std::string(text.substr(0, 100)) +
                                            "'");
  return decoded(text, true);
}

}  // namespace

std::span<const Function> url_functions() {
  static const Function table[] = {
      {.name = "URL_DECODE_PARAM",
       .category = category,
       .overloads = {{"(STRING) STRING", map<decode_parameter>}},
       .doc = "A text that was coded for a URL's parameter, as it was before.",
       .examples = {{"URL_DECODE_PARAM('%3Ffoo+%24bar')", "?foo $bar"}}},
      {.name = "URL_ENCODE_PARAM",
       .category = category,
       .overloads = {{"(STRING) STRING", map<encode_parameter>}},
       .doc = "A text coded so that it may stand in a URL's parameter.",
       .examples = {{"URL_ENCODE_PARAM('?foo $bar')", "%3Ffoo+%24bar"}}},
      {.name = "URL_EXTRACT_FRAGMENT",
       .category = category,
       .overloads = {{"(STRING) STRING", map<extract<&Url::fragment>>}},
       .doc = "What stands behind the # of a URL.",
       .examples = {{"URL_EXTRACT_FRAGMENT('http://a.org/p?q#frag')", "frag"}}},
      {.name = "URL_EXTRACT_HOST",
       .category = category,
       .overloads = {{"(STRING) STRING", map<extract<&Url::host>>}},
       .doc = "The host of a URL.",
       .examples = {{"URL_EXTRACT_HOST('http://me@a.org:8080/p')", "a.org"}}},
      {.name = "URL_EXTRACT_PARAMETER",
       .category = category,
       .overloads = {{"(STRING, STRING) STRING", map<extract_parameter>}},
       .doc = "The value of a parameter in a URL's query; null if there is none.",
       .examples = {{"URL_EXTRACT_PARAMETER('http://a.org?x=1&y=2', 'y')", "2"},
                    {"URL_EXTRACT_PARAMETER('http://a.org?x=1', 'z')", "null"}}},
      {.name = "URL_EXTRACT_PATH",
       .category = category,
       .overloads = {{"(STRING) STRING", map<extract<&Url::path>>}},
       .doc = "The path of a URL.",
       .examples = {{"URL_EXTRACT_PATH('http://a.org/some/path?q')", "/some/path"}}},
      {.name = "URL_EXTRACT_PORT",
       .category = category,
       .overloads = {{"(STRING) INT", map<extract_port>}},
       .doc = "The port of a URL; null if it names none.",
       .examples = {{"URL_EXTRACT_PORT('http://a.org:8080/p')", "8080"}, {"URL_EXTRACT_PORT('http://a.org')", "null"}}},
      {.name = "URL_EXTRACT_PROTOCOL",
       .category = category,
       .overloads = {{"(STRING) STRING", map<extract<&Url::scheme>>}},
       .doc = "The protocol of a URL; null if it names none.",
       .examples = {{"URL_EXTRACT_PROTOCOL('https://a.org')", "https"}, {"URL_EXTRACT_PROTOCOL('a.org')", "null"}}},
      {.name = "URL_EXTRACT_QUERY",
       .category = category,
       .overloads = {{"(STRING) STRING", map<extract<&Url::query>>}},
       .doc = "What stands between the ? and the # of a URL.",
       .examples = {{"URL_EXTRACT_QUERY('http://a.org?x=1&y=2#f')", "x=1&y=2"}}},
  };
  return table;
}

}  // namespace levada
