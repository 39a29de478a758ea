// NONE: no columns, no bytes: the key of a stream that has none. Bytes that are there are not looked at.
#pragma once
#include <memory>

#include "formats/format.h"

namespace levada {

Result<void> check_none(const FormatSpec& spec);
std::unique_ptr<Decoder> make_none_decoder(const FormatSpec& spec);
std::unique_ptr<Encoder> make_none_encoder(const FormatSpec& spec);

}  // namespace levada
