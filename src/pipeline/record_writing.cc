#include "pipeline/record_writing.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/near_name.h"

namespace levada {
namespace {

enum class CleanupPolicy : std::uint8_t { kept, compacted };
enum class TopicCompression : std::uint8_t { none, lz4, zstd };
constexpr std::string_view cleanup_names[] = {"delete", "compact"};
constexpr std::string_view compression_names[] = {"none", "lz4", "zstd"};
constexpr std::span<const std::string_view> names_of_values(CleanupPolicy) { return cleanup_names; }
constexpr std::span<const std::string_view> names_of_values(TopicCompression) { return compression_names; }

struct TopicGroupOptions {
  std::string include, exclude;
  std::int64_t partitions = 1;
  CleanupPolicy cleanup = CleanupPolicy::kept;
  TopicCompression compression = TopicCompression::none;
  std::int64_t retention_ms = -1, retention_bytes = -1, segment_bytes = 0, delete_retention_ms = 0;
};

constexpr std::string_view not_here = "the embedded log has no such setting";
constexpr std::array topic_options = {
    Option{.name = "include",
           .field = option<&TopicGroupOptions::include>,
           .doc = "The topics of the group: a regular expression for the whole name."},
    Option{.name = "exclude",
           .field = option<&TopicGroupOptions::exclude>,
           .doc = "Topics that are not of the group: a regular expression for the whole name."},
    Option{.name = "partitions",
           .field = option<&TopicGroupOptions::partitions>,
           .fallback = "1",
           .range = "-1..10000",
           .doc = "Partitions of a new topic; -1: one."},
    Option{.name = "cleanup.policy",
           .field = option<&TopicGroupOptions::cleanup>,
           .fallback = "delete",
           .doc = "compact: of each key only the last record is kept."},
    Option{.name = "retention.ms",
           .field = option<&TopicGroupOptions::retention_ms>,
           .fallback = "-1",
           .range = "-1..",
           .doc = "How long records are kept; -1: for ever."},
    Option{.name = "retention.bytes",
           .field = option<&TopicGroupOptions::retention_bytes>,
           .fallback = "-1",
           .range = "-1..",
           .doc = "How many bytes of a partition are kept; -1: all."},
    Option{.name = "segment.bytes",
           .field = option<&TopicGroupOptions::segment_bytes>,
           .fallback = "67108864",
           .range = "1024..",
           .doc = "Size of a segment file."},
    Option{.name = "delete.retention.ms",
           .field = option<&TopicGroupOptions::delete_retention_ms>,
           .fallback = "86400000",
           .range = "0..",
           .doc = "How long a compacted topic keeps its tombstones."},
    Option{.name = "compression.type",
           .field = option<&TopicGroupOptions::compression>,
           .fallback = "none",
           .doc = "none, lz4 or zstd."},
    Option{.name = "replication.factor", .doc = "the embedded log has one copy"},
    Option{.name = "min.insync.replicas", .doc = "the embedded log has one copy"},
    Option{.name = "unclean.leader.election.enable", .doc = "the embedded log has one copy"},
    Option{.name = "max.message.bytes", .doc = "records may have any size"},
    Option{.name = "message.timestamp.type", .doc = "records keep the time of their change"},
    Option{.name = "segment.ms", .doc = not_here},
    Option{.name = "flush.messages", .doc = "every commit is made durable"},
    Option{.name = "flush.ms", .doc = "every commit is made durable"},
    Option{.name = "min.cleanable.dirty.ratio", .doc = not_here},
    Option{.name = "min.compaction.lag.ms", .doc = not_here},
    Option{.name = "max.compaction.lag.ms", .doc = not_here},
};

constexpr std::string_view creation = "topic.creation.";
constexpr std::string_view families[] = {"key.converter", "value.converter", "transforms", "predicates"};

bool is_of_family(std::string_view property, std::string_view family) {
  return property == family || (property.starts_with(family) && property[family.size()] == '.');
}

TopicConfig config_of(const TopicGroupOptions& options) {
  TopicConfig config;
  config.partitions = static_cast<std::int32_t>(std::max<std::int64_t>(options.partitions, 1));
  config.compact = options.cleanup == CleanupPolicy::compacted;
  config.retention_ms = options.retention_ms;
  config.retention_bytes = options.retention_bytes;
  config.segment_bytes = options.segment_bytes;
  config.delete_retention_ms = options.delete_retention_ms;
  constexpr Compression kinds[] = {Compression::none, Compression::lz4, Compression::zstd};
  config.compression = kinds[static_cast<std::size_t>(options.compression)];
  return config;
}

Result<RecordWriting::TopicGroup> read_group(const std::string& name, const Properties& properties,
                                             OptionNotes& notes) {
  std::string front = std::string(creation) + name + ".";
  Properties own;
  for (const Property& property : properties)
    if (property.name.starts_with(front))
      own.push_back({property.name.substr(front.size()), property.value, property.where});
  OptionNotes own_notes;
  auto options = parse_options<TopicGroupOptions>(topic_options, own, &own_notes);
  if (!options) return std::move(options).error().within("'" + front + "*'");
  for (const std::string& note : own_notes) notes.push_back("'" + front + note.substr(1));
  if (name != "default" && options->include.empty())
    return Error(ErrorKind::usage, "property '" + front + "include' is missing")
        .remedy(std::string(topic_options[0].doc));
  for (std::string_view which : {"include", "exclude"}) {
    const Property* pattern = find_property(own, which);
    if (!pattern) continue;
    if (RE2 expression(pattern->value, RE2::Quiet); !expression.ok())
      return Error(ErrorKind::usage, "'" + front + pattern->name + "' is no regular expression")
          .why(expression.error())
          .where(pattern->where);
  }
  return RecordWriting::TopicGroup{options->include, options->exclude, config_of(*options)};
}

Result<std::vector<RecordWriting::TopicGroup>> read_groups(const Properties& properties, OptionNotes& notes) {
  std::vector<std::string> names;
  if (const Property* groups = find_property(properties, "topic.creation.groups"))
    LV_TRY(read_option(groups->value, names));
  names.emplace_back("default");
  for (const Property& property : properties) {
    if (!property.name.starts_with(creation) || property.name == "topic.creation.groups" ||
        property.name == "topic.creation.enable")
      continue;
    std::string_view rest = std::string_view(property.name).substr(creation.size());
    if (std::ranges::any_of(names, [&](const std::string& name) { return rest.starts_with(name + "."); })) continue;
    std::string near = did_you_mean(rest.substr(0, rest.find('.')), names);
    return Error(ErrorKind::usage, "'" + property.name + "' is of a group that is not in 'topic.creation.groups'")
        .where(property.where)
        .remedy(near.empty() ? "Name the group in 'topic.creation.groups', or write 'topic.creation.default.…'."
                             : near);
  }
  std::vector<RecordWriting::TopicGroup> result;
  for (const std::string& name : names) result.push_back(LV_TRY(read_group(name, properties, notes)));
  return result;
}

bool has_converters(const Properties& properties) {
  return std::ranges::any_of(properties, [](const Property& p) {
    return is_of_family(p.name, "key.converter") || is_of_family(p.name, "value.converter");
  });
}

// The one of the two that is not named is as the other one.
Result<void> read_converters(RecordWriting& writing, const Properties& properties, ConverterSpec otherwise,
                             OptionNotes& notes) {
  bool only_key = find_property(properties, "key.converter") && !find_property(properties, "value.converter");
  if (only_key) {
    writing.key = LV_TRY(read_converter("key.converter", properties, otherwise, notes));
    writing.value = LV_TRY(read_converter("value.converter", properties, writing.key, notes));
  } else {
    writing.value = LV_TRY(read_converter("value.converter", properties, otherwise, notes));
    writing.key = LV_TRY(read_converter("key.converter", properties, writing.value, notes));
  }
  return {};
}

}  // namespace

TopicConfig RecordWriting::topic_config(const std::string& topic) const {
  for (const TopicGroup& group : groups)
    if ((group.include.empty() || RE2::FullMatch(topic, group.include)) &&
        (group.exclude.empty() || !RE2::FullMatch(topic, group.exclude)))
      return group.config;
  return config_of({});
}

bool is_record_writing(std::string_view property) {
  return property == "format" || property.starts_with(creation) ||
         std::ranges::any_of(families, [&](std::string_view family) { return is_of_family(property, family); });
}

Result<RecordWriting> read_record_writing(const Properties& properties, OptionNotes& notes) {
  RecordWriting writing;
  writing.groups = LV_TRY(read_groups(properties, notes));
  for (const Property& property : properties)
    if (is_of_family(property.name, "transforms") || is_of_family(property.name, "predicates"))
      writing.transforms.push_back(property);
  const Property* format = find_property(properties, "format");
  bool converters = has_converters(properties);
  if (format && converters)
    return Error(ErrorKind::usage, "'format' and converters exclude one another")
        .where(format->where)
        .remedy("Give 'format', or 'key.converter' and 'value.converter'.");
  if (format) {
    static const std::vector<std::string> names = {"AVRO", "JSON", "DEBEZIUM_JSON"};
    if (std::ranges::find(names, format->value) == names.end()) {
      std::string near = did_you_mean(format->value, names);
      return Error(ErrorKind::usage, "'format' is '" + format->value + "'")
          .where(format->where)
          .remedy((near.empty() ? "" : near + " ") + "There are AVRO and JSON for rows, DEBEZIUM_JSON for envelopes.");
    }
    writing.format = format->value;
  }
  bool transforms = find_property(writing.transforms, "transforms") != nullptr;
  if (converters || transforms || writing.format == "DEBEZIUM_JSON") writing.form = RecordForm::connect;
  ConverterSpec plain{.kind = ConverterSpec::Kind::json, .schemas = !format};
  if (!converters && writing.format == "AVRO") plain.kind = ConverterSpec::Kind::avro;
  LV_TRY(read_converters(writing, properties, plain, notes));
  return writing;
}

}  // namespace levada
