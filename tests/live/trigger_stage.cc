#include "tests/live/trigger_stage.h"

#include <doctest/doctest.h>

#include "base/clock.h"
#include "base/json.h"
#include "connectors/postgres/trigger_source.h"
#include "formats/connect_json.h"

namespace levada {
namespace {

std::string text_of_row(const Columns& columns, std::uint32_t row) {
  std::string text;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    text += c == 0 ? "" : "|";
    text += columns[c]->is_null(row) ? "NULL" : text_of(columns[c]->value(row), columns[c]->type());
  }
  return text;
}

}  // namespace

TriggerLine::TriggerLine(const PostgresStage& stage, std::vector<std::string> properties) : stage_(stage) {
  for (const std::string& p : properties) {
    std::size_t at = p.find('=');
    properties_.push_back({p.substr(0, at), p.substr(at + 1), "test"});
  }
  if (!find_property(properties_, "connection.url")) properties_.push_back({"connection.url", stage_.url(), "test"});
}

std::unique_ptr<Source> TriggerLine::source(bool follow) {
  SourceContext context{.name = "LINE", .properties = properties_, .targets = {}, .follow = follow};
  context.clock = &real_clock();
  context.logger = &silent_logger();
  context.form = form;
  auto source = make_postgres_trigger_source(std::move(context));
  REQUIRE_MESSAGE(source, source.error().text());
  return *std::move(source);
}

void TriggerLine::apply(const SourceRead::Part& part) {
  const Batch& batch = part.batch;
  CHECK(batch.schema->origin);
  auto& table = tables_[part.topic];
  if (batch.truncates) {
    events_.push_back(part.topic + ": truncated");
    table.clear();
    return;
  }
  for (std::uint32_t r = 0; r < batch.size; ++r) {
    std::string key = text_of_row(batch.key, r);
    if (batch.is_deletion(r)) {
      events_.push_back(part.topic + " " + key + ": deleted");
      table.erase(key);
    } else {
      std::string value = text_of_row(batch.after, r);
      events_.push_back(part.topic + " " + key + ": " + value);
      table[key] = value;
    }
  }
}

void TriggerLine::apply(const ConnectRecords& records) {
  auto json = [](const ConnectTypeRef& type, const ColumnRef& column, std::uint32_t row) {
    Buffer out;
    if (type && column && !column->is_null(row)) ConnectJsonWriter(*type, {.schemas = false}).append(out, *column, row);
    return out.view().empty() ? "-" : std::string(out.view());
  };
  for (std::uint32_t r = 0; r < records.size; ++r) {
    std::string event = records.topic + " " + json(records.key_type, records.key, r) + ": ";
    std::string value = json(records.value_type, records.value, r);
    if (value != "-") {
      Json parsed = Json::parse(value).value();
      value = parsed.text_of("op") + " " + parsed.find("before")->text() + " " + parsed.find("after")->text();
    }
    events_.push_back(event + value);
  }
}

void TriggerLine::keep(SourceRead read) {
  const bool together = read.together;
  std::optional<std::string> position = read.position;
  together_.push_back(std::move(read));
  if (together) {
    CHECK_FALSE(position);
    return;
  }
  for (SourceRead& r : together_) {
    CHECK((position || (r.parts.empty() && r.records.empty() && r.rejected.empty())));
    for (const SourceRead::Part& part : r.parts) apply(part);
    for (const ConnectRecords& records : r.records) apply(records);
    rejected_.insert(rejected_.end(), r.rejected.begin(), r.rejected.end());
  }
  together_.clear();
  if (position) position_ = std::move(position);
}

bool TriggerLine::run(Source& source, std::size_t reads) {
  together_.clear();
  auto started = source.start(position_);
  REQUIRE_MESSAGE(started, started.error().text());
  for (std::size_t n = 1;; ++n) {
    auto read = source.read({}, std::chrono::milliseconds(0));
    REQUIRE_MESSAGE(read, read.error().text());
    if (read->end) return true;
    bool last = n == reads;
    if (last && crashes_ % 3 == 0) break;
    auto position = read->position;
    keep(*std::move(read));
    if (last && crashes_ % 3 == 1) break;
    if (position) {
      auto told = source.acknowledge(*position);
      REQUIRE_MESSAGE(told, told.error().text());
    }
    if (last) break;
  }
  ++crashes_;
  return false;
}

void TriggerLine::catch_up() { REQUIRE(run(*source(false), SIZE_MAX)); }

void TriggerLine::catch_up_with_crashes(std::size_t every) {
  for (std::size_t reads = every; !run(*source(false), reads);)
    // A read that is always lost would never let us get further.
    reads = reads >= 2 * every ? every : reads + 1;
}

std::string TriggerLine::problems() {
  auto problems = source(false)->preflight();
  REQUIRE(problems);
  std::string lines;
  for (const Error& e : *problems) lines += (lines.empty() ? "" : "\n") + e.what() + " / " + e.remedy();
  return lines;
}

std::string TriggerLine::start_error() {
  auto started = source(false)->start(position_);
  return started ? "" : std::string(name_of(started.error().kind())) + ": " + started.error().what();
}

Result<std::optional<Schema>> TriggerLine::describe(const std::string& topic) { return source(false)->describe(topic); }

std::vector<std::string> TriggerLine::take_events() { return std::exchange(events_, {}); }

std::string TriggerLine::table(const std::string& topic) const {
  std::string lines;
  auto found = tables_.find(topic);
  if (found == tables_.end()) return lines;
  for (const auto& [key, value] : found->second) lines += (lines.empty() ? "" : "\n") + key + ": " + value;
  return lines;
}

OtherSession::OtherSession(const PostgresStage& stage) {
  auto address = parse_postgres_url(stage.url());
  auto connection = PostgresConnection::open(*address, "levada live test");
  REQUIRE_MESSAGE(connection, connection.error().text());
  connection_ = *std::move(connection);
}

void OtherSession::sql(const std::string& statement) {
  auto done = connection_->execute(statement);
  REQUIRE_MESSAGE(done, (statement + "\n" + done.error().text()));
}

bool OtherSession::attempt(const std::string& statement) { return connection_->execute(statement).has_value(); }

}  // namespace levada
