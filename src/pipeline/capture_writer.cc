#include "pipeline/capture_writer.h"

#include "formats/formats.h"

namespace levada {
CaptureWriter::CaptureWriter(RecordWriting writing, std::vector<Relation> relations,
                             const PipelineSurroundings& surroundings)
    : writing_(std::move(writing)), relations_(std::move(relations)), around_(surroundings) {}
CaptureWriter::~CaptureWriter() = default;

Result<void> CaptureWriter::append(const SourceRead::Part& part, Transaction& transaction,
                                   TopicWriter::Problems& problems, std::uint64_t& written) {
  Captured& as = *LV_TRY(captured(part, transaction));
  if (part.batch.truncates) {
    as.writer->truncate(part.batch, std::nullopt);
    return {};
  }
  Batch admitted;
  if (as.relation && !as.relation->checks.empty()) {
    Batch seen = declared(part.batch, as);
    admitted = as.writer->admit(part.batch, problems, &seen);
  } else {
    admitted = as.writer->admit(part.batch, problems);
  }
  as.writer->append(admitted, std::nullopt, transaction, problems);
  written += admitted.selection.size();
  return {};
}

Result<CaptureWriter::Captured*> CaptureWriter::captured(const SourceRead::Part& part, Transaction& transaction) {
  Captured& as = captured_[part.topic];
  const SchemaRef& schema = part.batch.schema;
  if (as.schema == schema) return &as;
  if (as.schema && *as.schema == *schema) {
    as.schema = schema;
    return &as;
  }
  if (as.writer) as.writer->flush(transaction);  // what has the schema of before stands before
  as.relation = nullptr;
  for (const Relation& relation : relations_)
    if (relation.format.topic == part.topic && (!as.relation || !relation.checks.empty())) as.relation = &relation;
  if (as.relation) as.places = LV_TRY(places_of(*as.relation, *schema));
  RecordFormat format = LV_TRY(format_of(part.topic, schema));
  if (as.relation && as.relation->format.value.format != format.value.format)
    return Error(ErrorKind::usage, "the records of topic " + part.topic + " are written in " + format.value.format +
                                       ", but " + as.relation->name + " says " + as.relation->format.value.format)
        .remedy("Give both the same: 'format' of the connector, VALUE_FORMAT of the stream or table.");
  as.writer = std::make_unique<TopicWriter>(std::move(format), schema,
                                            as.relation ? as.relation->checks : std::vector<CheckRule>(),
                                            writing_.topic_config(part.topic).compression, around_.surroundings);
  as.schema = schema;
  return &as;
}

Result<RecordFormat> CaptureWriter::format_of(const std::string& topic, const SchemaRef& schema) const {
  RecordFormat format{.topic = topic};
  if (auto there = around_.log->topic(topic)) {
    format.partitions = there->config.partitions;
  } else {
    TopicConfig config = writing_.topic_config(topic);
    LV_TRY(around_.log->create_topic(topic, config));
    format.partitions = config.partitions;
  }
  format.key = LV_TRY(spec_of(Side::key, topic, schema));
  format.value = LV_TRY(spec_of(Side::value, topic, schema));
  return format;
}

Result<FormatSpec> CaptureWriter::spec_of(Side side, const std::string& topic, const SchemaRef& schema) const {
  const std::vector<Field>& fields = side == Side::key ? schema->key : schema->value;
  FormatSpec spec{.format = side == Side::key && fields.empty() ? "NONE" : writing_.format,
                  .side = side,
                  .fields = fields,
                  .schemas = around_.schemas,
                  .whole = schema};
  const Format& format = *find_format(spec.format);
  if (auto fits = format.check(spec); !fits) return std::move(fits).error().within("topic " + topic);
  if (format.schema_text)
    spec.schema_id =
        LV_TRY(around_.schemas->put(topic + (side == Side::key ? "-key" : "-value"), format.schema_text(spec)));
  return spec;
}

// A column that a relation declares and the table does not have is null.
Result<std::vector<std::size_t>> CaptureWriter::places_of(const Relation& relation, const Schema& schema) const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < relation.schema->size(); ++i) {
    const Field& field = (*relation.schema)[i];
    std::optional<std::size_t> place = find_field(schema.value, field.name);
    if (place) *place += schema.key.size();
    if (!place) place = find_field(schema.key, field.name);
    if (place && schema[*place].type != field.type && !relation.checks.empty())
      return Error(ErrorKind::usage, "column " + field.name + " of " + relation.name + " is " + field.type.text() +
                                         ", but its table has " + schema[*place].type.text())
          .where("topic " + relation.format.topic)
          .remedy("Its rules are held against the table's rows: declare the column as the table has it.");
    places.push_back(place.value_or(schema.size()));
  }
  return places;
}

Batch CaptureWriter::declared(const Batch& batch, const Captured& as) {
  const Schema& schema = *as.relation->schema;
  Batch seen = batch;
  seen.schema = as.relation->schema;
  seen.key.clear();
  seen.after.clear();
  for (std::size_t i = 0; i < schema.size(); ++i) {
    ColumnRef column;
    if (as.places[i] < batch.schema->size()) {
      column = batch.column(as.places[i]);
    } else {
      auto nulls = std::make_shared<Column>(schema[i].type);
      for (std::uint32_t row = 0; row < batch.size; ++row) nulls->append_null();
      column = std::move(nulls);
    }
    (i < schema.key.size() ? seen.key : seen.after).push_back(std::move(column));
  }
  return seen;
}

void CaptureWriter::flush(Transaction& transaction) {
  for (auto& [topic, as] : captured_)
    if (as.writer) as.writer->flush(transaction);
}

void CaptureWriter::discard() {
  for (auto& [topic, as] : captured_)
    if (as.writer) as.writer->discard();
}

}  // namespace levada
