// What the operator of the system reads: one line an event, to stderr, logfmt on a terminal and JSON otherwise.
//
//   logger.info("snapshot written", {{"query", name}, {"keys", keys}});
//
// The message is a fixed phrase, what varies are the fields. Never a row's values, never a Secret's text. Thread safe.
#pragma once
#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace levada {

enum class LogLevel { debug, info, warning, error };

struct LogField {
  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, std::string text) : name(field_name), value(std::move(text)) {}
  LogField(std::string_view field_name, const char* text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, bool yes) : name(field_name), value(yes ? "true" : "false"), plain(true) {}
  template <std::integral T>
  LogField(std::string_view field_name, T number) : name(field_name), value(std::to_string(number)), plain(true) {}

  std::string_view name;
  std::string value;
  bool plain = false;  // a number or boolean: no quotes
};

enum class LogForm { logfmt, json };

class Logger {
 public:
  // Takes one line, which ends with a line feed. Called from any thread, also from several at once.
  using Sink = std::function<void(std::string_view line)>;

  Logger(const Clock& clock, LogForm form, LogLevel least, Sink sink);

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, message, fields);
  }

 private:
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

  const Clock& clock_;
  const LogForm form_;
  const LogLevel least_;
  const Sink sink_;
};

// To stderr; logfmt if that is a terminal, JSON lines if not.
Logger stderr_logger(LogLevel least);
// Says nothing.
Logger& silent_logger();

}  // namespace levada
