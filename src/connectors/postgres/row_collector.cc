#include "connectors/postgres/row_collector.h"

#include <algorithm>

#include "connectors/postgres/refused_change.h"
#include "connectors/postgres/refused_rows.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

using Kind = FieldText::Kind;

}  // namespace

void RowCollector::add(const CapturedTableRef& table, const RowChange& change) {
  Stretch* stretch = &stretch_of(table);
  ++changes_;
  switch (change.op) {
    case 't':
      if (!stretch->rows.empty()) {
        stretches_.close(*table);
        stretch = &stretch_of(table);
      }
      stretch->truncates = true;
      stretch->rows.push_back({change.place, 't'});
      return stretches_.close(*table);
    case 'd': return put_deletion(*stretch, change);
    case 'u': {
      const std::vector<RowPlan::FieldPlan>& fields = stretch->plan->fields;
      bool moved = false;
      for (std::size_t i = 0; i < stretch->plan->schema->key.size() && !change.before.empty(); ++i) {
        std::size_t column = fields[i].column;
        moved = moved || (table->knows_before(column) && change.after[column].kind != Kind::unchanged &&
                          change.before[column] != change.after[column]);
      }
      if (moved) put_deletion(*stretch, change);
      return put_row(*stretch, change);
    }
    default: return put_row(*stretch, change);
  }
}

RowCollector::Stretch& RowCollector::stretch_of(const CapturedTableRef& table) {
  if (Stretch* growing = stretches_.growing(*table)) [[likely]]
    return *growing;
  auto texts = std::make_shared<Arena>();
  return stretches_.begin(*table,
                          {.plan = plan_of(table), .memory = texts, .texts = texts.get(), .cells = {}, .rows = {}});
}

void RowCollector::add_rows(const CapturedTableRef& table, const SnapshotRows& rows) {
  if (rows.rows == 0) return;
  std::size_t columns = table->columns.size();
  for (std::uint32_t first = 0; first < rows.rows; first += batch_rows) {
    std::uint32_t count = std::min(batch_rows, rows.rows - first);
    stretches_.begin(*table, {.plan = plan_of(table),
                              .memory = rows.memory,
                              .cells = {},
                              .values = rows.values.data() + first * columns,
                              .rows = {{rows.place, 'r'}},
                              .size = count});
  }
  stretches_.close(*table);
  bytes_ += rows.rows * columns * sizeof(FieldText) + rows.text_bytes;
  changes_ += rows.rows;
}

std::shared_ptr<const RowPlan> RowCollector::plan_of(const CapturedTableRef& table) {
  std::shared_ptr<const RowPlan>& plan = plans_[table->oid];
  if (plan && plan->table == table) return plan;
  auto fresh = plan_rows(table, modes_);
  if (plan && *plan->schema == *fresh->schema) {
    auto same_schema = std::make_shared<RowPlan>(*fresh);
    same_schema->schema = plan->schema;
    fresh = same_schema;
  }
  return plan = fresh;
}

void RowCollector::put_row(Stretch& stretch, const RowChange& change) {
  const RowPlan& plan = *stretch.plan;
  std::size_t first = stretch.cells.size(), size = 0;
  stretch.cells.resize(first + plan.fields.size());
  FieldText* cells = stretch.cells.data() + first;
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    std::size_t column = plan.fields[i].column;
    FieldText cell = change.after[column];
    if (cell.kind == Kind::unchanged && !change.before.empty() && change.before[column].kind == Kind::text)
      cell = change.before[column];
    if (cell.kind == Kind::unchanged && i < plan.schema->key.size()) {
      stretch.cells.resize(first);
      return refuse(*plan.table, change, key_not_in_log(plan.table->columns[column]));
    }
    cells[i] = cell;
    if (cell.kind == Kind::text) size += cell.size;
  }
  char* to = stretch.texts->allocate(size);
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    if (cells[i].kind != Kind::text) continue;
    std::memcpy(to, cells[i].data, cells[i].size);
    cells[i].data = to;
    to += cells[i].size;
  }
  stretch.rows.push_back({change.place, change.op});
  bytes_ += size + plan.fields.size() * sizeof(FieldText);
}

void RowCollector::put_deletion(Stretch& stretch, const RowChange& change) {
  const RowPlan& plan = *stretch.plan;
  const CapturedTable& table = *plan.table;
  std::size_t keys = plan.schema->key.size();
  if (keys == 0)
    return refuse(table, change,
                  "the table has no primary key, so nothing can say which row is gone; give it one, or set "
                  "message.key.columns");
  for (std::size_t i = 0; i < keys; ++i) {
    std::size_t column = plan.fields[i].column;
    if (!change.before.empty() && table.knows_before(column) && change.before[column].kind != Kind::unchanged) continue;
    return refuse(table, change, old_key_not_in_log(table, table.columns[column]));
  }
  std::size_t first = stretch.cells.size();
  stretch.cells.resize(first + plan.fields.size());
  for (std::size_t i = 0; i < keys; ++i) {
    FieldText cell = change.before[plan.fields[i].column];
    if (cell.kind == Kind::text) {
      cell.data = stretch.texts->copy(cell.view()).data();
      bytes_ += cell.size;
    }
    stretch.cells[first + i] = cell;
  }
  stretch.rows.push_back({change.place, 'd'});
  bytes_ += plan.fields.size() * sizeof(FieldText);
}

void RowCollector::refuse(const CapturedTable& table, const RowChange& change, std::string cause) {
  refused_.push_back(refused_change(table, change, std::move(cause)));
  bytes_ += refused_.back().value->size();
}

void RowCollector::take(SourceRead& out) {
  for (const Stretch& stretch : stretches_.take())
    if (!stretch.rows.empty()) out.parts.push_back({stretch.plan->table->topic, batch_of(stretch)});
  for (DeadLetter& letter : refused_) out.rejected.push_back(std::move(letter));
  refused_.clear();
  bytes_ = 0;
  changes_ = 0;
}

Batch RowCollector::batch_of(const Stretch& stretch) {
  const RowPlan& plan = *stretch.plan;
  std::uint32_t rows = stretch.count();
  Batch batch;
  batch.schema = plan.schema;
  auto origin = std::make_shared<Origin>();
  origin->topic = plan.table->text();
  origin->partition = -1;
  origin->place = stretch.rows.front().place.from_log ? Origin::Place::lsn : Origin::Place::change;
  auto timestamps = std::make_shared<std::vector<std::int64_t>>();
  auto offset_of = [](const Row& row) { return static_cast<std::int64_t>(row.place.lsn); };
  if (!stretch.texts) {
    origin->offsets.assign(rows, offset_of(stretch.row(0)));
    timestamps->assign(rows, stretch.row(0).place.commit_us / 1000);
  } else {
    origin->offsets.reserve(rows);
    timestamps->reserve(rows);
    for (const Row& row : stretch.rows) {
      origin->offsets.push_back(offset_of(row));
      timestamps->push_back(row.place.commit_us / 1000);
    }
  }
  batch.origin = origin;
  batch.timestamps_ms = timestamps;
  batch.truncates = stretch.truncates;
  if (stretch.truncates) rows = 0;
  batch.size = rows;

  std::size_t width = plan.fields.size(), keys = plan.schema->key.size();
  RowFailures failures;
  RefusedRows refused;
  for (std::size_t i = 0; i < width; ++i) {
    auto column = std::make_shared<Column>((*plan.schema)[i].type);
    plan.fields[i].reader->read(stretch.first_of(i), stretch.stride(), rows, *column, failures);
    refused.add(plan.table->columns[plan.fields[i].column].name, failures);
    hold_memory(*column, stretch.memory);
    (i < keys ? batch.key : batch.after).push_back(std::move(column));
  }

  for (std::uint32_t row = 0; row < rows && stretch.texts; ++row) {  // a snapshot has all rows with all values
    if (stretch.rows[row].op == 'd') {
      if (batch.deleted.empty()) batch.deleted.assign(rows, false);
      batch.deleted.set(row);
    }
    const FieldText* cells = stretch.cells.data() + row * width;
    for (std::size_t i = keys; i < width; ++i) {
      if (cells[i].kind != Kind::unchanged) [[likely]]
        continue;
      batch.absent.resize(width - keys);
      if (batch.absent[i - keys].empty()) batch.absent[i - keys].assign(rows, false);
      batch.absent[i - keys].set(row);
    }
  }

  batch.selection = Selection::all(rows);
  if (refused.empty()) return batch;
  Bits wrong(rows, false);
  for (auto& [row, cause] : refused.take()) {
    std::vector<NamedText> texts;
    const Row& from = stretch.row(row);
    for (std::size_t f = 0; f < (from.op == 'd' ? keys : width); ++f)
      texts.push_back({plan.table->columns[plan.fields[f].column].name, stretch.first_of(f)[row * stretch.stride()]});
    bool gone = from.op == 'd';
    refused_.push_back(refused_change(*plan.table, from.op, from.place, std::move(cause),
                                      gone ? texts : std::vector<NamedText>(),
                                      gone ? std::vector<NamedText>() : texts));
    wrong.set(row);
  }
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t row = 0; row < rows; ++row)
    if (!wrong[row]) chosen.push_back(row);
  batch.selection = Selection(std::move(chosen));
  return batch;
}

}  // namespace levada
