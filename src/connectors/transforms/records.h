// What transforms do with records and columns: taking structures apart and putting them together.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connect_records.h"
#include "log/record_batch.h"

namespace levada {

bool is_tombstone(const ConnectRecords& records, std::uint32_t row);

// A copy of these rows of a column; it shares the strings.
Column copy_of(const Column& column, Rows rows);
// The rows of one column or another, null where there is none: places[i] says of which and where.
struct Place {
  const Column* column;  // null: a null
  std::uint32_t row;
};
Column gather(const Type& type, const std::vector<Place>& places);

// A structure of these fields, null where `like` is (which may be null: nowhere).
ColumnRef make_structure(std::vector<Field> names, std::vector<Column> fields, std::uint32_t rows, const Column* like);

// Puts headers behind those that are there, in record batch form.
void add_headers(std::string& headers, std::span<const Header> more);
// A scalar as the text of a header; of anything else its JSON.
std::string text_of(const ConnectType& type, const Column& column, std::uint32_t row);

// The type with another name, optional or not.
ConnectTypeRef renamed(const ConnectType& type, std::string name);
ConnectTypeRef with_optional(const ConnectTypeRef& type, bool optional);

// What was made of a type, by its address.
template <class Plan>
class Plans {
 public:
  // `make(type)` gives the Plan of a type that is new.
  template <class Make>
  Plan& of(const ConnectTypeRef& type, Make make) {
    if (auto found = plans_.find(type); found != plans_.end()) return found->second;
    if (plans_.size() >= most) plans_.clear();
    return plans_.try_emplace(type, make(type)).first->second;
  }

 private:
  static constexpr std::size_t most = 4096;  // types come and go when tables are altered
  std::map<ConnectTypeRef, Plan> plans_;
};

}  // namespace levada
