// Compression of a record batch's records, in the forms that Kafka's clients write and read: lz4 as a frame of
// independent blocks of 64 KB without a checksum, zstd as one frame.
#pragma once
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "log/log.h"

namespace levada {

// Appends the compressed bytes.
void compress(Compression how, std::string_view bytes, Buffer& out);

// Appends the bytes that were compressed. `kind` is the number in a batch's attributes. damaged: they cannot be had
// back; unsupported: gzip and snappy.
Result<void> decompress(int kind, std::string_view bytes, Buffer& out);

}  // namespace levada
