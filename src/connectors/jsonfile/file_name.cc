#include "connectors/jsonfile/file_name.h"

#include <charconv>

namespace levada {
namespace {

constexpr std::string_view extension = ".jsonl";
constexpr std::size_t offset_digits = 20;

bool may_stand(char c, std::size_t at) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         (c == '.' && at > 0);  // no hidden files, no way up
}

template <class T>
std::optional<T> number(std::string_view text) {
  T v{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || v < 0) return std::nullopt;
  return v;
}

}  // namespace

std::string file_name(const TopicPartition& partition, Offset first) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string name;
  for (std::size_t i = 0; i < partition.topic.size(); ++i) {
    char c = partition.topic[i];
    auto u = static_cast<unsigned char>(c);
    if (may_stand(c, i))
      name += c;
    else
      name += {'%', hex[u >> 4], hex[u & 15]};
  }
  std::string digits = std::to_string(first.value());
  return name + "-" + std::to_string(partition.partition) + "-" + std::string(offset_digits - digits.size(), '0') +
         digits + std::string(extension);
}

std::optional<ParsedFileName> parse_file_name(std::string_view name) {
  if (!name.ends_with(extension)) return std::nullopt;
  name.remove_suffix(extension.size());
  std::size_t second = name.rfind('-');
  if (second == std::string_view::npos || second == 0 || name.size() - second - 1 != offset_digits) return std::nullopt;
  std::size_t first = name.rfind('-', second - 1);
  if (first == std::string_view::npos) return std::nullopt;
  auto offset = number<std::int64_t>(name.substr(second + 1));
  auto partition = number<std::int32_t>(name.substr(first + 1, second - first - 1));
  if (!offset || !partition) return std::nullopt;
  ParsedFileName parsed{{"", *partition}, Offset(*offset)};
  for (std::size_t i = 0; i < first; ++i) {
    char c = name[i];
    if (c == '%') {
      int code = 0;
      auto [end, error] = std::from_chars(name.data() + i + 1, name.data() + std::min(i + 3, first), code, 16);
      if (error != std::errc() || end != name.data() + i + 3) return std::nullopt;
      c = static_cast<char>(code);
      i += 2;
    }
    parsed.partition.topic += c;
  }
  return parsed;
}

}  // namespace levada
