#include "formats/row.h"

#include "formats/row_bytes.h"

namespace levada {
namespace {

class RowDecoder : public Decoder {
 public:
  explicit RowDecoder(const FormatSpec& spec) : rows_(spec.fields, RowBytes::Single::whole) {}

  void decode(std::span<const Text> texts, const std::shared_ptr<const void>&, std::span<Column* const> columns,
              RowFailures& failures) override {
    // Every value has to be read to find the next; those that are not wanted go to columns that nobody looks at.
    std::vector<Column> unwanted;
    std::vector<Column*> all(columns.begin(), columns.end());
    unwanted.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!all[i]) all[i] = &unwanted.emplace_back(rows_.fields()[i].type);
    for (std::uint32_t row = 0; row < texts.size(); ++row) {
      if (texts[row].is_null()) {
        for (Column* column : all) column->append_null();
      } else if (!rows_.decode(texts[row].view(), all)) {
        failures.push_back({row, "the bytes are not a row of " + text_of(rows_.fields())});
      }
    }
  }

 private:
  RowBytes rows_;
};

class RowEncoder : public Encoder {
 public:
  explicit RowEncoder(const FormatSpec& spec) : rows_(spec.fields, RowBytes::Single::whole) {}

  void encode(std::span<const ColumnRef> columns, Rows rows, Texts& out, RowFailures&) override {
    rows_.encode(columns, rows, bytes_, with_null_);
    for (std::string_view row : bytes_) {
      out.bytes.append(row);
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    }
  }

 private:
  RowBytes rows_;
  std::vector<std::string_view> bytes_;
  Bits with_null_;
};

}  // namespace

Result<void> check_row(const FormatSpec&) {
  return Error(ErrorKind::statement, "format ROW is for topics of the engine's own").remedy("Choose JSON.");
}

std::unique_ptr<Decoder> make_row_decoder(const FormatSpec& spec) { return std::make_unique<RowDecoder>(spec); }
std::unique_ptr<Encoder> make_row_encoder(const FormatSpec& spec) { return std::make_unique<RowEncoder>(spec); }

}  // namespace levada
