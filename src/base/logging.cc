#include "base/logging.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "base/json.h"

namespace levada {
namespace {

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warning", "error"};

std::string iso_time(std::int64_t now_us) {
  std::time_t seconds = now_us / 1'000'000;
  std::tm t;
  gmtime_r(&seconds, &t);
  std::array<char, 40> text;
  std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &t);
  n += static_cast<std::size_t>(
      std::snprintf(text.data() + n, text.size() - n, ".%03dZ", static_cast<int>(now_us / 1000 % 1000)));
  return std::string(text.data(), n);
}

bool needs_quotes(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == '\x7f';
}

void append_field(std::string& line, LogForm form, std::string_view name, std::string_view value, bool plain) {
  if (form == LogForm::json) {
    line += line.empty() ? "{" : ",";
    append_json_string(line, name);
    line += ':';
    if (plain)
      line += value;
    else
      append_json_string(line, value);
  } else {
    if (!line.empty()) line += ' ';
    line += name;
    line += '=';
    if (value.empty() || std::ranges::any_of(value, needs_quotes))
      append_json_string(line, value);
    else
      line += value;
  }
}

}  // namespace

Logger::Logger(const Clock& clock, LogForm form, LogLevel least, Sink sink)
    : clock_(clock), form_(form), least_(least), sink_(std::move(sink)) {}

void Logger::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < least_ || !sink_) return;
  std::string line;
  append_field(line, form_, "ts", iso_time(clock_.now_us()), false);
  append_field(line, form_, "level", level_names[static_cast<std::size_t>(level)], false);
  append_field(line, form_, "msg", message, false);
  for (const LogField& field : fields) append_field(line, form_, field.name, field.value, field.plain);
  line += form_ == LogForm::json ? "}\n" : "\n";
  sink_(line);
}

Logger stderr_logger(LogLevel least) {
  LogForm form = ::isatty(STDERR_FILENO) ? LogForm::logfmt : LogForm::json;
  // One write call a line: lines of several threads do not mix.
  return Logger(real_clock(), form, least,
                [](std::string_view line) { std::fwrite(line.data(), 1, line.size(), stderr); });
}

Logger& silent_logger() {
  static Logger logger(real_clock(), LogForm::logfmt, LogLevel::error, nullptr);
  return logger;
}

}  // namespace levada
