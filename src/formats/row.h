// ROW: the engine's own form of rows (formats/row_bytes.h), for topics that only it reads: rows on their way to be
// grouped. Lossless and quick; not for others, and not to be named in a statement.
#pragma once
#include <memory>

#include "formats/format.h"

namespace levada {

Result<void> check_row(const FormatSpec& spec);
std::unique_ptr<Decoder> make_row_decoder(const FormatSpec& spec);
std::unique_ptr<Encoder> make_row_encoder(const FormatSpec& spec);

}  // namespace levada
