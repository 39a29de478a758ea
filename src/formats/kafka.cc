#include "formats/kafka.h"

#include "formats/field_check.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

// Whole columns of one width.
template <class T>
void read_numbers(std::span<const Text> texts, Column& column, const Field& field, RowFailures& failures) {
  T* values = column.values<T>();
  for (std::uint32_t row = 0; row < texts.size(); ++row) {
    if (texts[row].size == sizeof(T)) [[likely]] {
      using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
      values[row] = std::bit_cast<T>(load_big<Bits>(texts[row].data));
      continue;
    }
    column.set_null(row);
    if (!texts[row].is_null())
      failures.push_back({row, "field " + field.name + ": expected " + field.type.text() + " in " +
                                   std::to_string(sizeof(T)) + " bytes, found " + std::to_string(texts[row].size)});
  }
}

void read_strings(std::span<const Text> texts, Column& column, const Field& field, RowFailures& failures) {
  auto* values = column.values<StringView>();
  bool is_string = field.type.kind() == TypeKind::string;
  for (std::uint32_t row = 0; row < texts.size(); ++row) {
    const Text& text = texts[row];
    bool good = !text.is_null() && (!is_string || is_utf8(text.view()));
    if (good) {
      values[row] = StringView(text.data, static_cast<std::uint32_t>(text.size));
      continue;
    }
    column.set_null(row);
    if (!text.is_null())
      failures.push_back({row, "field " + field.name + ": expected STRING, found bytes that are not UTF-8 at byte " +
                                   std::to_string(utf8_fault(text.view()))});
  }
}

class KafkaDecoder : public Decoder {
 public:
  explicit KafkaDecoder(const FormatSpec& spec) : fields_(spec.fields) {}

  void decode(std::span<const Text> texts, const std::shared_ptr<const void>& memory, std::span<Column* const> columns,
              RowFailures& failures) override {
    if (fields_.empty() || !columns[0]) return;
    Column& column = *columns[0];
    column.resize(static_cast<std::uint32_t>(texts.size()));
    hold_memory(column, memory);
    switch (fields_[0].type.kind()) {
      case TypeKind::int32: return read_numbers<std::int32_t>(texts, column, fields_[0], failures);
      case TypeKind::int64: return read_numbers<std::int64_t>(texts, column, fields_[0], failures);
      case TypeKind::float64: return read_numbers<double>(texts, column, fields_[0], failures);
      default: return read_strings(texts, column, fields_[0], failures);
    }
  }

 private:
  std::vector<Field> fields_;
};

template <class T>
void write_numbers(const Column& column, Rows rows, Texts& out) {
  const T* values = column.values<T>();
  char* p = out.bytes.room(rows.size() * sizeof(T));
  rows.for_each([&](std::uint32_t row) {
    if (!column.is_null(row)) {
      using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
      store_big(p, std::bit_cast<Bits>(values[row]));
      p += sizeof(T);
    }
    out.ends.push_back(static_cast<std::uint32_t>(p - out.bytes.data()));
  });
  out.bytes.commit(p);
}

class KafkaEncoder : public Encoder {
 public:
  explicit KafkaEncoder(const FormatSpec& spec) : fields_(spec.fields) {}

  void encode(std::span<const ColumnRef> columns, Rows rows, Texts& out, RowFailures&) override {
    if (fields_.empty()) {
      out.ends.insert(out.ends.end(), rows.size(), static_cast<std::uint32_t>(out.bytes.size()));
      return;
    }
    const Column& column = *columns[0];
    switch (fields_[0].type.kind()) {
      case TypeKind::int32: return write_numbers<std::int32_t>(column, rows, out);
      case TypeKind::int64: return write_numbers<std::int64_t>(column, rows, out);
      case TypeKind::float64: return write_numbers<double>(column, rows, out);
      default: break;
    }
    rows.for_each([&](std::uint32_t row) {
      out.bytes.append(column.string(row));
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    });
  }

 private:
  std::vector<Field> fields_;
};

}  // namespace

Result<void> check_kafka(const FormatSpec& spec) {
  LV_TRY(check_key(spec));
  if (spec.fields.size() > 1)
    return Error(ErrorKind::statement, "format KAFKA holds one column, not " + std::to_string(spec.fields.size()))
        .where(text_of(spec.fields))
        .remedy("Choose a format for several columns, such as JSON or DELIMITED.");
  return check_kinds(spec, {TypeKind::int32, TypeKind::int64, TypeKind::float64, TypeKind::string, TypeKind::bytes});
}

std::unique_ptr<Decoder> make_kafka_decoder(const FormatSpec& spec) { return std::make_unique<KafkaDecoder>(spec); }
std::unique_ptr<Encoder> make_kafka_encoder(const FormatSpec& spec) { return std::make_unique<KafkaEncoder>(spec); }

}  // namespace levada
