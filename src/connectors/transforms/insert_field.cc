// InsertField: what is known of the record, or a text, as fields of its key or value. A name that ends in "!" is of a
// field that is never null.
#include <array>

#include "connectors/transforms/side_transform.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

struct InsertFieldOptions {
  std::string topic, timestamp, static_field, static_value, offset, partition;
};

constexpr std::array option_table = {
    Option{
        .name = "topic.field", .field = option<&InsertFieldOptions::topic>, .doc = "The field that names the topic."},
    Option{.name = "timestamp.field",
           .field = option<&InsertFieldOptions::timestamp>,
           .doc = "The field that holds the record's timestamp."},
    Option{.name = "static.field",
           .field = option<&InsertFieldOptions::static_field>,
           .doc = "The field of 'static.value'."},
    Option{.name = "static.value", .field = option<&InsertFieldOptions::static_value>, .doc = "A text."},
    Option{.name = "offset.field", .field = option<&InsertFieldOptions::offset>, .doc = "Only for sinks."},
    Option{.name = "partition.field", .field = option<&InsertFieldOptions::partition>, .doc = "Only for sinks."},
    Option{.name = "replace.null.with.default", .doc = "a null stays a null"},
};

struct Inserted {
  enum class What : std::uint8_t { topic, timestamp, text };
  What what;
  std::string name;
  bool optional;
};

class InsertField : public SideTransform {
 public:
  InsertField(Side side, std::vector<Inserted> fields, std::string text)
      : SideTransform(side), fields_(std::move(fields)), text_(std::move(text)) {}

 private:
  void change(ConnectTypeRef& type, ColumnRef& column, const ConnectRecords& records, RowFailures& failures) override {
    if (fail_unless_structure(*type, *column, failures)) return;
    ConnectTypeRef longer = types_.of(type, [&](const ConnectTypeRef& whole) {
      ConnectType copy = *whole;
      for (const Inserted& field : fields_) {
        ConnectType of_field{.kind = Kind::string, .optional = field.optional};
        if (field.what == Inserted::What::timestamp) {
          of_field.kind = Kind::int64;
          of_field.name = "org.apache.kafka.connect.data.Timestamp";
          of_field.version = 1;
        }
        copy.fields.push_back({field.name, std::make_shared<const ConnectType>(std::move(of_field))});
      }
      return ConnectTypeRef(std::make_shared<const ConnectType>(std::move(copy)));
    });
    std::vector<Column> fields;
    for (std::size_t i = 0; i < type->fields.size(); ++i)
      fields.push_back(copy_of(column->child(i), Rows::all(records.size)));
    for (const Inserted& field : fields_) fields.push_back(values_of(field, records));
    column = make_structure(physical_type(*longer).fields(), std::move(fields), records.size, column.get());
    type = longer;
  }

  Column values_of(const Inserted& field, const ConnectRecords& records) const {
    if (field.what == Inserted::What::timestamp) {
      Column values(TypeKind::int64);
      for (std::int64_t ms : records.timestamps_ms) values.append(ms);
      return values;
    }
    Column values(TypeKind::string);
    StringView text = values.keep(field.what == Inserted::What::topic ? records.topic : text_);
    for (std::uint32_t row = 0; row < records.size; ++row) values.append(text);
    return values;
  }

  const std::vector<Inserted> fields_;
  const std::string text_;
  Plans<ConnectTypeRef> types_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side side, OptionNotes& notes) {
  auto options = LV_TRY(parse_options<InsertFieldOptions>(option_table, properties, &notes));
  for (const char* name : {"offset.field", "partition.field"})
    if (const Property* property = find_property(properties, name))
      return Error(ErrorKind::usage, "'" + property->name + "' is for sinks: a source's records have no place yet")
          .where(property->where);
  if (options.static_field.empty() != options.static_value.empty())
    return Error(ErrorKind::usage, "'static.field' and 'static.value' go together");
  std::vector<Inserted> fields;
  auto add = [&](std::string name, Inserted::What what) {
    if (name.empty()) return;
    bool required = name.ends_with('!');
    if (required || name.ends_with('?')) name.pop_back();
    fields.push_back({what, std::move(name), !required});
  };
  add(options.topic, Inserted::What::topic);
  add(options.timestamp, Inserted::What::timestamp);
  add(options.static_field, Inserted::What::text);
  if (fields.empty())
    return Error(ErrorKind::usage, "there is nothing to insert")
        .remedy("Give 'topic.field', 'timestamp.field' or 'static.field'.");
  return std::make_unique<InsertField>(side, std::move(fields), options.static_value);
}

}  // namespace

constinit const TransformKind insert_field{
    .type = "org.apache.kafka.connect.transforms.InsertField",
    .sided = true,
    .doc = "What is known of the record, or a text, as fields of its key or value.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
