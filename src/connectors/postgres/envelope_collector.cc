#include "connectors/postgres/envelope_collector.h"

#include <fmt/core.h>

#include "base/random.h"
#include "connectors/postgres/refused_change.h"

namespace levada {
namespace {

using Kind = FieldText::Kind;

// A key column of the row before that the log does not hold; null: it is whole.
const CapturedColumn* unknown_key(const EnvelopePlan& plan, const RowChange& change) {
  for (std::size_t key : plan.keys) {
    const EnvelopePlan::FieldPlan& field = plan.fields[key];
    if (!change.before.empty() && field.known_before && change.before[field.column].kind != Kind::unchanged) continue;
    return &plan.table->columns[field.column];
  }
  return nullptr;
}

// Whether the key is another one after the update.
bool moves(const EnvelopePlan& plan, const RowChange& change) {
  for (std::size_t key : plan.keys) {
    const EnvelopePlan::FieldPlan& field = plan.fields[key];
    if (!field.known_before || change.before.empty()) continue;
    const FieldText &old = change.before[field.column], &now = change.after[field.column];
    if (now.kind != Kind::unchanged && now != old) return true;
  }
  return false;
}

// The texts are borrowed.
std::vector<Header> context_headers(std::string_view name, std::string_view run) {
  return {{"__debezium.context.connectorLogicalName", name},
          {"__debezium.context.taskId", std::string_view("0")},
          {"__debezium.context.connectorName", debezium_connector},
          {"__debezium.context.runId", run}};
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
      source_(options_.name, options_.database),
      headers_(context_headers(options_.name, options_.run)),
      messages_(options_.name + ".message", modes.binary),
      heartbeats_(options_.heartbeat_topic, options_.name),
      count_(options_.transaction_topic.empty() ? options_.name + ".transaction" : options_.transaction_topic) {
  LV_ASSERT(modes_.form == RecordForm::connect);
}

// ---- rows ----

void EnvelopeCollector::add(const CapturedTableRef& table, const RowChange& change) {
  EnvelopeStretch& stretch = stretch_of(table);
  ++changes_;
  EnvelopeRecord record{.op = change.op};
  switch (change.op) {
    case 'd': put_deletion(stretch, change, -1); return;
    case 't': break;
    case 'u':
      if (moves(stretch.plan(), change)) {
        auto first = static_cast<std::int32_t>(stretch.size());
        bool deleted = put_deletion(stretch, change, first + 1 + options_.tombstones);
        record.op = 'c';
        record.other = deleted ? first : -1;
      } else {
        record.has_before = !change.before.empty();
      }
      [[fallthrough]];
    default: record.has_after = true;
  }
  put(stretch, change, record);
}

// The deletion and its tombstone. False: the log does not hold the key, so there is none.
bool EnvelopeCollector::put_deletion(EnvelopeStretch& stretch, const RowChange& change, std::int32_t other) {
  const EnvelopePlan& plan = stretch.plan();
  if (const CapturedColumn* unknown = unknown_key(plan, change)) {
    refuse(*plan.table, change, old_key_not_in_log(*plan.table, *unknown));
    return false;
  }
  EnvelopeRecord record{.op = 'd', .has_before = !change.before.empty(), .other = other, .other_is_new = true};
  put(stretch, change, record);
  record.op = 0;
  record.has_before = false;
  if (options_.tombstones) put(stretch, change, record);
  return true;
}

void EnvelopeCollector::put(EnvelopeStretch& stretch, const RowChange& change, EnvelopeRecord record) {
  const CapturedTable& table = *stretch.plan().table;
  record.seen_us = clock_.now_us();
  if (const CapturedColumn* unknown = stretch.put(change, record, bytes_))
    return refuse(table, change, key_not_in_log(*unknown));
  if (record.op != 0 && record.op != 'r' && count_.counts()) stretch.last().order = count_.next(table.text());
}

void EnvelopeCollector::refuse(const CapturedTable& table, const RowChange& change, std::string cause) {
  refused_.push_back(refused_change(table, change, std::move(cause)));
  bytes_ += refused_.back().value->size();
}

EnvelopeStretch& EnvelopeCollector::stretch_of(const CapturedTableRef& table) {
  if (EnvelopeStretch* growing = stretches_.growing(*table)) [[likely]]
    return *growing;
  return stretches_.begin(*table, EnvelopeStretch(plan_of(table)));
}

std::shared_ptr<const EnvelopePlan> EnvelopeCollector::plan_of(const CapturedTableRef& table) {
  std::shared_ptr<const EnvelopePlan>& plan = plans_[table->oid];
  if (!plan || plan->table != table) plan = plan_envelope(table, modes_);
  return plan;
}

// ---- the rest of the log ----

void EnvelopeCollector::begin(const ChangePlace& place, bool goes_on) {
  if (options_.transactions) count_.begin(place, goes_on);
}

void EnvelopeCollector::pass(const CapturedTableRef& table, const RowChange& change) {
  if (!count_.counts()) return;
  auto plan = plan_of(table);
  bool moved = change.op == 'u' && moves(*plan, change);
  bool refused = (change.op == 'd' || moved) && unknown_key(*plan, change);
  for (int events = 1 + moved - refused; events > 0; --events) count_.next(table->text());
}

void EnvelopeCollector::add_message(std::string_view prefix, std::string_view content, bool transactional,
                                    const ChangePlace& place) {
  TransactionOrder order;
  if (transactional) order = count_.next(message_collection);
  messages_.add({std::string(prefix), std::string(content), transactional, place, clock_.now_us(), order});
  bytes_ += prefix.size() + content.size() + sizeof(LogicalMessage);
  ++changes_;
}

void EnvelopeCollector::beat(std::int64_t now_us) {
  heartbeats_.add(now_us / 1000);
  bytes_ += 1;  // there is something to take
}

void EnvelopeCollector::take(SourceRead& out) {
  for (EnvelopeStretch& stretch : stretches_.take())
    if (stretch.size() > 0)
      out.records.push_back(
          stretch.records({.source = source_, .transactions = count_, .headers = headers_}, refused_));
  if (!messages_.empty()) out.records.push_back(messages_.take(source_, count_));
  if (!heartbeats_.empty()) out.records.push_back(heartbeats_.take());
  if (ConnectRecords records = count_.take(); records.size > 0) out.records.push_back(std::move(records));
  for (DeadLetter& letter : refused_) out.rejected.push_back(std::move(letter));
  refused_.clear();
  bytes_ = 0;
  changes_ = 0;
}

}  // namespace levada
