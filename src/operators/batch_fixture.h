// What the operators' tests share: batches written as text, and what operators gave as text.
//
//   Rows are "K=a N=1 S=x", with names of the schema's columns; what is not named is null. "del K=a" is a deletion.
//   Behind '|' stands what was there before: "K=a N=2 | N=1".
#pragma once
#include <doctest/doctest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "functions/builder.h"
#include "functions/example_reader.h"
#include "operators/operators.h"

namespace levada {

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().text());
  return *std::move(result);
}

inline SchemaRef schema_of(std::vector<Field> key, std::vector<Field> value) {
  return std::make_shared<Schema>(Schema{std::move(key), std::move(value)});
}

inline Value value_of(const std::string& text, const Type& type) {
  if (text == "null") return {};
  switch (type.kind()) {
    case TypeKind::int32:
    case TypeKind::int64: return std::int64_t{std::stoll(text)};
    case TypeKind::float64: return std::stod(text);
    default: return text;
  }
}

// Offsets of the rows are 100, 101, …, their times `time_ms`, time_ms + 1, ….
inline Batch batch_of(const SchemaRef& schema, const std::vector<std::string>& rows, std::int64_t time_ms = 1000) {
  Batch batch;
  batch.schema = schema;
  batch.size = static_cast<std::uint32_t>(rows.size());
  batch.selection = Selection::all(batch.size);
  std::vector<std::shared_ptr<Column>> columns, before;
  for (std::size_t i = 0; i < schema->size(); ++i) columns.push_back(std::make_shared<Column>((*schema)[i].type));
  for (const Field& field : schema->value) before.push_back(std::make_shared<Column>(field.type));
  Bits deleted(batch.size, false), has_before(batch.size, false);
  auto origin = std::make_shared<Origin>();
  origin->topic = "t";
  auto times = std::make_shared<std::vector<std::int64_t>>();
  for (std::uint32_t row = 0; row < batch.size; ++row) {
    std::map<std::string, std::string> named[2];
    std::istringstream words(rows[row]);
    std::size_t side = 0;
    for (std::string word; words >> word;) {
      if (word == "del") {
        deleted.set(row);
      } else if (word == "|") {
        side = 1;
        has_before.set(row);
      } else {
        auto equals = word.find('=');
        REQUIRE(schema->find(word.substr(0, equals)));
        named[side][word.substr(0, equals)] = word.substr(equals + 1);
      }
    }
    auto append = [&](Column& column, const Field& field, std::size_t from) {
      auto there = named[from].find(field.name);
      column.append(there == named[from].end() ? Value() : value_of(there->second, field.type));
    };
    for (std::size_t i = 0; i < schema->size(); ++i) append(*columns[i], (*schema)[i], 0);
    for (std::size_t i = 0; i < before.size(); ++i) append(*before[i], schema->value[i], 1);
    origin->offsets.push_back(100 + row);
    times->push_back(time_ms + row);
  }
  batch.key.assign(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(schema->key.size()));
  batch.after.assign(columns.begin() + static_cast<std::ptrdiff_t>(schema->key.size()), columns.end());
  if (deleted.count() > 0) batch.deleted = deleted;
  if (has_before.count() > 0) {
    batch.has_before = has_before;
    batch.before.assign(before.begin(), before.end());
  }
  batch.origin = origin;
  batch.timestamps_ms = times;
  return batch;
}

inline std::string text_of(const Columns& columns, const std::vector<Field>& fields, std::uint32_t row) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i)
    text += (i ? "," : "") + text_of(columns[i]->value(row), fields[i].type);
  return text;
}

// "key:value" of every selected row, "key:-" for a deletion, "key:new<-old" where what was there before is known.
inline std::vector<std::string> rows_of(const std::vector<Batch>& batches) {
  std::vector<std::string> rows;
  for (const Batch& batch : batches)
    batch.rows().for_each([&](std::uint32_t row) {
      std::string text = text_of(batch.key, batch.schema->key, row) + ":";
      text += batch.is_deletion(row) ? "-" : text_of(batch.after, batch.schema->value, row);
      if (!batch.has_before.empty() && batch.has_before[row])
        text += "<-" + text_of(batch.before, batch.schema->value, row);
      rows.push_back(text);
    });
  return rows;
}

using Strings = std::vector<std::string>;

inline Strings push(Operator& op, const Batch& batch, bool flush = true) {
  Output out;
  op.push(0, batch, out);
  if (flush) op.flush(out);
  return rows_of(out.batches);
}

}  // namespace levada
