// Any text is a row or a failure that says why; a row that is written stays the same.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "formats/format_samples.h"
#include "formats/formats.h"

using namespace levada;

namespace {

std::vector<FormatSpec> specs() {
  using enum TypeKind;
  std::vector<Field> all = {
      {"A", string}, {"B", int32}, {"C", int64},     {"D", float64}, {"E", boolean}, {"F", Type::decimal(12, 3)},
      {"G", date},   {"H", time},  {"I", timestamp}, {"J", bytes}};
  std::vector<Field> two = {{"A", string}, {"B", string}};
  return {
      {.format = "DELIMITED", .fields = two},
      {.format = "DELIMITED", .fields = two, .delimiter = "SPACE"},
      {.format = "DELIMITED", .fields = {{"A", string}}},
      {.format = "DELIMITED", .fields = all},
      {.format = "DELIMITED", .fields = all, .delimiter = "-"},
      {.format = "DELIMITED", .fields = {{"A", float64}, {"B", Type::decimal(38, 10)}}, .delimiter = ";"},
  };
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const std::vector<FormatSpec> all = specs();
  if (size == 0) return 0;
  const FormatSpec& spec = all[bytes[0] % all.size()];
  const Format* format = find_format(spec.format);
  auto decoder = format->make_decoder(spec);
  samples::PaddedTexts texts;
  texts.add({reinterpret_cast<const char*>(bytes) + 1, size - 1});
  samples::Decoded decoded = samples::decode(*decoder, spec.fields, texts);
  LV_ASSERT(decoded.failures.size() <= 1);
  if (!decoded.failures.empty()) {
    LV_ASSERT(!decoded.failures[0].why.empty());
    for (std::size_t f = 0; f < spec.fields.size(); ++f) LV_ASSERT(decoded.columns[f]->is_null(0));
    return 0;
  }

  // Times finer than milliseconds are lost once, not twice.
  auto encoder = format->make_encoder(spec);
  Texts written[2];
  for (Texts& out : written) {
    RowFailures failures;
    encoder->encode(decoded.refs(), Rows::all(1), out, failures);
    LV_ASSERT(failures.empty() && out.size() == 1);
    samples::PaddedTexts again;
    again.add(out[0]);
    decoded = samples::decode(*decoder, spec.fields, again);
    LV_ASSERT(decoded.failures.empty());
  }
  LV_ASSERT(written[0].bytes.view() == written[1].bytes.view());
  return 0;
}
