#include "connectors/postgres/envelope_collector.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/random.h"
#include "connectors/postgres/connect_value.h"
#include "connectors/postgres/refused_change.h"
#include "formats/connect_json.h"
#include "formats/scalar_text.h"
#include "log/record_batch.h"

namespace levada {
namespace {

using Kind = FieldText::Kind;

constexpr std::string_view debezium_version = "3.5.0.Final";  // whose records these equal
constexpr std::string_view connector_name = "postgresql";

std::string_view mark_text(SnapshotMark mark) {
  switch (mark) {
    case SnapshotMark::no: return "false";
    case SnapshotMark::yes: return "true";
    case SnapshotMark::first: return "first";
    case SnapshotMark::first_in_table: return "first_in_data_collection";
    case SnapshotMark::last_in_table: return "last_in_data_collection";
    case SnapshotMark::last: return "last";
  }
  LV_UNREACHABLE();
}

// What Debezium calls the sequence: where the transaction before ended, and where this change stands.
std::string sequence_text(const ChangePlace& place) {
  if (place.previous_commit_lsn == 0) return fmt::format("[null,\"{}\"]", place.lsn);
  return fmt::format("[\"{}\",\"{}\"]", place.previous_commit_lsn, place.lsn);
}

void append_integer(Column& column, std::uint64_t value, bool there = true) {
  if (there)
    column.append(static_cast<std::int64_t>(value));
  else
    column.append_null();
}

// A structure's row behind the last one, whose fields have been appended; or a null one.
void end_row(Column& structure, bool there) {
  structure.append_structure();
  if (!there) structure.mutable_validity().reset(structure.size() - 1);
}

// Rows of a structure whose fields have been read, all at once.
void end_rows(Column& structure, const auto& records, auto there) {
  for (const auto& record : records) end_row(structure, there(record));
}

ColumnRef only(const Column& column, const std::vector<std::uint32_t>& rows) {
  auto result = std::make_shared<Column>(column.type());
  result->append_from(column, Rows(rows));
  return result;
}

}  // namespace

std::string new_run() {
  std::uint64_t high = random_seed(), low = random_seed();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff,
                     0x8000 | (low >> 48 & 0x3fff), low & 0xffff'ffff'ffff);
}

EnvelopeCollector::EnvelopeCollector(EnvelopeOptions options, ValueModes modes, const Clock& clock)
    : options_(std::move(options)),
      modes_(modes),
      clock_(clock),
      message_key_(message_key_type()),
      message_value_(message_value_type(modes.binary != ValueModes::Binary::bytes)),
      transaction_key_(transaction_key_type()),
      transaction_value_(transaction_value_type()),
      heartbeat_key_(heartbeat_key_type()),
      heartbeat_value_(heartbeat_value_type()) {
  LV_ASSERT(modes_.form == RecordForm::connect);
}

void EnvelopeCollector::add(const CapturedTableRef& table, const RowChange& change) {
  Stretch& stretch = stretch_of(table);
  ++changes_;
  if (change.op == 'd') {
    deletes(stretch, change, -1);
    return;
  }
  Record record{.op = change.op};
  if (change.op == 't') return put(stretch, change, record, false);
  const EnvelopePlan& plan = *stretch.plan;
  if (change.op == 'u' && !change.before.empty()) {
    if (moves(plan, change)) {
      auto first = static_cast<std::int32_t>(stretch.records.size());
      bool deleted = deletes(stretch, change, first + 1 + options_.tombstones);
      record.op = 'c';
      record.other = deleted ? first : -1;
      record.has_after = true;
      return put(stretch, change, record, false);
    }
    record.has_before = true;
  }
  record.has_after = true;
  put(stretch, change, record, false);
}

const CapturedColumn* EnvelopeCollector::unknown_key(const EnvelopePlan& plan, const RowChange& change) {
  for (std::size_t key : plan.keys) {
    const EnvelopePlan::FieldPlan& field = plan.fields[key];
    if (!change.before.empty() && field.known_before && change.before[field.column].kind != Kind::unchanged) continue;
    return &plan.table->columns[field.column];
  }
  return nullptr;
}

// Whether the key is another one after the update.
bool EnvelopeCollector::moves(const EnvelopePlan& plan, const RowChange& change) {
  for (std::size_t key : plan.keys) {
    const EnvelopePlan::FieldPlan& field = plan.fields[key];
    if (!field.known_before || change.before.empty()) continue;
    const FieldText &old = change.before[field.column], &now = change.after[field.column];
    if (now.kind != Kind::unchanged && (old.kind != now.kind || old.view() != now.view())) return true;
  }
  return false;
}

// The deletion and its tombstone. False: the log does not hold the key, so there is none.
bool EnvelopeCollector::deletes(Stretch& stretch, const RowChange& change, std::int32_t other) {
  const EnvelopePlan& plan = *stretch.plan;
  if (const CapturedColumn* unknown = unknown_key(plan, change)) {
    refuse(*plan.table, change,
           "the log does not hold the key's column " + unknown->name + " of the row that is gone; ALTER TABLE " +
               plan.table->text() + " REPLICA IDENTITY FULL writes it");
    return false;
  }
  Record record{.op = 'd', .has_before = !change.before.empty(), .other = other, .other_is_new = true};
  put(stretch, change, record, true);
  record.op = 0;
  record.has_before = false;
  if (options_.tombstones) put(stretch, change, record, true);
  return true;
}

void EnvelopeCollector::put(Stretch& stretch, const RowChange& change, Record record, bool key_from_before) {
  const EnvelopePlan& plan = *stretch.plan;
  std::size_t width = plan.fields.size(), first = stretch.after.size(), first_key = stretch.keys.size();
  stretch.before.resize(first + width);
  stretch.after.resize(first + width);
  stretch.keys.resize(first_key + plan.keys.size());
  for (std::size_t i = 0; i < width && record.has_before; ++i) {
    const EnvelopePlan::FieldPlan& field = plan.fields[i];
    stretch.before[first + i] = field.known_before ? keep(stretch, change.before[field.column]) : field.unknown;
  }
  for (std::size_t i = 0; i < width && record.has_after; ++i) {
    std::size_t column = plan.fields[i].column;
    FieldText text = change.after[column];
    if (text.kind == Kind::unchanged && !change.before.empty() && change.before[column].kind == Kind::text)
      text = change.before[column];
    stretch.after[first + i] = keep(stretch, text);
  }
  record.has_key = !plan.keys.empty() && record.op != 't';
  for (std::size_t i = 0; i < plan.keys.size() && record.has_key; ++i) {
    FieldText text = key_from_before ? keep(stretch, change.before[plan.fields[plan.keys[i]].column])
                                     : stretch.after[first + plan.keys[i]];
    stretch.keys[first_key + i] = text;
    if (text.kind != Kind::unchanged) continue;
    stretch.before.resize(first);
    stretch.after.resize(first);
    stretch.keys.resize(first_key);
    return refuse(
        *plan.table, change,
        "the log does not hold the key's column " + plan.table->columns[plan.fields[plan.keys[i]].column].name);
  }
  record.place = change.place;
  record.seen_us = clock_.now_us();
  record.snapshot = change.snapshot;
  if (record.op != 0 && record.op != 'r') record.order = next_order(plan.table->text());
  stretch.records.push_back(record);
  bytes_ += (2 * width + plan.keys.size()) * sizeof(FieldText) + sizeof record;
}

FieldText EnvelopeCollector::keep(Stretch& stretch, const FieldText& text) {
  if (text.kind != Kind::text) return text;
  bytes_ += text.size;
  return {Kind::text, text.size, stretch.texts->copy(text.view()).data()};
}

void EnvelopeCollector::refuse(const CapturedTable& table, const RowChange& change, std::string cause) {
  refused_.push_back(refused_change(table, change.op, change.place, std::move(cause), named_texts(table, change.before),
                                    named_texts(table, change.after)));
  bytes_ += refused_.back().value->size();
}

EnvelopeCollector::Stretch& EnvelopeCollector::stretch_of(const CapturedTableRef& table) {
  if (last_table_ == table.get() && stretches_[last_].records.size() + 3 <= batch_rows) [[likely]]
    return stretches_[last_];
  auto found = open_.find(table.get());
  if (found == open_.end() || stretches_[found->second].records.size() + 3 > batch_rows) {
    // Other definitions of the table, and other tables, may share the topic: what they have stays before this.
    std::erase_if(open_, [&](const auto& open) { return open.first->topic == table->topic; });
    found = open_.emplace(table.get(), stretches_.size()).first;
    stretches_.push_back({.plan = plan_of(table),
                          .texts = std::make_shared<Arena>(),
                          .before = {},
                          .after = {},
                          .keys = {},
                          .records = {}});
  }
  last_table_ = table.get();
  last_ = found->second;
  return stretches_[last_];
}

std::shared_ptr<const EnvelopePlan> EnvelopeCollector::plan_of(const CapturedTableRef& table) {
  std::shared_ptr<const EnvelopePlan>& plan = plans_[table->oid];
  if (!plan || plan->table != table) plan = plan_envelope(table, modes_);
  return plan;
}

// ---- transactions and messages ----

EnvelopeCollector::Order EnvelopeCollector::next_order(const std::string& table) {
  if (transactions_.empty() || !transactions_.back().end_id.empty()) return {};
  Transaction& transaction = transactions_.back();
  auto found = std::ranges::find(transaction.tables, table, &std::pair<std::string, std::int64_t>::first);
  if (found == transaction.tables.end()) found = transaction.tables.insert(found, {table, 0});
  return {.transaction = static_cast<std::int64_t>(transactions_.size() - 1),
          .total = ++transaction.events,
          .of_table = ++found->second};
}

void EnvelopeCollector::pass(const CapturedTableRef& table, const RowChange& change) {
  if (transactions_.empty()) return;
  auto plan = plan_of(table);
  bool moved = change.op == 'u' && moves(*plan, change);
  bool refused = (change.op == 'd' || moved) && unknown_key(*plan, change);
  for (int events = 1 + moved - refused; events > 0; --events) next_order(table->text());
}

void EnvelopeCollector::begin(const ChangePlace& place, bool goes_on) {
  if (!options_.transactions) return;
  transactions_.push_back({.id = fmt::format("{}:{}", place.xid, place.lsn),
                           .end_id = {},
                           .begin_ms = place.commit_us / 1000,
                           .tables = {},
                           .begun = !goes_on});
}

void EnvelopeCollector::commit(const ChangePlace& place) {
  if (transactions_.empty() || !transactions_.back().end_id.empty()) return;
  transactions_.back().end_id = fmt::format("{}:{}", place.xid, place.commit_lsn);
  transactions_.back().end_ms = place.commit_us / 1000;
}

void EnvelopeCollector::add_message(std::string_view prefix, std::string_view content, bool transactional,
                                    const ChangePlace& place) {
  Order order;
  if (transactional) order = next_order("message");
  messages_.push_back({std::string(prefix), std::string(content), transactional, place, clock_.now_us(), order});
  bytes_ += prefix.size() + content.size() + sizeof(Message);
  ++changes_;
}

void EnvelopeCollector::beat(std::int64_t now_us) {
  beats_ms_.push_back(now_us / 1000);
  bytes_ += 1;  // there is something to take
}

// ---- columns ----

void EnvelopeCollector::take(SourceRead& out) {
  for (Stretch& stretch : stretches_)
    if (!stretch.records.empty()) out.records.push_back(records_of(stretch));
  if (!messages_.empty()) out.records.push_back(message_records());
  if (!beats_ms_.empty()) out.records.push_back(heartbeat_records());
  if (!transactions_.empty()) {
    ConnectRecords records = transaction_records();
    if (records.size > 0) out.records.push_back(std::move(records));
  }
  for (DeadLetter& letter : refused_) out.rejected.push_back(std::move(letter));
  stretches_.clear();
  open_.clear();
  last_table_ = nullptr;
  messages_.clear();
  beats_ms_.clear();
  refused_.clear();
  // A transaction that is not over goes on counting.
  if (!transactions_.empty() && transactions_.back().end_id.empty()) {
    transactions_.erase(transactions_.begin(), transactions_.end() - 1);
    transactions_.back().begun = false;
  } else {
    transactions_.clear();
  }
  bytes_ = 0;
  changes_ = 0;
}

void EnvelopeCollector::put_source(Column& source, const CapturedTable* table, const ChangePlace& place,
                                   SnapshotMark snapshot, bool transactional) {
  auto text = [&](std::size_t field, std::string_view value) { source.child(field).append_string(value); };
  text(0, debezium_version);
  text(1, connector_name);
  text(2, options_.name);
  append_integer(source.child(3), static_cast<std::uint64_t>(place.commit_us / 1000));
  text(4, mark_text(snapshot));
  text(5, table ? table->database : options_.database);
  text(6, sequence_text(place));
  append_integer(source.child(7), static_cast<std::uint64_t>(place.commit_us));
  append_integer(source.child(8), static_cast<std::uint64_t>(place.commit_us) * 1000);
  text(9, table ? table->schema : "");
  text(10, table ? table->name : "");
  append_integer(source.child(11), place.xid, place.xid != 0 && transactional);
  append_integer(source.child(12), place.lsn);
  for (std::size_t field : {13, 14, 15}) source.child(field).append_null();
  source.append_structure();
}

void EnvelopeCollector::put_transaction(Column& block, const Order& order) {
  if (order.transaction < 0) return block.append_null();
  block.child(0).append_string(transactions_[static_cast<std::size_t>(order.transaction)].id);
  block.child(1).append(order.total);
  block.child(2).append(order.of_table);
  block.append_structure();
}

ConnectRecords EnvelopeCollector::records_of(Stretch& stretch) {
  const EnvelopePlan& plan = *stretch.plan;
  const CapturedTable& table = *plan.table;
  auto rows = static_cast<std::uint32_t>(stretch.records.size());
  std::size_t width = plan.fields.size();
  struct Refused {
    std::uint32_t row;
    std::string why;
  };
  std::vector<Refused> refused;
  auto read = [&](const EnvelopePlan::FieldPlan& field, const ValueReader& reader, const FieldText* texts,
                  std::size_t stride, Column& column) {
    RowFailures failures;
    reader.read(texts, stride, rows, column, failures);
    for (RowFailure& failure : failures)
      refused.push_back({failure.row, table.columns[field.column].name + ": " + failure.why});
  };

  auto value = std::make_shared<Column>(physical_type(*plan.value));
  Column &before = value->child(0), &after = value->child(1);
  for (std::size_t i = 0; i < width; ++i) {
    const EnvelopePlan::FieldPlan& field = plan.fields[i];
    read(field, *field.reader, stretch.before.data() + i, width, before.child(i));
    read(field, *field.reader, stretch.after.data() + i, width, after.child(i));
  }
  end_rows(before, stretch.records, [](const Record& r) { return r.has_before; });
  end_rows(after, stretch.records, [](const Record& r) { return r.has_after; });
  for (const Record& record : stretch.records) {
    put_source(value->child(2), &table, record.place, record.snapshot, true);
    put_transaction(value->child(3), record.order);
    char op = record.op == 0 ? 'd' : record.op;
    value->child(4).append_string({&op, 1});
    value->child(5).append(record.seen_us / 1000);
    value->child(6).append(record.seen_us);
    value->child(7).append(record.seen_us * 1000);
  }
  end_rows(*value, stretch.records, [](const Record& r) { return r.op != 0; });
  hold_memory(before, stretch.texts);
  hold_memory(after, stretch.texts);
  // Texts of the plan stand in rows before.
  hold_memory(before, stretch.plan);

  std::shared_ptr<Column> key;
  if (plan.key) {
    key = std::make_shared<Column>(physical_type(*plan.key));
    for (std::size_t i = 0; i < plan.keys.size(); ++i)
      read(plan.fields[plan.keys[i]], *plan.key_readers[i], stretch.keys.data() + i, plan.keys.size(), key->child(i));
    end_rows(*key, stretch.records, [](const Record& r) { return r.has_key; });
    hold_memory(*key, stretch.texts);
  }

  ConnectRecords records{.topic = table.topic, .key_type = plan.key, .value_type = plan.value, .size = rows};
  for (const Record& record : stretch.records) {
    std::vector<Header> headers;
    Buffer other;
    if (record.other >= 0 && static_cast<std::uint32_t>(record.other) < rows) {
      ConnectJsonWriter(*plan.key, {.schemas = false}).append(other, *key, static_cast<std::uint32_t>(record.other));
      headers.push_back({record.other_is_new ? "__debezium.newkey" : "__debezium.oldkey", other.view()});
    }
    headers.push_back({"__debezium.context.connectorLogicalName", std::string_view(options_.name)});
    headers.push_back({"__debezium.context.taskId", std::string_view("0")});
    headers.push_back({"__debezium.context.connectorName", connector_name});
    headers.push_back({"__debezium.context.runId", std::string_view(options_.run)});
    records.timestamps_ms.push_back(record.place.commit_us / 1000);
    append_headers(records.headers.emplace_back(), headers);
  }
  records.key = key;
  records.value = value;
  if (refused.empty()) return records;

  std::ranges::stable_sort(refused, {}, &Refused::row);
  std::vector<std::uint32_t> good;
  std::size_t at = 0;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (at == refused.size() || refused[at].row != row) {
      good.push_back(row);
      continue;
    }
    const Record& record = stretch.records[row];
    std::string cause = std::move(refused[at].why);
    for (++at; at < refused.size() && refused[at].row == row; ++at)
      if (cause.find(refused[at].why) == std::string::npos) cause += "; " + refused[at].why;
    if (record.op == 0) continue;  // the deletion before it says it
    auto texts = [&](const std::vector<FieldText>& cells, bool there) {
      std::vector<NamedText> named;
      for (std::size_t i = 0; i < width && there; ++i)
        named.push_back({table.columns[plan.fields[i].column].name, cells[row * width + i]});
      return named;
    };
    refused_.push_back(refused_change(table, record.op, record.place, std::move(cause),
                                      texts(stretch.before, record.has_before),
                                      texts(stretch.after, record.has_after)));
  }
  if (key) records.key = only(*key, good);
  records.value = only(*value, good);
  records.size = static_cast<std::uint32_t>(good.size());
  for (std::size_t i = 0; i < good.size(); ++i) {
    records.timestamps_ms[i] = records.timestamps_ms[good[i]];
    if (i != good[i]) records.headers[i] = std::move(records.headers[good[i]]);
  }
  records.timestamps_ms.resize(good.size());
  records.headers.resize(good.size());
  return records;
}

ConnectRecords EnvelopeCollector::heartbeat_records() {
  ConnectRecords records{.topic = options_.heartbeat_topic, .key_type = heartbeat_key_, .value_type = heartbeat_value_};
  auto key = std::make_shared<Column>(physical_type(*heartbeat_key_));
  auto value = std::make_shared<Column>(physical_type(*heartbeat_value_));
  for (std::int64_t ms : beats_ms_) {
    key->child(0).append_string(options_.name);
    key->append_structure();
    value->child(0).append(ms);
    value->append_structure();
    records.timestamps_ms.push_back(ms);
  }
  records.size = static_cast<std::uint32_t>(beats_ms_.size());
  records.key = key;
  records.value = value;
  return records;
}

ConnectRecords EnvelopeCollector::message_records() {
  ConnectRecords records{.topic = options_.name + ".message", .key_type = message_key_, .value_type = message_value_};
  auto key = std::make_shared<Column>(physical_type(*message_key_));
  auto value = std::make_shared<Column>(physical_type(*message_value_));
  for (const Message& message : messages_) {
    key->child(0).append_string(message.prefix);
    key->append_structure();
    value->child(0).append_string("m");
    value->child(1).append(message.seen_us / 1000);
    put_source(value->child(2), nullptr, message.place, SnapshotMark::no, message.transactional);
    put_transaction(value->child(3), message.order);
    Column& body = value->child(4);
    body.child(0).append_string(message.prefix);
    Column& content = body.child(1);
    content.append(binary_value(content.keep(message.content).view(), modes_.binary, content.arena()));
    body.append_structure();
    value->append_structure();
    records.timestamps_ms.push_back(message.place.commit_us / 1000);
  }
  records.size = static_cast<std::uint32_t>(messages_.size());
  records.key = key;
  records.value = value;
  return records;
}

ConnectRecords EnvelopeCollector::transaction_records() {
  ConnectRecords records{
      .topic = options_.transaction_topic.empty() ? options_.name + ".transaction" : options_.transaction_topic,
      .key_type = transaction_key_,
      .value_type = transaction_value_};
  auto key = std::make_shared<Column>(physical_type(*transaction_key_));
  auto value = std::make_shared<Column>(physical_type(*transaction_value_));
  auto put = [&](std::string_view status, std::string_view id, const Transaction* ended, std::int64_t ms) {
    key->child(0).append_string(id);
    key->append_structure();
    value->child(0).append_string(status);
    value->child(1).append_string(id);
    Column& tables = value->child(3);
    if (ended) {
      value->child(2).append(ended->events);
      Column& element = tables.child(0);
      for (const auto& [table, events] : ended->tables) {
        element.child(0).append_string(table);
        element.child(1).append(events);
        element.append_structure();
      }
      tables.append_list();
    } else {
      value->child(2).append_null();
      tables.append_null();
    }
    value->child(4).append(ms);
    value->append_structure();
    records.timestamps_ms.push_back(ms);
    ++records.size;
  };
  for (const Transaction& transaction : transactions_) {
    if (transaction.begun) put("BEGIN", transaction.id, nullptr, transaction.begin_ms);
    if (!transaction.end_id.empty()) put("END", transaction.end_id, &transaction, transaction.end_ms);
  }
  records.key = key;
  records.value = value;
  return records;
}

}  // namespace levada
