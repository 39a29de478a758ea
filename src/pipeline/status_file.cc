#include "pipeline/status_file.h"

namespace levada {
namespace {

std::string path_in(const std::string& directory) { return join_path(directory, "STATUS"); }

std::int64_t integer(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  return member ? member->integer().value_or(0) : 0;
}

ObjectReport object_of(const Json& json) {
  auto count = [&](std::string_view name) { return static_cast<std::uint64_t>(integer(json, name)); };
  ObjectReport report{.name = json.text_of("name"),
                      .kind = json.text_of("kind"),
                      .state = json.text_of("state"),
                      .reason = json.text_of("reason"),
                      .since_ms = integer(json, "since_ms"),
                      .rows_in = count("rows_in"),
                      .rows_out = count("rows_out"),
                      .dead_letters = count("dead_letters"),
                      .busy_ms = integer(json, "busy_ms"),
                      .failures = count("failures")};
  if (json.find("behind_records")) report.behind_records = count("behind_records");
  if (json.find("lag_ms")) report.lag_ms = integer(json, "lag_ms");
  if (const Json* progress = json.find("progress")) {
    report.progress_done = static_cast<std::uint64_t>(integer(*progress, "done"));
    report.progress_total = static_cast<std::uint64_t>(integer(*progress, "total"));
    report.progress_unit = progress->text_of("unit");
    report.progress_detail = progress->text_of("detail");
    if (progress->find("left_ms")) report.progress_left_ms = integer(*progress, "left_ms");
  }
  return report;
}

}  // namespace

Json json_of(const ObjectReport& r) {
  Json json;
  json.set("name", r.name).set("kind", r.kind).set("state", r.state);
  if (!r.reason.empty()) json.set("reason", r.reason);
  json.set("since_ms", r.since_ms).set("rows_in", r.rows_in).set("rows_out", r.rows_out);
  json.set("dead_letters", r.dead_letters).set("busy_ms", r.busy_ms).set("failures", r.failures);
  if (r.behind_records) json.set("behind_records", *r.behind_records);
  if (r.lag_ms) json.set("lag_ms", *r.lag_ms);
  if (r.progress_total > 0 || r.progress_done > 0) {
    Json progress;
    progress.set("done", r.progress_done).set("total", r.progress_total).set("unit", r.progress_unit);
    if (!r.progress_detail.empty()) progress.set("detail", r.progress_detail);
    if (r.progress_left_ms) progress.set("left_ms", *r.progress_left_ms);
    json.set("progress", std::move(progress));
  }
  return json;
}

Json json_of(const RunReport& report) {
  Json objects{Json::Array()};
  for (const ObjectReport& object : report.objects) objects.add(json_of(object));
  Json json;
  json.set("v", 1).set("run", report.run).set("pipeline", report.pipeline).set("process", report.process);
  json.set("started_ms", report.started_ms).set("written_ms", report.written_ms).set("objects", std::move(objects));
  return json;
}

Result<void> write_status(Files& files, const std::string& directory, const RunReport& report) {
  const std::string path = path_in(directory), beside = path + ".new", text = json_of(report).text() + "\n";
  {
    auto file = LV_TRY(files.open(beside, OpenMode::write));
    LV_TRY(file->truncate(0));
    LV_TRY(file->write_at(0, text));
  }
  return files.rename(beside, path);
}

Result<RunReport> read_status(Files& files, const std::string& directory) {
  auto text = read_file(files, path_in(directory));
  if (!text && text.error().kind() == ErrorKind::not_found)
    return Error(ErrorKind::not_found, "no pipeline has run on the log in " + directory)
        .remedy("Name the log with --log embedded:DIRECTORY; levada run FILE starts a pipeline.");
  const Json json = LV_TRY(Json::parse(LV_TRY(std::move(text))));
  RunReport report{.run = json.text_of("run"),
                   .pipeline = json.text_of("pipeline"),
                   .process = integer(json, "process"),
                   .started_ms = integer(json, "started_ms"),
                   .written_ms = integer(json, "written_ms")};
  if (const Json* objects = json.find("objects"); objects && objects->array())
    for (const Json& object : *objects->array()) report.objects.push_back(object_of(object));
  if (report.run == "running" && !LV_TRY(files.lock_holder(join_path(directory, "LOCK")))) report.run = "gone";
  return report;
}

}  // namespace levada
