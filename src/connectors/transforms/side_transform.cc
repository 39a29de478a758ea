#include "connectors/transforms/side_transform.h"

namespace levada {

void SideTransform::apply(const ConnectRecords& records, std::vector<ConnectRecords>& out, RowFailures& failures) {
  const bool key = side_ == Side::key;
  ConnectRecords changed = records;
  ConnectTypeRef& type = key ? changed.key_type : changed.value_type;
  ColumnRef& column = key ? changed.key : changed.value;
  if (!type || !column) return out.push_back(std::move(changed));
  RowFailures own;
  change(type, column, records, own);
  failures.insert(failures.end(), own.begin(), own.end());
  changed = without(changed, own);
  if (changed.size > 0) out.push_back(std::move(changed));
}

void fail_all(const Column& column, const std::string& why, RowFailures& failures) {
  for (std::uint32_t row = 0; row < column.size(); ++row)
    if (!column.is_null(row)) failures.push_back({row, why});
}

bool fail_unless_structure(const ConnectType& type, const Column& column, RowFailures& failures) {
  if (type.kind == ConnectType::Kind::structure) return false;
  fail_all(column, "it is no structure with fields", failures);
  return true;
}

Result<std::vector<std::pair<std::string, std::string>>> read_pairs(const std::vector<std::string>& written,
                                                                    std::string_view property) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& text : written) {
    std::size_t colon = text.find(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == text.size())
      return Error(ErrorKind::usage, "'" + std::string(property) + "': '" + text + "' is not of the form a:b");
    pairs.emplace_back(text.substr(0, colon), text.substr(colon + 1));
  }
  return pairs;
}

}  // namespace levada
