#include "tests/cases/player.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "sql/parser.h"

namespace levada::cases {
namespace {

// Bytes that are no text are shown in hexadecimal.
std::string cell_text(const std::optional<std::string>& cell) {
  if (!cell) return "NULL";
  if (cell->find('\0') != std::string::npos) {
    std::string bytes = "0x";
    for (unsigned char c : *cell) bytes += fmt::format("{:02x}", c);
    return bytes;
  }
  bool odd = cell->empty() || *cell == "NULL" || cell->front() == ' ' || cell->back() == ' ' ||
             cell->find(" | ") != std::string::npos;
  std::string text = odd ? "'" + *cell + "'" : *cell;
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; ++at) text.replace(at, 1, "\\n");
  return text;
}

std::string trimmed(std::string_view text) {
  std::size_t first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string_view::npos ? "" : std::string(text.substr(first, last - first + 1));
}

std::optional<std::string> bytes_of(const std::string& written) {
  if (written == "NULL") return std::nullopt;
  bool quoted = written.size() >= 2 && written.front() == '\'' && written.back() == '\'';
  return quoted ? written.substr(1, written.size() - 2) : written;
}

std::string place_of(const DeadLetterReport& letter) {
  if (!letter.origin.empty()) return letter.origin;
  if (letter.partition < 0) return letter.topic;
  return letter.topic + "-" + std::to_string(letter.partition) + " offset " + std::to_string(letter.offset);
}

}  // namespace

Lines lines_of(const Answer& answer) {
  Lines lines;
  bool query = answer.statement.starts_with("SELECT");
  auto row = [&](auto&& cell, std::size_t count) {
    std::string line;
    for (std::size_t i = 0; i < count; ++i) line += (i == 0 ? "" : " | ") + cell(i);
    lines.push_back(std::move(line));
  };
  if (!answer.columns.empty())
    row([&](std::size_t i) { return answer.columns[i] + (query ? " " + answer.types[i] : ""); }, answer.columns.size());
  for (const auto& r : answer.rows) row([&](std::size_t i) { return cell_text(r[i]); }, r.size());
  for (std::string& line : lines_of(answer.message)) lines.push_back(std::move(line));
  return lines;
}

std::vector<Player::Part> Player::parts_of(const Lines& input) {
  std::vector<Part> parts;
  for (const std::string& line : input) {
    bool blank = trimmed(line).empty();
    bool below = !parts.empty() && parts.back().command && !parts.back().last;
    if (line.starts_with("@")) {
      parts.push_back({.command = true, .text = trimmed(line.substr(1))});
    } else if (below && (parts.back().text.starts_with("put ") || parts.back().text.starts_with("file ") ||
                         parts.back().text.starts_with("schema "))) {
      if (blank)
        parts.back().last = true;  // of its lines
      else
        parts.back().lines.push_back(line);
    } else if (!parts.empty() && !parts.back().command) {
      parts.back().text += line + "\n";
    } else if (!blank) {
      parts.push_back({.text = line + "\n"});
    }
  }
  for (Part& part : parts) part.last = &part == &parts.back();
  return parts;
}

void Player::say(const std::string& text) {
  for (std::string& line : cases::lines_of(text)) said_.push_back(std::move(line));
}

Lines Player::prepare(const Lines& input) {
  said_.clear();
  for (const Part& part : parts_of(input)) {
    Result<void> done;
    if (part.command)
      done = command(part);
    else if (auto answers = language_ == Language::flow ? stage_.load(part.text) : stage_.execute(part.text); !answers)
      done = std::unexpected(std::move(answers).error());
    if (!done) say(done.error().text());
  }
  return std::move(said_);
}

Lines Player::play(const Step& step) {
  said_.clear();
  for (const Part& part : parts_of(step.input)) {
    Result<void> done = part.command ? command(part) : language_ == Language::plan ? stages(part) : statements(part);
    if (done) continue;
    say(done.error().text());
    break;
  }
  return std::move(said_);
}

// .slt: what the last statement answers. .flow: what is said of each.
Result<void> Player::statements(const Part& part) {
  bool flow = language_ == Language::flow;
  std::vector<Answer> answers = LV_TRY(flow ? stage_.load(part.text) : stage_.execute(part.text));
  if (!part.last) return {};
  for (const Answer& answer : answers) {
    if (!flow && &answer != &answers.back()) continue;
    for (std::string& line : lines_of(answer)) said_.push_back(std::move(line));
  }
  return {};
}

// The last statement's stages; those before it are only executed.
Result<void> Player::stages(const Part& part) {
  Script script{"case", part.text};
  std::vector<ast::Statement> all = LV_TRY(parse(script));
  if (all.empty() || !part.last) return Error(ErrorKind::usage, "a step of a plan ends with a statement");
  std::uint32_t begin = all.back().span.begin;
  LV_TRY(stage_.execute(part.text.substr(0, begin)));
  // As it is placed in the step, so that errors tell the right line.
  std::string before(begin, ' ');
  for (std::uint32_t i = 0; i < begin; ++i)
    if (part.text[i] == '\n') before[i] = '\n';
  auto plan = stage_.execute(before + "EXPLAIN " + part.text.substr(begin));
  if (!plan) {  // the error as it is without the EXPLAIN
    LV_TRY(stage_.execute(before + part.text.substr(begin)));
    return std::move(plan).error();
  }
  say("parsed");
  say("  " + print(all.back()));
  say("plan");
  for (const std::string& line : cases::lines_of((*plan)[0].message)) say("  " + line);
  if (std::holds_alternative<ast::Select>(all.back().body)) return {};
  LV_TRY(stage_.execute(before + part.text.substr(begin)));
  say("tasks");
  for (const std::string& line : cases::lines_of(stage_.tasks())) say("  " + line);
  return {};
}

Result<void> Player::put(const std::string& topic, const Lines& lines) {
  std::vector<Stage::Put> records;
  for (std::string line : lines) {
    Stage::Put record{.timestamp_ms = stage_.now_ms()};
    if (std::size_t at = line.rfind(" @ "); at != std::string::npos) {
      auto end = line.data() + line.size();
      if (std::from_chars(line.data() + at + 3, end, record.timestamp_ms).ptr != end)
        return Error(ErrorKind::usage, "behind @ stands a time in milliseconds: " + line);
      line.resize(at);
    }
    std::size_t bar = line.find(" | ");
    if (bar == std::string::npos) return Error(ErrorKind::usage, "a record is: key | value [@ milliseconds]");
    record.key = bytes_of(trimmed(line.substr(0, bar)));
    record.value = bytes_of(trimmed(line.substr(bar + 3)));
    records.push_back(std::move(record));
  }
  return stage_.put(topic, records);
}

Result<void> Player::command(const Part& part) {
  std::size_t blank = std::min(part.text.find(' '), part.text.size());
  std::string word = part.text.substr(0, blank), rest = trimmed(std::string_view(part.text).substr(blank));
  if (word == "run") {
    if (rest == "cut") return stage_.run_with_cuts();
    for (const std::string& note : LV_TRY(stage_.run())) say("note: " + note);
  } else if (word == "restart") {
    return stage_.restart();
  } else if (word == "kill") {
    return stage_.kill();
  } else if (word == "put") {
    return put(rest, part.lines);
  } else if (word == "schema") {
    std::string text;
    for (const std::string& line : part.lines) text += line;
    return stage_.put_schema(rest, text);
  } else if (word == "file") {
    std::string content;
    for (const std::string& line : part.lines) content += line + "\n";
    return stage_.write_file(rest, content);
  } else if (word == "wait") {
    stage_.wait_ms(std::strtoll(rest.c_str(), nullptr, 10));
  } else if (word == "topic") {
    bool times = rest.ends_with(" times"), parts = rest.ends_with(" partitions");
    for (const PrintedRecord& r : LV_TRY(stage_.records(rest.substr(0, rest.find(' ')))))
      say((parts ? std::to_string(r.partition) + ": " : "") + cell_text(r.key) + " | " + cell_text(r.value) +
          (times ? " @ " + std::to_string(r.timestamp_ms) : ""));
  } else if (word == "files") {
    for (const auto& [path, content] : stage_.files(rest))
      if (!path.ends_with(".lock") && !path.ends_with(".manifest")) say(path + ":\n" + content);
  } else if (word == "letters") {
    for (const DeadLetterReport& l : LV_TRY(stage_.dead_letters()))
      say(l.object + ", " + l.stage + ", " + place_of(l) + ": " + l.cause + "\n  " + cell_text(l.key) + " | " +
          cell_text(l.value));
  } else if (word == "failures") {
    for (const PrintedRecord& r : LV_TRY(stage_.records("_processing_log"))) say(cell_text(r.value));
  } else if (word == "counts") {
    for (const ObjectReport& r : stage_.status())
      say(r.kind + " " + r.name + ": " + std::to_string(r.rows_in) + " in, " + std::to_string(r.rows_out) + " out, " +
          std::to_string(r.dead_letters) + " dead letters");
  } else {
    return Error(ErrorKind::usage, "there is no command @" + word);
  }
  return {};
}

}  // namespace levada::cases
