// The rows of some batches on their way into a table, as the server takes them: its values of each column, one after
// the other. A row is named by its position, which counts the selected rows of the batches from 0.
//
// A value that the source did not send is taken from the change of the key before it, if that is among these rows.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "batch/batch.h"
#include "connectors/postgres/field_encoder.h"
#include "connectors/postgres/target.h"

namespace levada {

class GatheredRows {
 public:
  using Span = std::span<const std::uint32_t>;  // of positions
  struct Place {
    std::int32_t partition;
    std::int64_t offset;
  };

  explicit GatheredRows(const TablePlan& plan);  // which outlives this

  // Rows that cannot be sent at all are told in `rejected`.
  void add(const Batch& batch, RowFailures& rejected);
  void clear();
  // Of the order from this place on: rows that lack values get them from the row of the same key before them, as far as
  // it is there, too. Takes out those for which there is none any more.
  struct Refused {
    std::uint32_t position;
    std::string why;
  };
  std::vector<Refused> complete(std::size_t from);
  // Of the rows of a key the last one stays.
  void keep_last();

  // Those that are to be written, in the order of the log.
  std::vector<std::uint32_t>& order() { return order_; }
  std::size_t bytes() const;
  std::size_t bytes_of(std::uint32_t position) const;
  bool any_deletions() const { return !deletions_.empty(); }
  bool is_deletion(std::uint32_t position) const { return deletions_[position]; }
  const Place& place(std::uint32_t position) const { return places_[position]; }
  const std::vector<FieldValues>& values() const { return values_; }  // of each column
  // Whether two rows lack the same, and which columns a row lacks.
  bool lack_alike(std::uint32_t a, std::uint32_t b) const { return lacking_[a] == lacking_[b]; }
  const std::vector<bool>& lacking(std::uint32_t position) const { return sets_[lacking_[position]]; }
  // Why a row cannot be written without what it lacks, and what to do.
  std::string not_sent(std::uint32_t position, std::string_view why) const;

  // The last position of each key, sorted by key; those that lack values by what they lack.
  struct LastOfKeys {
    std::vector<std::uint32_t> writes, partial, deletions;
  };
  void reduce(Span rows, LastOfKeys& last);

 private:
  void encode(const Batch& batch, RowFailures& rejected);
  void encode_place(const Batch& batch, const TablePlan::Column& column, FieldValues& out);
  // Fills lacking_ for the rows that encode() has added.
  void note_absent(const Batch& batch, std::uint32_t first);
  // Adds to order_ the positions that are to be written.
  void choose_rows(const Batch& batch, RowFailures& rejected);
  // A new row: `row`, and what it lacks from `before`.
  std::uint32_t append_completed(std::uint32_t row, std::uint32_t before);
  std::uint32_t number_of(const std::vector<bool>& set);
  std::string lacking_names(std::uint32_t position) const;
  // Fills keys_ with the rows, sorted by key, and those of one key in their order.
  void sort_by_key(Span rows);
  bool same_key(std::uint32_t a, std::uint32_t b) const;

  const TablePlan& plan_;
  std::vector<Place> places_;
  std::vector<FieldValues> values_;  // of each column
  std::vector<std::uint32_t> order_;
  Bits bad_, deletions_;
  std::vector<std::uint32_t> lacking_;  // of each position, which columns it lacks: a number in sets_; 0: none
  std::vector<std::vector<bool>> sets_;
  bool any_lacking_ = false;
  struct SortKey {
    std::uint64_t prefix;
    std::uint32_t place;  // among the rows that are sorted
    std::uint32_t position;
  };
  std::vector<SortKey> keys_;
};

}  // namespace levada
