#include "formats/json_target.h"

#include <bit>
#include <cstring>

namespace levada {
namespace {

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// The same for names that differ only in case.
std::size_t hash_of(std::string_view name) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (char c : name) h = (h ^ static_cast<unsigned char>(upper(c))) * 0x100000001b3u;
  return static_cast<std::size_t>(h ^ (h >> 32));
}

bool same_in_upper_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (upper(a[i]) != upper(b[i])) return false;
  return true;
}

}  // namespace

JsonTarget::JsonTarget(Type t) : type(std::move(t)), is_structure(type.kind() == TypeKind::structure) {
  if (type.nested())
    for (const Field& field : type.children()) add(field);
  has_lists |= type.nested() && !is_structure;
  if (is_structure) index_names();
}

JsonTarget::JsonTarget(const std::vector<Field>& fields) : is_structure(true) {
  for (const Field& field : fields) add(field);
  index_names();
}

void JsonTarget::add(const Field& field) {
  names.push_back(field.name);
  children.emplace_back(field.type);
  has_lists |= children.back().has_lists;
}

void JsonTarget::index_names() {
  table_.assign(std::bit_ceil(names.size() * 2 + 2), 0);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::size_t at = hash_of(names[i]) & (table_.size() - 1);
    for (; table_[at] != 0; at = (at + 1) & (table_.size() - 1))
      has_twins |= same_in_upper_case(names[i], names[table_[at] - 1u]);
    table_[at] = static_cast<std::uint16_t>(i + 1);
  }
}

bool JsonTarget::is_in_upper_case(std::size_t i, std::string_view name) const {
  const std::string& field = names[i];
  if (field.size() != name.size()) return false;
  for (std::size_t j = 0; j < name.size(); ++j)
    if (field[j] != upper(name[j])) return false;
  return true;
}

void JsonTarget::look_up(std::string_view name, bool escaped, Spelling& spelling) const {
  spelling = Spelling();
  for (std::size_t at = hash_of(name) & (table_.size() - 1); table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
    std::size_t i = table_[at] - 1u;
    spelling.exactly = is_exactly(i, name);
    if (!spelling.exactly && !is_in_upper_case(i, name)) continue;
    spelling.field = i;
    break;
  }
  if (escaped || name.size() >= Spelling::most) return;
  std::memcpy(spelling.bytes, name.data(), name.size());
  spelling.bytes[name.size()] = '"';
  std::memset(spelling.care, 0xff, name.size() + 1);
}

std::uint32_t JsonTarget::number_slots(std::uint32_t next) {
  slot = next++;
  if (is_structure)
    for (JsonTarget& child : children) next = child.number_slots(next);
  return next;
}

}  // namespace levada
