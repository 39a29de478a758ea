// Texts, one a line, read as JSON by their shape and one by one, with all instruction sets: the same rows, the same
// failures. What could be read is written, and after that stays the same.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "formats/format_samples.h"
#include "formats/formats.h"
#include "formats/json_decoder.h"

using namespace levada;

namespace {

// The first byte chooses among these: '0' to '5'.
std::vector<FormatSpec> specs() {
  using enum TypeKind;
  Type inner = Type::structure({{"A", int32}, {"b", string}, {"C", Type::decimal(10, 2)}});
  std::vector<Field> flat = {{"ID", int64},       {"NAME", string}, {"QTY", int32},
                             {"AMOUNT", float64}, {"OK", boolean},  {"PRICE", Type::decimal(18, 4)},
                             {"D", date},         {"T", time},      {"TS", timestamp},
                             {"RAW", bytes}};
  return {
      {.format = "JSON", .fields = flat},
      {.format = "JSON", .fields = {{"BEFORE", inner}, {"AFTER", inner}, {"OP", string}}},
      {.format = "JSON",
       .fields = {{"L", Type::array(Type::array(int32))},
                  {"M", Type::map(string, inner)},
                  {"S", Type::structure({{"T", Type::array(string)}})}}},
      {.format = "JSON", .fields = {{"id", int32}, {"ID", string}, {"Id", float64}}},
      {.format = "JSON", .fields = {{"V", string}}, .wrap_single = false},
      {.format = "JSON", .fields = {{"V", float64}}, .wrap_single = false},
  };
}

void check_same(const FormatSpec& spec, const samples::Decoded& a, const samples::Decoded& b, std::size_t rows) {
  LV_ASSERT(a.failures.size() == b.failures.size());
  for (std::size_t i = 0; i < a.failures.size(); ++i)
    LV_ASSERT(a.failures[i].row == b.failures[i].row && a.failures[i].why == b.failures[i].why);
  for (std::size_t f = 0; f < spec.fields.size(); ++f)
    for (std::uint32_t row = 0; row < rows; ++row)
      if (a.columns[f] && b.columns[f]) LV_ASSERT(samples::same(a.at(f, row), b.at(f, row)));
}

// Each line twice, so that there is a text to learn a shape from.
samples::PaddedTexts texts_of(std::string_view bytes) {
  samples::PaddedTexts texts;
  while (!bytes.empty()) {
    std::size_t end = std::min(bytes.find('\n'), bytes.size());
    texts.add(bytes.substr(0, end));
    texts.add(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return texts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const std::vector<FormatSpec> all = specs();
  if (size == 0) return 0;
  const FormatSpec& spec = all[bytes[0] % all.size()];
  std::vector<bool> wanted(spec.fields.size(), true);
  if (wanted.size() > 1 && bytes[0] >= 128) wanted[bytes[0] / 8 % wanted.size()] = false;
  samples::PaddedTexts texts = texts_of({reinterpret_cast<const char*>(bytes) + 1, size - 1});

  JsonDecoder one_by_one(spec);
  one_by_one.use_shapes(false);
  samples::Decoded expected = samples::decode(one_by_one, spec.fields, texts, wanted);
  for (std::string_view set : QuoteScan::instruction_sets()) {
    JsonDecoder by_shape(spec);
    by_shape.use_instructions(set);
    for (int time = 0; time < 2; ++time) {
      samples::Decoded found = samples::decode(by_shape, spec.fields, texts, wanted);
      std::ranges::sort(found.failures, {}, &RowFailure::row);
      check_same(spec, found, expected, texts.size());
    }
  }

  // A row that failed is a row of nulls. Times finer than milliseconds are lost once, not twice.
  auto encoder = find_format("JSON")->make_encoder(spec);
  Texts written[2];
  for (Texts& out : written) {
    samples::Decoded decoded = samples::decode(one_by_one, spec.fields, texts);
    LV_ASSERT(&out == &written[0] || decoded.failures.empty());
    RowFailures failures;
    encoder->encode(decoded.refs(), Rows::all(static_cast<std::uint32_t>(texts.size())), out, failures);
    LV_ASSERT(failures.empty() && out.size() == texts.size());
    texts = {};
    for (std::size_t i = 0; i < out.size(); ++i) texts.add(out[i]);
  }
  LV_ASSERT(written[0].bytes.view() == written[1].bytes.view());
  return 0;
}
