#include "connectors/postgres/column_mask.h"

#include <dlfcn.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "connectors/postgres/row_value.h"

namespace levada {
namespace {

using Kind = ColumnMask::Kind;

// ---- hashes: of libcrypto, which libpq brings, loaded as libpq is (libpq.h) ----

struct Crypto {
  decltype(&EVP_MD_fetch) fetch = nullptr;
  decltype(&EVP_MD_free) free = nullptr;
  decltype(&EVP_Digest) digest = nullptr;
};

const Crypto* crypto() {
  static const Crypto loaded = [] {
    Crypto crypto;
    void* library = ::dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!library) return crypto;
    crypto.fetch = reinterpret_cast<decltype(crypto.fetch)>(::dlsym(library, "EVP_MD_fetch"));
    crypto.free = reinterpret_cast<decltype(crypto.free)>(::dlsym(library, "EVP_MD_free"));
    crypto.digest = reinterpret_cast<decltype(crypto.digest)>(::dlsym(library, "EVP_Digest"));
    return crypto;
  }();
  return loaded.fetch && loaded.free && loaded.digest ? &loaded : nullptr;
}

void put_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

// The bytes of java.io.ObjectOutputStream: UTF-8, but NUL as two bytes and what is beyond 16 bits as two surrogates.
std::string java_object(std::string_view text) {
  std::string modified;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0) {
      modified += "\xc0\x80";
    } else if (byte < 0xf0 || i + 3 >= text.size()) {
      modified += text[i];
    } else {
      auto low = [&](std::size_t k) { return static_cast<std::uint32_t>(text[i + k]) & 0x3f; };
      std::uint32_t point = (byte & 7U) << 18 | low(1) << 12 | low(2) << 6 | low(3);
      point -= 0x10000;
      for (std::uint32_t unit : {0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff)}) {
        modified += static_cast<char>(0xe0 | unit >> 12);
        modified += static_cast<char>(0x80 | (unit >> 6 & 0x3f));
        modified += static_cast<char>(0x80 | (unit & 0x3f));
      }
      i += 3;
    }
  }
  std::string object = "\xac\xed";
  put_big_endian(object, 5, 2);
  bool is_short = modified.size() <= 0xffff;
  object += is_short ? '\x74' : '\x7c';
  put_big_endian(object, modified.size(), is_short ? 2 : 8);
  return object + modified;
}

std::string hash_of(const ColumnMask& mask, std::string_view text) {
  std::string bytes = mask.salt + (mask.kind == Kind::hash ? java_object(text) : std::string(text));
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  int good = crypto()->digest(bytes.data(), bytes.size(), hash, &size, static_cast<const EVP_MD*>(mask.algorithm.get()),
                              nullptr);
  LV_ASSERT(good == 1);
  std::string digits;
  for (unsigned i = 0; i < size; ++i) {
    digits += "0123456789abcdef"[hash[i] >> 4];
    digits += "0123456789abcdef"[hash[i] & 15];
  }
  return digits;
}

// ---- lengths ----

// How many bytes the first `chars` characters have; one beyond 16 bits counts as two and is not parted.
std::size_t first_chars(std::string_view text, std::size_t chars) {
  std::size_t i = 0;
  while (i < text.size()) {
    auto byte = static_cast<unsigned char>(text[i]);
    std::size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4, units = size == 4 ? 2 : 1;
    if (units > chars) break;
    chars -= units;
    i += size;
  }
  return std::min(i, text.size());
}

bool is_bytea(const CapturedType& type) { return is_builtin(type, "bytea"); }

// What a column may hold; 0: no bound.
std::size_t length_of(const CapturedType& type) {
  if (is_builtin(type, "name")) return 63;
  if (is_builtin(type, "char")) return 1;
  bool counted = is_builtin(type, "varchar") || is_builtin(type, "bpchar");
  return counted && type.modifier > 4 ? static_cast<std::size_t>(type.modifier - 4) : 0;
}

// ---- properties ----

std::optional<std::size_t> number_between(std::string_view text, std::string_view before, std::string_view behind) {
  if (text.size() < before.size() + behind.size() || !text.starts_with(before) || !text.ends_with(behind)) return {};
  text = text.substr(before.size(), text.size() - before.size() - behind.size());
  std::size_t value;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 1 << 20) return {};
  return value;
}

Error no_such(std::string name, const Property& property) {
  return Error(ErrorKind::usage, "'" + name + "' is no property that hides columns")
      .where(property.where)
      .remedy(
          "There are 'column.mask.with.N.chars', 'column.mask.hash.ALGORITHM.with.salt.SALT', "
          "'column.mask.hash.v2.ALGORITHM.with.salt.SALT' and 'column.truncate.to.N.chars'.");
}

// hash.ALGORITHM.with.salt.SALT
Result<ColumnMask> read_hash(const Property& property) {
  std::string_view rest = property.name;
  rest.remove_prefix(std::string_view("hash.").size());
  bool second = rest.starts_with("v2.");
  if (second) rest.remove_prefix(3);
  constexpr std::string_view between = ".with.salt.";
  std::size_t end = rest.find(between);
  if (end == rest.npos || end == 0 || end + between.size() == rest.size())
    return no_such("column.mask." + property.name, property);
  ColumnMask mask{.kind = second ? Kind::hash_v2 : Kind::hash, .salt = std::string(rest.substr(end + between.size()))};
  std::string algorithm(rest.substr(0, end));
  if (!crypto())
    return Error(ErrorKind::unsupported, "libcrypto cannot be loaded, so columns cannot be hashed")
        .where(property.where)
        .remedy("Install it; on Debian: apt-get install libssl3");
  EVP_MD* found = crypto()->fetch(nullptr, algorithm.c_str(), nullptr);
  if (!found)
    return Error(ErrorKind::usage, "there is no hash algorithm " + algorithm)
        .where(property.where)
        .within("'column.mask." + property.name + "'")
        .remedy("Name one as Java does: SHA-256, SHA-512, SHA3-256, SHA-1, MD5.");
  mask.algorithm = std::shared_ptr<const void>(found, [](EVP_MD* one) { crypto()->free(one); });
  return mask;
}

}  // namespace

bool ColumnMask::takes(const CapturedType& type) const {
  if (type.kind == 'e' || type.name == "citext" || (kind == Kind::cut && is_bytea(type))) return true;
  for (std::string_view name : {"text", "varchar", "bpchar", "char", "name"})
    if (is_builtin(type, name)) return true;
  return false;
}

FieldText ColumnMask::apply(const FieldText& value, const CapturedType& type, Arena& arena) const {
  if (value.kind == FieldText::Kind::unchanged) return value;
  auto kept = [&](std::string_view text) {
    return FieldText{FieldText::Kind::text, static_cast<std::uint32_t>(text.size()), arena.copy(text).data()};
  };
  if (kind == Kind::stars) return kept(std::string(chars, '*'));
  if (value.kind == FieldText::Kind::null) return value;
  if (kind == Kind::cut) {
    FieldText cut = value;
    std::size_t size = is_bytea(type) ? 2 + 2 * chars : first_chars(value.view(), chars);
    cut.size = static_cast<std::uint32_t>(std::min<std::size_t>(size, value.size));
    return cut;
  }
  std::string hash = hash_of(*this, value.view());
  if (std::size_t most = length_of(type); most > 0 && hash.size() > most) hash.resize(most);
  return kept(hash);
}

std::string ColumnMask::declared(const CapturedType& type, const std::string& declared) const {
  if (type.kind == 'e') return "text";
  std::size_t most = length_of(type);
  if (kind != Kind::stars || most == 0 || most >= chars) return declared;
  return "character varying(" + std::to_string(chars) + ")";
}

std::pair<std::string, std::string> ColumnMask::parameter(const CapturedType& type) const {
  if (kind != Kind::cut) return {"masked", "true"};
  std::size_t most = length_of(type);
  if (most > 0 && most <= chars) return {};
  return {"truncateLength", std::to_string(chars)};
}

Result<ColumnMasks> ColumnMasks::compile(const Properties& masks, const Properties& cuts) {
  ColumnMasks compiled;
  auto add = [&](ColumnMask mask, const Property& property, const std::string& name) -> Result<void> {
    std::vector<std::string> patterns;
    LV_TRY(read_option(property.value, patterns));
    auto columns = NamePatterns::compile(patterns, name);
    if (!columns) return std::move(columns).error().where(property.where);
    compiled.rules_.push_back({std::make_shared<const ColumnMask>(std::move(mask)), *std::move(columns)});
    return {};
  };
  for (const Property& p : masks) {
    const std::string name = "column.mask." + p.name;
    if (p.name.starts_with("hash.")) {
      LV_TRY(add(LV_TRY(read_hash(p)), p, name));
    } else if (auto chars = number_between(p.name, "with.", ".chars")) {
      LV_TRY(add({.kind = Kind::stars, .chars = *chars}, p, name));
    } else {
      return no_such(name, p);
    }
  }
  for (const Property& p : cuts) {
    const std::string name = "column.truncate." + p.name;
    auto chars = number_between(p.name, "to.", ".chars");
    if (!chars || *chars == 0) return no_such(name, p);
    LV_TRY(add({.kind = Kind::cut, .chars = *chars}, p, name));
  }
  std::ranges::stable_sort(compiled.rules_, [](const Rule& a, const Rule& b) {
    return std::pair(a.mask->kind, a.mask->chars) < std::pair(b.mask->kind, b.mask->chars);
  });
  return compiled;
}

std::shared_ptr<const ColumnMask> ColumnMasks::of(std::string_view schema, std::string_view table,
                                                  std::string_view column) const {
  if (rules_.empty()) return nullptr;
  std::string name = std::string(schema) + "." + std::string(table) + "." + std::string(column);
  for (const Rule& rule : rules_)
    if (rule.columns.match(name)) return rule.mask;
  return nullptr;
}

// ---- reading ----

namespace {

class MaskedReader : public ValueReader {
 public:
  MaskedReader(std::shared_ptr<const ColumnMask> mask, CapturedType type, std::shared_ptr<const ValueReader> reader)
      : mask_(std::move(mask)), type_(std::move(type)), reader_(std::move(reader)) {}

  void read(const FieldText* values, std::size_t stride, std::uint32_t rows, Column& out,
            RowFailures& failures) const override {
    std::vector<FieldText> masked(rows);
    for (std::uint32_t row = 0; row < rows; ++row) masked[row] = mask_->apply(values[row * stride], type_, out.arena());
    reader_->read(masked.data(), 1, rows, out, failures);
  }

 private:
  const std::shared_ptr<const ColumnMask> mask_;
  const CapturedType type_;
  const std::shared_ptr<const ValueReader> reader_;
};

}  // namespace

std::shared_ptr<const ValueReader> masked_reader(std::shared_ptr<const ColumnMask> mask, CapturedType type,
                                                 std::shared_ptr<const ValueReader> reader) {
  return std::make_shared<MaskedReader>(std::move(mask), std::move(type), std::move(reader));
}

std::vector<std::string> unmasked_columns(const CapturedTable& table) {
  std::vector<std::string> lines;
  const std::vector<std::size_t> key = table.row_key();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const CapturedColumn& column = table.columns[i];
    if (!column.mask) continue;
    const std::string name = table.text() + "." + column.name;
    if (!column.mask->takes(column.type.resolved()))
      lines.push_back(name + " is captured as it is: only texts are masked and truncated, and its type is " +
                      column.declared);
    else if (std::ranges::find(key, i) != key.end())
      lines.push_back(name + " is not masked in the records' keys: rows are told apart by it");
  }
  return lines;
}

}  // namespace levada
