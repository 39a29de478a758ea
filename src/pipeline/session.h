// Executes statements against the catalog and the log: declares, compares with what was declared before, appends rows,
// answers questions. The loops are not its business (pipeline/pipeline.h): it only says what they shall run.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "levada/levada.h"
#include "log/log.h"
#include "pipeline/catalog_store.h"
#include "sql/catalog.h"
#include "sql/mentions.h"
#include "sql/parser.h"
#include "sql/planner.h"

namespace levada {

class Session {
 public:
  // Everything outlives the session. Reads the stored catalog.
  static Result<std::unique_ptr<Session>> open(Log& log, SchemaStore& schemas, const Clock& clock, bool read_only);

  // With `once`, INSERT … VALUES that this log has already from the same script are passed over.
  Result<std::vector<Answer>> execute(const Script& script, bool once);
  // The same, but goes on behind what is wrong, and says all of it; not what only follows from another mistake.
  // Ends after so many mistakes: what is no script at all has no end of them.
  static constexpr std::size_t most_mistakes = 50;
  std::vector<Error> check(const Script& script);
  // One statement's rows as they come.
  Result<void> select(const Script& script, std::stop_token stop,
                      const std::function<bool(const Answer& head, std::size_t row)>& row);

  // Where statements leave out columns that only source connectors know: how those are asked, with what the statements
  // so far have declared. Without it nobody is asked.
  using Describe = std::function<std::optional<DescribedTopic>(const Catalog& declared, const std::string& topic,
                                                               std::vector<std::string>& answers)>;
  void ask(Describe describe);

  const Catalog& catalog() const { return catalog_; }
  // What the statements executed since open() have declared or confirmed, and nothing else.
  Catalog declared() const;
  // The stored objects that they have not mentioned.
  std::vector<std::string> not_mentioned() const;
  // What the statements that check() found wrong should have declared.
  const MentionedNames& missing() const { return missing_; }

 private:
  Session(Log& log, SchemaStore& schemas, const Clock& clock, CatalogStore store)
      : log_(log), schemas_(schemas), clock_(clock), store_(std::move(store)) {}

  Result<void> restore();
  Result<Answer> execute_one(const Script& script, const ast::Statement& statement, bool once);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::CreateSource& create);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::CreateAs& create);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::InsertInto& insert);
  Result<Answer> run_insert(const Script& script, const ast::Statement& statement, const ast::InsertValues& insert,
                            bool once);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::CreateConnector& create);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::Drop& drop);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::QueryControl& control);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::Select& select);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::Explain& explain);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::Show& show);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::Describe& describe);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::Print& print);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::SetProperty& set);
  Result<Answer> run(const Script& script, const ast::Statement& statement, const ast::Define& define);

  // A statement that leaves out columns stands for the one it was completed to when it was executed first.
  Result<ast::Statement> as_completed(const Script& script, const ast::Statement& statement,
                                      const ast::CreateSource& create) const;
  // Declared before in the same words: true. In other words: an error that shows the difference.
  Result<bool> declared_before(const Script& script, const ast::Statement& statement, const ast::Name& name,
                               bool if_not_exists, bool or_replace);
  Result<void> add_relation(const Script& script, const ast::Name& name, const PlannedRelation& planned);
  Result<void> add_query(const PersistentQuery& query);
  Result<void> forget_query(const std::string& id);
  PlanSurroundings surroundings() const;
  Planner planner(const Script& script) const { return Planner(script, around_); }

  Log& log_;
  SchemaStore& schemas_;
  const Clock& clock_;
  CatalogStore store_;
  Catalog catalog_;
  SessionProperties session_;
  std::map<std::string, std::string> variables_;
  PlanSurroundings around_;
  MentionedNames missing_;
  std::set<std::string> mentioned_;              // stored objects, by their name in the store
  std::map<std::string, std::int64_t> inserts_;  // how often each INSERT … VALUES was seen in this script
  std::map<std::string, std::int64_t> insert_queries_;
};

}  // namespace levada
