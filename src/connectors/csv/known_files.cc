#include "connectors/csv/known_files.h"

#include <algorithm>

#include "base/bytes.h"

namespace levada {
namespace {

constexpr std::uint8_t version = 1;
enum Flag : std::uint8_t { flag_ended = 1, flag_open_end = 2, flag_refused = 4, flag_gone = 8 };

void put_digest(ByteWriter& out, const Digest& digest) {
  out.little(digest.low);
  out.little(digest.high);
}

Digest get_digest(ByteReader& in) {
  Digest digest;
  digest.low = in.little<std::uint64_t>();
  digest.high = in.little<std::uint64_t>();
  return digest;
}

void put_file(ByteWriter& out, const KnownFile& file) {
  out.little(static_cast<std::uint8_t>((file.ended ? flag_ended : 0) | (file.open_end ? flag_open_end : 0) |
                                       (file.refused ? flag_refused : 0) | (file.gone ? flag_gone : 0)));
  if (!file.gone) {
    out.sized_bytes(file.name);
    out.unsigned_varint(file.inode);
    out.unsigned_varint(file.size);
    out.varint(file.modified_us);
  }
  out.unsigned_varint(file.place.bytes);
  out.unsigned_varint(file.place.rows);
  out.unsigned_varint(file.place.lines);
  put_digest(out, file.digest);
  if (!file.ended) put_digest(out, file.link);
  std::size_t marks = std::min<std::size_t>(file.marks.values.size(), file.gone ? 1 : file.marks.values.size());
  out.unsigned_varint(marks);
  for (std::size_t i = 0; i < marks; ++i) out.little(file.marks.values[i]);
}

KnownFile get_file(ByteReader& in) {
  KnownFile file;
  auto flags = in.little<std::uint8_t>();
  file.ended = flags & flag_ended;
  file.open_end = flags & flag_open_end;
  file.refused = flags & flag_refused;
  file.gone = flags & flag_gone;
  if (!file.gone) {
    file.name = in.sized_bytes();
    file.inode = in.unsigned_varint();
    file.size = in.unsigned_varint();
    file.modified_us = in.varint();
  }
  file.place.bytes = in.unsigned_varint();
  file.place.rows = in.unsigned_varint();
  file.place.lines = in.unsigned_varint();
  file.digest = get_digest(in);
  if (!file.ended) file.link = get_digest(in);
  std::uint64_t marks = in.unsigned_varint();
  for (std::uint64_t i = 0; i < marks && in.ok(); ++i) file.marks.values.push_back(in.little<std::uint64_t>());
  return file;
}

}  // namespace

void KnownFile::take(const CsvPlace& to, const CsvFingerprint& fingerprint) {
  place = to;
  digest = fingerprint.content().digest();
  link = fingerprint.content().link();
  marks = fingerprint.marks();
}

KnownFile* KnownFiles::by_inode(std::uint64_t inode) {
  for (KnownFile& file : files)
    if (!file.gone && file.inode == inode) return &file;
  return nullptr;
}

KnownFile* KnownFiles::by_name(std::string_view name) {
  for (KnownFile& file : files)
    if (!file.gone && file.name == name) return &file;
  return nullptr;
}

void KnownFiles::forget_surplus() {
  std::size_t gone = static_cast<std::size_t>(std::ranges::count(files, true, &KnownFile::gone));
  for (auto file = files.begin(); gone > most_gone;)
    if (file->gone)
      file = files.erase(file), --gone;
    else
      ++file;
}

std::string KnownFiles::encode(std::uint64_t serial) const {
  Buffer buffer;
  ByteWriter out(buffer);
  out.little(version);
  out.unsigned_varint(serial);
  out.unsigned_varint(files.size());
  for (const KnownFile& file : files) put_file(out, file);
  return std::string(buffer.view());
}

Result<std::uint64_t> KnownFiles::decode(std::string_view position) {
  files.clear();
  ByteReader in(position);
  auto found = in.little<std::uint8_t>();
  if (found != version)
    return Error(ErrorKind::refused, "the position of this csv source is of version " + std::to_string(found))
        .remedy(
            "It was written by a newer release, or by another kind of connector of this name. Use that release, or "
            "give the connector another name.");
  std::uint64_t serial = in.unsigned_varint(), count = in.unsigned_varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) files.push_back(get_file(in));
  if (!in.ok() || !in.at_end()) return Error(ErrorKind::damaged, "the position of this csv source is damaged");
  return serial;
}

std::optional<std::uint64_t> KnownFiles::serial_of(std::string_view position) {
  ByteReader in(position);
  auto found = in.little<std::uint8_t>();
  std::uint64_t serial = in.unsigned_varint();
  if (!in.ok() || found != version) return std::nullopt;
  return serial;
}

}  // namespace levada
