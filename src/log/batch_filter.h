// A record batch without some of its records: what compaction writes. Offsets stay as they are; what was left out makes
// gaps. To the bytes of the records that stay nothing is done.
#pragma once
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "log/record_batch.h"

namespace levada {

class BatchFilter {
 public:
  // Looks at a batch; its records are then here.
  Result<void> read(std::string_view record_batch);
  std::span<const Record> records() const { return records_.all(); }
  bool control() const { return header_.control(); }

  // Appends the batch with the records for which keep[i] is set, possibly none. It takes the same offsets as before.
  void write(const std::vector<bool>& keep, Buffer& out);

 private:
  RecordBatchHeader header_;
  std::string_view batch_;  // not compressed
  Buffer plain_, kept_;
  Records records_;
};

// Makes the batch take all offsets up to `next`, so that the one behind it follows without a gap.
void stretch(char* record_batch, Offset next);
bool can_stretch(const RecordBatchHeader& header, Offset next);
// Appends a batch without records that takes the offsets [base, next).
void put_empty_batch(Buffer& out, Offset base, Offset next);

}  // namespace levada
