#include "connectors/postgres/envelope_stretch.h"

#include "connectors/postgres/refused_change.h"
#include "formats/connect_json.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

using Kind = FieldText::Kind;

// Rows of a structure whose fields have been read, all at once.
void end_rows(Column& structure, const std::vector<EnvelopeRecord>& records, auto there) {
  for (const EnvelopeRecord& record : records) {
    structure.append_structure();
    if (!there(record)) structure.mutable_validity().reset(structure.size() - 1);
  }
}

}  // namespace

const CapturedColumn* EnvelopeStretch::put(const RowChange& change, EnvelopeRecord record, std::size_t& bytes) {
  const EnvelopePlan& plan = *plan_;
  std::size_t width = plan.fields.size(), first = after_.size(), first_key = keys_.size();
  before_.resize(first + width);
  after_.resize(first + width);
  keys_.resize(first_key + plan.keys.size());
  for (std::size_t i = 0; i < width && record.has_before; ++i) {
    const EnvelopePlan::FieldPlan& field = plan.fields[i];
    before_[first + i] = field.known_before ? keep(change.before[field.column], bytes) : field.unknown;
  }
  for (std::size_t i = 0; i < width && record.has_after; ++i) {
    std::size_t column = plan.fields[i].column;
    FieldText text = change.after[column];
    if (text.kind == Kind::unchanged && !change.before.empty() && change.before[column].kind == Kind::text)
      text = change.before[column];
    after_[first + i] = keep(text, bytes);
  }
  record.has_key = !plan.keys.empty() && record.op != 't';
  const bool key_from_before = record.op == 'd' || record.op == 0;
  for (std::size_t i = 0; i < plan.keys.size() && record.has_key; ++i) {
    const std::size_t column = plan.fields[plan.keys[i]].column;
    FieldText text = key_from_before ? keep(change.before[column], bytes) : after_[first + plan.keys[i]];
    keys_[first_key + i] = text;
    if (text.kind != Kind::unchanged) continue;
    before_.resize(first);
    after_.resize(first);
    keys_.resize(first_key);
    return &plan.table->columns[column];
  }
  record.place = change.place;
  record.snapshot = change.snapshot;
  records_.push_back(record);
  bytes += (2 * width + plan.keys.size()) * sizeof(FieldText) + sizeof record;
  return nullptr;
}

FieldText EnvelopeStretch::keep(const FieldText& text, std::size_t& bytes) {
  if (text.kind != Kind::text) return text;
  bytes += text.size;
  return {Kind::text, text.size, texts_->copy(text.view()).data()};
}

ConnectRecords EnvelopeStretch::records(const EnvelopeSurroundings& around, std::vector<DeadLetter>& refused) {
  RefusedRows refused_rows;
  ConnectRecords records{
      .topic = plan_->table->topic, .key_type = plan_->key, .value_type = plan_->value, .size = size()};
  records.value = value_column(around, refused_rows);
  records.key = key_column(refused_rows);
  for (const EnvelopeRecord& record : records_) records.timestamps_ms.push_back(record.place.commit_us / 1000);
  put_headers(around.headers, records);
  if (refused_rows.empty()) return records;
  RowFailures failures = refused_rows.take();
  for (RowFailure& failure : failures)
    if (records_[failure.row].op != 0) refused.push_back(letter_of(failure));  // a deletion says it for its tombstone
  return without(records, failures);
}

void EnvelopeStretch::read(const ValueReader& reader, const std::vector<FieldText>& cells, std::size_t field,
                           std::size_t width, const std::string& name, Column& column, RefusedRows& refused) const {
  RowFailures failures;
  reader.read(cells.data() + field, width, size(), column, failures);
  refused.add(name, failures);
}

ColumnRef EnvelopeStretch::value_column(const EnvelopeSurroundings& around, RefusedRows& refused) const {
  const EnvelopePlan& plan = *plan_;
  auto value = std::make_shared<Column>(physical_type(*plan.value));
  Column &before = value->child(0), &after = value->child(1);
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    read(*plan.fields[i].reader, before_, i, plan.fields.size(), name_of(i), before.child(i), refused);
    read(*plan.fields[i].reader, after_, i, plan.fields.size(), name_of(i), after.child(i), refused);
  }
  end_rows(before, records_, [](const EnvelopeRecord& r) { return r.has_before; });
  end_rows(after, records_, [](const EnvelopeRecord& r) { return r.has_after; });
  for (const EnvelopeRecord& record : records_) {
    around.source.append(value->child(2), plan.table.get(), record.place, record.snapshot, true);
    around.transactions.append_block(value->child(3), record.order);
    char op = record.op == 0 ? 'd' : record.op;
    value->child(4).append_string({&op, 1});
    value->child(5).append(record.seen_us / 1000);
    value->child(6).append(record.seen_us);
    value->child(7).append(record.seen_us * 1000);
  }
  end_rows(*value, records_, [](const EnvelopeRecord& r) { return r.op != 0; });
  hold_memory(before, texts_);
  hold_memory(after, texts_);
  hold_memory(before, plan_);  // texts of the plan stand in rows before
  return value;
}

ColumnRef EnvelopeStretch::key_column(RefusedRows& refused) const {
  const EnvelopePlan& plan = *plan_;
  if (!plan.key) return nullptr;
  auto key = std::make_shared<Column>(physical_type(*plan.key));
  for (std::size_t i = 0; i < plan.keys.size(); ++i)
    read(*plan.key_readers[i], keys_, i, plan.keys.size(), name_of(plan.keys[i]), key->child(i), refused);
  end_rows(*key, records_, [](const EnvelopeRecord& r) { return r.has_key; });
  hold_memory(*key, texts_);
  return key;
}

void EnvelopeStretch::put_headers(std::span<const Header> headers, ConnectRecords& records) const {
  std::string alone;
  append_headers(alone, headers);
  for (const EnvelopeRecord& record : records_) {
    if (record.other < 0 || static_cast<std::uint32_t>(record.other) >= size()) {
      records.headers.push_back(alone);
      continue;
    }
    Buffer other;
    ConnectJsonWriter(*plan_->key, {.schemas = false})
        .append(other, *records.key, static_cast<std::uint32_t>(record.other));
    std::vector<Header> all = {{record.other_is_new ? "__debezium.newkey" : "__debezium.oldkey", other.view()}};
    all.insert(all.end(), headers.begin(), headers.end());
    append_headers(records.headers.emplace_back(), all);
  }
}

DeadLetter EnvelopeStretch::letter_of(RowFailure& failure) const {
  const EnvelopeRecord& record = records_[failure.row];
  const std::size_t width = plan_->fields.size();
  auto texts = [&](const std::vector<FieldText>& cells, bool there) {
    std::vector<NamedText> named;
    for (std::size_t i = 0; i < width && there; ++i) named.push_back({name_of(i), cells[failure.row * width + i]});
    return named;
  };
  return refused_change(*plan_->table, record.op, record.place, std::move(failure.why),
                        texts(before_, record.has_before), texts(after_, record.has_after));
}

}  // namespace levada
