// The currency of the engine: many changes of one schema in columns. Operators take batches and give batches.
//
// A change is a key with the row before and the row after it. A stream's rows have no before; a deletion has no after.
// What stood before is carried only where somebody downstream asked for it.
//
// A batch is a value that shares its columns: copying one copies references. All its rows come from one topic
// partition.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "batch/bits.h"
#include "batch/column.h"
#include "batch/schema.h"
#include "batch/selection.h"

namespace levada {

// Where rows come from; shared by all batches derived from one.
struct Origin {
  // What the offsets count: records of a partition (of none, partition -1: rows of a file), places in a server's log,
  // changes of a change table.
  enum class Place : std::uint8_t { offset, lsn, change };
  std::string topic;
  std::int32_t partition = 0;
  Place place = Place::offset;
  std::vector<std::int64_t> offsets;      // of each row in its partition; empty before the log has given any
  std::vector<std::string_view> headers;  // of each row, in record batch form; empty if no row has any
  std::shared_ptr<const void> memory;     // what the headers point into

  // Where the row was, for people: "shop-0 offset 17", "people.csv row 3", "public.people LSN 0/16B3748",
  // "public.people change 42".
  std::string text(std::uint32_t row) const;
};

struct Batch {
  SchemaRef schema;
  std::uint32_t size = 0;  // rows in every column, selected or not

  Columns key;     // a column for each key field
  Columns after;   // a column for each value field; null in the rows of `deleted`
  Columns before;  // the same, or empty where nobody asked

  Bits deleted;     // rows without after; empty: there are none
  Bits has_before;  // rows whose before is known to be there; empty: none

  // By value field, the rows whose value the source did not send because it has not changed: neither a value nor null
  // (there stands a null), to be left alone by whoever writes the row elsewhere. Empty, as a whole or of a field: none.
  std::vector<Bits> absent;

  // The table was emptied: whatever its rows were before, they are gone. Such a batch has no rows, but the timestamp
  // and origin of one.
  bool truncates = false;

  std::shared_ptr<const std::vector<std::int64_t>> timestamps_ms;  // event time, milliseconds since 1970 UTC
  std::shared_ptr<const Origin> origin;

  Selection selection;  // the rows that count

  Rows rows() const { return selection.rows(); }
  bool empty() const { return selection.size() == 0; }
  bool is_deletion(std::uint32_t row) const { return !deleted.empty() && deleted[row]; }
  bool is_absent(std::size_t value_field, std::uint32_t row) const {
    return !absent.empty() && !absent[value_field].empty() && absent[value_field][row];
  }
  std::int64_t timestamp_ms(std::uint32_t row) const { return (*timestamps_ms)[row]; }
  // Column i of key followed by after, as Schema counts them.
  const ColumnRef& column(std::size_t i) const { return i < key.size() ? key[i] : after[i - key.size()]; }
};

// Only the selected rows, all columns dense. Returns the batch itself where all rows are selected.
Batch compact(Batch batch);

// At most `rows` rows a batch are decoded at a time: enough to forget the cost of a call, few enough to stay in the
// cache.
inline constexpr std::uint32_t batch_rows = 4096;

}  // namespace levada
