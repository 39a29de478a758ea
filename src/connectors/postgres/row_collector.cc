#include "connectors/postgres/row_collector.h"

#include <algorithm>

#include "connectors/postgres/refused_change.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

using Kind = FieldText::Kind;

bool knows_before(const CapturedTable& table, std::size_t column) {
  return table.identity == 'f' || table.columns[column].in_identity;
}

bool same(const FieldText& a, const FieldText& b) { return a.kind == b.kind && a.view() == b.view(); }

}  // namespace

void RowCollector::add(const CapturedTableRef& table, const RowChange& change) {
  Stretch* stretch = &stretch_of(table);
  ++changes_;
  switch (change.op) {
    case 't':
      if (!stretch->rows.empty()) {
        close(*table);
        stretch = &stretch_of(table);
      }
      stretch->truncates = true;
      stretch->rows.push_back({change.place, 't'});
      return close(*table);
    case 'd': return put_deletion(*stretch, change);
    case 'u': {
      const std::vector<RowPlan::FieldPlan>& fields = stretch->plan->fields;
      bool moved = false;
      for (std::size_t i = 0; i < stretch->plan->schema->key.size() && !change.before.empty(); ++i) {
        std::size_t column = fields[i].column;
        moved = moved || (knows_before(*table, column) && change.after[column].kind != Kind::unchanged &&
                          !same(change.before[column], change.after[column]));
      }
      if (moved) put_deletion(*stretch, change);
      return put_row(*stretch, change);
    }
    default: return put_row(*stretch, change);
  }
}

RowCollector::Stretch& RowCollector::stretch_of(const CapturedTableRef& table) {
  if (last_table_ == table.get() && stretches_[last_].rows.size() + 2 <= batch_rows) [[likely]]
    return stretches_[last_];
  auto [found, added] = open_.try_emplace(table.get(), stretches_.size());
  added = added || stretches_[found->second].rows.size() + 2 > batch_rows;
  if (added) {
    std::size_t fresh = stretches_.size();
    close(*table);
    open_[table.get()] = fresh;
    auto texts = std::make_shared<Arena>();
    stretches_.push_back({.plan = plan_of(table), .memory = texts, .texts = texts.get(), .cells = {}, .rows = {}});
    last_table_ = table.get();
    last_ = fresh;
    return stretches_.back();
  }
  last_table_ = table.get();
  last_ = found->second;
  return stretches_[last_];
}

void RowCollector::close(const CapturedTable& table) {
  // Other definitions of the table, and other tables, may share the topic.
  std::erase_if(open_, [&](const auto& open) { return open.first->topic == table.topic; });
  last_table_ = nullptr;
}

void RowCollector::add_rows(const CapturedTableRef& table, const SnapshotRows& rows) {
  if (rows.rows == 0) return;
  close(*table);
  std::size_t columns = table->columns.size();
  for (std::uint32_t first = 0; first < rows.rows; first += batch_rows) {
    std::uint32_t count = std::min(batch_rows, rows.rows - first);
    stretches_.push_back({.plan = plan_of(table), .memory = rows.memory, .cells = {}, .rows = {}});
    stretches_.back().values = rows.values.data() + first * columns;
    stretches_.back().rows.push_back({rows.place, 'r'});
    stretches_.back().size = count;
  }
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
      return refuse(*plan.table, change, "the log does not hold the key's column " + plan.table->columns[column].name);
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
    if (!change.before.empty() && knows_before(table, column) && change.before[column].kind != Kind::unchanged)
      continue;
    return refuse(table, change,
                  "the log does not hold the key's column " + table.columns[column].name +
                      " of the row that is gone; ALTER TABLE " + table.text() + " REPLICA IDENTITY FULL writes it");
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
  refused_.push_back(refused_change(table, change.op, change.place, std::move(cause), named_texts(table, change.before),
                                    named_texts(table, change.after)));
  bytes_ += refused_.back().value->size();
}

void RowCollector::take(SourceRead& out) {
  for (const Stretch& stretch : stretches_)
    if (!stretch.rows.empty()) out.parts.push_back({stretch.plan->table->topic, batch_of(stretch)});
  for (DeadLetter& letter : refused_) out.rejected.push_back(std::move(letter));
  stretches_.clear();
  open_.clear();
  last_table_ = nullptr;
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
  struct Refused {
    std::uint32_t row;
    std::string why;
  };
  std::vector<Refused> refused;
  for (std::size_t i = 0; i < width; ++i) {
    auto column = std::make_shared<Column>((*plan.schema)[i].type);
    failures.clear();
    plan.fields[i].reader->read(stretch.first_of(i), stretch.stride(), rows, *column, failures);
    for (RowFailure& failure : failures)
      refused.push_back({failure.row, plan.table->columns[plan.fields[i].column].name + ": " + failure.why});
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
  std::ranges::stable_sort(refused, {}, &Refused::row);
  Bits wrong(rows, false);
  for (std::size_t i = 0; i < refused.size();) {
    std::uint32_t row = refused[i].row;
    std::string cause = std::move(refused[i].why);
    for (++i; i < refused.size() && refused[i].row == row; ++i) cause += "; " + refused[i].why;
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
