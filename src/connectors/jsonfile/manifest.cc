#include "connectors/jsonfile/manifest.h"

#include <charconv>
#include <cstdio>

#include "base/bytes.h"
#include "base/json.h"

namespace levada {
namespace {

std::string hex(std::uint32_t v) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", v);
  return text;
}

std::optional<std::uint32_t> from_hex(std::string_view text) {
  std::uint32_t v = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v, 16);
  if (text.size() != 8 || error != std::errc() || end != text.data() + 8) return std::nullopt;
  return v;
}

std::string line_of(const Json& json) {
  std::string text = json.text();
  return hex(crc32c(text)) + " " + text + "\n";
}

Json files_json(const auto& files) {
  Json::Array list;
  for (const ManifestFile& f : files) {
    Json file;
    file.set("file", f.name).set("topic", f.topic).set("partition", std::int64_t{f.partition}).set("length", f.length);
    file.set("rows", f.rows).set("crc", hex(f.crc)).set("opened", f.opened_ms);
    if (f.finished) file.set("finished", true);
    list.push_back(std::move(file));
  }
  return list;
}

Json offsets_json(const std::map<TopicPartition, Offset>& offsets) {
  Json::Array list;
  for (const auto& [partition, next] : offsets)
    list.push_back(Json()
                       .set("topic", partition.topic)
                       .set("partition", std::int64_t{partition.partition})
                       .set("next", next.value()));
  return list;
}

std::int64_t number(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  return member ? member->integer().value_or(0) : 0;
}

void apply(const Json& json, ManifestState& state) {
  if (json.find("epoch"))
    state = {
        .pipeline = json.text_of("pipeline"), .connector = json.text_of("connector"), .epoch = number(json, "epoch")};
  state.commit = static_cast<std::uint64_t>(number(json, "commit"));
  if (const Json* files = json.find("files"); files && files->array())
    for (const Json& f : *files->array()) {
      const Json* finished = f.find("finished");
      state.files[f.text_of("file")] = {.name = f.text_of("file"),
                                        .topic = f.text_of("topic"),
                                        .partition = static_cast<std::int32_t>(number(f, "partition")),
                                        .length = static_cast<std::uint64_t>(number(f, "length")),
                                        .rows = static_cast<std::uint64_t>(number(f, "rows")),
                                        .crc = from_hex(f.text_of("crc")).value_or(0),
                                        .opened_ms = number(f, "opened"),
                                        .finished = finished && finished->boolean() && *finished->boolean()};
    }
  if (const Json* offsets = json.find("offsets"); offsets && offsets->array())
    for (const Json& o : *offsets->array())
      state.offsets[{o.text_of("topic"), static_cast<std::int32_t>(number(o, "partition"))}] =
          Offset(number(o, "next"));
}

// A line without its line feed; nullopt if it is not what was written.
std::optional<Json> parse_line(std::string_view line) {
  if (line.size() < 10 || line[8] != ' ') return std::nullopt;
  auto crc = from_hex(line.substr(0, 8));
  if (!crc || *crc != crc32c(line.substr(9))) return std::nullopt;
  auto json = Json::parse(line.substr(9));
  if (!json) return std::nullopt;
  return *std::move(json);
}

}  // namespace

Result<std::optional<ManifestState>> Manifest::read() const {
  auto content = read_file(files_, path_);
  if (!content && content.error().kind() == ErrorKind::not_found) return std::optional<ManifestState>();
  std::string text = LV_TRY(std::move(content));
  ManifestState state;
  bool any = false, torn = false;
  std::size_t number_of_line = 0;
  for (std::string_view rest = text; !rest.empty();) {
    std::size_t feed = std::min(rest.find('\n'), rest.size());
    std::optional<Json> json = feed < rest.size() ? parse_line(rest.substr(0, feed)) : std::nullopt;
    rest.remove_prefix(std::min(feed + 1, rest.size()));
    ++number_of_line;
    if (!json) {
      torn = true;
      continue;
    }
    if (torn || (!any && !json->find("epoch")))
      return Error(ErrorKind::damaged,
                   "the manifest " + path_ + " is damaged before its line " + std::to_string(number_of_line))
          .remedy(
              "Restore it from a copy. Without it nobody can say which lines of the files count: to write everything "
              "again, empty the directory.");
    apply(*json, state);
    any = true;
  }
  if (!any)
    return Error(ErrorKind::damaged, "the manifest " + path_ + " has no good line")
        .remedy("Restore it from a copy, or empty the directory to write everything again.");
  return state;
}

Result<void> Manifest::begin(const ManifestState& state) {
  std::vector<ManifestFile> files;
  for (const auto& [name, file] : state.files) files.push_back(file);
  Json json;
  json.set("epoch", state.epoch)
      .set("commit", state.commit)
      .set("pipeline", state.pipeline)
      .set("connector", state.connector);
  json.set("files", files_json(files)).set("offsets", offsets_json(state.offsets));
  std::string line = line_of(json);
  file_.reset();
  LV_TRY(replace_file(files_, path_, line));
  file_ = LV_TRY(files_.open(path_, OpenMode::write));
  size_ = line.size();
  return {};
}

Result<void> Manifest::check_ours() const {
  auto entry = files_.entry(path_);
  if (entry && entry->identity == file_->identity() && entry->size == size_) return {};
  if (!entry && entry.error().kind() != ErrorKind::not_found) return std::move(entry).error();
  return Error(ErrorKind::fenced, "the manifest " + path_ + " is not as this sink left it")
      .why(entry ? "another instance writes to the directory" : "it is gone")
      .remedy("Only one sink may write to a directory. Stop the other one, then start this one again.");
}

Result<void> Manifest::append(const ManifestChange& change, std::uint64_t commit) {
  LV_TRY(check_ours());
  Json json;
  json.set("commit", commit).set("files", files_json(change.files)).set("offsets", offsets_json(change.offsets));
  std::string line = line_of(json);
  LV_TRY(file_->write_at(size_, line));
  LV_TRY(file_->sync());
  size_ += line.size();
  return {};
}

}  // namespace levada
