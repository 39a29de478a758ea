// The command line as a value.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace levada {

enum class OutputForm : std::uint8_t { table, json };

struct Arguments {
  std::string command;  // a name in the table of commands
  std::string action;   // of dlq: list, show, replay, discard
  std::string file;     // a script
  std::string topic;
  std::string log = "embedded:levada-data";
  std::string name;  // of the pipeline; empty: the file's
  std::string text;  // of help: the command asked about: "dlq show"
  std::optional<std::int64_t> limit;
  std::vector<std::int64_t> numbers;       // dead letters
  std::optional<std::string> value;        // the bytes to replay instead
  std::string object, stage, cause, from;  // only dead letters of these; of `cause` a part of it, `from` is a topic
  std::string since, until;                // likewise: times in ISO form
  bool open = false;                       // likewise: neither replayed nor discarded
  std::int64_t workers = 0;
  bool until_caught_up = false, from_beginning = false, follow = true, connect = false, all = false, keep_going = false;
  bool secrets_from_env = false;
  bool quiet = false, verbose = false, no_color = false;
  OutputForm output = OutputForm::table;
};

// What was asked for; kind usage if it cannot be understood. An answer to --help is `help` with its text in `text`.
Result<Arguments> parse_arguments(int count, const char* const* words);

// The help of a command ("run", "dlq show"), or of all if the name is empty; kind usage if there is no such command.
Result<std::string> help_text(const std::string& command);

}  // namespace levada
