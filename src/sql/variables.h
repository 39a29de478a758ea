// ${name}: the value that DEFINE gave to a variable, put in before the grammar sees the tokens.
//
//   DEFINE region = 'EMEA';
//   DEFINE copies = '3';
//   CREATE STREAM ${region} (…) WITH (KAFKA_TOPIC = 'orders-${region}', REPLICAS = ${copies});
//
// - As a token of its own a variable becomes exactly one token: a name, a number, a string in quotes, or TRUE, FALSE,
//   NULL. It never becomes a keyword or several tokens, so a value cannot change what a statement does.
// - Inside a string or a quoted name its text is put in, without the quotes if the whole value is a quoted string. The
//   string goes on where it did.
// - $${name} stands for the text ${name}. What is no ${word}, such as ${env:HOME}, is left alone: it is looked up later
//   (base/options.h).
// - Names of variables are alike in both letter cases. A variable that is not defined is an error.
//
// As in ksqlDB, but for the last point (there it stays as text) and for quoted names (there they are left alone).
#pragma once
#include <string>
#include <string_view>

#include "sql/script.h"
#include "sql/token.h"

namespace levada {

// Changes variables, strings and quoted names. The span stays that of the script as it was written.
Result<void> substitute(const Script& script, const Variables& variables, Token& token);

// Text that substitute() leaves as it is here: every ${word} with one more $.
std::string escape_variables(std::string_view text);

}  // namespace levada
