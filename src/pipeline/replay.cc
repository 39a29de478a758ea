#include "pipeline/replay.h"

#include "formats/formats.h"
#include "pipeline/connector_parts.h"
#include "pipeline/dead_letters.h"
#include "pipeline/retry_change.h"
#include "pipeline/row_marks.h"
#include "pipeline/topic_writer.h"

namespace levada {
namespace {

Text text_of(const std::optional<std::string>& bytes) { return bytes ? Text(*bytes) : Text(); }

// A record's row, decoded as its stream or table says. A corrected value may be JSON where nobody can write the bytes.
Result<Batch> decode(const RecordFormat& format, const SchemaRef& schema, const DeadLetter& letter, bool corrected) {
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
  FormatSpec value = format.value;
  if (corrected && find_format(value.format)->schema_text && letter.value->starts_with('{')) {
    value.format = "JSON";
    value.wrap_single = true;
  }
  LV_TRY(side(value, schema->value, letter.value, batch.after));
  if (!letter.value) batch.deleted.assign(1, true);
  batch.timestamps_ms = std::make_shared<const std::vector<std::int64_t>>(1, letter.timestamp_ms);
  auto origin = std::make_shared<Origin>();
  origin->topic = letter.topic;
  origin->partition = letter.partition;
  origin->offsets = {letter.offset};
  if (!letter.headers.empty()) {
    auto headers = std::make_shared<std::string>(letter.headers);
    origin->headers = {*headers};
    origin->memory = std::move(headers);
  }
  batch.origin = std::move(origin);
  const Record record{.key = {}, .value = {}, .offset = Offset(0), .headers = letter.headers};
  read_marks(std::span(&record, 1), batch);
  return batch;
}

class Replay {
 public:
  Replay(const Catalog& catalog, const PipelineOptions& options, const PipelineSurroundings& around,
         const ReplayRequest& request)
      : catalog_(catalog),
        options_(options),
        around_(around),
        mark_(replay_mark(request.topic, request.number)),
        letter_(request.topic + " " + std::to_string(request.number.value())),
        running_(request.running),
        corrected_(request.value.has_value()) {}

  Result<std::string> send(const StoredDeadLetter& stored) {
    const DeadLetter& letter = stored.letter;
    if (letter.stage == "read") return to_source(stored);
    if (letter.stage == "write") return to_sink(stored);
    const auto relations = catalog_.over_topic(letter.topic);
    if (relations.empty())
      return Error(ErrorKind::not_found, "there is no stream or table over topic " + letter.topic + " any more");
    const Relation& relation = *relations.front();
    if (running_ && !catalog_.writers_of(relation.name).empty())
      return Error(ErrorKind::refused, "a query of the running pipeline writes topic " + letter.topic)
          .remedy("Stop the pipeline, then replay the letter.");
    Batch batch = LV_TRY(decode(relation.format, relation.schema, letter, corrected_));
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
      Batch admitted = writer->admit(with_provenance(batch), problems);
      writer->append(admitted, partition, *transaction, problems);
      if (!problems.refused.empty()) return Error(ErrorKind::data, problems.refused.front().cause);
      if (!problems.failures.empty()) return Error(ErrorKind::data, problems.failures.front().why);
      writer->flush(*transaction);
    }
    transaction->put_position(mark_, "done");
    return transaction->commit();
  }

  // Each of its records says which letter it was.
  Batch with_provenance(const Batch& batch) const {
    auto origin = std::make_shared<Origin>(batch.origin ? *batch.origin : Origin());
    auto bytes = std::make_shared<std::pair<std::shared_ptr<const void>, std::vector<std::string>>>(
        origin->memory, std::vector<std::string>(batch.size));
    for (std::uint32_t row = 0; row < batch.size; ++row) {
      std::vector<Header> headers;
      if (!origin->headers.empty())
        if (auto own = parse_headers(origin->headers[row])) headers = *std::move(own);
      headers.push_back({"levada.replay.of", Text(letter_)});
      append_headers(bytes->second[row], headers);
    }
    origin->headers.assign(bytes->second.begin(), bytes->second.end());
    origin->memory = std::move(bytes);
    Batch marked = batch;
    marked.origin = std::move(origin);
    return marked;
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

  // Into the retry topic of the sink, with the mark: from there it is written exactly once, now if nobody else does it.
  Result<std::string> to_sink(const StoredDeadLetter& stored) {
    const DeadLetter& letter = stored.letter;
    if (is_truncation({.key = text_of(letter.key), .value = text_of(letter.value), .headers = letter.headers}))
      return Error(ErrorKind::refused, "it empties a table, and what was written since would go, too")
          .remedy("Delete the rows that the source has no more from the table yourself, then discard the letter.");
    if (corrected_ && letter.value && letter.value->starts_with('{') && letter.key && framed_schema_id(*letter.key) > 0)
      return Error(ErrorKind::refused, "the sink reads AVRO from its topic, and the corrected value is JSON")
          .remedy("Correct the row at the source, or write it into the target yourself and discard the letter.");
    std::vector<std::string> notes;
    PipelineOptions options = options_;
    // A target knows what it has by the pipeline's name.
    if (auto name = around_.log->position("pipeline of sink " + stored.object)) options.name = *name;
    DeliverLoop::Parts parts =
        LV_TRY(make_sink_parts(catalog_, *LV_TRY(connector(stored.object)), options, around_, notes));
    bool reads = parts.later.any();
    for (const SinkRead& topic : parts.topics) reads |= topic.read.format.topic == letter.topic;
    if (!reads)
      return Error(ErrorKind::not_found,
                   "sink " + stored.object + " does not read topic " + letter.topic + " any more");
    LV_TRY(around_.log->create_topic(parts.retry_topic, retry_topic_config()));
    RecordBatchBuilder records;
    append_retry_change(records,
                        {.what = RetryChange::What::replayed,
                         .partition = {letter.topic, letter.partition},
                         .offset = Offset(letter.offset),
                         .timestamp_ms = letter.timestamp_ms,
                         .replay_of = letter_,
                         .key = letter.key},
                        around_.clock->now_ms(), text_of(letter.value), letter.headers);
    auto transaction = LV_TRY(around_.log->begin("_replay"));
    transaction->append({parts.retry_topic, 0}, records.finish());
    transaction->put_position(mark_, "done");
    LV_TRY(transaction->commit());
    if (running_) return "handed over to sink " + stored.object + ", which is running";
    const std::string letters = parts.dead_letter_topic;
    auto waits = write_now(std::move(parts));
    if (!waits) return "it waits for sink " + stored.object + ", which cannot take it now: " + waits.error().line();
    for (const StoredDeadLetter& later : LV_TRY(read_dead_letters(*around_.log, letters)))
      if (later.letter.replay_of == letter_)
        return Error(ErrorKind::data, later.letter.cause)
            .remedy("It is dead letter " + std::to_string(later.offset.value()) + " now.");
    if (!waits->empty())
      return "sink " + stored.object + " has refused it for now, and tries again when it runs: " + *waits;
    return "written by " + stored.object;
  }

  // What is due goes to the sink, and nothing else. Returns why something waits.
  Result<std::string> write_now(DeliverLoop::Parts parts) {
    around_.board->add(parts.name, "sink");
    parts.retries_only = true;
    DeliverLoop loop(std::move(parts), around_);
    Wakeup wakeup;
    LV_TRY(loop.open(wakeup));
    Step step = Step::moved;
    while (step == Step::moved) step = LV_TRY(loop.step({}));
    std::string waits = step == Step::later ? loop.waits_for() : "";
    LV_TRY(loop.close());
    return waits;
  }

  const Catalog& catalog_;
  const PipelineOptions& options_;
  const PipelineSurroundings& around_;
  const std::string mark_;    // the position that says that it was replayed
  const std::string letter_;  // its name
  const bool running_, corrected_;
};

}  // namespace

std::string replay_mark(const std::string& topic, Offset number) {
  return "replayed " + topic + " " + std::to_string(number.value());
}

std::string discard_mark(const std::string& topic, Offset number) {
  return "discarded " + topic + " " + std::to_string(number.value());
}

static Result<StoredDeadLetter> find_letter(Log& log, const std::string& topic, Offset number) {
  for (StoredDeadLetter& stored : LV_TRY(read_dead_letters(log, topic)))
    if (stored.offset == number) return std::move(stored);
  return Error(ErrorKind::not_found, "there is no dead letter " + std::to_string(number.value()) + " in " + topic)
      .remedy("levada dlq list shows what there is.");
}

Result<std::string> replay_dead_letter(const Catalog& catalog, const PipelineOptions& options,
                                       const PipelineSurroundings& around, const ReplayRequest& request) {
  StoredDeadLetter stored = LV_TRY(find_letter(*around.log, request.topic, request.number));
  const std::string name = "dead letter " + std::to_string(request.number.value());
  if (around.log->position(replay_mark(request.topic, request.number)))
    return Error(ErrorKind::refused, name + " was replayed before");
  if (request.value) stored.letter.value = *request.value;
  auto sent = Replay(catalog, options, around, request).send(stored);
  if (!sent) return std::move(sent).error().within(name);
  return sent;
}

Result<std::string> discard_dead_letter(Log& log, const std::string& topic, Offset number) {
  LV_TRY(find_letter(log, topic, number));
  auto transaction = LV_TRY(log.begin("_replay"));
  transaction->put_position(discard_mark(topic, number), "done");
  LV_TRY(transaction->commit());
  return "discarded";
}

}  // namespace levada
