// What a captured row says in its record's headers, as neither key nor value has a place for it:
//
//   levada.unchanged   a JSON array of the value fields that the source did not send; readers who do not know it see
//   nulls levada.truncate    the record is no row: everything before it in this topic's table is gone
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "batch/batch.h"
#include "log/record_batch.h"

namespace levada {

// True for a record without key and value that says so.
bool is_truncation(const Record& record);
// Headers of such a record, in stored form.
std::string truncation_headers();

// The row's headers (in stored form, or empty) as they are to be written: with what the batch says of absent values,
// and without what another record said.
std::string headers_with_marks(const Batch& batch, std::uint32_t row, std::string_view headers);
// Sets what the batch's records say of absent values. Names are looked for as formats look for fields: exactly, else by
// the only one that differs in letter case; others are not among the columns that are read.
void read_marks(std::span<const Record> records, Batch& batch);

}  // namespace levada
