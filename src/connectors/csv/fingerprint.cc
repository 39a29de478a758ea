#include "connectors/csv/fingerprint.h"

#include <algorithm>

namespace levada {

std::size_t CsvMarks::count(std::uint64_t bytes) {
  std::size_t n = 0;
  for (std::uint64_t size = first; size <= bytes && n < 12; size *= factor) ++n;
  return n;
}

void CsvFingerprint::update(std::string_view bytes) {
  while (CsvMarks::count(content_.bytes() + bytes.size()) > marks_.values.size()) {
    std::uint64_t n = CsvMarks::size(marks_.values.size()) - content_.bytes();
    content_.update(bytes.substr(0, n));
    bytes.remove_prefix(n);
    marks_.values.push_back(content_.digest().low);
  }
  content_.update(bytes);
}

Result<void> CsvFingerprint::update_from(const File& file, std::uint64_t to) {
  std::vector<char> buffer(std::min<std::uint64_t>(to - content_.bytes(), 256 << 10));
  while (content_.bytes() < to) {
    std::size_t want = std::min<std::uint64_t>(buffer.size(), to - content_.bytes());
    std::size_t got = LV_TRY(file.read_at(content_.bytes(), std::span(buffer.data(), want)));
    update({buffer.data(), got});
    if (got < want) return Error(ErrorKind::not_found, "the file ends before byte " + std::to_string(to));
  }
  return {};
}

}  // namespace levada
