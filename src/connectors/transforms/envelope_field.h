// A field of Debezium's envelope as an option names it, and where an envelope of one type has it.
//
//   op              of the envelope itself      name PREFIXop
//   source.ts_ms    of one of its structures    name PREFIXsource_ts_ms
//   lsn:position    with another name           name PREFIXposition
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "batch/column.h"
#include "formats/connect_type.h"

namespace levada {

struct EnvelopeField {
  std::string structure, field;  // structure empty: of the envelope itself
  std::string name;              // that it gets
  bool operator==(const EnvelopeField&) const = default;

  // "op", "source.ts_ms".
  std::string text() const { return structure.empty() ? field : structure + "." + field; }
};

// As Debezium looks for it: plain names are of the envelope, of its transaction block, else of its source. Errors:
// usage, within `property`.
Result<std::vector<EnvelopeField>> read_envelope_fields(const std::vector<std::string>& written,
                                                        const std::string& prefix, std::string_view property);

struct EnvelopePlace {
  std::optional<std::size_t> structure;  // nullopt: of the envelope itself
  std::size_t field = 0;
  ConnectTypeRef type;  // of the field, optional and without a default

  // Of a column of envelopes.
  const Column& column(const Column& envelopes) const;
  // Whether the envelope has no such structure; its field may be null besides.
  bool is_missing(const Column& envelopes, std::uint32_t row) const;
};

// nullopt: envelopes of this type have no such field.
std::optional<EnvelopePlace> find_place(const ConnectType& envelope, const EnvelopeField& field);

}  // namespace levada
