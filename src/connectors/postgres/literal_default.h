// The DEFAULT of a column as pg_get_expr() prints it, where it is a literal.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace levada {

// The text that it stands for, as the column's type reads it; nullopt for anything that is computed.
//   'x''y'::text   ->  x'y            nextval('s'::regclass), now()  ->  nullopt
std::optional<std::string> literal_default(std::string_view expression);

}  // namespace levada
