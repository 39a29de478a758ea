// What the tests and fuzz targets of formats share: texts in memory of exactly their size and padding, so that a
// sanitizer sees every byte read too far, and random types and values.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "formats/formats.h"

namespace levada::samples {

// Copies share their memory.
class PaddedTexts {
 public:
  void add(std::string_view text) {
    char* p = memory_->emplace_back(new char[text.size() + Buffer::padding]()).get();
    if (!text.empty()) std::memcpy(p, text.data(), text.size());
    std::memset(p + text.size(), '"', Buffer::padding);  // the worst that may stand there
    texts_.push_back(std::string_view(p, text.size()));
  }
  void add_null() { texts_.emplace_back(); }
  std::size_t size() const { return texts_.size(); }
  std::string_view operator[](std::size_t i) const { return texts_[i].view(); }
  std::span<const Text> all() const { return texts_; }
  std::shared_ptr<const void> memory() const { return memory_; }

 private:
  using Memory = std::vector<std::unique_ptr<char[]>>;
  std::shared_ptr<Memory> memory_ = std::make_shared<Memory>();
  std::vector<Text> texts_;
};

inline PaddedTexts padded(std::initializer_list<std::string_view> texts) {
  PaddedTexts padded;
  for (std::string_view text : texts) padded.add(text);
  return padded;
}

// Columns for all fields, or for those that are wanted.
struct Decoded {
  std::vector<std::shared_ptr<Column>> columns;
  RowFailures failures;

  Value at(std::size_t column, std::uint32_t row) const { return columns[column]->value(row); }
  Columns refs() const { return Columns(columns.begin(), columns.end()); }
};

inline Decoded decode(Decoder& decoder, const std::vector<Field>& fields, const PaddedTexts& texts,
                      const std::vector<bool>& wanted = {}) {
  Decoded decoded;
  std::vector<Column*> pointers;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    bool is_wanted = wanted.empty() || wanted[i];
    decoded.columns.push_back(is_wanted ? std::make_shared<Column>(fields[i].type) : nullptr);
    pointers.push_back(decoded.columns.back().get());
  }
  decoder.decode(texts.all(), texts.memory(), pointers, decoded.failures);
  return decoded;
}

// Columns of these rows, each a value for each field.
inline Columns columns_of(const std::vector<Field>& fields, const std::vector<ValueList>& rows) {
  Columns columns;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto column = std::make_shared<Column>(fields[i].type);
    for (const ValueList& row : rows) column->append(row[i]);
    columns.push_back(std::move(column));
  }
  return columns;
}

// Equal, NaN to itself, and 0.0 not to -0.0.
inline bool same(const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<double>(&a)) {
    double y = std::get<double>(b);
    return std::isnan(*x) ? std::isnan(y) : std::memcmp(x, &y, sizeof y) == 0;
  }
  if (const auto* x = std::get_if<ValueList>(&a)) {
    const auto& y = std::get<ValueList>(b);
    if (x->size() != y.size()) return false;
    for (std::size_t i = 0; i < y.size(); ++i)
      if (!same((*x)[i], y[i])) return false;
    return true;
  }
  return a == b;
}

// ---- schemas without a log ----

class SchemasInMemory : public SchemaStore {
 public:
  Result<std::string> schema(std::int32_t id) override {
    if (id < 1 || static_cast<std::size_t>(id) > texts_.size())
      return Error(ErrorKind::not_found, "there is no schema " + std::to_string(id));
    return texts_[static_cast<std::size_t>(id) - 1];
  }
  Result<std::optional<RegisteredSchema>> latest(const std::string& subject) override {
    auto versions = subjects_.find(subject);
    if (versions == subjects_.end()) return std::optional<RegisteredSchema>();
    std::int32_t id = versions->second.back();
    return std::optional(RegisteredSchema{id, static_cast<std::int32_t>(versions->second.size()),
                                          texts_[static_cast<std::size_t>(id) - 1]});
  }
  Result<std::int32_t> put(const std::string& subject, const std::string& text) override {
    auto place = static_cast<std::size_t>(std::find(texts_.begin(), texts_.end(), text) - texts_.begin());
    if (place == texts_.size()) texts_.push_back(text);
    auto id = static_cast<std::int32_t>(place + 1);
    std::vector<std::int32_t>& versions = subjects_[subject];
    if (std::find(versions.begin(), versions.end(), id) == versions.end()) versions.push_back(id);
    return id;
  }

 private:
  std::vector<std::string> texts_;
  std::map<std::string, std::vector<std::int32_t>> subjects_;
};

// The spec with its schema in the store, if its format has one.
inline FormatSpec registered(FormatSpec spec, SchemaStore& schemas) {
  const Format* format = find_format(spec.format);
  if (!format || !format->schema_text) return spec;
  spec.schemas = &schemas;
  auto id = schemas.put("samples", format->schema_text(spec));
  spec.schema_id = id ? *id : 0;
  return spec;
}

// ---- random things ----

inline Type random_scalar(Random& random) {
  if (random.one_in(8)) {
    auto precision = static_cast<int>(1 + random.below(38));
    return Type::decimal(precision, static_cast<int>(random.below(static_cast<std::uint64_t>(precision) + 1)));
  }
  for (;;) {
    auto kind = static_cast<TypeKind>(random.below(static_cast<std::uint64_t>(TypeKind::array)));
    if (kind != TypeKind::decimal) return kind;
  }
}

inline std::string random_name(Random& random, std::size_t i) {
  static constexpr std::string_view stems[] = {
      "A", "Name", "LONG_NAME_OF_MORE_THAN_THIRTY_TWO_BYTES_", "with \"quote\"", "ü", "", "line\n", "X"};
  return std::string(stems[random.below(std::size(stems))]) + std::to_string(i);
}

enum class Nesting { none, structures, all };

inline Type random_type(Random& random, Nesting nesting, int depth = 0) {
  if (nesting == Nesting::none || depth == 3 || !random.one_in(3)) return random_scalar(random);
  std::uint64_t kind = nesting == Nesting::all ? random.below(3) : 2;
  if (kind == 0) return Type::array(random_type(random, nesting, depth + 1));
  if (kind == 1) return Type::map(TypeKind::string, random_type(random, nesting, depth + 1));
  std::vector<Field> fields;
  for (std::size_t n = random.below(4); fields.size() < n;)
    fields.push_back({random_name(random, fields.size()), random_type(random, nesting, depth + 1)});
  return Type::structure(std::move(fields));
}

inline std::vector<Field> random_fields(Random& random, Nesting nesting, std::size_t count) {
  std::vector<Field> fields;
  while (fields.size() < count) fields.push_back({random_name(random, fields.size()), random_type(random, nesting)});
  return fields;
}

inline std::string random_string(Random& random) {
  static constexpr std::string_view pieces[] = {
      "a", "Z", "0", " ", "\"", "\\", "\n",   "\x01", "\x1f", "\x7f", ",",
      "ä", "€", "😀", "{", "}",  "'",  "\r\n", "#",    "-",    "=",    "longer than sixteen bytes"};
  std::string text;
  std::size_t kinds = random.one_in(2) ? 3 : std::size(pieces);  // plain ones half of the time
  for (std::size_t n = random.below(20); n > 0; --n) text += pieces[random.below(kinds)];
  return text;
}

inline std::int64_t random_integer(Random& random, int bits) {
  auto v = static_cast<std::int64_t>(random() >> (64 - 1 - random.below(static_cast<std::uint64_t>(bits) - 1)));
  return random.one_in(2) ? -v - 1 : v;
}

inline Value random_value(Random& random, const Type& type, bool null_too = true) {
  if (null_too && random.one_in(8)) return {};
  switch (type.kind()) {
    case TypeKind::boolean: return random.one_in(2);
    case TypeKind::int32:
    case TypeKind::date: return random_integer(random, 32);
    case TypeKind::int64: return random_integer(random, 64);
    case TypeKind::time: return static_cast<std::int64_t>(random.below(86'400'000)) * 1000;
    case TypeKind::timestamp: return random_integer(random, 54) / 2 * 1000;
    case TypeKind::float64: {
      static constexpr double special[] = {0.0, -0.0, 1e300, 5e-324, -1e-7, 1e22, 0.1, INFINITY, -INFINITY, NAN};
      if (random.one_in(4)) return special[random.below(std::size(special))];
      if (random.one_in(2)) return static_cast<double>(random_integer(random, 40)) / 100;
      return std::bit_cast<double>(random() & ~(std::uint64_t{1} << 62));
    }
    case TypeKind::decimal: {
      Int128 v = 0;
      for (std::uint64_t n = random.below(static_cast<std::uint64_t>(type.precision()) + 1); n > 0; --n)
        v = v * 10 + static_cast<int>(random.below(10));
      return random.one_in(2) ? -v : v;
    }
    case TypeKind::string: return random_string(random);
    case TypeKind::bytes: {
      std::string bytes;
      for (std::uint64_t n = random.below(9); n > 0; --n) bytes += static_cast<char>(random());
      return bytes;
    }
    case TypeKind::array: {
      ValueList items;
      for (std::uint64_t n = random.below(4); n > 0; --n) items.push_back(random_value(random, type.element()));
      return items;
    }
    case TypeKind::map: {
      ValueList items;
      for (std::uint64_t n = random.below(4); n > 0; --n) {
        items.emplace_back(random_string(random) + std::to_string(n));  // no key twice
        items.push_back(random_value(random, type.value()));
      }
      return items;
    }
    case TypeKind::structure: {
      ValueList values;
      for (const Field& field : type.fields()) values.push_back(random_value(random, field.type));
      return values;
    }
  }
  return {};
}

inline std::vector<ValueList> random_rows(Random& random, const std::vector<Field>& fields, std::size_t count) {
  std::vector<ValueList> rows(count);
  for (ValueList& row : rows)
    for (const Field& field : fields) row.push_back(random_value(random, field.type));
  return rows;
}

}  // namespace levada::samples
