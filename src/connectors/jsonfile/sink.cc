#include "connectors/jsonfile/sink.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/assert.h"
#include "connectors/jsonfile/file_name.h"
#include "connectors/jsonfile/lines.h"
#include "connectors/jsonfile/manifest.h"
#include "connectors/jsonfile/options.h"
#include "connectors/jsonfile/output_file.h"

namespace levada {
namespace {

constexpr std::size_t manifest_bytes = 1 << 20;  // then it is written anew

class JsonFileSink : public Sink {
 public:
  JsonFileSink(SinkContext context, JsonFileOptions options,
               std::map<std::string, std::unique_ptr<LineEncoder>> encoders)
      : context_(std::move(context)),
        options_(std::move(options)),
        single_(!options_.file.empty()),
        directory_(single_ ? directory_of(options_.file) : options_.path),
        manifest_path_(single_ ? options_.file + ".manifest" : join_path(directory_, "levada.manifest")),
        lock_path_(single_ ? options_.file + ".lock" : join_path(directory_, "levada.lock")),
        encoders_(std::move(encoders)),
        manifest_(*context_.files, manifest_path_) {}

  ~JsonFileSink() override {
    if (!good_ || !options_.finish_on_close || single_) return;
    if (auto finished = finish_all(); !finished)
      context_.logger->warning("files are left open", {{"connector", context_.name}, {"why", finished.error().line()}});
  }

  Result<std::vector<Error>> preflight() override {
    std::vector<Error> found;
    auto entry = context_.files->entry(directory_);
    if (entry && !entry->directory) found.push_back(Error(ErrorKind::usage, directory_ + " is not a directory"));
    if (!entry && entry.error().kind() != ErrorKind::not_found) found.push_back(std::move(entry).error());
    auto state = manifest_.read();
    if (!state)
      found.push_back(std::move(state).error());
    else if (*state)
      if (auto ours = check_owner(**state); !ours) found.push_back(std::move(ours).error());
    return found;
  }

  Result<std::optional<std::vector<PartitionOffset>>> start() override {
    good_ = false;
    outputs_.clear();
    names_changed_ = false;
    LV_TRY(make_directory(directory_));
    if (!lock_)
      lock_ =
          LV_TRY(context_.files->lock(lock_path_, "connector " + context_.name + " of pipeline " + context_.pipeline));
    auto stored = LV_TRY(manifest_.read());
    if (!stored) LV_TRY(check_empty());
    state_ = stored ? *std::move(stored) : ManifestState{.pipeline = context_.pipeline, .connector = context_.name};
    LV_TRY(check_owner(state_));
    ++state_.epoch;
    if (single_) LV_TRY(adopt_single());
    // Before anything is done that it asks for: its last line is perhaps in memory only, and goes with the power.
    LV_TRY(manifest_.begin(state_));
    LV_TRY(repair());
    std::vector<PartitionOffset> offsets;
    for (const auto& [partition, next] : state_.offsets) offsets.push_back({partition, next});
    good_ = true;
    return std::optional(std::move(offsets));
  }

  Result<void> write(const Batch& batch, RowFailures& rejected) override {
    LV_ASSERT(good_);
    good_ = false;  // until this has gone well
    TopicPartition partition{batch.origin->topic, batch.origin->partition};
    lines_.clear();
    LineEncoder::Lines lines = encoders_.at(partition.topic)->encode(batch, lines_, rejected);
    if (lines.count > 0) LV_TRY(LV_TRY(output_for(partition, lines.first))->append(lines_.view(), lines.count));
    good_ = true;
    return {};
  }

  Result<void> commit(std::span<const PartitionOffset> next) override {
    LV_ASSERT(good_);
    good_ = false;
    ManifestChange change;
    for (const PartitionOffset& offset : next)
      if (auto known = state_.offsets.find(offset.partition);
          known == state_.offsets.end() || known->second != offset.next)
        change.offsets[offset.partition] = offset.next;
    std::vector<std::pair<std::string, ManifestFile>> changed;  // by key_of
    for (auto& [key, output] : outputs_) {
      bool full = is_full(output);
      if (!output.changed() && !full) continue;
      ManifestFile file = LV_TRY(output.sync());
      file.finished = full;
      change.files.push_back(file);
      changed.emplace_back(key, std::move(file));
    }
    if (!change.files.empty() || !change.offsets.empty()) {
      if (std::exchange(names_changed_, false)) LV_TRY(context_.files->sync_directory(directory_));
      LV_TRY(manifest_.append(change, ++state_.commit));
      for (const auto& [partition, offset] : change.offsets) state_.offsets[partition] = offset;
      for (const auto& [key, file] : changed) {
        state_.files[file.name] = file;
        outputs_.at(key).committed(file);
      }
      LV_TRY(finish(changed));
      if (manifest_.size() > manifest_bytes) LV_TRY(manifest_.begin(state_));
    }
    good_ = true;
    return {};
  }

  std::optional<std::int64_t> due_ms() const override {
    if (single_ || options_.rotate_interval_ms == 0) return std::nullopt;
    std::optional<std::int64_t> due;
    for (const auto& [key, output] : outputs_)
      if (output.size() > 0)
        due = std::min(due.value_or(INT64_MAX), output.state().opened_ms + options_.rotate_interval_ms);
    return due;
  }

 private:
  Result<void> check_owner(const ManifestState& state) const {
    if (state.pipeline == context_.pipeline && state.connector == context_.name) return {};
    return Error(ErrorKind::refused,
                 manifest_path_ + " belongs to connector " + state.connector + " of pipeline " + state.pipeline)
        .remedy("Give every sink a directory of its own.");
  }

  // With all that lead to it, durably.
  Result<void> make_directory(const std::string& path) {
    auto there = context_.files->entry(path);
    if (there) return {};
    // Not there: only then is it made. "." and "/" lead to themselves.
    if (there.error().kind() != ErrorKind::not_found || directory_of(path) == path) return std::move(there).error();
    LV_TRY(make_directory(directory_of(path)));
    LV_TRY(context_.files->create_directories(path));
    return context_.files->sync_directory(directory_of(path));
  }

  // ---- after a crash ----

  // Of a directory without manifest.
  Result<void> check_empty() const {
    if (single_) return {};
    for (const DirectoryEntry& entry : LV_TRY(context_.files->list(directory_)))
      if (is_of_ours(entry.name))
        return Error(ErrorKind::refused, "there is no " + manifest_path_ + ", but there is " + entry.name)
            .why("without it nobody can say which records stand in the files already")
            .remedy("Put the manifest back. To write everything again, empty the directory, or take another one.");
    return {};
  }

  // The one file: there before us perhaps, then we write behind what it has.
  Result<void> adopt_single() {
    std::string name = file_name_of(options_.file);
    if (state_.files.contains(name)) return {};
    auto output = LV_TRY(
        OutputFile::adopt(*context_.files, options_.file, {.name = name, .opened_ms = context_.clock->now_ms()}));
    LV_TRY(context_.files->sync_directory(directory_));
    state_.files[name] = output.state();
    return {};
  }

  // Makes the files what the manifest says.
  Result<void> repair() {
    if (single_) {
      const ManifestFile& file = state_.files.at(file_name_of(options_.file));
      outputs_.emplace(key_of({}), LV_TRY(OutputFile::repair(*context_.files, options_.file, file)));
      return {};
    }
    std::set<std::string> there;
    for (DirectoryEntry& entry : LV_TRY(context_.files->list(directory_))) there.insert(std::move(entry.name));
    for (auto file = state_.files.begin(); file != state_.files.end();) {
      const std::string& name = file->first;
      std::string open = name + std::string(open_suffix);
      if (!there.contains(open)) {
        // A finished file has got its name, and may have been taken away since.
        if (!file->second.finished)
          return Error(ErrorKind::damaged, "file " + join_path(directory_, open) + " is gone")
              .remedy("Put it back. To write everything again, empty the directory, manifest included.");
        file = state_.files.erase(file);
        continue;
      }
      OutputFile output = LV_TRY(OutputFile::repair(*context_.files, join_path(directory_, open), file->second));
      there.erase(open);
      if (file->second.finished) {
        LV_TRY(give_name(name));
        file = state_.files.erase(file);
      } else {
        outputs_.emplace(key_of({file->second.topic, file->second.partition}), std::move(output));
        ++file;
      }
    }
    // Begun in a round that was never committed.
    for (const std::string& name : there)
      if (name.ends_with(open_suffix) && is_of_ours(std::string_view(name).substr(0, name.size() - open_suffix.size())))
        LV_TRY(context_.files->remove(join_path(directory_, name)));
    return context_.files->sync_directory(directory_);
  }

  bool is_of_ours(std::string_view name) const {
    auto parsed = parse_file_name(name);
    return parsed && encoders_.contains(parsed->partition.topic);
  }

  // ---- files ----

  std::string key_of(const TopicPartition& partition) const {
    return single_ ? std::string() : partition.topic + "/" + std::to_string(partition.partition);
  }

  Result<OutputFile*> output_for(const TopicPartition& partition, Offset first) {
    std::string key = key_of(partition);
    auto there = outputs_.find(key);
    if (there != outputs_.end()) return &there->second;
    ManifestFile start{.name = file_name(partition, first),
                       .topic = partition.topic,
                       .partition = partition.partition,
                       .opened_ms = context_.clock->now_ms()};
    std::string path = join_path(directory_, start.name);
    if (context_.files->exists(path))
      return Error(ErrorKind::refused, "file " + path + " exists, and is not of this sink's manifest")
          .remedy("Empty the directory, or take another one.");
    names_changed_ = true;
    auto made = LV_TRY(OutputFile::create(*context_.files, path + std::string(open_suffix), std::move(start)));
    return &outputs_.emplace(std::move(key), std::move(made)).first->second;
  }

  bool is_full(const OutputFile& output) const {
    if (single_ || output.size() == 0) return false;
    auto reached = [](std::int64_t limit, std::uint64_t value) {
      return limit > 0 && value >= static_cast<std::uint64_t>(limit);
    };
    std::int64_t age_ms = context_.clock->now_ms() - output.state().opened_ms;
    return reached(options_.rotate_bytes, output.size()) || reached(options_.rotate_rows, output.rows()) ||
           reached(options_.rotate_interval_ms, static_cast<std::uint64_t>(std::max<std::int64_t>(age_ms, 0)));
  }

  // The manifest says that they are finished, those that are: now they get their names.
  Result<void> finish(std::span<const std::pair<std::string, ManifestFile>> files) {
    bool any = false;
    for (const auto& [key, file] : files) {
      if (!file.finished) continue;
      outputs_.erase(key);
      LV_TRY(give_name(file.name));
      any = true;
    }
    if (!any) return {};
    LV_TRY(context_.files->sync_directory(directory_));
    for (const auto& [key, file] : files)
      if (file.finished) state_.files.erase(file.name);
    return {};
  }

  Result<void> give_name(const std::string& name) {
    std::string path = join_path(directory_, name);
    if (context_.files->exists(path))
      return Error(ErrorKind::refused, "file " + path + " exists already, and is not to be written over")
          .remedy("Move it away.");
    return context_.files->rename(path + std::string(open_suffix), path);
  }

  // An orderly end, perhaps in the middle of a round, whose lines then come again.
  Result<void> finish_all() {
    ManifestChange change;
    std::vector<std::pair<std::string, ManifestFile>> files;
    for (auto& [key, output] : outputs_) {
      LV_TRY(output.forget_uncommitted());
      ManifestFile file = output.state();
      if (file.length == 0) {
        LV_TRY(context_.files->remove(join_path(directory_, file.name + std::string(open_suffix))));
        continue;
      }
      file.finished = true;
      change.files.push_back(file);
      files.emplace_back(key, std::move(file));
    }
    if (files.empty()) return {};
    LV_TRY(manifest_.append(change, ++state_.commit));
    return finish(files);
  }

  const SinkContext context_;
  const JsonFileOptions options_;
  const bool single_;
  const std::string directory_, manifest_path_, lock_path_;
  const std::map<std::string, std::unique_ptr<LineEncoder>> encoders_;  // by topic

  std::unique_ptr<FileLock> lock_;
  Manifest manifest_;
  ManifestState state_;                        // as the manifest has it
  std::map<std::string, OutputFile> outputs_;  // by key_of
  Buffer lines_;                               // of one write()
  bool names_changed_ = false;                 // since the directory was synced
  bool good_ = false;                          // between start() and the first error
};

}  // namespace

Result<std::unique_ptr<Sink>> make_jsonfile_sink(SinkContext context) {
  auto options = LV_TRY(read_jsonfile_options(context.properties, context.notes));
  LineRules rules{
      .metadata = options.metadata, .delete_marker = options.delete_marker, .deletions = options.delete_enabled};
  std::map<std::string, std::unique_ptr<LineEncoder>> encoders;
  for (const SinkTopic& topic : context.topics) {
    if (!topic.schema)
      return Error(ErrorKind::usage, "no stream or table says what the records of topic " + topic.topic + " are")
          .remedy("Files have lines of declared columns: CREATE STREAM … WITH (KAFKA_TOPIC = '" + topic.topic +
                  "', FORMAT = 'AVRO') before the connector.");
    encoders[topic.topic] = LV_TRY(LineEncoder::make(topic, rules));
  }
  return std::unique_ptr<Sink>(new JsonFileSink(std::move(context), std::move(options), std::move(encoders)));
}

}  // namespace levada
