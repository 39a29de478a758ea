#include "pipeline/request_files.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/json.h"
#include "formats/base64.h"

namespace levada {
namespace {

constexpr std::string_view request_end = ".request", answer_end = ".answer";

std::string folder(const std::string& directory) { return join_path(directory, "requests"); }

// Bytes of any kind in JSON.
std::string base64(std::string_view bytes) {
  std::string text(base64_size(bytes.size()), '=');
  put_base64(text.data(), bytes);
  return text;
}

std::int64_t integer(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  return member ? member->integer().value_or(-1) : -1;
}

Result<DeadLetterRequest> read_request(const std::string& text) {
  const Json json = LV_TRY(Json::parse(text));
  DeadLetterRequest request{
      .action = json.text_of("action"), .number = integer(json, "number"), .topic = json.text_of("topic")};
  if (json.find("value")) {
    const std::string text64 = json.text_of("value");
    std::string bytes(base64_room(text64.size()), 0);
    const char* end = get_base64(bytes.data(), text64);
    if (!end) return Error(ErrorKind::data, "the request's value is no base64");
    bytes.resize(static_cast<std::size_t>(end - bytes.data()));
    request.value = std::move(bytes);
  }
  return request;
}

Json answer_of(const Result<std::string>& done) {
  Json json;
  if (done) return json.set("done", *done);
  const Error& e = done.error();
  json.set("kind", static_cast<int>(e.kind())).set("what", e.what()).set("where", e.where());
  return json.set("why", e.why()).set("remedy", e.remedy());
}

}  // namespace

Result<std::string> ask_running_engine(Files& files, const std::string& directory, const DeadLetterRequest& request,
                                       std::chrono::milliseconds patience) {
  const std::string name =
      join_path(folder(directory), std::to_string(real_clock().now_us()) + "-" + std::to_string(::getpid()));
  Json json;
  json.set("action", request.action).set("number", request.number).set("topic", request.topic);
  if (request.value) json.set("value", base64(*request.value));
  LV_TRY(files.create_directories(folder(directory)));
  LV_TRY(replace_file(files, name + std::string(request_end), json.text() + "\n"));
  const std::int64_t until_us = real_clock().steady_us() + patience.count() * 1000;
  const std::string answer_path = name + std::string(answer_end);
  while (!files.exists(answer_path)) {
    if (real_clock().steady_us() > until_us) {
      if (files.remove(name + std::string(request_end)))
        return Error(ErrorKind::refused, "the process that holds the log in " + directory + " does not answer")
            .remedy("Stop it, then ask again: without it the log is written by this command.");
      // Taken at the last moment: the answer comes.
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const Json answer = LV_TRY(Json::parse(LV_TRY(read_file(files, answer_path))));
  LV_TRY(files.remove(answer_path));
  if (answer.find("done")) return answer.text_of("done");
  const std::int64_t kind = std::max<std::int64_t>(0, integer(answer, "kind"));
  return Error(static_cast<ErrorKind>(kind), answer.text_of("what"))
      .where(answer.text_of("where"))
      .why(answer.text_of("why"))
      .remedy(answer.text_of("remedy"));
}

void answer_requests(Files& files, const std::string& directory,
                     const std::function<Result<std::string>(const DeadLetterRequest&)>& answer) {
  if (!files.exists(folder(directory))) return;
  auto entries = files.list(folder(directory));
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(request_end)) continue;
    const std::string path = join_path(folder(directory), entry.name);
    auto text = read_file(files, path);
    // Taken away first: who asks may take it back as long as it is there, and it is never done twice.
    if (!text || !files.remove(path)) continue;
    auto request = read_request(*text);
    Result<std::string> done = request ? answer(*request) : std::unexpected(std::move(request).error());
    const std::string answered = path.substr(0, path.size() - request_end.size()) + std::string(answer_end);
    if (auto written = replace_file(files, answered, answer_of(done).text() + "\n"); !written) return;
  }
}

}  // namespace levada
