// Names and the words of the language. Most keywords are also names where no doubt can arise, as in ksqlDB; the few
// reserved ones must be quoted.
#pragma once
#include <string>
#include <string_view>

namespace levada {

// Letter case in SQL is ASCII's.
std::string in_capitals(std::string_view text);
bool same_word(std::string_view a, std::string_view b);

bool starts_word(char c);     // a letter or _
bool continues_word(char c);  // or a digit, or @

bool is_reserved(std::string_view word);

// Whether the text, as a name, is the same written without quotes.
bool is_plain_name(std::string_view text);

}  // namespace levada
