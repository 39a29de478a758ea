// What belongs to no family.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"
#include "functions/cast_nested.h"
#include "functions/families.h"
#include "functions/kernel.h"

namespace levada {
namespace {

// Great circle distance, by the haversine formula.
Computed<double> distance(std::optional<double> lat1, std::optional<double> lon1, std::optional<double> lat2,
                          std::optional<double> lon2, std::optional<std::string_view> unit) {
  using Result = Computed<double>;
  if (!lat1 || !lon1 || !lat2 || !lon2) return std::nullopt;
  for (double v : {*lat1, *lat2})
    if (!(v >= -90 && v <= 90)) return Result::failure("a latitude is from -90 to 90");
  for (double v : {*lon1, *lon2})
    if (!(v >= -180 && v <= 180)) return Result::failure("a longitude is from -180 to 180");
  std::string name(unit.value_or("KM"));
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  bool miles = name.starts_with("MI");
  if (!miles && !name.starts_with("KM") && !name.starts_with("KILO"))
    return Result::failure("unknown unit '" + name + "': it is KM or MI");
  constexpr double degree = std::numbers::pi / 180;
  double dlat = (*lat2 - *lat1) * degree, dlon = (*lon2 - *lon1) * degree;
  double a = std::pow(std::sin(dlat / 2), 2) +
             std::pow(std::sin(dlon / 2), 2) * std::cos(*lat1 * degree) * std::cos(*lat2 * degree);
  return 2 * std::asin(std::sqrt(std::min(a, 1.0))) * (miles ? 3959 : 6371);
}

std::string_view put_uuid(Arena& out, const unsigned char* bytes) {
  char* const begin = out.allocate(36);
  char* p = begin;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
    *p++ = "0123456789abcdef"[bytes[i] >> 4];
    *p++ = "0123456789abcdef"[bytes[i] & 15];
  }
  return {begin, 36};
}

std::string_view random_uuid(Arena& out) {
  thread_local Random random(random_seed());
  unsigned char bytes[16];
  store(bytes, random());
  store(bytes + 8, random());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);  // version 4: random
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  return put_uuid(out, bytes);
}

Computed<std::string_view> uuid_of(Arena& out, std::string_view bytes) {
  if (bytes.size() != 16)
    return Computed<std::string_view>::failure("a UUID has 16 bytes, these are " + std::to_string(bytes.size()));
  return put_uuid(out, reinterpret_cast<const unsigned char*>(bytes.data()));
}

}  // namespace

std::span<const Function> other_functions() {
  static const Function table[] = {
      {.name = "AS_VALUE",
       .category = "OTHER",
       .overloads = {{"(T) T", copy_values}},
       .doc = "The value itself: copies a key column into the value.",
       .examples = {{"AS_VALUE(1)", "1"}, {"AS_VALUE(ARRAY['a'])", "[\"a\"]"}},
       .strict = false},
      {.name = "GEO_DISTANCE",
       .category = "OTHER",
       .overloads = {{"(DOUBLE, DOUBLE, DOUBLE, DOUBLE) DOUBLE",
                      map<[](std::optional<double> a, std::optional<double> b, std::optional<double> c,
                             std::optional<double> d) { return distance(a, b, c, d, std::nullopt); }>},
                     {"(DOUBLE, DOUBLE, DOUBLE, DOUBLE, STRING) DOUBLE", map<distance>}},
       .doc = "The distance between two points (latitude, longitude, latitude, longitude) on the Earth, in 'KM' (the "
              "default) or 'MI'.",
       .examples = {{"ROUND(GEO_DISTANCE(37.4439, -122.1663, 51.5257, -0.1122), 3)", "8634.66"},
                    {"ROUND(GEO_DISTANCE(37.4439, -122.1663, 51.5257, -0.1122, 'MI'), 3)", "5365.66"}},
       .strict = false},
      {.name = "UUID",
       .category = "STRING",
       .overloads = {{"() STRING", map<random_uuid>}, {"(BYTES) STRING", map<uuid_of>}},
       .doc = "A new random UUID for every row, or the text of the UUID that 16 bytes are.",
       .examples = {{"LEN(UUID())", "36"},
                    {"UUID(TO_BYTES('00112233445566778899aabbccddeeff', 'hex'))",
                     "00112233-4455-6677-8899-aabbccddeeff"}},
       .volatile_ = true},
  };
  return table;
}

}  // namespace levada
