#include "log/segment_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "log/record_batch.h"

namespace levada {

static constexpr std::size_t least_read = 4096;
static constexpr std::size_t at_leader_epoch = 12, at_crc = 17, at_attributes = 21;

Error SegmentReader::damaged(std::string what, std::string why) const {
  return Error(ErrorKind::damaged, std::move(what))
      .where(fmt::format("{}, byte {}, offset {}", path_, place_.position, place_.offset.value()))
      .why(std::move(why))
      .remedy(
          "The topic is stopped. Keep the file; restore the log from a backup, or fill the topic again from its "
          "source.");
}

Result<Chunk> SegmentReader::read(std::size_t max_bytes, std::uint64_t counting, Offset from, Offset limit,
                                  ChunkPool& chunks) {
  std::size_t wanted = std::max(max_bytes, least_read);
  while (place_.position < counting) {
    std::uint64_t left = counting - place_.position;
    std::shared_ptr<Buffer> buffer = chunks.take(std::min<std::uint64_t>(wanted, left));
    buffer->resize(std::min<std::uint64_t>(wanted, left));
    std::size_t got = LV_TRY(file_->read_at(place_.position, {buffer->data(), buffer->size()}));
    if (got < buffer->size())
      return damaged("a segment file is too short",
                     fmt::format("{} bytes are committed, the file ends after {}", counting, place_.position + got));

    std::size_t at = 0, begin = 0;  // of the next batch, of the first one to give
    bool at_limit = false;
    while (got - at >= record_batch_header_size) {
      std::string_view bytes = buffer->view().substr(at);
      auto header = parse_header(bytes);
      if (!header) return damaged("bytes in a segment are no record batch", header.error().what());
      if (header->size > left - at)
        return damaged("bytes in a segment are no record batch",
                       fmt::format("its length is {}, {} bytes are left", header->size, left - at));
      if (header->base_offset != place_.offset || load_big<std::int32_t>(bytes.data() + at_leader_epoch) != -1)
        return damaged("a record batch is not the one that belongs here",
                       fmt::format("its base offset is {}", header->base_offset.value()));
      if (header->base_offset >= limit) {
        at_limit = true;
        break;
      }
      if (header->size > bytes.size()) {
        if (at == 0) wanted = header->size;
        break;
      }
      if (header->next_offset() <= from) {
        begin = at + header->size;
      } else {
        std::uint32_t crc = crc32c(bytes.substr(at_attributes, header->size - at_attributes));
        auto stored = load_big<std::uint32_t>(bytes.data() + at_crc);
        if (crc != stored)
          return damaged("a record batch does not agree with its checksum",
                         fmt::format("the checksum stored is {:08x}, that of the bytes is {:08x}", stored, crc));
      }
      at += header->size;
      place_ = {header->next_offset(), place_.position + header->size};
      if (begin < at && at - begin >= max_bytes) break;
    }
    if (at == 0 && !at_limit && left < record_batch_header_size)
      return damaged("bytes in a segment are no record batch", fmt::format("{} bytes are left", left));
    if (begin < at) {
      std::string_view batches = buffer->view().substr(begin, at - begin);
      return Chunk{std::move(buffer), batches};
    }
    if (at_limit) break;
  }
  return Chunk{};
}

}  // namespace levada
