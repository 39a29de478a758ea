#include "operators/absent.h"

namespace levada {
namespace {

const Bits* absent_rows(const Batch& batch, std::uint32_t column) {
  if (batch.absent.empty() || column < batch.key.size()) return nullptr;
  const Bits& rows = batch.absent[column - batch.key.size()];
  return rows.empty() ? nullptr : &rows;
}

}  // namespace

Bits reads_absent(const Expression& expression, const Batch& batch) {
  Bits result;
  if (batch.absent.empty()) return result;
  for (std::uint32_t column : columns_of(expression)) {
    const Bits* rows = absent_rows(batch, column);
    if (!rows) continue;
    if (result.empty()) result.assign(batch.size, false);
    for (std::size_t w = 0; w < rows->word_count(); ++w) result.words()[w] |= rows->words()[w];
  }
  return result;
}

Bits reads_only_absent(const Expression& expression, const Batch& batch) {
  Bits result;
  if (batch.absent.empty()) return result;
  for (std::uint32_t column : columns_of(expression)) {
    const Bits* rows = absent_rows(batch, column);
    if (!rows) return {};
    if (result.empty()) result.assign(batch.size, true);
    for (std::size_t w = 0; w < rows->word_count(); ++w) result.words()[w] &= rows->words()[w];
  }
  return result;
}

Batch without_absent(const Batch& batch, const Expression& expression, Output& out) {
  Bits absent = reads_absent(expression, batch);
  if (absent.empty()) return batch;
  Batch rest = batch;
  std::vector<std::uint32_t> rows;
  RowFailures failures;
  batch.rows().for_each([&](std::uint32_t row) {
    if (!absent[row] || batch.is_deletion(row))
      rows.push_back(row);
    else
      failures.push_back({row, "it reads a value that the source did not send, as it has not changed"});
  });
  out.fail(batch, failures, expression.text, true);
  rest.selection = Selection(std::move(rows));
  return rest;
}

}  // namespace levada
