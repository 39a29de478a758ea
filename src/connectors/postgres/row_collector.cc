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
        open_.erase(table.get());
        last_table_ = nullptr;
        stretch = &stretch_of(table);
      }
      stretch->truncates = true;
      stretch->rows.push_back({change.place, 't'});
      open_.erase(table.get());
      last_table_ = nullptr;
      return;
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
  if (!added && stretches_[found->second].rows.size() + 2 > batch_rows) added = true, found->second = stretches_.size();
  if (added) {
    // What went to the same topic under another definition of the table, or of another table, stays before this.
    std::erase_if(open_, [&](const auto& other) {
      return other.first != table.get() && stretches_[other.second].plan->table->topic == table->topic;
    });
    stretches_.push_back({.plan = plan_of(table), .texts = std::make_shared<Arena>(), .cells = {}, .rows = {}});
  }
  last_table_ = table.get();
  last_ = stretches_.size() - 1;
  if (!added) last_ = found->second;
  return stretches_[last_];
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
  auto rows = static_cast<std::uint32_t>(stretch.rows.size());
  Batch batch;
  batch.schema = plan.schema;
  auto origin = std::make_shared<Origin>();
  origin->topic = plan.table->text();
  origin->partition = -1;
  auto timestamps = std::make_shared<std::vector<std::int64_t>>();
  for (const Row& row : stretch.rows) {
    origin->offsets.push_back(static_cast<std::int64_t>(row.place.lsn != 0 ? row.place.lsn : row.place.ordinal));
    timestamps->push_back(row.place.commit_us / 1000);
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
    plan.fields[i].reader->read(stretch.cells.data() + i, width, rows, *column, failures);
    for (RowFailure& failure : failures)
      refused.push_back({failure.row, plan.table->columns[plan.fields[i].column].name + ": " + failure.why});
    hold_memory(*column, stretch.texts);
    (i < keys ? batch.key : batch.after).push_back(std::move(column));
  }

  for (std::uint32_t row = 0; row < rows; ++row) {
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
    const Row& from = stretch.rows[row];
    for (std::size_t f = 0; f < (from.op == 'd' ? keys : width); ++f)
      texts.push_back({plan.table->columns[plan.fields[f].column].name, stretch.cells[row * width + f]});
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
