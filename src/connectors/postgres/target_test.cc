#include "connectors/postgres/target.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

SinkTopic orders(bool table) {
  return {.topic = "shop.Orders",
          .object = "ORDERS",
          .schema = std::make_shared<Schema>(Schema{
              {{"ID", TypeKind::int64}, {"REGION", TypeKind::string}},
              {{"ITEM", TypeKind::string}, {"PRICE", Type::decimal(10, 2)}, {"TAGS", Type::array(TypeKind::string)}}}),
          .table = table};
}

PostgresSinkOptions options(Properties properties = {}) {
  properties.push_back({"connection.url", "jdbc:postgresql://h/d", ""});
  OptionNotes notes;
  return read_postgres_sink_options(properties, notes).value();
}

Target target(bool table, Properties properties = {}) {
  return make_target(orders(table), options(std::move(properties))).value();
}

std::string columns(const Target& target) {
  std::string text;
  for (const TargetColumn& c : target.columns) text += (text.empty() ? "" : " ") + c.field.name + (c.key ? "*" : "");
  return text;
}

std::string mistake(bool table, Properties properties) {
  auto made = make_target(orders(table), options(std::move(properties)));
  return made ? "" : made.error().text();
}

PostgresColumn column(std::string name, std::string type, std::string receive) {
  PostgresColumn c{.name = std::move(name), .declared = type};
  c.type.name = type;
  c.type.receive = std::move(receive);
  return c;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("Postgres sink: streams are inserted without key, tables are upserted by theirs") {
    Target stream = target(false), table = target(true);
    CHECK(stream.mode == InsertMode::insert);
    CHECK(stream.deletions == Deletions::refuse);
    CHECK(columns(stream) == "ID REGION ITEM PRICE TAGS");
    CHECK(table.mode == InsertMode::upsert);
    CHECK(table.deletions == Deletions::apply);
    CHECK(columns(table) == "ID* REGION* ITEM PRICE TAGS");
    CHECK(table.table == TableName{"shop", "Orders"});
    CHECK(create_table_statement(table, options()) ==
          "CREATE TABLE \"shop\".\"Orders\" (\n  \"id\" bigint,\n  \"region\" text,\n  \"item\" text,\n  \"price\" "
          "numeric(10,2),\n  \"tags\" text[],\n  PRIMARY KEY (\"id\", \"region\")\n);");
    CHECK(target(true, {{"delete.enabled", "false"}}).deletions == Deletions::pass_over);
    CHECK(target(true, {{"insert.mode", "insert"}, {"pk.mode", "none"}}).deletions == Deletions::refuse);
    CHECK(target(false, {{"insert.mode", "upsert"}}).deletions == Deletions::refuse);
  }

  TEST_CASE("Postgres sink: keys, columns and the table's name follow the properties") {
    CHECK(columns(target(false, {{"pk.mode", "kafka"}})) ==
          "__connect_topic* __connect_partition* __connect_offset* ID REGION ITEM PRICE TAGS");
    CHECK(columns(target(false, {{"pk.mode", "kafka"}, {"pk.fields", "t,p,o"}, {"fields.whitelist", "item"}})) ==
          "t* p* o* ITEM");
    CHECK(columns(target(true, {{"pk.fields", "id"}, {"fields.whitelist", "PRICE"}})) == "ID* PRICE");
    CHECK(columns(target(false, {{"insert.mode", "upsert"}, {"pk.fields", "item"}})) == "ID REGION ITEM* PRICE TAGS");
    CHECK(columns(target(false, {{"field.exclude.list", "tags,ID"}})) == "REGION ITEM PRICE");
    CHECK(columns(target(true, {{"field.exclude.list", "ID"}})) == "ID* REGION* ITEM PRICE TAGS");  // a key stays
    auto name = [](const char* property, const char* format, const char* quoting) {
      return target(false, {{property, format}, {"quote.sql.identifiers", quoting}}).table.text();
    };
    CHECK(name("table.name.format", "x_${topic}_y", "always") == "x_shop.Orders_y");
    CHECK(name("table.name.format", "T", "never") == "t");
    CHECK(name("collection.name.format", "x_${topic}", "always") == "x_shop_Orders");
    CHECK(name("table.name.format", "\"${topic}\"", "always") == "shop.Orders");
    CHECK(target(false, {{"table.name.format", "\"${topic}\""}}).table.schema.empty());
  }

  TEST_CASE("Postgres sink: a captured topic's table is the last two parts of its name") {
    auto table = [](const char* topic, Properties properties = {}) {
      auto named = table_of(topic, options(std::move(properties)));
      return named ? named->quoted() : "error";
    };
    CHECK(table("shop.public.orders") == "\"public\".\"orders\"");
    CHECK(table("my.shop.public.Odd one") == "\"public\".\"Odd one\"");
    CHECK(table("shop.public.a\"b") == "\"public\".\"a\"\"b\"");
    CHECK(table("public.orders") == "\"public\".\"orders\"");
    CHECK(table("orders") == "\"orders\"");
    CHECK(table("shop..orders") == "error");
    CHECK(table("shop.public.orders", {{"table.name.format", "copy_${table}"}}) == "\"copy_orders\"");
    CHECK(table("shop.public.orders", {{"table.name.format", "${schema}_copy.${table}"}}) ==
          "\"public_copy\".\"orders\"");
    CHECK(table("shop.public.orders", {{"collection.name.format", "${topic}"}}) == "\"shop_public_orders\"");
  }

  TEST_CASE("Postgres sink: properties that do not fit the topic say so before any connection is made") {
    const std::string where = "\n  topic shop.Orders, table shop.Orders\n  do: ";
    CHECK(mistake(false, {{"insert.mode", "upsert"}, {"pk.mode", "none"}}) ==
          "error: 'insert.mode' upsert and update need a key" + where +
              "Set 'pk.mode' to record_key, record_value or kafka.");
    CHECK(mistake(true, {{"pk.fields", "di"}}).find("error: 'pk.fields': ORDERS has no column di") == 0);
    CHECK(mistake(true, {{"pk.mode", "record_key"}, {"pk.fields", "item"}}) ==
          "error: 'pk.fields': ITEM is no KEY column of ORDERS" + where +
              "Set 'pk.mode' = 'record_value' to take the key from the value.");
    CHECK(mistake(true, {{"pk.mode", "record_value"}, {"pk.fields", "tags"}})
              .find("of type ARRAY<STRING> cannot be a key") != std::string::npos);
    CHECK(mistake(true, {{"pk.mode", "kafka"}, {"pk.fields", "a,b"}}).find("must name three columns") !=
          std::string::npos);
    CHECK(mistake(true, {{"pk.mode", "record_value"}, {"pk.fields", "item"}, {"delete.enabled", "true"}})
              .find("'delete.enabled' needs a key made of KEY columns") != std::string::npos);
    CHECK(mistake(false, {{"fields.whitelist", "itme"}}).ends_with("do: Did you mean ITEM?"));
    CHECK(mistake(false, {{"field.exclude.list", "id,region,item,price,tags"}}).find("no column is left") !=
          std::string::npos);
    CHECK(mistake(false, {{"table.name.format", "a.b.${topic}"}}).find("is no name of a table") != std::string::npos);
  }

  TEST_CASE("Postgres sink: a table is compared column by column") {
    PostgresTable table{.name = {"shop", "Orders"}};
    table.columns = {column("Id", "bigint", "int8recv"),    column("region", "text", "textrecv"),
                     column("item", "text", "textrecv"),    column("price", "numeric", "numeric_recv"),
                     column("tags", "jsonb", "jsonb_recv"), column("extra", "text", "textrecv")};
    table.unique_keys = {{"extra"}, {"Id", "region"}};
    table.owned = true;
    Misfit fits = compare(target(true), table, options());
    CHECK(fits.problems.empty());
    CHECK(fits.repair.empty());
    TablePlan plan = plan_table(target(true), table, options());
    CHECK(plan.columns[0].name == "Id");
    CHECK(plan.columns[0].counts_up);
    CHECK(!plan.copy);
    CHECK(plan_table(target(false), table, options()).copy);

    table.row_security = true;
    CHECK(!plan_table(target(false), table, options()).copy);
    table.missing_privileges = {"DELETE"};
    CHECK(compare(target(true), table, options()).problems.size() == 1);
    CHECK(compare(target(true, {{"delete.enabled", "false"}}), table, options()).problems.empty());
    table.columns.push_back(
        column("ID", "text", "textrecv"));  // now ID has two that could be meant, and takes the exact one
    CHECK(compare(target(true), table, options()).problems.size() == 2);
    table.columns.erase(table.columns.begin() + 3);
    Misfit evolved = compare(target(false), table, options({{"auto.evolve", "true"}}));
    CHECK(evolved.problems.empty());
    CHECK(evolved.repair == "ALTER TABLE \"shop\".\"Orders\"\n  ADD COLUMN \"price\" numeric(10,2);");
    Target older = target(false);
    older.columns[3].older = "it's";
    CHECK(compare(older, table, options({{"auto.evolve", "true"}})).repair ==
          "ALTER TABLE \"shop\".\"Orders\"\n  ADD COLUMN \"price\" numeric(10,2) DEFAULT 'it''s';\n"
          "ALTER TABLE \"shop\".\"Orders\"\n  ALTER COLUMN \"price\" DROP DEFAULT;");
    forget_type(older.columns[3]);
    CHECK_FALSE(older.columns[3].older);
    table.owned = false;
    CHECK(compare(target(false), table, options({{"auto.evolve", "true"}})).problems[0].kind() ==
          ErrorKind::permission);
  }
}

}  // namespace levada
