#include "log/journal.h"

#include <algorithm>
#include <array>

#include "log/log_directory.h"

namespace levada {
namespace {

constexpr std::uint32_t magic = 0x314a564c;  // "LVJ1"
constexpr std::uint32_t version = 1;
constexpr std::size_t head_size = 64;
constexpr std::uint64_t block = 4096;
constexpr std::uint64_t large_record = 256 << 10;

constexpr std::array<char, 64 << 10> zeros{};

std::uint64_t up_to_block(std::uint64_t size) { return (size + block - 1) / block * block; }

struct Head {
  std::uint32_t crc, kind, meta_size, inline_crc, version;
  std::uint64_t generation, number, inline_size;
  std::int64_t time_ms;
};

std::optional<Head> get_head(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.little<std::uint32_t>() != magic) return std::nullopt;
  Head h;
  h.crc = in.little<std::uint32_t>();
  h.generation = in.little<std::uint64_t>();
  h.number = in.little<std::uint64_t>();
  h.time_ms = in.little<std::int64_t>();
  h.kind = in.little<std::uint32_t>();
  h.meta_size = in.little<std::uint32_t>();
  h.inline_size = in.little<std::uint64_t>();
  h.inline_crc = in.little<std::uint32_t>();
  h.version = in.little<std::uint32_t>();
  return h;
}

}  // namespace

// ---- reading ----

Result<JournalReader> JournalReader::open(Files& files, const std::string& path, std::uint64_t generation) {
  return JournalReader(LV_TRY(files.open(path, OpenMode::read)), generation);
}

void JournalReader::seek(const JournalPlace& place) {
  position_ = place.position;
  number_ = place.number;
}

Result<std::optional<JournalRecord>> JournalReader::next(bool check_inline) {
  // Most records fit into the first block; head and meta of the others are read again as a whole.
  bytes_.resize(block);
  std::size_t got = LV_TRY(file_->read_at(position_, {bytes_.data(), block}));
  if (got < head_size) return std::nullopt;
  auto head = get_head({bytes_.data(), head_size});
  if (!head || head->generation != generation_) return std::nullopt;
  if (position_ == 0 ? head->kind != static_cast<std::uint32_t>(JournalKind::checkpoint) : head->number != number_ + 1)
    return std::nullopt;
  std::uint64_t end = head_size + std::uint64_t{head->meta_size}, size = LV_TRY(file_->size());
  if (position_ + end > size || head->inline_size > size - position_ - end) return std::nullopt;
  if (end > got) {
    bytes_.resize(end);
    LV_TRY(file_->read_exactly_at(position_, {bytes_.data(), end}));
  }
  if (crc32c(std::string_view(bytes_.data() + 8, end - 8)) != head->crc) return std::nullopt;
  if (head->version > version)
    return Error(ErrorKind::refused, "the log was written by a newer version of levada")
        .remedy("Use that version or a later one.");

  JournalRecord record;
  record.kind = static_cast<JournalKind>(head->kind);
  record.commit.number = head->number;
  record.commit.time_ms = head->time_ms;
  record.commit.changes = LV_TRY(parse_changes({bytes_.data() + head_size, head->meta_size}));
  record.position = position_;
  record.inline_position = position_ + end;
  record.inline_size = head->inline_size;
  record.size = up_to_block(end + head->inline_size);
  if (check_inline && record.inline_size > 0) {
    LV_TRY(read_inline(record, bytes_));
    if (crc32c(bytes_.view()) != head->inline_crc) return std::nullopt;
  }
  number_ = head->number;
  position_ += record.size;
  return record;
}

Result<void> JournalReader::read_inline(const JournalRecord& record, Buffer& into) const {
  into.resize(record.inline_size);
  return file_->read_exactly_at(record.inline_position, {into.data(), into.size()});
}

Result<std::optional<std::uint64_t>> JournalReader::find_later() {
  std::uint64_t size = LV_TRY(file_->size());
  for (std::uint64_t at = position_ + block; at + head_size <= size; at += block) {
    std::array<char, head_size> bytes;
    if (LV_TRY(file_->read_at(at, bytes)) < head_size) break;
    auto head = get_head({bytes.data(), bytes.size()});
    if (!head || head->generation != generation_ || head->number <= number_) continue;
    std::uint64_t end = head_size + std::uint64_t{head->meta_size};
    if (at + end > size) continue;
    bytes_.resize(end);
    LV_TRY(file_->read_exactly_at(at, {bytes_.data(), end}));
    if (crc32c(std::string_view(bytes_.data() + 8, end - 8)) == head->crc) return at;
  }
  return std::nullopt;
}

// ---- writing ----

void Journal::put_head(JournalKind kind, std::uint64_t generation, const JournalCommit& commit,
                       std::span<const std::string_view> inline_pieces, std::uint64_t inline_bytes) {
  std::uint32_t inline_crc = 0;
  for (std::string_view piece : inline_pieces) inline_crc = crc32c(piece, inline_crc);
  std::size_t meta_size = record_.size() - head_size;
  LV_ASSERT(meta_size <= UINT32_MAX);
  Buffer head(head_size);
  ByteWriter out(head);
  out.little(magic);
  out.little(std::uint32_t{0});
  out.little(generation);
  out.little(commit.number);
  out.little(commit.time_ms);
  out.little(static_cast<std::uint32_t>(kind));
  out.little(static_cast<std::uint32_t>(meta_size));
  out.little(inline_bytes);
  out.little(inline_crc);
  out.little(version);
  out.little(std::uint64_t{0});
  LV_ASSERT(head.size() == head_size);
  std::memcpy(record_.data(), head.data(), head_size);
  store(record_.data() + 4, crc32c(record_.view().substr(8)));
}

// Zeros in advance, so that most records are written over blocks that are there; for a large one it does not matter
// that the file grows, and only its own place is made, which is written over before it comes to the disk. When the disk
// is full, it is this that fails, and nothing has happened.
Result<void> Journal::reserve(std::uint64_t begin, std::uint64_t end) {
  if (end <= allocated_) return {};
  std::uint64_t step = end - begin < large_record ? std::clamp<std::uint64_t>(allocated_, 256 << 10, 4 << 20) : 0;
  auto extend = [&](std::uint64_t to) -> Result<void> {
    std::vector<std::string_view> pieces;
    for (std::uint64_t left = to - allocated_; left > 0; left -= pieces.back().size())
      pieces.emplace_back(zeros.data(), std::min<std::uint64_t>(left, zeros.size()));
    LV_TRY(file_->write_at(allocated_, pieces));
    allocated_ = to;
    return {};
  };
  auto done = extend(std::max(end, std::min(end + step, generation_bytes_)));
  if (!done && done.error().kind() == ErrorKind::disk_full) done = extend(end);
  return done;
}

// The record at its place. Where that fails half-way, its first block is made invalid again, so that no restart takes
// for committed what we told was not.
Result<void> Journal::write(std::uint64_t position, std::span<const std::string_view> inline_pieces) {
  std::vector<std::string_view> pieces{record_.view()};
  std::uint64_t size = record_.size();
  for (std::string_view piece : inline_pieces) {
    pieces.push_back(piece);
    size += piece.size();
  }
  if (std::uint64_t left = up_to_block(size) - size; left > 0) pieces.emplace_back(zeros.data(), left);
  auto reserved = reserve(position, position + up_to_block(size));
  if (!reserved) {
    final_error_ = reserved.error().kind() != ErrorKind::disk_full;
    return reserved;
  }
  auto written = file_->write_at(position, pieces);
  if (!written) {
    final_error_ = written.error().kind() != ErrorKind::disk_full ||
                   !file_->write_at(position, std::string_view(zeros.data(), block)) || !file_->sync();
    return written;
  }
  auto synced = file_->sync();
  if (!synced) final_error_ = true;
  return synced;
}

Result<void> Journal::rotate(std::uint64_t generation, const JournalCommit& checkpoint) {
  Files& files = directory_.files();
  std::string path = directory_.journal(generation);
  while (!released_.empty() && !files.exists(path)) {
    std::string old = directory_.journal(released_.back());
    released_.pop_back();
    if (files.exists(old)) LV_TRY(files.rename(old, path));
  }
  // Durable before anything is written into it: a file of an older generation must not change under its old name.
  std::unique_ptr<File> file = LV_TRY(files.open(path, OpenMode::write));
  auto named = files.sync_directory(directory_.journals());
  if (!named) {
    final_error_ = true;
    return named;
  }
  std::uint64_t allocated = LV_TRY(file->size());

  std::swap(file_, file);
  std::swap(allocated_, allocated);
  record_.clear();
  record_.resize(head_size);
  put_changes(record_, checkpoint.changes);
  put_head(JournalKind::checkpoint, generation, checkpoint, {}, 0);
  auto written = write(0, {});
  if (!written) {
    std::swap(file_, file);
    std::swap(allocated_, allocated);
    return written;
  }
  place_ = {generation, up_to_block(record_.size()), checkpoint.number};
  return {};
}

Result<void> Journal::resume(const JournalPlace& place) {
  file_ = LV_TRY(directory_.files().open(directory_.journal(place.generation), OpenMode::write));
  allocated_ = LV_TRY(file_->size());
  place_ = place;
  return {};
}

std::uint64_t Journal::prepare(const JournalCommit& commit, std::uint64_t inline_bytes) {
  record_.clear();
  record_.resize(head_size);
  put_changes(record_, commit.changes);
  prepared_.number = commit.number;
  prepared_.time_ms = commit.time_ms;
  prepared_inline_ = inline_bytes;
  return up_to_block(record_.size() + inline_bytes);
}

Result<void> Journal::append(std::span<const std::string_view> inline_pieces) {
  LV_ASSERT(prepared_.number == place_.number + 1);
  put_head(JournalKind::commit, place_.generation, prepared_, inline_pieces, prepared_inline_);
  LV_TRY(write(place_.position, inline_pieces));
  place_.position += up_to_block(record_.size() + prepared_inline_);
  place_.number = prepared_.number;
  return {};
}

void Journal::clean_up() {
  while (released_.size() > 1) {
    (void)directory_.files().remove(directory_.journal(released_.back()));
    released_.pop_back();
  }
}

}  // namespace levada
