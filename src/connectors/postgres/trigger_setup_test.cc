#include "connectors/postgres/trigger_setup.h"

#include <doctest/doctest.h>

#include "connectors/postgres/trigger_functions.h"

namespace levada {
namespace {

CatalogueTable table_of(const std::string& name, std::vector<std::string> columns) {
  CatalogueTable table;
  table.table.schema = "s";
  table.table.name = name;
  for (const std::string& column : columns) {
    table.plain.push_back({.name = column, .type = "integer"});
    table.table.columns.push_back({.name = column, .type = {}, .declared = "integer", .not_null = true});
  }
  table.table.key = {0};
  table.may_select = table.may_add_triggers = table.owned = table.may_create = true;
  return table;
}

std::string script(const TriggerPlan& plan) {
  std::string sql;
  for (const SetupStep& step : plan.steps) sql += step.sql + "\n";
  return sql;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("trigger: the change table and its triggers are made of quoted names") {
    CatalogueTable table = table_of("odd\"t", {"i\"d", "$levada$", "action"});
    TriggerOptions options;
    options.topic = "x";
    TriggerPlan plan = plan_triggers(table, std::nullopt, {"s", "odd\"t_changes"}, options);
    std::string sql = script(plan);
    CAPTURE(sql);
    CHECK(holds(sql, R"(CREATE TABLE "s"."odd""t_changes" ()"));
    CHECK(holds(sql, R"("levada_action" text NOT NULL)"));
    CHECK(holds(sql, R"("levada_old_i""d" integer)"));
    CHECK(holds(sql, R"(AS $levada1$)"));
    CHECK(holds(sql, R"(SECURITY DEFINER SET search_path = pg_catalog, pg_temp)"));
    CHECK(holds(sql, R"(REVOKE ALL ON FUNCTION "s"."levada_capture_odd""t_changes"() FROM PUBLIC;)"));
    CHECK(holds(sql,
                R"(CREATE TRIGGER "0levada_capture_odd""t_changes" AFTER INSERT OR UPDATE OR DELETE ON "s"."odd""t")"));
    CHECK(plan.table.old_key == std::vector<std::string>{R"("levada_old_i""d")"});
    CHECK(plan.table.key_is_unique);
  }

  TEST_CASE("trigger: names that would be too long are others") {
    CatalogueTable table = table_of("t", {std::string(60, 'k')});
    table.table.oid = 77;
    TriggerOptions options;
    options.topic = "x";
    TriggerPlan plan = plan_triggers(table, std::nullopt, {"s", std::string(63, 'c')}, options);
    CHECK(holds(script(plan), "\"0levada_capture_77\""));
    CHECK(plan.table.old_key == std::vector<std::string>{"\"levada_old_1\""});
  }

  TEST_CASE("trigger: whoever may not do it is told to have it done") {
    CatalogueTable table = table_of("t", {"id"});
    table.owned = table.may_create = table.may_add_triggers = false;
    TriggerOptions options;
    options.topic = "x";
    options.address.set("user", "me");
    for (const SetupStep& step : plan_triggers(table, std::nullopt, {"s", "c"}, options).steps) {
      CHECK_FALSE(step.allowed);
      CHECK(step.problem.remedy().starts_with("User \"me\" may not do it. As the table's owner run: CREATE "));
    }
    options.setup = TriggerSetup::check;
    for (const SetupStep& step : plan_triggers(table, std::nullopt, {"s", "c"}, options).steps) {
      CHECK(step.problem.remedy().starts_with("Run: CREATE "));
      CHECK(step.problem.remedy().ends_with(" Or set 'setup' = 'auto'."));
    }
  }

  TEST_CASE("trigger: a trigger of other events than it should have is made anew") {
    CatalogueTable table = table_of("t", {"id"});
    TriggerOptions options;
    options.topic = "x";
    options.notify = false;
    TriggerFunctions quiet(table, {"s", "c"}, {"action", {"id"}, {"levada_old_id"}, "levada_row"}, false);
    const TriggerFunctions::Function function = quiet.statement_function();
    CHECK(function.trigger.find("AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON") != std::string::npos);
    table.triggers.push_back({quiet.statement_trigger(), 'A', function.when, false, "s", "f", function.body});
    CHECK_FALSE(holds(script(plan_triggers(table, std::nullopt, {"s", "c"}, options)), "levada_wake"));
    table.triggers.back().when = CatalogueTrigger::truncate;
    CHECK(holds(script(plan_triggers(table, std::nullopt, {"s", "c"}, options)),
                "DROP TRIGGER \"0levada_wake_c\" ON \"s\".\"t\";"));
  }

  TEST_CASE("trigger: beside somebody's own trigger the statement's has the events that it always had") {
    CatalogueTable table = table_of("t", {"id"});
    TriggerFunctions quiet(table, {"s", "c"}, {"action", {"id"}, {"levada_old_id"}}, false);
    CHECK(quiet.statement_function().trigger.find("AFTER TRUNCATE ON") != std::string::npos);
    CHECK_FALSE(holds(quiet.statement_function().body, "levada.shape"));
  }
}

}  // namespace levada
