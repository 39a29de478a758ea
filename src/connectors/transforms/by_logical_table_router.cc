// ByLogicalTableRouter: the records of many tables of one kind (customers_shard1, customers_shard2) into one topic,
// with the table in the key, as keys are unique only within a table.
#include <array>

#include "connectors/transforms/records.h"
#include "connectors/transforms/topic_pattern.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

struct LogicalTableOptions {
  bool unique = true;
  std::string key_field;
  std::string topic_regex, topic_replacement, key_regex, key_replacement;
};

constexpr std::array option_table = {
    Option{.name = "topic.regex",
           .field = option<&LogicalTableOptions::topic_regex>,
           .doc = "A regular expression for the whole name of the topic.",
           .required = true},
    Option{.name = "topic.replacement",
           .field = option<&LogicalTableOptions::topic_replacement>,
           .doc = "The topic's new name; $1 is what the first group matched.",
           .required = true},
    Option{.name = "key.enforce.uniqueness",
           .field = option<&LogicalTableOptions::unique>,
           .fallback = "true",
           .doc = "The key says which table the row is of."},
    Option{.name = "key.field.name",
           .field = option<&LogicalTableOptions::key_field>,
           .fallback = "__dbz__physicalTableIdentifier",
           .doc = "The field of the key that says it."},
    Option{.name = "key.field.regex",
           .field = option<&LogicalTableOptions::key_regex>,
           .doc = "A regular expression for the whole name of the topic."},
    Option{.name = "key.field.replacement",
           .field = option<&LogicalTableOptions::key_replacement>,
           .doc = "What the key's field says; without it: the topic."},
    Option{.name = "schema.name.adjustment.mode", .doc = "schemas have the names of their topics"},
    Option{.name = "logical.table.cache.size", .doc = "every schema is made once"},
};

class ByLogicalTableRouter : public Transform {
 public:
  ByLogicalTableRouter(LogicalTableOptions options, TopicPattern topic, std::optional<TopicPattern> key)
      : options_(std::move(options)), topic_(std::move(topic)), key_(std::move(key)) {}

  void apply(const ConnectRecords& records, std::vector<ConnectRecords>& out, RowFailures& failures) override {
    auto topic = topic_.apply(records.topic);
    if (!topic) return out.push_back(records);
    if (topic->empty()) {
      for (std::uint32_t row = 0; row < records.size; ++row)
        failures.push_back({row, "the new name of topic " + records.topic + " is empty"});
      return;
    }
    ConnectRecords routed = records;
    routed.topic = *topic;
    if (options_.unique && records.key_type && records.key && records.key_type->kind == Kind::structure) {
      routed.key_type = key_types_[*topic].of(records.key_type, [&](const ConnectTypeRef& type) {
        ConnectType longer = *type;
        longer.name = *topic + ".Key";
        longer.fields.push_back({options_.key_field, scalar_type(Kind::string, false)});
        return ConnectTypeRef(std::make_shared<const ConnectType>(std::move(longer)));
      });
      routed.key = longer_key(*records.key, *routed.key_type, records.topic);
    }
    if (records.value_type)
      routed.value_type = value_types_[*topic].of(
          records.value_type, [&](const ConnectTypeRef& type) { return renamed_envelope(*type, *topic); });
    out.push_back(std::move(routed));
  }

 private:
  ColumnRef longer_key(const Column& key, const ConnectType& type, const std::string& topic) const {
    std::string table = key_ ? key_->apply(topic).value_or(topic) : topic;
    std::vector<Column> fields;
    for (std::size_t i = 0; i + 1 < type.fields.size(); ++i)
      fields.push_back(copy_of(key.child(i), Rows::all(key.size())));
    Column said(TypeKind::string);
    StringView text = said.keep(table);
    for (std::uint32_t row = 0; row < key.size(); ++row) said.append(text);
    fields.push_back(std::move(said));
    return make_structure(physical_type(type).fields(), std::move(fields), key.size(), &key);
  }

  static ConnectTypeRef renamed_envelope(const ConnectType& type, const std::string& topic) {
    ConnectType copy = type;
    if (!type.name.ends_with(".Envelope")) {
      if (!type.name.empty()) copy.name = topic + ".Value";
      return std::make_shared<const ConnectType>(std::move(copy));
    }
    copy.name = topic + ".Envelope";
    for (ConnectField& field : copy.fields)
      if (field.name == "before" || field.name == "after") field.type = renamed(*field.type, topic + ".Value");
    return std::make_shared<const ConnectType>(std::move(copy));
  }

  const LogicalTableOptions options_;
  const TopicPattern topic_;
  const std::optional<TopicPattern> key_;
  std::map<std::string, Plans<ConnectTypeRef>> key_types_, value_types_;  // by the new topic
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side /*side*/, OptionNotes& notes) {
  auto read = LV_TRY(parse_options<LogicalTableOptions>(option_table, properties, &notes));
  auto topic = LV_TRY(TopicPattern::make(properties, "topic.regex", "topic.replacement"));
  std::optional<TopicPattern> key;
  if (find_property(properties, "key.field.regex") || find_property(properties, "key.field.replacement"))
    key = LV_TRY(TopicPattern::make(properties, "key.field.regex", "key.field.replacement"));
  return std::make_unique<ByLogicalTableRouter>(std::move(read), std::move(topic), std::move(key));
}

}  // namespace

constinit const TransformKind by_logical_table_router{
    .type = "io.debezium.transforms.ByLogicalTableRouter",
    .sided = false,
    .doc = "The records of many tables of one kind into one topic, with the table in the key.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
