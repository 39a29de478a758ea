// Any JSON text into a row of columns, value by value: for the texts that have no shape (formats/json_shape.h), for
// arrays, maps and escapes, and to say what is wrong with those that are not valid. What no column asks for is passed
// over and not looked at more closely than its brackets.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "batch/column.h"
#include "formats/json_index.h"
#include "formats/json_target.h"

namespace levada {

class JsonReader {
 public:
  // Writes one row, which exists in all columns and is not null yet. For arrays and maps rows come in their order.
  // `columns` are those of the target's fields, null where not wanted; or, if the target is no structure of a row but
  // one bare value, the column of that. False: the row is undefined, why() tells.
  bool read_row(std::string_view text, JsonTarget& target, std::span<Column* const> columns, std::uint32_t row);
  bool read_bare(std::string_view text, JsonTarget& target, Column& column, std::uint32_t row);

  // What was wrong, in one line: which field, what was expected, what was found and where.
  std::string why() const { return why_; }

 private:
  using Token = JsonIndex::Token;

  // Where the value of a field stands.
  struct Found {
    static constexpr Token nowhere = ~Token{0};
    Token value = nowhere;
    bool exactly = false;
  };
  struct Entry {
    std::string_view key;
    Token value;
  };

  bool begin(std::string_view text);
  bool finish(Token end);

  // All take the first token of a value and give the token behind it, or `failed`.
  static constexpr Token failed = 0;
  Token skip(Token at);
  Token value(JsonTarget& target, Column& column, std::uint32_t row, Token at);
  template <class ColumnOf>
  Token object(JsonTarget& target, std::uint32_t row, Token at, ColumnOf column_of);
  Token array(JsonTarget& target, Column& column, std::uint32_t row, Token at);
  Token map(JsonTarget& target, Column& column, std::uint32_t row, Token at);
  Token whole_text(Column& column, std::uint32_t row, Token at);

  // The name in front of a colon, at `at`, which moves to the value.
  bool name(Token& at, std::string_view& name);
  // The same for a member of a structure, whose value is noted for its field, if there is one.
  bool member(JsonTarget& target, std::size_t first_found, std::size_t position, Token& at);

  // These note what was wrong and give `failed`.
  Token syntax(Token at, std::string_view expected);
  Token mismatch(Token at, const Type& type);
  void within(std::string_view step);  // the failure was inside of this field or element

  JsonIndex index_;
  std::string_view text_;
  std::vector<Found> found_;  // a stack: the fields of the object at hand at its end
  Buffer unquoted_, name_;
  std::string why_, path_;
  bool has_path_ = false;
};

}  // namespace levada
