// ExtractNewRecordState: Debezium's envelope to the row after the change.
//
//   mode                     deletion d                                tombstone
//   drop                     nothing                                   nothing
//   tombstone (default)      a tombstone                               nothing
//   delete-to-tombstone      a tombstone                               nothing
//   rewrite                  the row before it, __deleted "true"       nothing
//   rewrite-with-tombstone   the row before it, __deleted "true"       as it is
//
// Debezium's own 'tombstone' leaves a value there that says null, which compaction keeps for ever; here the record has
// none, so two modes are the same. A truncation becomes a record without key and value and with the header
// levada.truncate (docs/decisions/0010-capture.md), where Debezium drops it. What is no envelope passes.
#include <algorithm>
#include <array>

#include "base/json.h"
#include "connectors/transforms/dropped_fields.h"
#include "connectors/transforms/envelope_field.h"
#include "connectors/transforms/records.h"
#include "connectors/transforms/transforms.h"
#include "formats/connect_json.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

enum class Mode : std::uint8_t { drop, tombstone, rewrite, rewrite_with_tombstone, delete_to_tombstone };
enum class OldMode : std::uint8_t { drop, rewrite, none };
constexpr std::string_view mode_names[] = {"drop", "tombstone", "rewrite", "rewrite-with-tombstone",
                                           "delete-to-tombstone"};
constexpr std::string_view old_mode_names[] = {"drop", "rewrite", "none"};
constexpr std::span<const std::string_view> names_of_values(Mode) { return mode_names; }
constexpr std::span<const std::string_view> names_of_values(OldMode) { return old_mode_names; }

struct UnwrapOptions {
  Mode mode = Mode::tombstone;
  OldMode old_mode = OldMode::drop;
  bool drop_tombstones = true;
  std::vector<std::string> add_fields, add_headers;
  std::string fields_prefix, headers_prefix, route_by_field, drop_fields_header;
  bool drop_fields_from_key = false, drop_fields_keep_schema_compatible = true, nulls_become_defaults = false;
};

constexpr std::array option_table = {
    Option{.name = "delete.tombstone.handling.mode",
           .field = option<&UnwrapOptions::mode>,
           .fallback = "tombstone",
           .doc = "What becomes of deletions and the tombstones behind them."},
    Option{.name = "delete.handling.mode",
           .field = option<&UnwrapOptions::old_mode>,
           .fallback = "drop",
           .doc = "The older name: drop, rewrite or none, together with 'drop.tombstones'."},
    Option{.name = "drop.tombstones",
           .field = option<&UnwrapOptions::drop_tombstones>,
           .fallback = "true",
           .doc = "The older name: false keeps the tombstones behind deletions."},
    Option{.name = "add.fields",
           .field = option<&UnwrapOptions::add_fields>,
           .doc = "Fields of the envelope that are put into the row: op, table, source.ts_ms, lsn:position."},
    Option{.name = "add.fields.prefix",
           .field = option<&UnwrapOptions::fields_prefix>,
           .fallback = "__",
           .doc = "What their names begin with."},
    Option{.name = "add.headers",
           .field = option<&UnwrapOptions::add_headers>,
           .doc = "Fields of the envelope that become headers."},
    Option{.name = "add.headers.prefix",
           .field = option<&UnwrapOptions::headers_prefix>,
           .fallback = "__",
           .doc = "What their names begin with."},
    Option{.name = "route.by.field",
           .field = option<&UnwrapOptions::route_by_field>,
           .doc = "The field of the row that names the topic."},
    Option{.name = "drop.fields.header.name",
           .field = option<&UnwrapOptions::drop_fields_header>,
           .doc = "The header that lists, as a JSON array, fields that the row shall not have."},
    Option{.name = "drop.fields.from.key",
           .field = option<&UnwrapOptions::drop_fields_from_key>,
           .fallback = "false",
           .doc = "These fields go from the key, too."},
    Option{.name = "drop.fields.keep.schema.compatible",
           .field = option<&UnwrapOptions::drop_fields_keep_schema_compatible>,
           .fallback = "true",
           .doc = "Only fields that may be null are dropped."},
    Option{.name = "replace.null.with.default",
           .field = option<&UnwrapOptions::nulls_become_defaults>,
           .fallback = "false",
           .doc = "true: a null of a field that has a default becomes that default."},
};

// What is known of an envelope's type.
struct Plan {
  bool envelope = false;
  std::size_t op = 0;
  std::optional<std::size_t> before, after;
  ConnectTypeRef row_type;  // what comes out
  Type row_physical = TypeKind::string;
  std::vector<std::optional<std::size_t>>
      from_before;                             // of each of the row's own fields; from `after` they are as there
  std::vector<EnvelopePlace> fields, headers;  // that are added
  std::string missing;                         // a field that is to be added and that the envelope does not have
};

bool is_envelope(const ConnectType& type) {
  auto op = find_field(type, "op");
  return type.kind == Kind::structure && type.name.ends_with(".Envelope") && op &&
         type.fields[*op].type->kind == Kind::string && find_field(type, "after");
}

class ExtractNewRecordState : public Transform {
 public:
  ExtractNewRecordState(UnwrapOptions options, std::vector<EnvelopeField> fields, std::vector<EnvelopeField> headers)
      : options_(std::move(options)),
        fields_(std::move(fields)),
        headers_(std::move(headers)),
        dropped_({.header = options_.drop_fields_header,
                  .from_key = options_.drop_fields_from_key,
                  .optional_only = options_.drop_fields_keep_schema_compatible}) {
    for (const EnvelopeField& header : headers_)
      if (header.structure.empty() && header.field == "op") op_header_ = header.name;
  }

  void apply(const ConnectRecords& records, std::vector<ConnectRecords>& out, RowFailures& failures) override {
    if (!records.value_type) return apply_tombstones(records, out);
    Plan& plan = plans_.of(records.value_type, [&](const ConnectTypeRef& type) { return make_plan(*type); });
    if (!plan.envelope) return out.push_back(records);
    if (!plan.missing.empty()) {
      for (std::uint32_t row = 0; row < records.size; ++row)
        failures.push_back({row, "the envelope has no field " + plan.missing});
      return;
    }
    unwrap(plan, records, out);
  }

 private:
  enum class What : std::uint8_t { nothing, after, before, tombstone, truncation };

  Plan make_plan(const ConnectType& type) const {
    Plan plan;
    if (!is_envelope(type)) return plan;
    plan.envelope = true;
    plan.op = *find_field(type, "op");
    plan.after = find_field(type, "after");
    plan.before = find_field(type, "before");
    const ConnectType& after = *type.fields[*plan.after].type;
    ConnectType row = after;
    row.optional = false;
    for (const ConnectField& field : after.fields)
      plan.from_before.push_back(plan.before ? find_field(*type.fields[*plan.before].type, field.name) : std::nullopt);
    if (rewrites())
      row.fields.push_back(
          {"__deleted", std::make_shared<const ConnectType>(ConnectType{.kind = Kind::string, .optional = true})});
    for (const EnvelopeField& field : fields_) {
      plan.fields.push_back(find(type, field, plan.missing));
      if (plan.fields.back().type) row.fields.push_back({field.name, plan.fields.back().type});
    }
    for (const EnvelopeField& header : headers_) plan.headers.push_back(find(type, header, plan.missing));
    plan.row_physical = physical_type(row);
    plan.row_type = std::make_shared<const ConnectType>(std::move(row));
    return plan;
  }

  static EnvelopePlace find(const ConnectType& envelope, const EnvelopeField& field, std::string& missing) {
    if (auto place = find_place(envelope, field)) return *std::move(place);
    missing = field.text();
    return {};
  }

  bool rewrites() const { return options_.mode == Mode::rewrite || options_.mode == Mode::rewrite_with_tombstone; }
  bool keeps_tombstones() const { return options_.mode == Mode::rewrite_with_tombstone; }

  What what_of(const Plan& plan, const Column& value, std::uint32_t row) const {
    if (value.is_null(row)) return keeps_tombstones() ? What::tombstone : What::nothing;
    std::string_view op = value.child(plan.op).string(row);
    if (op == "t") return What::truncation;
    if (op != "d") return What::after;
    if (options_.mode == Mode::drop) return What::nothing;
    if (!rewrites()) return What::tombstone;
    return plan.before && !value.child(*plan.before).is_null(row) ? What::before : What::tombstone;
  }

  void apply_tombstones(const ConnectRecords& records, std::vector<ConnectRecords>& out) {
    if (!keeps_tombstones()) return;
    out.push_back(records);
    if (op_header_.empty()) return;
    out.back().headers.resize(records.size);
    for (std::string& headers : out.back().headers) add_deletion_header(headers);
  }

  void add_deletion_header(std::string& headers) const {
    const Header header{op_header_, Text("d")};
    add_headers(headers, std::span(&header, 1));
  }

  void unwrap(const Plan& plan, const ConnectRecords& records, std::vector<ConnectRecords>& out) {
    const Column& value = *records.value;
    std::vector<std::uint32_t> rows;
    std::vector<What> whats;
    for (std::uint32_t row = 0; row < records.size; ++row) {
      What what = what_of(plan, value, row);
      if (what == What::nothing) continue;
      rows.push_back(row);
      whats.push_back(what);
    }
    if (rows.empty()) return;
    ConnectRecords result = select_but_value(records, rows);
    result.value_type = plan.row_type;
    result.value = row_column(plan, value, rows, whats);
    put_headers(plan, value, rows, whats, result);
    if (!options_.drop_fields_header.empty()) return dropped_.apply(result, out);
    route(result, plan, value, rows, whats, out);
  }

  static ConnectRecords select_but_value(ConnectRecords records, const std::vector<std::uint32_t>& rows) {
    records.value = nullptr;
    return select(records, rows);
  }

  // The rows after, or before where they were deleted; null where there is none.
  ColumnRef row_column(const Plan& plan, const Column& value, const std::vector<std::uint32_t>& rows,
                       const std::vector<What>& whats) const {
    const std::size_t n = rows.size();
    const Column& after = value.child(*plan.after);
    std::vector<Column> columns;
    std::vector<Place> places(n);
    for (std::size_t f = 0; f < plan.from_before.size(); ++f) {
      const Column& from_after = after.child(f);
      const Column* from_before =
          plan.from_before[f] ? &value.child(*plan.before).child(*plan.from_before[f]) : nullptr;
      for (std::size_t i = 0; i < n; ++i)
        places[i] = {whats[i] == What::after ? &from_after : whats[i] == What::before ? from_before : nullptr, rows[i]};
      columns.push_back(gather(from_after.type(), places));
      if (options_.nulls_become_defaults) fill_nulls(*plan.row_type->fields[f].type, columns.back());
    }
    if (rewrites()) {
      Column deleted(TypeKind::string);
      for (What what : whats) deleted.append_string(what == What::before ? "true" : "false");
      columns.push_back(std::move(deleted));
    }
    for (const EnvelopePlace& added : plan.fields) {
      const Column& from = added.column(value);
      for (std::size_t i = 0; i < n; ++i) places[i] = {added.is_missing(value, rows[i]) ? nullptr : &from, rows[i]};
      columns.push_back(gather(from.type(), places));
    }
    auto column = std::make_shared<Column>(plan.row_physical);
    for (std::size_t i = 0; i < columns.size(); ++i) column->child(i) = std::move(columns[i]);
    for (std::size_t i = 0; i < n; ++i) column->append_structure();
    for (std::size_t i = 0; i < n; ++i)
      if (whats[i] == What::tombstone || whats[i] == What::truncation ||
          (whats[i] == What::after && after.is_null(rows[i])))
        column->set_null(static_cast<std::uint32_t>(i));
    return column;
  }

  static void fill_nulls(const ConnectType& type, Column& column) {
    if (!type.fallback || !column.has_nulls()) return;
    auto fallback = Json::parse(*type.fallback);
    Column one(column.type());
    if (!fallback || !append_connect_value(one, type, *fallback)) return;
    std::vector<Place> places;
    for (std::uint32_t row = 0; row < column.size(); ++row)
      places.push_back(column.is_null(row) ? Place{&one, 0} : Place{&column, row});
    column = gather(column.type(), places);
  }

  void put_headers(const Plan& plan, const Column& value, const std::vector<std::uint32_t>& rows,
                   const std::vector<What>& whats, ConnectRecords& result) const {
    bool any = !headers_.empty() || std::ranges::find(whats, What::truncation) != whats.end();
    if (!any) return;
    result.headers.resize(rows.size());
    std::vector<Header> more;
    std::vector<std::string> texts(headers_.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (value.is_null(rows[i])) {  // the tombstone behind a deletion
        if (!op_header_.empty()) add_deletion_header(result.headers[i]);
        continue;
      }
      more.clear();
      if (whats[i] == What::truncation) more.push_back({"levada.truncate", Text("")});
      for (std::size_t h = 0; h < headers_.size(); ++h) {
        const EnvelopePlace& added = plan.headers[h];
        const Column& column = added.column(value);
        if (added.is_missing(value, rows[i]) || column.is_null(rows[i])) {
          more.push_back({headers_[h].name, Text()});
        } else {
          texts[h] = levada::text_of(*added.type, column, rows[i]);
          more.push_back({headers_[h].name, Text(texts[h])});
        }
      }
      add_headers(result.headers[i], more);
    }
  }

  // By the field of the row, each run of records of one topic by itself.
  void route(const ConnectRecords& records, const Plan& plan, const Column& value,
             const std::vector<std::uint32_t>& rows, const std::vector<What>& whats,
             std::vector<ConnectRecords>& out) const {
    const std::string& name = options_.route_by_field;
    auto field = name.empty() ? std::nullopt : find_field(*plan.row_type, name);
    if (!field || *field >= plan.from_before.size() || plan.row_type->fields[*field].type->kind != Kind::string)
      return out.push_back(records);
    auto topic_of = [&](std::size_t i) -> std::string {
      bool deleted = whats[i] != What::after;
      auto side = deleted ? plan.before : plan.after;
      auto of_side = deleted ? plan.from_before[*field] : field;
      if (!side || !of_side || value.is_null(rows[i])) return records.topic;
      const Column& row = value.child(*side);
      const Column& column = row.child(*of_side);
      if (row.is_null(rows[i]) || column.is_null(rows[i])) return records.topic;
      return std::string(column.string(rows[i]));
    };
    for (std::size_t i = 0; i < rows.size();) {
      std::string topic = topic_of(i);
      std::vector<std::uint32_t> run;
      for (; i < rows.size() && topic_of(i) == topic; ++i) run.push_back(static_cast<std::uint32_t>(i));
      out.push_back(select(records, run));
      out.back().topic = topic;
    }
  }

  const UnwrapOptions options_;
  const std::vector<EnvelopeField> fields_, headers_;
  std::string op_header_;
  Plans<Plan> plans_;
  DroppedFields dropped_;
};

// The names of before 3.0 to the one of today.
void translate_old_names(const Properties& properties, UnwrapOptions& options) {
  if (find_property(properties, "delete.tombstone.handling.mode")) return;
  if (!find_property(properties, "delete.handling.mode") && !find_property(properties, "drop.tombstones")) return;
  switch (options.old_mode) {
    case OldMode::drop: options.mode = options.drop_tombstones ? Mode::drop : Mode::tombstone; break;
    case OldMode::none: options.mode = Mode::tombstone; break;
    case OldMode::rewrite: options.mode = options.drop_tombstones ? Mode::rewrite : Mode::rewrite_with_tombstone; break;
  }
}

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side /*side*/, OptionNotes& notes) {
  auto read = LV_TRY(parse_options<UnwrapOptions>(option_table, properties, &notes));
  translate_old_names(properties, read);
  auto fields = LV_TRY(read_envelope_fields(read.add_fields, read.fields_prefix, "add.fields"));
  auto headers = LV_TRY(read_envelope_fields(read.add_headers, read.headers_prefix, "add.headers"));
  return std::make_unique<ExtractNewRecordState>(std::move(read), std::move(fields), std::move(headers));
}

}  // namespace

constinit const TransformKind extract_new_record_state{
    .type = "io.debezium.transforms.ExtractNewRecordState",
    .sided = false,
    .doc = "Debezium's envelope to the row after the change.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
