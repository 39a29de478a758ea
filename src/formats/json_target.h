// What a JSON decoder expects to find: the types of the columns as a tree, with the members of each structure by name
// and what was learned of their order.
//
// ksqlDB's rule for names: the member of exactly this name; if there is none, one that is this name when put in upper
// case (A to Z only here). Columns that were not quoted in SQL are in upper case, so they match in any case.
#pragma once
#include <smmintrin.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "batch/type.h"

namespace levada {

struct JsonTarget {
  static constexpr std::size_t none = ~std::size_t{0};
  static constexpr std::size_t max_spellings = 256;

  explicit JsonTarget(Type type);
  // The row itself: a structure of these fields.
  explicit JsonTarget(const std::vector<Field>& fields);

  // How a member's name relates to field i.
  bool is_exactly(std::size_t i, std::string_view name) const { return names[i] == name; }
  bool is_in_upper_case(std::size_t i, std::string_view name) const;

  // How the name of a member was spelled the last time at this position of an object, with its closing quote, and what
  // it meant. Objects of one kind have their members in one order: mostly one comparison is all it takes.
  struct Spelling {
    static constexpr std::size_t most = 32;
    alignas(16) char bytes[most] = {};
    alignas(16) char care[most] = {};  // 0xff where bytes count; all 0: nothing is known
    std::size_t field = none;
    bool exactly = false;

    // 32 bytes may be read.
    bool is_at(const char* p) const {
      auto load = [](const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); };
      __m128i first = _mm_and_si128(_mm_xor_si128(load(p), load(bytes)), load(care));
      __m128i second = _mm_and_si128(_mm_xor_si128(load(p + 16), load(bytes + 16)), load(care + 16));
      __m128i wrong = _mm_or_si128(first, second);
      return care[0] != 0 && _mm_testz_si128(wrong, wrong);
    }
  };
  Spelling& spelling(std::size_t position) {
    position = std::min(position, max_spellings - 1);  // the members beyond share one place
    if (position >= spellings_.size()) spellings_.resize(position + 1);
    return spellings_[position];
  }

  // Finds the field that a member of this name belongs to, exactly or in upper case, and notes it with the spelling,
  // which is the name's bytes unless it was `escaped`. Only for structures without twins.
  void look_up(std::string_view name, bool escaped, Spelling& spelling) const;

  // Numbers this target and the structures below it, depth first; returns the next number. An array or map has one
  // number, what is below it has none.
  std::uint32_t number_slots(std::uint32_t next);

  Type type;
  bool is_structure = false;
  bool has_lists = false;  // an array or map is here or below
  bool has_twins = false;  // two names are the same in upper case: one member may belong to both
  std::uint32_t slot = 0;
  std::vector<std::string> names;  // of a structure's fields
  std::vector<JsonTarget> children;

 private:
  void add(const Field& field);
  void index_names();

  std::vector<Spelling> spellings_;   // by position of the member
  std::vector<std::uint16_t> table_;  // open addressing by hash of the name, 0: empty, else field + 1
};

}  // namespace levada
