#include "connectors/jsonfile/lines.h"

#include <algorithm>
#include <set>

#include "formats/formats.h"

namespace levada {
namespace {

struct MetadataField {
  std::string_view option, name;
  TypeKind type;
};
constexpr MetadataField metadata_fields[] = {{"topic", "__topic", TypeKind::string},
                                             {"partition", "__partition", TypeKind::int32},
                                             {"offset", "__offset", TypeKind::int64},
                                             {"timestamp", "__timestamp", TypeKind::int64}};

}  // namespace

Result<std::unique_ptr<LineEncoder>> LineEncoder::make(const SinkTopic& topic, const LineRules& rules) {
  std::vector<Field> metadata;
  for (const std::string& option : rules.metadata) {
    auto row = std::ranges::find(metadata_fields, option, &MetadataField::option);
    if (row == std::end(metadata_fields))
      return Error(ErrorKind::usage, "'metadata' has '" + option + "'")
          .remedy("It may have topic, partition, offset, timestamp.");
    metadata.push_back({std::string(row->name), row->type});
  }
  FormatSpec rows{.format = "JSON", .fields = metadata}, deletions = rows;
  for (const Field& field : topic.schema->key) rows.fields.push_back(field), deletions.fields.push_back(field);
  for (const Field& field : topic.schema->value) rows.fields.push_back(field);
  if (rules.deletions) deletions.fields.push_back({rules.delete_marker, TypeKind::boolean});
  for (const FormatSpec* spec : {&rows, &deletions}) {
    std::set<std::string> names;
    for (const Field& field : spec->fields)
      if (!names.insert(field.name).second)
        return Error(ErrorKind::statement, "the lines of " + topic.object + " would have two fields " + field.name)
            .remedy("Rename the column, or take another 'delete.marker' or less 'metadata'.");
  }
  const Format* json = find_format("JSON");
  LV_TRY(json->check(rows));
  auto encoder = std::unique_ptr<LineEncoder>(new LineEncoder(rules, std::move(metadata)));
  encoder->rows_ = json->make_encoder(rows);
  if (rules.deletions) encoder->deletions_ = json->make_encoder(deletions);
  return encoder;
}

std::vector<ColumnRef> LineEncoder::metadata_columns(const Batch& batch) const {
  std::vector<ColumnRef> columns;
  for (const Field& field : metadata_) {
    auto column = std::make_shared<Column>(field.type);
    column->resize(batch.size);
    if (field.name == "__topic")
      std::fill_n(column->values<StringView>(), batch.size, column->keep(batch.origin->topic));
    else if (field.name == "__partition")
      std::fill_n(column->values<std::int32_t>(), batch.size, batch.origin->partition);
    else
      std::ranges::copy(field.name == "__offset" ? batch.origin->offsets : *batch.timestamps_ms,
                        column->values<std::int64_t>());
    columns.push_back(std::move(column));
  }
  return columns;
}

LineEncoder::Lines LineEncoder::encode(const Batch& batch, Buffer& out, RowFailures& rejected) {
  std::vector<std::uint32_t> rows, deletions;
  batch.rows().for_each([&](std::uint32_t row) { (batch.is_deletion(row) ? deletions : rows).push_back(row); });
  std::vector<ColumnRef> columns = metadata_columns(batch);
  columns.insert(columns.end(), batch.key.begin(), batch.key.end());
  row_texts_.clear();
  deletion_texts_.clear();
  if (!deletions.empty() && deletions_) {
    std::vector<ColumnRef> marked = columns;
    auto marker = std::make_shared<Column>(TypeKind::boolean);
    marker->resize(batch.size);
    std::fill_n(marker->values<std::uint8_t>(), batch.size, std::uint8_t{1});
    marked.push_back(std::move(marker));
    deletions_->encode(marked, Rows(deletions), deletion_texts_, rejected);
  }
  if (!rows.empty()) {
    columns.insert(columns.end(), batch.after.begin(), batch.after.end());
    rows_->encode(columns, Rows(rows), row_texts_, rejected);
  }
  // Both kinds in the order of the batch. What failed has an empty text.
  Lines lines;
  auto put = [&](std::uint32_t row, std::string_view text) {
    if (text.empty()) return;
    out.append(text);
    out.append('\n');
    if (lines.count++ == 0) lines.first = Offset(batch.origin->offsets[row]);
  };
  std::size_t d = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (; deletions_ && d < deletions.size() && deletions[d] < rows[r]; ++d) put(deletions[d], deletion_texts_[d]);
    put(rows[r], row_texts_[r]);
  }
  for (; deletions_ && d < deletions.size(); ++d) put(deletions[d], deletion_texts_[d]);
  return lines;
}

}  // namespace levada
