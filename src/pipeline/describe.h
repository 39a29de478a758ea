// SHOW and DESCRIBE: the catalog, the log's topics, functions and properties as tables.
#pragma once
#include <map>
#include <string>

#include "levada/levada.h"
#include "log/log.h"
#include "sql/catalog.h"
#include "sql/parser.h"
#include "sql/relation_properties.h"

namespace levada {

// An answer that is only said.
Answer message(std::string text);

// Not of SHOW TYPES, which is to come.
Answer describe_list(const ast::Show& show, const Catalog& catalog, const SessionProperties& session,
                     const std::map<std::string, std::string>& variables, const Log& log);
Result<Answer> describe_object(const Script& script, const ast::Describe& describe, const Catalog& catalog,
                               const Log& log);

// "there is no … X", at its place.
Error no_connector(const Script& script, const ast::Name& name, const Catalog& catalog);
Error no_query(const Script& script, const ast::Name& id, const Catalog& catalog);

// The properties that SET takes, with what they do here.
Result<void> check_session_property(const Script& script, const ast::SetProperty& set);

}  // namespace levada
