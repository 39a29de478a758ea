// What a statement's text declares and mentions, word by word, also of one that cannot be parsed: so that a mistake is
// told once, and not again by every statement that builds on it.
#pragma once
#include <set>
#include <string>

#include "sql/script.h"

namespace levada {

// Names as they are compared here: in capitals.
using MentionedNames = std::set<std::string>;

// The stream or table that the statement would have declared, and its topic; empty if it declares none.
MentionedNames declared_in(const Script& script, ast::Span span);
// Whether one of the names stands in the statement; of a connector's, also in its properties' values.
bool mentions(const Script& script, ast::Span span, const MentionedNames& names);

}  // namespace levada
