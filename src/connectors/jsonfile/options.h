// What a jsonfile sink can be told.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"

namespace levada {

struct JsonFileOptions {
  std::string path, file, delete_marker;
  std::int64_t rotate_bytes = 0, rotate_rows = 0, rotate_interval_ms = 0;
  bool delete_enabled = true, finish_on_close = true;
  std::vector<std::string> metadata;
};

std::span<const Option> jsonfile_options();
Result<JsonFileOptions> read_jsonfile_options(const Properties& properties, OptionNotes* notes);

}  // namespace levada
