#include "log/codec.h"

#include <lz4frame.h>
#include <zstd.h>

#include <memory>

namespace levada {
namespace {

// What a batch may grow to, so that a few hostile bytes cannot fill the memory.
constexpr std::size_t most_bytes = std::size_t{1} << 30;

struct FreeZstdContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
struct FreeLz4Context {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

// Contexts are large and made once a thread.
ZSTD_CCtx* zstd_compressor() {
  thread_local std::unique_ptr<ZSTD_CCtx, FreeZstdContext> context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* zstd_decompressor() {
  thread_local std::unique_ptr<ZSTD_DCtx, FreeZstdContext> context(ZSTD_createDCtx());
  return context.get();
}
using Lz4Context = std::unique_ptr<LZ4F_dctx, FreeLz4Context>;
Lz4Context& lz4_decompressor() {
  thread_local Lz4Context context;
  if (!context) {
    LZ4F_dctx* made = nullptr;
    LV_ASSERT(!LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)));
    context.reset(made);
  }
  return context;
}

Error damaged(std::string_view codec, std::string_view why) {
  return Error(ErrorKind::damaged, "a record batch does not decompress as " + std::string(codec)).why(std::string(why));
}

// Calls step(room, size of room) until it says that the frame is complete; it returns what it wrote into the room, and
// whether there is more to come.
template <class Step>
Result<void> expand(std::string_view codec, std::size_t first_guess, Buffer& out, Step step) {
  std::size_t begin = out.size(), piece = std::max<std::size_t>(first_guess, 4096);
  for (bool more = true; more;) {
    char* room = out.room(piece);
    std::size_t written = 0;
    LV_TRY(step(room, out.capacity() - out.size(), written, more));
    out.commit(room + written);
    if (out.size() - begin > most_bytes) return damaged(codec, "it grows beyond 1 GB");
    piece = out.size() - begin + 4096;
  }
  return {};
}

Result<void> expand_lz4(std::string_view bytes, Buffer& out) {
  Lz4Context& context = lz4_decompressor();
  auto step = [&](char* room, std::size_t size, std::size_t& written, bool& more) -> Result<void> {
    std::size_t taken = bytes.size();
    written = size;
    std::size_t hint = LZ4F_decompress(context.get(), room, &written, bytes.data(), &taken, nullptr);
    if (LZ4F_isError(hint)) return damaged("lz4", LZ4F_getErrorName(hint));
    bytes.remove_prefix(taken);
    more = hint != 0;
    if (more && bytes.empty() && written < size) return damaged("lz4", "it ends early");
    if (!more && !bytes.empty()) return damaged("lz4", "bytes follow it");
    return {};
  };
  auto expanded = expand("lz4", bytes.size() * 4, out, step);
  // A frame that failed leaves its size behind in lz4 1.9.4, reset or not, and the next good one would be refused.
  if (!expanded) context.reset();
  return expanded;
}

Result<void> expand_zstd(std::string_view bytes, Buffer& out) {
  ZSTD_DCtx* context = zstd_decompressor();
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  unsigned long long told = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  std::size_t guess = bytes.size() * 4;
  if (told != ZSTD_CONTENTSIZE_ERROR && told != ZSTD_CONTENTSIZE_UNKNOWN)
    guess = std::min<std::size_t>(told, guess * 8);
  return expand("zstd", guess, out,
                [&](char* room, std::size_t size, std::size_t& written, bool& more) -> Result<void> {
                  ZSTD_outBuffer to{room, size, 0};
                  std::size_t hint = ZSTD_decompressStream(context, &to, &in);
                  if (ZSTD_isError(hint)) return damaged("zstd", ZSTD_getErrorName(hint));
                  written = to.pos;
                  more = hint != 0;
                  if (more && in.pos == in.size && to.pos < size) return damaged("zstd", "it ends early");
                  if (!more && in.pos != in.size) return damaged("zstd", "bytes follow it");
                  return {};
                });
}

}  // namespace

void compress(Compression how, std::string_view bytes, Buffer& out) {
  std::size_t written = 0;
  if (how == Compression::lz4) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    std::size_t room = LZ4F_compressFrameBound(bytes.size(), &preferences);
    written = LZ4F_compressFrame(out.room(room), room, bytes.data(), bytes.size(), &preferences);
    LV_ASSERT(!LZ4F_isError(written));
  } else if (how == Compression::zstd) {
    std::size_t room = ZSTD_compressBound(bytes.size());
    written =
        ZSTD_compressCCtx(zstd_compressor(), out.room(room), room, bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
    LV_ASSERT(!ZSTD_isError(written));
  } else {
    return out.append(bytes);
  }
  out.resize(out.size() + written);
}

Result<void> decompress(int kind, std::string_view bytes, Buffer& out) {
  switch (kind) {
    case 0: out.append(bytes); return {};
    case 3: return expand_lz4(bytes, out);
    case 4: return expand_zstd(bytes, out);
    default:
      return Error(ErrorKind::unsupported, std::string("record batches compressed with ") +
                                               (kind == 1   ? "gzip"
                                                : kind == 2 ? "snappy"
                                                            : "codec " + std::to_string(kind)) +
                                               " cannot be read yet")
          .remedy("Set compression.type of the producer or topic to none, lz4 or zstd.");
  }
}

}  // namespace levada
