#include "tests/cases/stage.h"

#include "formats/formats.h"
#include "log/record_batch.h"
#include "pipeline/connector_parts.h"
#include "pipeline/dead_letters.h"
#include "pipeline/task_plan.h"
#include "pipeline/topic_printer.h"
#include "registry/schema_topic.h"
#include "sql/binder.h"
#include "sql/parser.h"
#include "tests/cases/avro_record.h"

namespace levada::cases {

static constexpr std::int64_t start_us = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
static const PipelineOptions pipeline_options = {.name = "case", .workers = 1, .follow = false};

Stage::Stage() : clock_(start_us), board_(std::make_unique<StatusBoard>(clock_)) {
  if (auto opened = open(); !opened) broken_ = std::move(opened).error();
}
Stage::~Stage() { close(); }

Result<void> Stage::open() {
  files_ = std::make_unique<MemoryFiles>(disk_);
  log_ = LV_TRY(open_embedded_log(*files_, "/log", {.clock = &clock_, .maintenance_interval_ms = 0}));
  schemas_ = LV_TRY(open_schema_topic(*log_, false));
  session_ = LV_TRY(Session::open(*log_, *schemas_, clock_, false));
  session_->ask([this](const Catalog& declared, const std::string& topic, std::vector<std::string>& answers) {
    return describe_topic(declared, topic, pipeline_options, surroundings(), answers);
  });
  return {};
}

void Stage::close() {
  pipeline_.reset();
  session_.reset();
  schemas_.reset();
  log_.reset();
  files_.reset();
}

PipelineSurroundings Stage::surroundings() {
  return {.log = log_.get(),
          .schemas = schemas_.get(),
          .files = files_.get(),
          .state_files = files_.get(),
          .state_directory = "/log/state",
          .clock = &clock_,
          .logger = &silent_logger(),
          .metrics = &metrics_,
          .board = board_.get(),
          .surroundings = {.clock = &clock_}};
}

// ---- SQL ----

Result<std::vector<Answer>> Stage::execute(const std::string& sql) {
  if (broken_) return broken_->copy();
  return session_->execute(Script{"case", sql}, false);
}

Result<std::vector<Answer>> Stage::load(const std::string& sql) {
  if (file_) {
    file_.reset();
    LV_TRY(restart());
  }
  auto answers = session_->execute(Script{"case", sql}, true);
  file_ = sql;
  return answers;
}

std::string Stage::tasks() const { return text_of(assemble(session_->declared())); }

// ---- running ----

Result<std::vector<std::string>> Stage::run() {
  if (broken_) return broken_->copy();
  pipeline_.reset();
  std::vector<std::string> notes;
  for (const std::string& object : file_ ? session_->not_mentioned() : std::vector<std::string>())
    notes.push_back(object + " is in the log but not in this file");
  pipeline_ = LV_TRY(Pipeline::create(session_->declared(), pipeline_options, surroundings(), notes));
  pipeline_->start();
  if (pipeline_->wait() == Pipeline::Ended::failed) return pipeline_->failure()->copy();
  return notes;
}

Result<void> Stage::run_with_cuts() {
  if (!file_) return Error(ErrorKind::usage, "after a power cut there must be a file to load again");
  for (std::uint64_t call = 1;; ++call) {
    LV_TRY(restart());
    files_->crash_at(call);
    auto ran = run();
    pipeline_.reset();
    if (!files_->crashed()) {
      if (!ran) return std::move(ran).error();
      return {};
    }
    close();
    disk_.crash(call);
    LV_TRY(open());
  }
}

Result<void> Stage::restart() {
  if (pipeline_) pipeline_->stop();
  close();
  LV_TRY(open());
  if (file_) LV_TRY(session_->execute(Script{"case", *file_}, true));
  return {};
}

Result<void> Stage::kill() {
  files_->kill();
  return restart();
}

// ---- what goes in and comes out ----

Result<void> Stage::put_schema(const std::string& subject, const std::string& text) {
  LV_TRY(schemas_->put(subject, text));
  return {};
}

// What JSON stands for in AVRO, by the newest schema of the subject or the one that is declared.
Result<std::string> Stage::avro_bytes(const std::string& text, const FormatSpec* spec, const std::string& subject) {
  auto schema = LV_TRY(schemas_->latest(subject));
  if (!schema) {
    LV_TRY(schemas_->put(subject, find_format("AVRO")->schema_text(*spec)));
    schema = LV_TRY(schemas_->latest(subject));
  }
  std::string bytes(schema_frame_size, '\0');
  store_big(bytes.data() + 1, schema->id);
  AvroSchema parsed = LV_TRY(AvroSchema::parse(schema->text));
  Json json = LV_TRY(Json::parse(text));
  return bytes.append(LV_TRY(avro_record(parsed, json)));
}

// What the text stands for in the format.
Result<std::string> Stage::bytes_of(const std::string& text, const FormatSpec* spec, const std::string& subject) {
  if (spec ? spec->format == "AVRO" : LV_TRY(schemas_->latest(subject)).has_value())
    return avro_bytes(text, spec, subject);
  if (!spec || spec->format != "KAFKA" || spec->fields.size() != 1) return text;
  std::string cast = "CAST('" + text + "' AS " + spec->fields[0].type.text() + ")";
  Script script{"record", cast};
  Scope nothing{.schema = std::make_shared<const Schema>(), .described = "a record", .pseudo_columns = false};
  ExpressionRef bound = LV_TRY(Binder(script, nothing).bind(LV_TRY(parse_expression(script))));
  auto column = std::make_shared<Column>(spec->fields[0].type);
  column->append(LV_TRY(fold(*bound, Surroundings())));
  Texts bytes;
  RowFailures failures;
  auto encoder = find_format("KAFKA")->make_encoder(*spec);
  encoder->encode(Columns{column}, Rows::all(1), bytes, failures);
  return std::string(bytes[0]);
}

Result<void> Stage::put(const std::string& topic, const std::vector<Put>& records) {
  auto there = log_->topic(topic);
  if (!there) LV_TRY(log_->create_topic(topic, {}));
  std::int32_t partitions = there ? there->config.partitions : 1;
  auto transaction = LV_TRY(log_->begin("case-put"));
  auto relations = session_->catalog().over_topic(topic);
  const RecordFormat* format = relations.empty() ? nullptr : &relations.front()->format;
  for (Put record : records) {
    if (record.key) record.key = LV_TRY(bytes_of(*record.key, format ? &format->key : nullptr, topic + "-key"));
    if (record.value)
      record.value = LV_TRY(bytes_of(*record.value, format ? &format->value : nullptr, topic + "-value"));
    RecordBatchBuilder batch;
    batch.add(record.timestamp_ms, record.key ? Text(*record.key) : Text(),
              record.value ? Text(*record.value) : Text());
    transaction->append({topic, record.key ? partition_of(*record.key, partitions) : 0}, batch.finish());
  }
  return transaction->commit();
}

Result<std::vector<PrintedRecord>> Stage::records(const std::string& topic) {
  std::vector<PrintedRecord> found;
  TopicPrinter printer(*log_, *schemas_, session_->catalog());
  LV_TRY(printer.print(topic, {.from_beginning = true}, {}, [&](const PrintedRecord& record) {
    found.push_back(record);
    return true;
  }));
  return found;
}

Result<std::vector<DeadLetterReport>> Stage::dead_letters() {
  std::vector<DeadLetterReport> reports;
  for (StoredDeadLetter& stored : LV_TRY(read_dead_letters(*log_, std::string(dead_letter_topic))))
    reports.push_back(report_of(std::move(stored)));
  return reports;
}

Result<void> Stage::write_file(const std::string& path, const std::string& content) {
  LV_TRY(files_->create_directories(directory_of(path)));
  return replace_file(*files_, path, content);
}

std::vector<std::pair<std::string, std::string>> Stage::files(const std::string& prefix) const {
  std::vector<std::pair<std::string, std::string>> found;
  for (const std::string& path : disk_.paths())
    if (path.starts_with(prefix)) found.emplace_back(path, disk_.content(path));
  return found;
}

std::vector<ObjectReport> Stage::status() const {
  std::vector<ObjectReport> reports;
  for (const ObjectStatus& status : board_->all()) {
    ObjectReport report{.name = status.name, .kind = status.kind};
    for (const Sample& sample : metrics_.samples()) {
      std::string object, direction;
      for (const auto& [label, value] : sample.labels) {
        if (label == "object") object = value;
        if (label == "direction") direction = value;
      }
      if (object != report.name) continue;
      auto value = static_cast<std::uint64_t>(sample.value);
      if (sample.name == "levada_rows_total") (direction == "in" ? report.rows_in : report.rows_out) += value;
      if (sample.name == "levada_dead_letters_total") report.dead_letters += value;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace levada::cases
