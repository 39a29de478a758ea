#include "connectors/jsonfile/options.h"

namespace levada {

std::span<const Option> jsonfile_options() {
  using O = JsonFileOptions;
  static constexpr Option options[] = {
      {.name = "path", .field = option<&O::path>, .doc = "The directory for the files; made if it is not there."},
      {.name = "file",
       .field = option<&O::file>,
       .doc = "One file for all partitions, instead of path; it is never finished."},
      {.name = "rotate.bytes",
       .field = option<&O::rotate_bytes>,
       .fallback = "134217728",
       .range = "0..",
       .unit = "bytes",
       .doc = "A file of this size is finished, and the next one begun; 0: no bound."},
      {.name = "rotate.rows",
       .field = option<&O::rotate_rows>,
       .fallback = "0",
       .range = "0..",
       .unit = "rows",
       .doc = "The same by lines."},
      {.name = "rotate.interval.ms",
       .field = option<&O::rotate_interval_ms>,
       .fallback = "0",
       .range = "0..3153600000000",
       .unit = "ms",
       .doc = "The same by age, looked at whenever rows are committed."},
      {.name = "delete.enabled",
       .field = option<&O::delete_enabled>,
       .fallback = "true",
       .doc = "Deletions are lines of their own: the key and a marker. false: they leave no line."},
      {.name = "delete.marker",
       .field = option<&O::delete_marker>,
       .fallback = "__deleted",
       .doc = "The field that is true in the line of a deletion."},
      {.name = "metadata",
       .field = option<&O::metadata>,
       .doc = "What lines say of their record: some of topic, partition, offset, timestamp, as __topic and so on."},
      {.name = "finish.on.close",
       .field = option<&O::finish_on_close>,
       .fallback = "true",
       .doc = "Open files are finished when the program stops in an orderly way."},
  };
  return options;
}

Result<JsonFileOptions> read_jsonfile_options(const Properties& properties, OptionNotes* notes) {
  auto options = LV_TRY(parse_options<JsonFileOptions>(jsonfile_options(), properties, notes));
  if (options.path.empty() == options.file.empty())
    return Error(ErrorKind::usage,
                 options.path.empty() ? "a jsonfile sink needs 'path' or 'file'" : "'path' and 'file' are both given")
        .remedy("Give 'path' for a directory of files, 'file' for one file.");
  return options;
}

}  // namespace levada
