#include "state/snapshot.h"

#include "base/bytes.h"

namespace levada {
namespace {

constexpr std::string_view magic = "levada snapshot 1\n";
constexpr std::size_t piece_bytes = 1 << 20;

// Bytes to a file in large pieces, with the checksum of all of them.
class PieceWriter {
 public:
  explicit PieceWriter(File& file) : file_(file) {}

  Buffer& buffer() { return buffer_; }
  Result<void> write_if_full() { return buffer_.size() < piece_bytes ? Result<void>() : write(); }
  Result<void> finish() {
    LV_TRY(write());
    ByteWriter(buffer_).little(crc_);
    return write();
  }

 private:
  Result<void> write() {
    crc_ = crc32c(buffer_.view(), crc_);
    LV_TRY(file_.write_at(at_, buffer_.view()));
    at_ += buffer_.size();
    buffer_.clear();
    return {};
  }

  File& file_;
  Buffer buffer_;
  std::uint64_t at_ = 0;
  std::uint32_t crc_ = 0;
};

}  // namespace

Result<void> write_snapshot(Files& files, const std::string& path, const Store& store, Offset changelog_offset) {
  std::string fresh = path + ".new";
  LV_TRY(files.create_directories(directory_of(path)));
  auto file = LV_TRY(files.open(fresh, OpenMode::write));
  LV_TRY(file->truncate(0));
  PieceWriter pieces(*file);
  ByteWriter out(pieces.buffer());
  out.bytes(magic);
  out.little(changelog_offset.value());
  out.little(store.keys());
  Result<void> written;
  store.visit_all([&](std::string_view key, std::string_view value, std::int64_t timestamp_ms) {
    if (!written) return;
    out.sized_bytes(key);
    out.sized_bytes(value);
    out.little(timestamp_ms);
    written = pieces.write_if_full();
  });
  LV_TRY(std::move(written));
  LV_TRY(pieces.finish());
  LV_TRY(file->sync());
  LV_TRY(files.rename(fresh, path));
  return files.sync_directory(directory_of(path));
}

Result<std::optional<Offset>> read_snapshot(Files& files, const std::string& path, Store& store,
                                            std::string& complaint) {
  complaint.clear();
  auto file = files.open(path, OpenMode::read);
  if (!file) {
    if (file.error().kind() == ErrorKind::not_found) return std::optional<Offset>();
    return std::move(file).error();
  }
  std::uint64_t size = LV_TRY((*file)->size());
  auto unusable = [&](const char* why) {
    complaint = path + " is not usable: " + why;
    store.clear();
    return std::optional<Offset>();
  };
  if (size < magic.size() + 20) return unusable("it is too short");
  // The checksum stands at the end, so the whole file is read before a byte of it is believed.
  Buffer bytes;
  bytes.resize(size);
  LV_TRY((*file)->read_exactly_at(0, std::span(bytes.data(), size)));
  std::string_view body = bytes.view().substr(0, size - 4);
  if (crc32c(body) != load<std::uint32_t>(bytes.data() + size - 4)) return unusable("its checksum does not agree");
  if (!body.starts_with(magic)) return unusable("it is of another version");
  ByteReader in(body.substr(magic.size()));
  Offset offset(in.little<std::int64_t>());
  auto count = in.little<std::uint64_t>();
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string_view key = in.sized_bytes(), value = in.sized_bytes();
    auto timestamp_ms = in.little<std::int64_t>();
    if (!in.ok()) return unusable("it ends in the middle of an entry");
    if (!store.restore(key, value, timestamp_ms)) return unusable("an entry cannot be read");
  }
  if (!in.at_end()) return unusable("there is more than it says");
  return std::optional<Offset>(offset);
}

}  // namespace levada
