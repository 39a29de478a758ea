#include "connectors/postgres/trigger_setup.h"

#include <algorithm>

#include "connectors/postgres/column_mask.h"
#include "connectors/postgres/trigger_functions.h"
#include "connectors/postgres/trigger_texts.h"

namespace levada {
namespace {

constexpr std::size_t longest_name = 63;

class Planner {
 public:
  Planner(const CatalogueTable& table, const std::optional<CatalogueChanges>& changes, const TableName& name,
          const TriggerOptions& options)
      : captured_(table),
        changes_(changes),
        name_(changes ? changes->name : name),
        options_(options),
        user_(options.address.get("user").empty() ? "…" : quote_name(options.address.get("user"))) {
    plan_.table.source = TableName{table.table.schema, table.table.name}.quoted();
    plan_.table.changes = name_.quoted();
    plan_.table.rows = table.rows;
    plan_.table.only = table.table.kind == 'r';
    for (std::size_t c = 0; c < table.plain.size(); ++c) plan_.table.columns.push_back(column_of(c));
  }

  TriggerPlan plan() {
    CapturedTable table = captured_.table;
    table.topic = options_.topic_of(table.schema, table.name);
    check_table(table);
    rename_columns();
    find_key(table);
    find_columns();
    if (changes_)
      compare_change_table();
    else
      create_change_table();
    check_privileges();
    if (options_.setup != TriggerSetup::off)
      compare_triggers();
    else if (std::ranges::all_of(old_key_, [&](const std::string& c) { return has(c); }))
      record_old_key();
    if (has(texts_)) plan_.table.texts = quote_name(texts_);
    move_texts();
    if (options_.masks)
      for (CapturedColumn& column : table.columns)
        column.mask = options_.masks->of(table.schema, table.name, column.name);
    plan_.table.table = std::make_shared<const CapturedTable>(std::move(table));
    return std::move(plan_);
  }

 private:
  // A default of before the column is told with the schema (ColumnOrigin::older), unless it is not to be read. Of a
  // domain the default may be its own.
  TriggerColumn column_of(std::size_t c) const {
    const CatalogueColumn& plain = captured_.plain[c];
    const CapturedColumn& column = captured_.table.columns[c];
    const bool told =
        column.older && column.type.resolved().name != "money" &&
        !(options_.masks && options_.masks->of(captured_.table.schema, captured_.table.name, column.name)) &&
        options_.values.form == RecordForm::rows;
    return {.number = plain.number,
            .name = plain.name,
            .type = column.declared,
            .filled = !told && (plain.is_filled() || plain.not_null || !plain.missing.empty() || column.generated ||
                                column.type.kind == 'd')};
  }

  void check_table(const CapturedTable& table) {
    if (!captured_.logged)
      impossible(Error(ErrorKind::refused, table.text() + " is UNLOGGED")
                     .why("a crash of the server empties it, and nothing tells")
                     .remedy("Run: ALTER TABLE " + plan_.table.source + " SET LOGGED;"));
    if (captured_.row_security && options_.rows != TriggerRows::no_data)
      impossible(Error(ErrorKind::refused, "row security of " + table.text() + " is in force for user " + user_)
                     .why("rows that the user may not see would be missing")
                     .remedy("Run as a superuser: ALTER ROLE " + user_ + " BYPASSRLS;"));
  }

  void find_key(CapturedTable& table) {
    auto chosen = options_.keys.find(table.text());
    if (chosen == options_.keys.end()) chosen = options_.keys.find(table.name);
    plan_.table.key_is_unique = chosen == options_.keys.end();
    if (chosen != options_.keys.end()) {
      table.key.clear();
      for (const std::string& name : chosen->second) {
        auto column = std::ranges::find(table.columns, name, &CapturedColumn::name);
        if (column == table.columns.end()) {
          impossible(Error(ErrorKind::usage, table.text() + " has no column " + name)
                         .where("'message.key.columns'")
                         .remedy("Name columns of the table."));
        } else if (!column->not_null) {
          impossible(Error(ErrorKind::refused, "key column " + name + " of " + table.text() + " may be null")
                         .where("'message.key.columns'")
                         .remedy("Run: ALTER TABLE " + plan_.table.source + " ALTER COLUMN " + quote_name(name) +
                                 " SET NOT NULL;"));
        } else {
          table.key.push_back(static_cast<std::size_t>(column - table.columns.begin()));
        }
      }
    } else if (table.key.empty()) {
      const std::string first = table.columns.empty() ? "id" : table.columns.front().name;
      impossible(Error(ErrorKind::refused, table.text() + " has no primary key, so nothing tells its rows apart")
                     .remedy("Run: ALTER TABLE " + plan_.table.source + " ADD PRIMARY KEY (" + quote_name(first) +
                             "); or say which columns do: 'message.key.columns' = '" + table.text() + ":" + first +
                             "'."));
    } else if (captured_.deferrable_key) {
      impossible(Error(ErrorKind::refused, "the primary key of " + table.text() + " is DEFERRABLE")
                     .why("two transactions may then have rows of one key at the same time, and nothing tells which of "
                          "their changes came last")
                     .remedy("Make it NOT DEFERRABLE, or answer for the order yourself by naming its columns in "
                             "'message.key.columns'."));
    }
    for (std::size_t k : table.key) {
      table.columns[k].in_identity = true;
      key_.push_back(table.columns[k].name);
      plan_.table.key_types.push_back(captured_.plain[k].type);
    }
  }

  bool is_captured(std::string_view column) const {
    return std::ranges::find(captured_.plain, column, &CatalogueColumn::name) != captured_.plain.end();
  }

  // A column of the change table that is no column of the captured one.
  template <class Wanted>
  const CatalogueColumn* find_own(Wanted&& wanted) const {
    if (!changes_) return nullptr;
    auto found = std::ranges::find_if(changes_->columns,
                                      [&](const CatalogueColumn& c) { return !is_captured(c.name) && wanted(c); });
    return found == changes_->columns.end() ? nullptr : &*found;
  }
  bool has(const std::string& column) const { return changes_ && changes_->find(column); }

  void find_columns() {
    id_ = options_.id_column;
    if (id_.empty() && !has("levada_id"))
      if (const auto* found = find_own([](const CatalogueColumn& c) { return !c.sequence.empty(); })) id_ = found->name;
    if (id_.empty()) id_ = "levada_id";
    transaction_ = options_.transaction_column;
    if (transaction_.empty())
      if (const auto* found = find_own([](const CatalogueColumn& c) { return c.type == "xid8"; }))
        transaction_ = found->name;
    if (transaction_.empty()) transaction_ = "levada_transaction";
    action_ = !options_.action_column.empty() ? options_.action_column
              : is_captured("action")         ? "levada_action"
                                              : "action";
    time_ = !options_.time_column.empty() || !changes_ || has("levada_time")
                ? (options_.time_column.empty() ? "levada_time" : options_.time_column)
                : "";
    texts_ = is_captured(texts_column) ? std::string(texts_column) + "_text" : texts_column;
    for (const std::string& name : {id_, transaction_, action_, time_})
      if (is_captured(name))
        impossible(Error(ErrorKind::usage,
                         "column " + name + " of " + name_.text() + " is one of " + captured_.table.text() + " as well")
                       .remedy("Give the change table's own columns other names, by 'change.action.column' and its "
                               "like."));
    for (std::size_t k = 0; k < key_.size(); ++k) {
      std::string name = "levada_old_" + key_[k];
      if (name.size() > longest_name || is_captured(name)) name = "levada_old_" + std::to_string(k + 1);
      old_key_.push_back(std::move(name));
    }
    plan_.table.id = quote_name(id_);
    plan_.table.transaction = quote_name(transaction_);
    plan_.table.action = quote_name(action_);
    if (!time_.empty()) plan_.table.time = quote_name(time_);
  }

  // ---- the change table ----

  // Columns whose names are others than when the row's function was made: what was recorded under the old names is
  // theirs.
  void rename_columns() {
    if (!changes_) return;
    TriggerFunctions functions(captured_, name_, {}, options_.notify);
    const CatalogueTrigger* trigger = find_trigger(functions.row_trigger());
    if (!trigger) return;
    std::vector<std::pair<std::string, std::string>> renamed;
    auto rename = [&](const std::string& from, const std::string& to) {
      if (has(from)) renamed.emplace_back(from, to);
    };
    for (const auto& [number, name] : TriggerFunctions::columns_of(trigger->body)) {
      auto column = std::ranges::find(captured_.plain, number, &CatalogueColumn::number);
      if (column == captured_.plain.end() || column->name == name) continue;
      rename(name, column->name);
      rename("levada_old_" + name, "levada_old_" + column->name);
    }
    // A column that is there and not renamed itself is in the way: then this one is a new one.
    auto in_the_way = [&](const auto& pair) {
      return has(pair.second) &&
             std::ranges::none_of(renamed, [&](const auto& other) { return other.first == pair.second; });
    };
    for (auto found = renamed.begin(); (found = std::ranges::find_if(renamed, in_the_way)) != renamed.end();)
      renamed.erase(found);
    if (renamed.empty()) return;
    // Names may go round, so they all go first.
    const std::string alter = "ALTER TABLE " + plan_.table.changes + " RENAME COLUMN ";
    std::string first, then, names;
    int number = 0;
    for (const auto& [from, to] : renamed) {
      const std::string between = quote_name("levada_renamed_" + std::to_string(++number));
      first += alter + quote_name(from) + " TO " + between + ";\n";
      then += alter + between + " TO " + quote_name(to) + ";\n";
      names += (names.empty() ? "" : ", ") + from;
    }
    change(Error(ErrorKind::refused, "columns of " + captured_.table.text() + " were renamed, those of " +
                                         name_.text() + " were not: " + names),
           first + then.substr(0, then.size() - 1));
    for (CatalogueColumn& column : changes_->columns)
      for (const auto& [from, to] : renamed)
        if (column.name == from) {
          column.name = to;
          break;
        }
  }

  void create_change_table() {
    std::string sql = "CREATE TABLE " + plan_.table.changes + " (";
    for (const CatalogueColumn& c : captured_.plain) sql += "\n  " + quote_name(c.name) + " " + c.type + ",";
    sql += "\n  " + plan_.table.action + " text NOT NULL,";
    for (std::size_t k = 0; k < key_.size(); ++k)
      sql += "\n  " + quote_name(old_key_[k]) + " " + plan_.table.key_types[k] + ",";
    sql += "\n  " + quote_name(texts_) + " json,";
    sql += "\n  " + plan_.table.id + " bigint GENERATED ALWAYS AS IDENTITY,";
    sql += "\n  " + plan_.table.transaction + " xid8 NOT NULL DEFAULT pg_current_xact_id(),";
    if (!time_.empty()) sql += "\n  " + plan_.table.time + " timestamptz NOT NULL DEFAULT clock_timestamp(),";
    sql += "\n  PRIMARY KEY (" + plan_.table.transaction + ", " + plan_.table.id + "))";
    // Rows come and go: room is to be found again before the table grows.
    sql += "\n  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);";
    step(Error(ErrorKind::not_found, "there is no change table " + name_.text()), sql,
         captured_.may_create || name_.schema != captured_.table.schema);
    for (const std::string& name : old_key_) plan_.table.old_key.push_back(quote_name(name));
  }

  void compare_change_table() {
    const std::string& table = plan_.table.changes;
    if (!changes_->logged)
      change(Error(ErrorKind::refused, "the change table " + name_.text() + " is UNLOGGED")
                 .why("a crash of the server empties it"),
             "ALTER TABLE " + table + " SET LOGGED;");
    for (const CatalogueColumn& c : captured_.plain)
      if (missing_column(c.name, c.type, older_value(c)) && changes_->find(c.name)->type != c.type)
        change(Error(ErrorKind::refused, "column " + c.name + " of " + name_.text() + " is of type " +
                                             changes_->find(c.name)->type + ", that of the table is " + c.type),
               has(texts_) ? change_type_statement(texts(), c)
                           : "ALTER TABLE " + table + " ALTER COLUMN " + quote_name(c.name) + " TYPE " + c.type +
                                 " USING " + quote_name(c.name) + "::" + c.type + ";");
    missing_column(action_, "text");
    if (missing_column(id_, "bigint GENERATED ALWAYS AS IDENTITY")) {
      const CatalogueColumn& id = *changes_->find(id_);
      if (id.sequence.empty())
        impossible(Error(ErrorKind::refused, "no sequence fills column " + id_ + " of " + name_.text())
                       .remedy("Leave 'change.id.column' out: then a column levada_id is added."));
      // Another session's numbers would not be in the order in which the rows were locked.
      if (id.cache != 1 || id.increment < 1 || id.cycles)
        change(Error(ErrorKind::refused, "the sequence " + id.sequence + " does not count changes in their order")
                   .why(id.cache != 1 ? "CACHE " + std::to_string(id.cache) + " gives each session numbers in advance"
                                      : "it does not go up for ever"),
               "ALTER SEQUENCE " + id.sequence + " INCREMENT 1 CACHE 1 NO CYCLE;");
    }
    if (missing_column(transaction_, "xid8 NOT NULL DEFAULT pg_current_xact_id()")) {
      const CatalogueColumn& c = *changes_->find(transaction_);
      if (c.type != "xid8")
        impossible(Error(ErrorKind::refused, "column " + transaction_ + " of " + name_.text() + " is of type " + c.type)
                       .remedy("It must be xid8. Leave 'change.transaction.column' out: then a column "
                               "levada_transaction is added."));
      else if (c.fallback.find("pg_current_xact_id()") == std::string::npos || !c.not_null)
        change(Error(ErrorKind::refused,
                     "column " + transaction_ + " of " + name_.text() + " does not always have the transaction"),
               "ALTER TABLE " + table + " ALTER COLUMN " + plan_.table.transaction +
                   " SET DEFAULT pg_current_xact_id();\nUPDATE " + table + " SET " + plan_.table.transaction +
                   " = DEFAULT WHERE " + plan_.table.transaction + " IS NULL;\nALTER TABLE " + table +
                   " ALTER COLUMN " + plan_.table.transaction + " SET NOT NULL;");
    }
    if (changes_->from_elsewhere)
      change(Error(ErrorKind::refused,
                   "the change table " + name_.text() + " has changes of transactions that this server has not had")
                 .why("it comes from another server"),
             "UPDATE " + table + " SET " + plan_.table.transaction + " = pg_current_xact_id() WHERE " +
                 plan_.table.transaction + " >= pg_snapshot_xmax(pg_current_snapshot());");
    if (!options_.time_column.empty()) missing_column(time_, "timestamptz NOT NULL DEFAULT clock_timestamp()");
    // TRUNCATE has an action and nothing else.
    for (const CatalogueColumn& c : changes_->columns)
      if (c.not_null && !c.is_filled() && c.name != action_ && c.name != transaction_ &&
          options_.setup != TriggerSetup::off)
        change(Error(ErrorKind::refused, "column " + c.name + " of " + name_.text() + " may not be null")
                   .why("a TRUNCATE is recorded without values"),
               "ALTER TABLE " + table + " ALTER COLUMN " + quote_name(c.name) + " DROP NOT NULL;");
    if (options_.setup == TriggerSetup::automatic &&
        std::ranges::find(changes_->indexed, transaction_) == changes_->indexed.end() && changes_->owned)
      change(Error(ErrorKind::not_found, name_.text() + " has no index on " + transaction_),
             "CREATE INDEX ON " + table + " (" + plan_.table.transaction + ", " + plan_.table.id + ");");
  }

  // What the table's rows had when changes were recorded that know nothing of the column yet; empty: null. A constant:
  // a function could give another value each time.
  static std::string older_value(const CatalogueColumn& c) {
    if (!c.missing.empty()) return c.missing;
    return c.not_null && c.fallback.find('(') == std::string::npos ? c.fallback : "";
  }

  // True if it is there. A writer that waits for the change table in the midst of its trigger would go on with the old
  // function, behind the default: so writers are waited for first, where we may.
  bool missing_column(const std::string& name, const std::string& declaration, const std::string& older = "") {
    if (has(name)) return true;
    const std::string alter = "ALTER TABLE " + plan_.table.changes;
    std::string sql = captured_.owned ? "LOCK TABLE " + plan_.table.source + " IN SHARE ROW EXCLUSIVE MODE; " : "";
    sql += alter + " ADD COLUMN " + quote_name(name) + " " + declaration;
    if (!older.empty())
      sql += " DEFAULT " + older + "; " + alter + " ALTER COLUMN " + quote_name(name) + " DROP DEFAULT";
    change(Error(ErrorKind::not_found, "the change table " + name_.text() + " has no column " + name), sql + ";");
    return false;
  }

  TriggerTexts texts() const {
    return {.changes = plan_.table.changes,
            .texts = quote_name(texts_),
            .transaction = plan_.table.transaction,
            .id = plan_.table.id,
            .columns = captured_.plain,
            .key = key_,
            .old_key = old_key_};
  }

  // ---- privileges ----

  void check_privileges() {
    if (!captured_.may_select && options_.rows != TriggerRows::no_data) grant("SELECT", plan_.table.source);
    if (!changes_) return;
    if (!changes_->may_select) grant("SELECT", plan_.table.changes);
    if (!changes_->may_delete && options_.prune) grant("DELETE", plan_.table.changes);
    if (!changes_->may_insert && options_.setup != TriggerSetup::off) grant("INSERT", plan_.table.changes);
  }

  void grant(const std::string& privilege, const std::string& table) {
    impossible(Error(ErrorKind::permission, "user " + user_ + " has no privilege " + privilege + " on " + table)
                   .remedy("Run as the table's owner: GRANT " + privilege + " ON " + table + " TO " + user_ + ";"));
  }

  // ---- triggers ----

  void compare_triggers() {
    TriggerFunctions theirs_lead(captured_, name_, {action_, key_, old_key_}, options_.notify);
    TriggerFunctions functions(captured_, name_, {action_, key_, old_key_, texts_}, options_.notify);
    const std::string ours = functions.row_trigger();
    std::vector<const CatalogueTrigger*> theirs;
    std::uint16_t events = 0;
    for (const CatalogueTrigger& t : captured_.triggers) {
      if (t.name == ours || t.name == functions.statement_trigger() || t.name == functions.key_trigger() ||
          t.name == functions.shape_trigger())
        continue;
      if (!names_change_table(t.body) || !(t.when & CatalogueTrigger::row)) continue;
      theirs.push_back(&t);
      events |= t.when;
    }
    constexpr std::uint16_t changes = CatalogueTrigger::insert | CatalogueTrigger::update | CatalogueTrigger::del;
    const bool left_in_charge = !theirs.empty();
    if (left_in_charge) {
      for (const CatalogueTrigger* t : theirs) check_their_trigger(*t);
      if ((events & changes) != changes)
        impossible(Error(ErrorKind::refused, "trigger " + theirs.front()->name + " on " + captured_.table.text() +
                                                 " does not record all of INSERT, UPDATE and DELETE")
                       .remedy("Run: DROP TRIGGER " + quote_name(theirs.front()->name) + " ON " + plan_.table.source +
                               "; a whole one is made then."));
      if (find_trigger(ours))
        impossible(Error(ErrorKind::refused, "two triggers on " + captured_.table.text() + " record every change in " +
                                                 name_.text() + ": " + ours + " and " + theirs.front()->name)
                       .remedy("Run: DROP TRIGGER " + quote_name(ours) + " ON " + plan_.table.source + ";"));
      bool old_keys = std::ranges::all_of(old_key_, [&](const std::string& c) { return has(c); });
      if (old_keys && !old_key_.empty() && theirs.front()->body.find(old_key_.front()) != std::string::npos)
        record_old_key();
      else
        compare_trigger(functions.key_trigger(), functions.key_function(), "records the old key where a key changes");
    } else {
      record_old_key();
      record_texts();
      compare_function(functions.text_name(), functions.text_function());
      compare_trigger(functions.shape_trigger(), functions.shape_function(), "sees that the table was altered");
      compare_trigger(ours, functions.row_function(), "records its changes");
    }
    compare_trigger(functions.statement_trigger(), (left_in_charge ? theirs_lead : functions).statement_function(),
                    "records TRUNCATE");
  }

  void record_texts() {
    if (changes_) missing_column(texts_, "json");
    plan_.table.texts = quote_name(texts_);
  }

  void move_texts() {
    if (!changes_ || std::ranges::find(changes_->with_texts, texts_) == changes_->with_texts.end()) return;
    change(Error(ErrorKind::refused, "the change table " + name_.text() +
                                         " has changes that were recorded while the table had other columns"),
           move_texts_statement(texts()));
    plan_.steps.back().lasts = false;
  }

  void record_old_key() {
    for (std::size_t k = 0; k < old_key_.size(); ++k) {
      if (changes_) missing_column(old_key_[k], plan_.table.key_types[k]);
      if (plan_.table.old_key.size() <= k) plan_.table.old_key.push_back(quote_name(old_key_[k]));
    }
  }

  bool names_change_table(const std::string& body) const {
    return lower_case(body).find(lower_case(name_.name)) != std::string::npos;
  }

  const CatalogueTrigger* find_trigger(const std::string& name) const {
    auto found = std::ranges::find(captured_.triggers, name, &CatalogueTrigger::name);
    return found == captured_.triggers.end() ? nullptr : &*found;
  }

  void check_their_trigger(const CatalogueTrigger& trigger) {
    if (trigger.when & CatalogueTrigger::before)
      impossible(Error(ErrorKind::refused,
                       "trigger " + trigger.name + " on " + captured_.table.text() + " fires before the change")
                     .why("its number is taken before the row is locked, so numbers are not in the order of the "
                          "changes")
                     .remedy("Make it an AFTER trigger, or drop it: DROP TRIGGER " + quote_name(trigger.name) + " ON " +
                             plan_.table.source + ";"));
    check_enabled(trigger);
  }

  void check_enabled(const CatalogueTrigger& trigger) {
    if (trigger.enabled == 'O' || trigger.enabled == 'A') return;
    step(Error(ErrorKind::refused, "trigger " + trigger.name + " on " + captured_.table.text() + " is disabled"),
         "ALTER TABLE " + plan_.table.source + " ENABLE ALWAYS TRIGGER " + quote_name(trigger.name) + ";",
         captured_.owned);
  }

  void compare_function(const std::string& name, const TriggerFunctions::Function& function) {
    if (changes_ && std::ranges::find(changes_->functions, std::pair(name, function.body)) != changes_->functions.end())
      return;
    step(Error(ErrorKind::not_found, "no function " + name + " records rows of " + captured_.table.text() +
                                         " while their columns are others"),
         function.create, captured_.may_create);
  }

  void compare_trigger(const std::string& name, const TriggerFunctions::Function& function, const char* what) {
    const CatalogueTrigger* trigger = find_trigger(name);
    if (!trigger || trigger->when != function.when) {
      std::string sql = function.create + "\n" + function.trigger;
      if (trigger) sql = "DROP TRIGGER " + quote_name(name) + " ON " + plan_.table.source + ";\n" + sql;
      if (captured_.owned)
        sql += "\nALTER TABLE " + plan_.table.source + " ENABLE ALWAYS TRIGGER " + quote_name(name) + ";";
      step(Error(ErrorKind::not_found, "no trigger on " + captured_.table.text() + " " + what), sql,
           captured_.may_add_triggers && captured_.may_create);
      return;
    }
    if (trigger->body != function.body)
      step(Error(ErrorKind::refused, "trigger " + name + " on " + captured_.table.text() +
                                         " is not what the table's columns and the options ask for"),
           function.create, true);
    check_enabled(*trigger);
  }

  // ---- steps ----

  void change(Error&& problem, const std::string& sql) { step(std::move(problem), sql, changes_->owned); }
  void step(Error&& problem, const std::string& sql, bool allowed) {
    std::string remedy = "Run: " + sql;
    if (options_.setup != TriggerSetup::automatic)
      remedy += " Or set 'setup' = 'auto'.";
    else if (!allowed)
      remedy = "User " + user_ + " may not do it. As the table's owner r" + remedy.substr(1);
    plan_.steps.push_back({std::move(problem).where(captured_.table.text()).remedy(std::move(remedy)), sql, allowed});
  }
  void impossible(Error&& problem) { plan_.steps.push_back({std::move(problem), {}, false}); }

  const CatalogueTable& captured_;
  std::optional<CatalogueChanges> changes_;  // as it is after the steps that are planned first
  const TableName name_;
  const TriggerOptions& options_;
  const std::string user_;
  std::vector<std::string> key_, old_key_;
  std::string id_, transaction_, action_, time_, texts_;
  TriggerPlan plan_;
};

}  // namespace

TriggerPlan plan_triggers(const CatalogueTable& table, const std::optional<CatalogueChanges>& changes,
                          const TableName& name, const TriggerOptions& options) {
  return Planner(table, changes, name, options).plan();
}

}  // namespace levada
