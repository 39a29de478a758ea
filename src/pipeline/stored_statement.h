// What the catalog keeps of a declaration: its statement as text, under the name of its object; and when two say the
// same.
#pragma once
#include <string>

#include "sql/parser.h"

namespace levada {

// Names of objects in the store.
std::string relation_object(const std::string& name);
std::string query_object(const std::string& id);
std::string connector_object(const std::string& name);

// damaged: not one statement.
Result<ast::Statement> parse_stored(const std::string& text);
// The same but for the order of properties and the names that types have.
bool says_the_same(const ast::Statement& statement, const std::string& stored);
// The text without what may be changed at any time: rules apply to what comes.
std::string stateful_text(ast::Statement statement);
// Of a connector, without what is secret in it.
std::string without_secrets(const ast::Statement& statement);

}  // namespace levada
