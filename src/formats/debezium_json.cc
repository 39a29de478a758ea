#include "formats/debezium_json.h"

#include <algorithm>
#include <map>

#include "batch/decimal_bytes.h"
#include "formats/base64.h"
#include "formats/connect_json.h"
#include "formats/debezium_value.h"
#include "formats/json.h"
#include "formats/json_decoder.h"
#include "formats/scalar_text.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

// The field that a column means, as formats look for it: exactly, else by the only one that differs in letter case.
const ConnectType* field_of(const ConnectType* row, const std::string& name) {
  if (!row || row->kind != Kind::structure) return nullptr;
  if (auto exact = find_field(*row, name)) return row->fields[*exact].type.get();
  const ConnectType* found = nullptr;
  for (const ConnectField& field : row->fields) {
    bool same =
        std::ranges::equal(field.name, name, [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
    if (same) found = field.type.get();
  }
  return found;
}

// How the rows of one schema are read, or those without.
struct Layout {
  std::vector<DebeziumValue> values;  // of the wanted fields
  std::unique_ptr<JsonDecoder> decoder;

  Layout(const std::vector<Field>& wanted, const ConnectType* row, bool envelope, bool bare) {
    std::vector<Field> raw;
    for (const Field& field : wanted) {
      values.emplace_back(field.type, bare ? row : field_of(row, field.name));
      raw.push_back({field.name, values.back().raw()});
    }
    FormatSpec spec{.format = "JSON", .fields = raw, .wrap_single = !bare};
    if (envelope) spec.fields = {{"after", Type::structure(raw)}, {"op", TypeKind::string}};
    decoder = std::make_unique<JsonDecoder>(spec);
  }
};

class DebeziumDecoder : public Decoder {
 public:
  explicit DebeziumDecoder(const FormatSpec& spec) : fields_(spec.fields), envelope_(spec.side == Side::value) {}

  void decode(std::span<const Text> texts, const std::shared_ptr<const void>& memory, std::span<Column* const> columns,
              RowFailures& failures) override {
    begin(columns, static_cast<std::uint32_t>(texts.size()));
    split(texts, failures);
    // Runs of rows of one schema.
    for (std::uint32_t first = 0; first < texts.size();) {
      std::uint32_t end = first + 1;
      while (end < texts.size() && types_[end] == types_[first] && bare_[end] == bare_[first]) ++end;
      std::span<const Text> run(payloads_.data() + first, end - first);
      Layout& layout = layout_of(types_[first], bare_[first]);
      if (envelope_)
        decode_envelopes(layout, run, first, memory, columns, failures);
      else
        decode_keys(layout, run, first, memory, columns, failures);
      first = end;
    }
  }

  const Bits* deletions() const override { return deleted_.empty() ? nullptr : &deleted_; }
  const Bits* truncations() const override { return truncated_.empty() ? nullptr : &truncated_; }
  const Bits* passed_over() const override { return passed_over_.empty() ? nullptr : &passed_over_; }
  const std::vector<Bits>* absent() const override { return any_absent_ ? &absent_ : nullptr; }
  bool tells_rows() const override { return envelope_; }

 private:
  static constexpr std::size_t most_layouts = 64;

  void begin(std::span<Column* const> columns, std::uint32_t rows) {
    rows_ = rows;
    deleted_.clear();
    truncated_.clear();
    passed_over_.clear();
    absent_.assign(fields_.size(), Bits());
    any_absent_ = false;
    std::vector<bool> wanted;
    for (const Column* column : columns) wanted.push_back(column != nullptr);
    if (wanted == is_wanted_) return;
    is_wanted_ = wanted;
    layouts_.clear();
    wanted_.clear();
    for (std::size_t i = 0; i < fields_.size(); ++i)
      if (wanted[i]) wanted_.push_back(fields_[i]);
  }

  // Payloads and types. A null has those of the row before it, so that runs stay whole.
  void split(std::span<const Text> texts, RowFailures& failures) {
    payloads_.assign(rows_, Text());
    types_.assign(rows_, nullptr);
    bare_.assign(rows_, false);
    for (std::uint32_t row = 0; row < rows_; ++row) {
      std::string_view text = texts[row].view();
      bool null = texts[row].is_null();
      if (!null && (text.starts_with("{\"schema\"") || text.starts_with("{\"payload\"") || text.starts_with("{ "))) {
        auto parts = reader_.split(text);
        if (parts) {
          text = parts->payload;
          types_[row] = parts->type;
        } else {
          failures.push_back({row, parts.error().what()});
          null = true;
        }
      }
      if (null || text == "null") {
        if (row > 0) types_[row] = types_[row - 1], bare_[row] = bare_[row - 1];
        if (!null) mark(deleted_, row);
        continue;
      }
      payloads_[row] = Text(text);
      bare_[row] = !envelope_ && fields_.size() == 1 && !text.starts_with('{');
    }
  }

  Layout& layout_of(const ConnectTypeRef& type, bool bare) {
    auto key = std::make_pair(type, bare);
    if (auto found = layouts_.find(key); found != layouts_.end()) return found->second;
    if (layouts_.size() >= most_layouts) layouts_.clear();
    const ConnectType* row = type.get();
    if (envelope_ && type) {
      auto after = find_field(*type, "after");
      row = after ? type->fields[*after].type.get() : nullptr;
    }
    return layouts_.try_emplace(key, wanted_, row, envelope_, bare).first->second;
  }

  void mark(Bits& bits, std::uint32_t row) {
    if (bits.empty()) bits.assign(rows_, false);
    bits.set(row);
  }

  void decode_envelopes(Layout& layout, std::span<const Text> run, std::uint32_t first,
                        const std::shared_ptr<const void>& memory, std::span<Column* const> columns,
                        RowFailures& failures) {
    std::vector<Field> raw;
    for (std::size_t i = 0; i < wanted_.size(); ++i) raw.push_back({wanted_[i].name, layout.values[i].raw()});
    Column after(Type::structure(std::move(raw))), op(TypeKind::string);
    Column* both[] = {&after, &op};
    RowFailures own;
    layout.decoder->decode(run, memory, both, own);
    Bits failed(run.size(), false);
    for (RowFailure& failure : own) {
      failed.set(failure.row);
      failures.push_back({first + failure.row, std::move(failure.why)});
    }
    Bits without(run.size(), false);  // rows whose values are not looked at
    for (std::uint32_t i = 0; i < run.size(); ++i) {
      if (run[i].is_null() || failed[i] || !is_row(after, op, i, first + i, failures)) without.set(i);
    }
    for (std::uint32_t i = 0; i < run.size(); ++i)
      if (without[i])
        for (std::size_t w = 0; w < wanted_.size(); ++w) after.child(w).set_null(i);
    put_values(layout, after, run, first, columns, failures);
  }

  // What the operation says of the row; false: it has no values.
  bool is_row(const Column& after, const Column& op, std::uint32_t i, std::uint32_t row, RowFailures& failures) {
    std::string_view operation = op.is_null(i) ? std::string_view() : op.string(i);
    if (operation == "c" || operation == "u" || operation == "r") {
      if (!after.is_null(i)) return true;
      failures.push_back({row, "the envelope of operation " + std::string(operation) + " has no after"});
    } else if (operation == "d") {
      mark(deleted_, row);
    } else if (operation == "t") {
      mark(truncated_, row);
    } else if (operation == "m") {
      mark(passed_over_, row);
    } else if (operation.empty()) {
      failures.push_back({row, "this is no envelope of Debezium: it has no op"});
    } else {
      failures.push_back({row, "there is no operation \"" + std::string(operation.substr(0, 20)) + "\""});
    }
    return false;
  }

  void decode_keys(Layout& layout, std::span<const Text> run, std::uint32_t first,
                   const std::shared_ptr<const void>& memory, std::span<Column* const> columns, RowFailures& failures) {
    std::vector<Field> raw;
    for (std::size_t i = 0; i < wanted_.size(); ++i) raw.push_back({wanted_[i].name, layout.values[i].raw()});
    Column whole(Type::structure(std::move(raw)));
    std::vector<Column*> children;
    for (std::size_t i = 0; i < wanted_.size(); ++i) children.push_back(&whole.child(i));
    RowFailures own;
    layout.decoder->decode(run, memory, children, own);
    for (RowFailure& failure : own) failures.push_back({first + failure.row, std::move(failure.why)});
    put_values(layout, whole, run, first, columns, failures);
  }

  void put_values(const Layout& layout, Column& rows, std::span<const Text> run, std::uint32_t first,
                  std::span<Column* const> columns, RowFailures& failures) {
    std::size_t w = 0;
    Bits absent;
    RowFailures own;
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      if (!columns[f]) continue;
      own.clear();
      layout.values[w].append(std::move(rows.child(w)), run, *columns[f], absent, own);
      ++w;
      for (RowFailure& failure : own)
        failures.push_back({first + failure.row, "field " + fields_[f].name + ": " + failure.why});
      if (absent.empty()) continue;
      any_absent_ = true;
      for (std::uint32_t i = 0; i < run.size(); ++i)
        if (absent[i]) mark(absent_[f], first + i);
    }
  }

  const std::vector<Field> fields_;
  const bool envelope_;
  std::vector<bool> is_wanted_;
  std::vector<Field> wanted_;
  ConnectJsonReader reader_;
  std::map<std::pair<ConnectTypeRef, bool>, Layout> layouts_;

  // The batch at hand.
  std::uint32_t rows_ = 0;
  std::vector<Text> payloads_;
  std::vector<ConnectTypeRef> types_;
  std::vector<bool> bare_;
  Bits deleted_, truncated_, passed_over_;
  std::vector<Bits> absent_;
  bool any_absent_ = false;
};

// ---- writing ----

// What a declared type is written as.
Type written_type(const Type& type) {
  switch (type.kind()) {
    case TypeKind::decimal: return TypeKind::bytes;
    case TypeKind::date: return TypeKind::int32;
    case TypeKind::time:
    case TypeKind::timestamp: return TypeKind::int64;
    default: return type;
  }
}

ColumnRef written_column(const ColumnRef& column) {
  const Type& type = column->type();
  Type as = written_type(type);
  if (as == type) return column;
  auto written = std::make_shared<Column>(as);
  std::uint32_t rows = column->size();
  written->reserve(rows);
  char bytes[16];
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (column->is_null(row))
      written->append_null();
    else if (type.kind() == TypeKind::decimal)
      written->append_string(
          {bytes, static_cast<std::size_t>(put_unscaled_bytes(bytes, column->values<Int128>()[row]) - bytes)});
    else if (type.kind() == TypeKind::date)
      written->append(column->values<std::int32_t>()[row]);
    else
      written->append(column->values<std::int64_t>()[row]);
  }
  return written;
}

class DebeziumEncoder : public Encoder {
 public:
  explicit DebeziumEncoder(const FormatSpec& spec) : envelope_(spec.side == Side::value) {
    FormatSpec json{.format = "JSON", .side = spec.side, .wrap_single = true};
    for (const Field& field : spec.fields) json.fields.push_back({field.name, written_type(field.type)});
    json_ = make_json_encoder(json);
  }

  void encode(std::span<const ColumnRef> columns, Rows rows, Texts& out, RowFailures& failures) override {
    Columns written;
    for (const ColumnRef& column : columns) written.push_back(written_column(column));
    if (!envelope_) return json_->encode(written, rows, out, failures);
    texts_.clear();
    json_->encode(written, rows, texts_, failures);
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (!texts_[i].empty()) {  // else it has failed
        out.bytes.append(R"({"before":null,"after":)");
        out.bytes.append(texts_[i]);
        out.bytes.append(R"(,"op":"c"})");
      }
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    }
  }

 private:
  const bool envelope_;
  std::unique_ptr<Encoder> json_;
  Texts texts_;
};

}  // namespace

Result<void> check_debezium_json(const FormatSpec& spec) {
  auto checked = check_json(spec);
  if (checked) return {};
  std::string what = checked.error().what();
  if (what.starts_with("JSON ")) what = "DEBEZIUM_" + what;
  return Error(ErrorKind::statement, std::move(what)).where(checked.error().where()).remedy(checked.error().remedy());
}

std::unique_ptr<Decoder> make_debezium_json_decoder(const FormatSpec& spec) {
  return std::make_unique<DebeziumDecoder>(spec);
}
std::unique_ptr<Encoder> make_debezium_json_encoder(const FormatSpec& spec) {
  return std::make_unique<DebeziumEncoder>(spec);
}

}  // namespace levada
