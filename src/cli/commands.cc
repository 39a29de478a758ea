#include "cli/commands.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/files.h"
#include "base/json.h"
#include "base/logging.h"
#include "base/utf8.h"
#include "batch/value.h"
#include "cli/run_screen.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "cli/text_table.h"
#include "formats/base64.h"
#include "levada/levada.h"
#include "pipeline/connector_import.h"
#include "pipeline/status_file.h"

namespace levada {
namespace {

void out(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void say(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

LogLevel log_level(const Arguments& a) {
  return a.verbose ? LogLevel::info : a.quiet ? LogLevel::error : LogLevel::warning;
}

// "salary" for "examples/salary/salary.sql"
std::string pipeline_name(const Arguments& a) {
  if (!a.name.empty()) return a.name;
  std::string name = file_name_of(a.file);
  return name.substr(0, name.rfind('.'));
}

bool is_number(std::string_view type) {
  return type == "INTEGER" || type == "BIGINT" || type == "DOUBLE" || type.starts_with("DECIMAL");
}

Json json_cell(const std::optional<std::string>& cell, std::string_view type) {
  if (!cell) return nullptr;
  if (type == "BOOLEAN") return *cell == "true";
  if (is_number(type) && cell->find_first_of("Ny") == std::string::npos) return JsonNumber{*cell};
  bool nested = type.starts_with("ARRAY") || type.starts_with("MAP") || type.starts_with("STRUCT");
  if (nested)
    if (auto json = Json::parse(*cell)) return *std::move(json);
  return *cell;
}

void print_answer(const Answer& answer, const Arguments& a) {
  if (a.output == OutputForm::json) {
    for (const auto& row : answer.rows) {
      Json object;
      for (std::size_t c = 0; c < row.size(); ++c) object.set(answer.columns[c], json_cell(row[c], answer.types[c]));
      out(object.text() + "\n");
    }
  } else if (!answer.columns.empty()) {
    out(table_of(answer).text());
    out(std::to_string(answer.rows.size()) + (answer.rows.size() == 1 ? " row\n" : " rows\n"));
  }
  if (answer.message.empty()) return;
  // What was declared is told on the side; what was asked for goes to standard output.
  bool plan = answer.columns.empty() && answer.message.find('\n') != std::string::npos;
  if (plan && a.output == OutputForm::json)
    out(Json(Json::Object{{"plan", answer.message}}).text() + "\n");
  else if (plan)
    out(answer.message + (answer.message.ends_with('\n') ? "" : "\n"));
  else if (!a.quiet)
    say(answer.message + "\n");
}

Result<std::unique_ptr<Engine>> open_engine(const Arguments& a, Logger& logger, bool read_only) {
  EngineOptions options{.log = a.log, .read_only = read_only, .logger = &logger};
  if (!a.file.empty() || !a.name.empty()) options.name = pipeline_name(a);
  options.workers = static_cast<std::size_t>(a.workers);
  options.follow = !a.until_caught_up;
  options.keep_going = a.keep_going;
  return Engine::open(options);
}

// A scratch engine, for looking at a file's statements.
Result<std::unique_ptr<Engine>> scratch_engine(const Arguments& a, Logger& logger) {
  return Engine::open({.log = "memory:", .name = pipeline_name(a), .follow = false, .logger = &logger});
}

void say_notes(const std::vector<std::string>& notes, const Arguments& a) {
  if (a.quiet) return;
  for (const std::string& note : notes) say("note: " + note + "\n");
}

// ---- run ----

// What stops a pipeline is told with the object whose work it was.
int tell_failure(const Engine& engine) {
  Error error = engine.failure()->copy();
  int code = exit_code(error.kind());
  for (const ObjectReport& report : engine.status())
    if ((report.state == "failed" || report.state == "position lost") && report.reason == error.line()) {
      error = std::move(error).within(report.kind + " " + report.name + " failed");
      break;
    }
  tell(error);
  return code;
}

Result<std::string> read_input(const std::string& path) {
  return read_file(real_files(), path == "-" ? "/dev/stdin" : path);
}

Result<int> run(const Arguments& a) {
  std::string script = LV_TRY(read_input(a.file));
  bool live = colourful_terminal() && !a.no_color && !a.quiet;
  RunScreen screen(live, a.quiet);
  // On a live screen states and reasons are seen anyway; what is logged all the same stands above it.
  Logger logger = live ? Logger(real_clock(), LogForm::logfmt, a.verbose ? LogLevel::info : LogLevel::error,
                                [&](std::string_view line) { screen.say(line); })
                       : stderr_logger(log_level(a));
  std::int64_t started_ms = real_clock().steady_us() / 1000;
  auto engine = LV_TRY(open_engine(a, logger, false));
  for (const Answer& answer : LV_TRY(engine->load(script, a.file))) print_answer(answer, a);
  std::fflush(stdout);  // who reads from a pipe need not wait for the end
  std::vector<std::string> notes;
  LV_TRY(engine->start(notes));
  say_notes(notes, a);
  if (engine->status().empty()) return 0;  // nothing to run: the statements were all

  StopSignals signals([&] {
    if (!a.quiet) screen.say("stopping; once more to stop at once\n");
    engine->request_stop();
  });
  auto reports = [&] {
    std::vector<ObjectReport> all = engine->status();
    sort_by_kind(all);
    return all;
  };
  std::jthread drawing([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      screen.show(reports(), real_clock().steady_us() / 1000);
      for (int i = 0; i < 10 && !stop.stop_requested(); ++i) ::usleep(10'000);
    }
  });
  Ended ended = engine->wait();
  LV_TRY(engine->stop());
  drawing.request_stop();
  drawing.join();
  screen.clear();

  std::int64_t elapsed_ms = real_clock().steady_us() / 1000 - started_ms;
  std::vector<ObjectReport> closing = reports();
  // What follows for ever is never finished, only stopped.
  if (ended == Ended::stopped)
    for (ObjectReport& report : closing)
      if (report.state == "finished" && !a.until_caught_up) report.state = "stopped";
  out(a.output == OutputForm::json ? closing_json(closing, ended, elapsed_ms) : closing_table(closing, elapsed_ms));
  if (ended == Ended::failed) return tell_failure(*engine);
  for (const ObjectReport& report : closing)
    if (report.failures > 0 && !a.quiet)
      say(report.name + ": " + grouped(report.failures) + (report.failures == 1 ? " entry" : " entries") +
          " in the processing log, of rows with a value that could not be computed: levada print _processing_log "
          "--from-beginning --no-follow --log " +
          a.log + "\n");
  bool dead = std::ranges::any_of(closing, [](const ObjectReport& report) { return report.dead_letters > 0; });
  if (dead && !a.quiet) say("There are dead letters: levada dlq list --log " + a.log + "\n");
  return dead ? 3 : 0;
}

// ---- looking ----

// "orders.sql:3:8" and the lines below it, as members.
void set_place(Json& json, const std::string& where) {
  std::size_t end = std::min(where.find('\n'), where.size());
  json.set("where", where.substr(0, end));
  if (end < where.size()) json.set("excerpt", where.substr(end + 1));
}

Result<int> check(const Arguments& a) {
  std::string script = LV_TRY(read_input(a.file));
  Logger logger = stderr_logger(log_level(a));
  auto engine = LV_TRY(scratch_engine(a, logger));
  std::vector<std::string> notes;
  std::vector<Error> found = engine->check(script, a.file, a.connect, notes);
  say_notes(notes, a);
  for (const Error& e : found) {
    if (a.output == OutputForm::table) {
      tell(e);
      continue;
    }
    Json json;
    json.set("kind", name_of(e.kind())).set("what", e.what());
    set_place(json, e.where());
    json.set("why", e.why()).set("remedy", e.remedy());
    out(json.text() + "\n");
  }
  std::string count = found.empty() ? "nothing wrong was found"
                                    : std::to_string(found.size()) + (found.size() == 1 ? " mistake" : " mistakes");
  if (!a.quiet) say(a.file + ": " + count + "\n");
  return found.empty() ? 0 : 1;
}

Result<int> explain(const Arguments& a) {
  std::string script = LV_TRY(read_input(a.file));
  Logger logger = stderr_logger(log_level(a));
  auto engine = LV_TRY(scratch_engine(a, logger));
  LV_TRY(engine->load(script, a.file));
  std::string plans = engine->explain();
  if (plans.empty() && !a.quiet) say(a.file + " has no queries\n");
  out(a.output == OutputForm::json && !plans.empty() ? Json(Json::Object{{"plan", plans}}).text() + "\n" : plans);
  return 0;
}

Result<int> print(const Arguments& a) {
  Logger logger = stderr_logger(log_level(a));
  auto engine = LV_TRY(open_engine(a, logger, true));
  StopSignals signals([&] { engine->request_stop(); });
  std::int64_t left = a.limit.value_or(INT64_MAX);
  if (left == 0) return 0;
  LV_TRY(engine->print(a.topic, a.from_beginning, a.follow, [&](const PrintedRecord& r) {
    if (a.output == OutputForm::json) {
      auto cell = [](const std::optional<std::string>& text, bool json) -> Json {
        if (!text) return nullptr;
        if (json)
          if (auto parsed = Json::parse(*text)) return *std::move(parsed);
        return *text;
      };
      Json json;
      json.set("partition", r.partition).set("offset", r.offset).set("timestamp", r.timestamp_ms);
      json.set("key", cell(r.key, r.json_key)).set("value", cell(r.value, r.json_value));
      out(json.text() + "\n");
    } else {
      out("partition " + std::to_string(r.partition) + ", offset " + std::to_string(r.offset) + ", " + r.time +
          ", key: " + r.key.value_or("null") + ", value: " + r.value.value_or("null") + "\n");
    }
    if (::isatty(STDOUT_FILENO) || a.follow) std::fflush(stdout);
    return --left > 0;
  }));
  return 0;
}

Result<int> status(const Arguments& a) {
  RunReport report = LV_TRY(Engine::run_report({.log = a.log}));
  sort_by_kind(report.objects);
  bool failed = report.run == "failed" || report.run == "gone";
  for (const ObjectReport& object : report.objects)
    failed |= object.state == "failed" || object.state == "position lost";
  const int code = failed ? 1 : 0;
  if (a.output == OutputForm::json) {
    out(json_of(report).text() + "\n");
    return code;
  }
  out(status_table(report, real_clock().now_ms()));
  return code;
}

Result<int> topics(const Arguments& a) {
  Logger logger = stderr_logger(log_level(a));
  auto engine = LV_TRY(open_engine(a, logger, true));
  Arguments quiet = a;
  quiet.quiet = true;
  for (const Answer& answer : LV_TRY(engine->execute(a.all ? "SHOW ALL TOPICS;" : "SHOW TOPICS;")))
    print_answer(answer, quiet);
  return 0;
}

// ---- dead letters ----

// Bytes that are no text are in base64, under a name that says so.
void add_bytes(Json& json, const std::string& name, const std::optional<std::string>& bytes) {
  if (!bytes || valid_utf8(*bytes)) {
    json.set(name, bytes ? Json(*bytes) : Json());
    return;
  }
  std::string text(base64_size(bytes->size()), '=');
  put_base64(text.data(), *bytes);
  json.set(name + "_base64", text);
}

// For people: text as it is, what is no text as \xNN.
std::string shown(const std::optional<std::string>& bytes) {
  if (!bytes) return "null";
  std::string text;
  for (std::string_view rest = *bytes; !rest.empty();) {
    CodePoint point = first_code_point(rest);
    bool control = point.value == 127 || (point.value < 32 && point.value != '\n' && point.value != '\t');
    if (point.valid && !control)
      text += rest.substr(0, point.size);
    else
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(rest[0]));
    rest.remove_prefix(point.size);
  }
  return text;
}

Json json_of(const DeadLetterReport& l) {
  Json json;
  json.set("number", l.number)
      .set("written_ms", l.written_ms)
      .set("object", l.object)
      .set("stage", l.stage)
      .set("cause", l.cause);
  if (!l.origin.empty()) json.set("origin", l.origin);
  if (!l.topic.empty()) json.set("topic", l.topic);
  if (l.partition >= 0) json.set("partition", l.partition).set("offset", l.offset);
  add_bytes(json, "key", l.key);
  add_bytes(json, "value", l.value);
  if (l.refusals > 0) json.set("refusals", l.refusals);
  if (!l.replay_of.empty()) json.set("replay_of", l.replay_of);
  if (l.replayed) json.set("replayed", true);
  if (l.discarded) json.set("discarded", true);
  return json;
}

std::string place_of(const DeadLetterReport& l) {
  if (!l.origin.empty()) return l.origin;
  return l.partition < 0 ? l.topic
                         : l.topic + "-" + std::to_string(l.partition) + " offset " + std::to_string(l.offset);
}

std::string_view state_of(const DeadLetterReport& l) {
  return l.replayed ? "replayed" : l.discarded ? "discarded" : "";
}

Result<std::int64_t> time_of(const std::string& text, std::int64_t otherwise) {
  if (text.empty()) return otherwise;
  auto us = parse_timestamp(text);
  if (!us) return Error(ErrorKind::usage, "'" + text + "' is no time").remedy("Write it as 2026-01-31T12:00:00Z.");
  return *us / 1000;
}

// Those that the options choose.
Result<void> choose(const Arguments& a, std::vector<DeadLetterReport>& letters) {
  const std::int64_t since = LV_TRY(time_of(a.since, INT64_MIN)), until = LV_TRY(time_of(a.until, INT64_MAX));
  std::erase_if(letters, [&](const DeadLetterReport& l) {
    return (!a.object.empty() && l.object != a.object) || (!a.stage.empty() && l.stage != a.stage) ||
           (!a.from.empty() && l.topic != a.from) || l.cause.find(a.cause) == std::string::npos ||
           l.written_ms < since || l.written_ms >= until || ((a.open || a.all) && !state_of(l).empty());
  });
  if (a.limit && letters.size() > static_cast<std::size_t>(*a.limit))
    letters.erase(letters.begin(), letters.end() - static_cast<std::ptrdiff_t>(*a.limit));
  return {};
}

void print_letters(const std::vector<DeadLetterReport>& letters, const Arguments& a) {
  TextTable table{.columns = {"number", "state", "object", "stage", "from", "cause"}, .right = {true}};
  for (const DeadLetterReport& l : letters) {
    if (a.output == OutputForm::json) out(json_of(l).text() + "\n");
    table.rows.push_back({std::to_string(l.number), std::string(state_of(l)), l.object, l.stage, place_of(l), l.cause});
  }
  if (a.output == OutputForm::table && !letters.empty()) out(table.text());
  if (letters.empty() && !a.quiet) say("There are no dead letters\n");
}

void print_letter(const DeadLetterReport& l, const Arguments& a) {
  if (a.output == OutputForm::json) return out(json_of(l).text() + "\n");
  std::string state(state_of(l));
  out("number  " + std::to_string(l.number) + (state.empty() ? "" : ", " + state) + "\nobject  " + l.object +
      "\nstage   " + l.stage + "\ncause   " + l.cause + "\nfrom    " + place_of(l) + "\n");
  if (l.refusals > 0) out("refused " + std::to_string(l.refusals) + (l.refusals == 1 ? " time\n" : " times\n"));
  if (!l.replay_of.empty()) out("was     " + l.replay_of + ", replayed\n");
  out("key     " + shown(l.key) + "\nvalue   " + shown(l.value) + "\n");
}

// Replays or discards a letter: by ourselves, or by the process that holds the log.
Result<std::string> deal_with(Engine* engine, const Arguments& a, std::int64_t number) {
  if (!engine)
    return Engine::ask_running({.log = a.log},
                               {.action = a.action, .number = number, .topic = a.topic, .value = a.value});
  return a.action == "replay" ? engine->replay(number, a.value, a.topic) : engine->discard(number, a.topic);
}

Result<int> dlq(const Arguments& a) {
  Logger logger = stderr_logger(log_level(a));
  const bool changes = a.action == "replay" || a.action == "discard";
  auto opened = open_engine(a, logger, !changes);
  std::unique_ptr<Engine> engine, reader;
  if (opened) {
    engine = *std::move(opened);
  } else {
    // Another process holds the log. If a pipeline runs in it, it does what is asked for.
    auto running = Engine::run_report({.log = a.log});
    if (!changes || !running || running->run != "running") return std::move(opened).error();
    reader = LV_TRY(open_engine(a, logger, true));
  }
  if (engine && a.action == "replay" && !a.file.empty()) LV_TRY(engine->load(LV_TRY(read_input(a.file)), a.file));
  std::vector<DeadLetterReport> letters = LV_TRY((engine ? engine : reader)->dead_letters(a.topic));
  LV_TRY(choose(a, letters));
  if (a.action == "list") {
    print_letters(letters, a);
    return 0;
  }
  std::vector<std::int64_t> numbers = a.numbers;
  if (changes && a.all)
    for (const DeadLetterReport& l : letters) numbers.push_back(l.number);
  if (numbers.empty() && !a.all)
    return Error(ErrorKind::usage, "no dead letter is named")
        .remedy("Give the numbers of `levada dlq list`, or --all.");
  if (a.value && numbers.size() != 1) return Error(ErrorKind::usage, "--value is for one dead letter");
  int code = 0;
  for (std::int64_t number : numbers) {
    if (changes) {
      auto done = deal_with(engine.get(), a, number);
      if (done) {
        if (!a.quiet) out("dead letter " + std::to_string(number) + ": " + *done + "\n");
      } else {
        tell(done.error());
        code = exit_code(done.error().kind());
      }
      continue;
    }
    auto letter = std::ranges::find(letters, number, &DeadLetterReport::number);
    if (letter == letters.end())
      return Error(ErrorKind::not_found, "there is no dead letter " + std::to_string(number));
    print_letter(*letter, a);
  }
  return code;
}

// ---- itself ----

Result<int> show_version(const Arguments& a) {
  if (a.output == OutputForm::json)
    out(Json(Json::Object{{"version", version()}}).text() + "\n");
  else
    out("levada " + std::string(version()) + "\n");
  return 0;
}

Result<int> help(const Arguments& a) {
  out(LV_TRY(help_text(a.text)));
  return 0;
}

// ---- import ----

Result<int> import(const Arguments& a) {
  std::string text = LV_TRY(read_input(a.file));
  auto configuration = LV_TRY(read_connector_configuration(text, a.file));
  ImportedConnector imported = import_connector(configuration, a.secrets_from_env);
  if (a.output == OutputForm::json)
    out(Json(Json::Object{{"sql", imported.sql}}).text() + "\n");
  else
    out(imported.sql);
  for (const std::string& problem : imported.problems) say("error: " + problem + "\n");
  return imported.problems.empty() ? 0 : 1;
}

constexpr std::array table = {
    Command{"run", run},     Command{"check", check},   Command{"explain", explain},
    Command{"print", print}, Command{"topics", topics}, Command{"status", status},
    Command{"dlq", dlq},     Command{"import", import}, Command{"version", show_version},
    Command{"help", help},
};

}  // namespace

std::span<const Command> commands() { return table; }

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return 2;
    case ErrorKind::unreachable:
    case ErrorKind::disk_full: return 4;
    case ErrorKind::not_found: return 5;
    case ErrorKind::permission: return 6;
    case ErrorKind::damaged: return 7;
    case ErrorKind::refused:
    case ErrorKind::position_lost:
    case ErrorKind::fenced: return 8;
    default: return 1;
  }
}

}  // namespace levada
