// JSON: an object with a member for each field, or one bare value (FormatSpec::wrap_single). Which JSON value becomes
// which type stands in formats/json_value.h, the bytes that are written in formats/README.md.
#pragma once
#include <memory>

#include "formats/format.h"

namespace levada {

Result<void> check_json(const FormatSpec& spec);
std::unique_ptr<Decoder> make_json_decoder(const FormatSpec& spec);
std::unique_ptr<Encoder> make_json_encoder(const FormatSpec& spec);

}  // namespace levada
