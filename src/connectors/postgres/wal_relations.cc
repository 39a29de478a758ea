#include "connectors/postgres/wal_relations.h"

#include <algorithm>

#include "connectors/postgres/shown_transaction.h"

namespace levada {

std::span<const FieldText> WalRelation::row(std::span<const FieldText> values, std::vector<FieldText>& room) const {
  if (straight || values.empty()) return values;
  room.clear();
  for (std::uint32_t place : from) room.push_back(values[place]);
  return room;
}

void WalRelations::know(std::span<const CapturedTableRef> tables) {
  for (const CapturedTableRef& table : tables) known_[table->oid] = table;
}

void WalRelations::take_type(const LogMessage& message) { type_names_[message.oid] = std::string(message.name); }

const WalRelation* WalRelations::find(std::uint32_t oid) const {
  if (last_ && last_oid_ == oid) return last_;
  auto at = relations_.find(oid);
  if (at == relations_.end()) return nullptr;
  last_oid_ = oid;
  return last_ = &at->second;
}

Result<void> WalRelations::take_relation(const LogMessage& message, std::uint32_t transaction) {
  last_ = nullptr;
  WalRelation relation{.width = message.columns.size()};
  const CaptureFilter& filter = *catalogue_.rules().filter;
  if (filter.table(message.schema, message.name)) {
    relation.table = LV_TRY(captured(message, transaction));
    for (std::size_t i = 0; i < message.columns.size(); ++i)
      if (filter.column(message.schema, message.name, message.columns[i].name))
        relation.from.push_back(static_cast<std::uint32_t>(i));
    relation.straight = relation.from.size() == relation.width;
  }
  relations_[message.oid] = std::move(relation);
  return {};
}

// The log says nothing of NOT NULL, and an ALTER TABLE may have dropped no more than that. (The catalogue is of now:
// what is NOT NULL again by now may have been null.)
static CapturedTableRef loosened(const CapturedTableRef& known, const CapturedTable& now) {
  auto table = std::make_shared<CapturedTable>(*known);
  bool changed = false;
  for (std::size_t i = 0; i < table->columns.size(); ++i)
    if (table->columns[i].not_null && !now.columns[i].not_null) table->columns[i].not_null = false, changed = true;
  return changed ? table : known;
}

// The table that was known, if it is still the same; else what the catalogue and the log say together.
Result<CapturedTableRef> WalRelations::captured(const LogMessage& message, std::uint32_t transaction) {
  CapturedTableRef& known = known_[message.oid];
  CapturedTableRef now;
  if (connection_) {
    LV_TRY(wait_until_shown(*connection_, transaction));  // else it is taken by what the log says alone
    now = LV_TRY(catalogue_.table(*connection_, message.oid));
  }
  if (known && fits(*known, message)) {
    if (now && fits(*now, message)) known = loosened(known, *now);
    return known;
  }
  known = now && fits(*now, message) ? now : LV_TRY(merged(message, now.get()));
  return known;
}

bool WalRelations::fits(const CapturedTable& table, const LogMessage& message) const {
  if (table.schema != message.schema || table.name != message.name || table.identity != message.identity) return false;
  const CaptureFilter& filter = *catalogue_.rules().filter;
  auto column = table.columns.begin();
  for (const LogMessage::Column& c : message.columns) {
    if (!filter.column(message.schema, message.name, c.name)) continue;
    if (column == table.columns.end() || column->name != c.name || column->type.oid != c.type ||
        column->type.modifier != c.modifier || column->in_identity != c.in_identity)
      return false;
    ++column;
  }
  return column == table.columns.end();
}

Result<CapturedTableRef> WalRelations::merged(const LogMessage& message, const CapturedTable* now) {
  const CaptureFilter& filter = *catalogue_.rules().filter;
  CapturedTable table{.oid = message.oid,
                      .database = connection_->database(),
                      .schema = std::string(message.schema),
                      .name = std::string(message.name),
                      .kind = now ? now->kind : 'r',
                      .identity = message.identity};
  table.topic = captured_topic(catalogue_.rules().topic_prefix, table.schema, table.name);
  std::vector<std::string> identity;
  for (const LogMessage::Column& c : message.columns) {
    if (c.in_identity) identity.emplace_back(c.name);
    if (filter.column(message.schema, message.name, c.name))
      table.columns.push_back(LV_TRY(column_of(message, c, now)));
  }
  // The default identity is the primary key of that time; otherwise only the catalogue knows the key.
  std::vector<std::string> wanted = filter.key(table.schema, table.name), primary;
  if (now)
    for (std::size_t i : now->key) primary.push_back(now->columns[i].name);
  if (wanted.empty() && table.identity == 'd') {
    bool same = std::ranges::is_permutation(primary, identity);
    wanted = same ? primary : identity;  // the order is the catalogue's
    for (CapturedColumn& column : table.columns)
      if (column.in_identity) column.not_null = true;
  } else if (wanted.empty()) {
    wanted = now ? primary : table.identity == 'i' ? identity : std::vector<std::string>();
  }
  table.key = find_key(table, wanted);
  return std::make_shared<CapturedTable>(std::move(table));
}

Result<CapturedColumn> WalRelations::column_of(const LogMessage& message, const LogMessage::Column& c,
                                               const CapturedTable* now) {
  CapturedColumn column{.name = std::string(c.name)};
  if (now)
    if (auto at = std::ranges::find(now->columns, c.name, &CapturedColumn::name);
        at != now->columns.end() && at->type.oid == c.type)
      column = *at;
  if (column.declared.empty() || column.type.modifier != c.modifier) {
    column.type = LV_TRY(catalogue_.type(*connection_, c.type, c.modifier));
    if (column.type.name.empty()) {  // it was dropped since
      auto name = type_names_.find(c.type);
      column.type.name = column.declared = name == type_names_.end() ? "unknown" : name->second;
    } else {
      column.declared = LV_TRY(catalogue_.type_text(*connection_, c.type, c.modifier));
    }
  }
  column.generated = false;  // its values are in the log
  column.in_log = true;
  column.in_identity = c.in_identity;
  if (const auto& masks = catalogue_.rules().masks) column.mask = masks->of(message.schema, message.name, c.name);
  return column;
}

}  // namespace levada
