// A line with a schema, behind it the bytes of a record of it. Whatever they are: the schema is read or refused, the
// record is rows or a failure that says why; rows are written and read again as the same.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "formats/avro_fields.h"
#include "formats/format_samples.h"

using namespace levada;

namespace {

// Columns of all kinds, to be found or not in whatever schema comes.
std::vector<Field> all_kinds() {
  using enum TypeKind;
  return {{"a", string},
          {"b", int32},
          {"c", int64},
          {"d", float64},
          {"e", boolean},
          {"f", Type::decimal(12, 3)},
          {"g", date},
          {"h", Type::array(string)},
          {"i", Type::map(string, int64)},
          {"j", Type::structure({{"x", int32}, {"y", Type::array(Type::structure({{"z", bytes}}))}})},
          {"k", timestamp}};
}

void check(const FormatSpec& spec, std::string_view record, SchemaStore& schemas) {
  const Format& avro = *find_format("AVRO");
  samples::PaddedTexts texts;
  texts.add(record);
  texts.add(record);  // a second row begins where a first one that broke off has ended
  samples::Decoded decoded = samples::decode(*avro.make_decoder(spec), spec.fields, texts);
  LV_ASSERT(decoded.failures.size() == 0 || decoded.failures.size() == 2);
  for (const RowFailure& failure : decoded.failures) {
    LV_ASSERT(!failure.why.empty());
    for (const auto& column : decoded.columns) LV_ASSERT(column->is_null(failure.row));
  }
  if (!decoded.failures.empty()) return;
  for (std::size_t f = 0; f < spec.fields.size(); ++f) LV_ASSERT(samples::same(decoded.at(f, 0), decoded.at(f, 1)));

  FormatSpec own = samples::registered(spec, schemas);
  std::string before;
  for (int round = 0; round < 2; ++round) {
    Texts out;
    RowFailures failures;
    avro.make_encoder(own)->encode(decoded.refs(), Rows::all(1), out, failures);
    if (!failures.empty()) return;  // a map has a null key
    LV_ASSERT(round == 0 || out[0] == before);
    before = std::string(out[0]);
    samples::PaddedTexts again;
    again.add(out[0]);
    decoded = samples::decode(*avro.make_decoder(own), spec.fields, again);
    LV_ASSERT(decoded.failures.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  std::size_t end = input.find('\n');
  if (end == std::string_view::npos) return 0;
  std::string schema(input.substr(0, end));
  samples::SchemasInMemory schemas;
  std::string record(schema_frame_size, '\0');
  store_big(record.data() + 1, *schemas.put("s", schema));
  record += input.substr(end + 1);

  check({.format = "AVRO", .fields = all_kinds(), .schemas = &schemas}, record, schemas);
  auto read = read_avro_schemas("", schema);
  if (!read) {
    LV_ASSERT(!read.error().what().empty());
    return 0;
  }
  if (!read->value.empty()) check({.format = "AVRO", .fields = read->value, .schemas = &schemas}, record, schemas);
  return 0;
}
