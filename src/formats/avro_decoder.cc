// From Avro's bytes to columns: each record by its writer's plan (formats/avro_reader.h), which is made once.
#include "formats/avro.h"
#include "formats/avro_fields.h"
#include "formats/avro_plan.h"
#include "formats/avro_reader.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

// What was put into lists for this row is taken away again.
void undo(Column& column, std::uint32_t row) {
  TypeKind kind = column.type().kind();
  if (!column.type().nested()) return;
  for (std::size_t i = 0; i < column.type().children().size(); ++i) {
    if (kind == TypeKind::structure)
      undo(column.child(i), row);
    else
      column.child(i).truncate(column.offsets()[row]);
  }
}

class AvroDecoder : public Decoder {
 public:
  explicit AvroDecoder(const FormatSpec& spec)
      : fields_(spec.fields), bare_(avro_is_bare(spec)), schemas_(spec.schemas) {}

  void decode(std::span<const Text> texts, const std::shared_ptr<const void>& memory, std::span<Column* const> columns,
              RowFailures& failures) override {
    if (fields_.empty()) return;
    begin(columns, static_cast<std::uint32_t>(texts.size()), memory);
    for (std::uint32_t row = 0; row < texts.size(); ++row) {
      const Text& text = texts[row];
      std::string why;
      if (!text.is_null()) {
        const Writer* writer = writer_of(text.view(), columns, why);
        if (writer && reader_.read(*writer->plan, text.view(), row)) [[likely]]
          continue;
        if (writer) why = reader_.take_why();
        failures.push_back({row, std::move(why)});
      }
      for (Column* column : columns) {
        if (!column) continue;
        undo(*column, row);
        put_null(*column, row);
      }
    }
  }

 private:
  struct Writer {
    std::int32_t id;
    std::shared_ptr<const AvroPlan> plan;
  };

  void begin(std::span<Column* const> columns, std::uint32_t rows, const std::shared_ptr<const void>& memory) {
    std::vector<bool> wanted;
    reader_.clear_slots();
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      wanted.push_back(columns[i] != nullptr);
      reader_.add_slots(columns[i], fields_[i].type);
      if (!columns[i]) continue;
      columns[i]->resize(rows);
      hold_memory(*columns[i], memory);
    }
    unknown_.reset();
    last_ = nullptr;
    if (wanted == wanted_) {
      for (const auto& writer : writers_) hold_symbols(*writer, columns);
    } else {
      writers_.clear();
      wanted_ = std::move(wanted);
    }
  }

  // The plan for the schema that the text names; nullptr: there is none, and why.
  const Writer* writer_of(std::string_view text, std::span<Column* const> columns, std::string& why) {
    if (text.size() < schema_frame_size || text[0] != 0) {
      why =
          "expected a byte 0 and the number of an Avro schema, found " +
          (text.empty() ? "nothing" : text_of(Value(std::string(text.substr(0, schema_frame_size))), TypeKind::bytes));
      return nullptr;
    }
    auto id = load_big<std::int32_t>(text.data() + 1);
    if (last_ && last_->id == id) [[likely]]
      return last_;
    for (const auto& writer : writers_)
      if (writer->id == id) return last_ = writer.get();
    if (unknown_ && unknown_->first == id) {
      why = unknown_->second;
      return nullptr;
    }
    auto plan = plan_for(id);
    if (!plan) {
      why = plan.error().line();
      unknown_ = {id, why};
      return nullptr;
    }
    writers_.push_back(std::make_unique<Writer>(Writer{id, *std::move(plan)}));
    hold_symbols(*writers_.back(), columns);
    return last_ = writers_.back().get();
  }

  Result<std::shared_ptr<const AvroPlan>> plan_for(std::int32_t id) {
    std::string name = "Avro schema " + std::to_string(id);
    if (!schemas_) return Error(ErrorKind::not_found, name + " cannot be looked up: there is no log");
    auto text = schemas_->schema(id);
    if (!text) return std::move(text).error().within(name);
    auto schema = AvroSchema::parse(*text);
    if (!schema) return std::move(schema).error().within(name);
    return make_avro_plan(*schema, fields_, wanted_, bare_);
  }

  static void hold_symbols(const Writer& writer, std::span<Column* const> columns) {
    if (writer.plan->symbols.empty()) return;
    for (Column* column : columns)
      if (column) hold_memory(*column, writer.plan);
  }

  const std::vector<Field> fields_;
  const bool bare_;
  SchemaStore* const schemas_;
  AvroReader reader_;
  std::vector<bool> wanted_;
  std::vector<std::unique_ptr<Writer>> writers_;
  const Writer* last_ = nullptr;
  std::optional<std::pair<std::int32_t, std::string>> unknown_;  // looked up in vain during this decode()
};

}  // namespace

std::unique_ptr<Decoder> make_avro_decoder(const FormatSpec& spec) { return std::make_unique<AvroDecoder>(spec); }

}  // namespace levada
