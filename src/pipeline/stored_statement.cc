#include "pipeline/stored_statement.h"

#include <algorithm>

#include "connectors/connectors.h"
#include "sql/words.h"

namespace levada {
namespace {

// Types that are the same are written the same.
void settle(ast::TypeName& type) {
  if (type.name.quoted) return;
  if (type.name.text == "INTEGER") type.name.text = "INT";
  if (type.name.text == "VARCHAR") type.name.text = "STRING";
  if (type.name.text == "STRING") type.numbers.clear();
  for (ast::TypeField& field : type.fields) settle(field.type);
}

void settle(std::vector<ast::PropertySetting>& settings) {
  for (ast::PropertySetting& setting : settings) setting.name.text = in_capitals(setting.name.text);
  std::ranges::sort(settings, {}, [](const ast::PropertySetting& setting) { return setting.name.text; });
}

// Statements that declare the same have the same text.
ast::Statement settled(ast::Statement statement) {
  if (auto* create = std::get_if<ast::CreateSource>(&statement.body)) {
    create->if_not_exists = false;
    settle(create->properties);
    for (ast::ColumnDefinition& column : create->columns) settle(column.type);
  }
  if (auto* create = std::get_if<ast::CreateAs>(&statement.body)) {
    create->if_not_exists = false;
    settle(create->properties);
  }
  return statement;
}

}  // namespace

std::string relation_object(const std::string& name) { return "relation " + name; }
std::string query_object(const std::string& id) { return "query " + id; }
std::string connector_object(const std::string& name) { return "connector " + name; }

std::string stateful_text(ast::Statement statement) {
  statement = settled(std::move(statement));
  if (auto* create = std::get_if<ast::CreateSource>(&statement.body)) create->checks.clear();
  if (auto* create = std::get_if<ast::CreateAs>(&statement.body)) create->checks.clear();
  return print(statement);
}

Result<ast::Statement> parse_stored(const std::string& text) {
  Script script{"stored catalog", text};
  auto statements = LV_TRY(parse(script));
  if (statements.size() != 1)
    return Error(ErrorKind::damaged, "the stored catalog cannot be read").why("not one statement: " + text);
  return std::move(statements[0]);
}

bool says_the_same(const ast::Statement& statement, const std::string& stored) {
  auto parsed = parse_stored(stored);
  return parsed && print(settled(statement)) == print(settled(*std::move(parsed)));
}

std::string without_secrets(const ast::Statement& statement) {
  ast::Statement copy = statement;
  auto& create = std::get<ast::CreateConnector>(copy.body);
  std::span<const Option> options;
  for (const ast::PropertySetting& setting : create.properties) {
    if (setting.name.text != "connector.class") continue;
    auto connector = create.sink ? find_sink(setting.value.text) : find_source(setting.value.text);
    if (connector) options = (*connector)->options;
  }
  for (ast::PropertySetting& setting : create.properties) {
    auto option = std::ranges::find(options, setting.name.text, &Option::name);
    if (option != options.end() && option->field.type == "secret" && !setting.value.text.starts_with("${"))
      setting.value.text = "***";
  }
  return print(copy);
}

}  // namespace levada
