#include "formats/none.h"

namespace levada {
namespace {

class NoneDecoder : public Decoder {
 public:
  void decode(std::span<const Text>, const std::shared_ptr<const void>&, std::span<Column* const>,
              RowFailures&) override {}
};

class NoneEncoder : public Encoder {
 public:
  void encode(std::span<const ColumnRef>, Rows rows, Texts& out, RowFailures&) override {
    out.ends.insert(out.ends.end(), rows.size(), static_cast<std::uint32_t>(out.bytes.size()));
  }
};

}  // namespace

Result<void> check_none(const FormatSpec& spec) {
  if (spec.fields.empty()) return {};
  return Error(ErrorKind::statement, "format NONE holds no columns")
      .where(text_of(spec.fields))
      .remedy("Choose a format for the columns, such as JSON.");
}

std::unique_ptr<Decoder> make_none_decoder(const FormatSpec&) { return std::make_unique<NoneDecoder>(); }
std::unique_ptr<Encoder> make_none_encoder(const FormatSpec&) { return std::make_unique<NoneEncoder>(); }

}  // namespace levada
