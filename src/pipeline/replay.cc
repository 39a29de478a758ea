#include "pipeline/replay.h"

#include "formats/formats.h"
#include "pipeline/connector_parts.h"
#include "pipeline/dead_letters.h"
#include "pipeline/topic_writer.h"

namespace levada {
namespace {

// A record's row, decoded as its stream or table says.
Result<Batch> decode(const RecordFormat& format, const SchemaRef& schema, const DeadLetter& letter) {
  auto side = [&](const FormatSpec& spec, const std::vector<Field>& fields, const std::optional<std::string>& bytes,
                  Columns& columns) -> Result<void> {
    std::vector<std::shared_ptr<Column>> owned;
    std::vector<Column*> wanted;
    for (const Field& field : fields) {
      owned.push_back(std::make_shared<Column>(field.type));
      wanted.push_back(owned.back().get());
    }
    auto padded = std::make_shared<std::string>(bytes.value_or(""));
    std::size_t size = padded->size();
    padded->resize(size + Buffer::padding);
    Text text = bytes ? Text(std::string_view(*padded).substr(0, size)) : Text();
    RowFailures failures;
    find_format(spec.format)->make_decoder(spec)->decode(std::span(&text, 1), padded, wanted, failures);
    if (!failures.empty()) return Error(ErrorKind::data, failures.front().why);
    columns.assign(owned.begin(), owned.end());
    return {};
  };
  Batch batch{.schema = schema, .size = 1, .selection = Selection::all(1)};
  LV_TRY(side(format.key, schema->key, letter.key, batch.key));
  LV_TRY(side(format.value, schema->value, letter.value, batch.after));
  if (!letter.value) batch.deleted.assign(1, true);
  batch.timestamps_ms = std::make_shared<const std::vector<std::int64_t>>(1, letter.timestamp_ms);
  auto origin = std::make_shared<Origin>();
  origin->topic = letter.topic;
  origin->partition = letter.partition;
  origin->offsets = {letter.offset};
  batch.origin = std::move(origin);
  return batch;
}

// The schemas that the letter's own bytes name, where its topic's records say themselves what they are.
Result<void> describe(SinkRead& topic, const DeadLetter& letter) {
  FormatSpec &key = topic.read.format.key, &value = topic.read.format.value;
  auto text = [&](const std::optional<std::string>& bytes, std::string_view side) -> Result<std::string> {
    if (std::int32_t id = bytes ? framed_schema_id(*bytes) : 0; id != 0) return value.schemas->schema(id);
    auto latest = LV_TRY(value.schemas->latest(letter.topic + std::string(side)));
    return latest ? latest->text : std::string();
  };
  std::string key_text = LV_TRY(text(letter.key, "-key")), value_text = LV_TRY(text(letter.value, "-value"));
  auto schema = std::make_shared<const Schema>(LV_TRY(find_format(value.format)->read_schemas(key_text, value_text)));
  key.fields = schema->key;
  value.fields = schema->value;
  if (schema->key.empty()) key.format = "NONE";
  topic.schema = std::move(schema);
  return {};
}

class Replay {
 public:
  Replay(const Catalog& catalog, const PipelineOptions& options, const PipelineSurroundings& around, std::string mark)
      : catalog_(catalog), options_(options), around_(around), mark_(std::move(mark)) {}

  Result<std::string> send(const StoredDeadLetter& stored) {
    const DeadLetter& letter = stored.letter;
    if (letter.stage == "read") return to_source(stored);
    if (letter.stage == "write") return to_sink(stored);
    const auto relations = catalog_.over_topic(letter.topic);
    if (relations.empty())
      return Error(ErrorKind::not_found, "there is no stream or table over topic " + letter.topic + " any more");
    const Relation& relation = *relations.front();
    Batch batch = LV_TRY(decode(relation.format, relation.schema, letter));
    TopicWriter writer(relation.format, relation.schema, relation.checks, Compression::none, around_.surroundings);
    LV_TRY(writer.open());
    std::optional<std::int32_t> partition;
    if (letter.partition >= 0) partition = letter.partition;
    LV_TRY(append({{&writer, std::move(batch)}}, partition));
    return "sent to topic " + letter.topic;
  }

 private:
  // Into their topics, with the mark that it was done, in one transaction.
  Result<void> append(const std::vector<std::pair<TopicWriter*, Batch>>& batches,
                      std::optional<std::int32_t> partition) {
    auto transaction = LV_TRY(around_.log->begin("_replay"));
    for (const auto& [writer, batch] : batches) {
      TopicWriter::Problems problems;
      Batch admitted = writer->admit(batch, problems);
      writer->append(admitted, partition, *transaction, problems);
      if (!problems.refused.empty()) return Error(ErrorKind::data, problems.refused.front().cause);
      if (!problems.failures.empty()) return Error(ErrorKind::data, problems.failures.front().why);
      writer->flush(*transaction);
    }
    transaction->put_position(mark_, "done");
    return transaction->commit();
  }

  Result<const ConnectorDeclaration*> connector(const std::string& name) const {
    auto it = catalog_.connectors.find(name);
    if (it == catalog_.connectors.end())
      return Error(ErrorKind::not_found, "there is no connector " + name + " any more");
    return &it->second;
  }

  Result<std::string> to_source(const StoredDeadLetter& stored) {
    std::vector<std::string> notes;
    IngestLoop::Parts parts =
        LV_TRY(make_source_parts(catalog_, *LV_TRY(connector(stored.object)), options_, around_, notes));
    SourceRead read = LV_TRY(parts.source->read_again(stored.letter));
    if (!read.rejected.empty()) return Error(ErrorKind::data, read.rejected.front().cause).where(stored.letter.origin);
    std::vector<std::pair<TopicWriter*, Batch>> batches;
    for (const SourceRead::Part& part : read.parts) {
      batches.emplace_back(parts.writers.at(part.topic).get(), part.batch);
      LV_TRY(batches.back().first->open());
    }
    LV_TRY(append(batches, std::nullopt));
    return "read again by " + stored.object + " and sent to topic " +
           (read.parts.empty() ? "" : read.parts.front().topic);
  }

  // The sink takes the row in a round of its own, which moves no offset.
  Result<std::string> to_sink(const StoredDeadLetter& stored) {
    std::vector<std::string> notes;
    DeliverLoop::Parts parts =
        LV_TRY(make_sink_parts(catalog_, *LV_TRY(connector(stored.object)), options_, around_, notes));
    SinkRead* topic = nullptr;
    for (SinkRead& t : parts.topics)
      if (t.read.format.topic == stored.letter.topic) topic = &t;
    if (!topic)
      return Error(ErrorKind::not_found,
                   "sink " + stored.object + " does not read topic " + stored.letter.topic + " any more");
    if (!topic->schema) LV_TRY(describe(*topic, stored.letter));
    Batch batch = LV_TRY(decode(topic->read.format, topic->schema, stored.letter));
    LV_TRY(parts.sink->start());
    RowFailures rejected;
    LV_TRY(parts.sink->write(batch, rejected));
    if (!rejected.empty()) return Error(ErrorKind::data, rejected.front().why);
    std::vector<RejectedRecord> rejected_later;
    LV_TRY(parts.sink->flush(rejected_later));
    if (!rejected_later.empty()) return Error(ErrorKind::data, rejected_later.front().why);
    LV_TRY(parts.sink->commit({}));
    auto transaction = LV_TRY(around_.log->begin("_replay"));
    transaction->put_position(mark_, "done");
    LV_TRY(transaction->commit());
    return "written by " + stored.object;
  }

  const Catalog& catalog_;
  const PipelineOptions& options_;
  const PipelineSurroundings& around_;
  const std::string mark_;
};

}  // namespace

std::string replay_mark(const std::string& topic, Offset number) {
  return "replayed " + topic + " " + std::to_string(number.value());
}

Result<std::string> replay_dead_letter(const Catalog& catalog, const PipelineOptions& options,
                                       const PipelineSurroundings& around, const std::string& topic, Offset number,
                                       const std::optional<std::string>& value) {
  for (StoredDeadLetter& stored : LV_TRY(read_dead_letters(*around.log, topic))) {
    if (stored.offset != number) continue;
    std::string mark = replay_mark(topic, number);
    if (around.log->position(mark))
      return Error(ErrorKind::refused, "dead letter " + std::to_string(number.value()) + " was replayed before");
    if (value) stored.letter.value = *value;
    auto sent = Replay(catalog, options, around, mark).send(stored);
    if (!sent) return std::move(sent).error().within("dead letter " + std::to_string(number.value()));
    return sent;
  }
  return Error(ErrorKind::not_found, "there is no dead letter " + std::to_string(number.value()) + " in " + topic)
      .remedy("levada dlq list shows what there is.");
}

}  // namespace levada
