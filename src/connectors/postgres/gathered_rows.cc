#include "connectors/postgres/gathered_rows.h"

#include <algorithm>
#include <optional>
#include <ranges>

namespace levada {
namespace {

constexpr std::size_t most_kept_bytes = 2 << 20;   // of memory, when it is empty again: each table has its own
constexpr std::size_t most_row_bytes = 512 << 20;  // a server takes at most 1 GB in one message

using Planned = TablePlan::Column;

}  // namespace

GatheredRows::GatheredRows(const TablePlan& plan) : plan_(plan), values_(plan_.columns.size()) {
  sets_.emplace_back(plan_.columns.size(), false);
}

void GatheredRows::add(const Batch& batch, RowFailures& rejected) {
  encode(batch, rejected);
  choose_rows(batch, rejected);
}

void GatheredRows::clear() {
  if (bytes() > most_kept_bytes) values_ = std::vector<FieldValues>(values_.size());
  for (FieldValues& v : values_) v.clear();
  places_.clear();
  order_.clear();
  bad_.clear();
  deletions_.clear();
  lacking_.clear();
  any_lacking_ = false;
}

void GatheredRows::encode(const Batch& batch, RowFailures& rejected) {
  LV_ASSERT(batch.origin && batch.origin->offsets.size() == batch.size);
  const Rows rows = batch.rows();
  const auto first = static_cast<std::uint32_t>(places_.size());
  places_.reserve(first + rows.size());
  rows.for_each([&](std::uint32_t row) { places_.push_back({batch.origin->partition, batch.origin->offsets[row]}); });
  bad_.resize(places_.size(), false);
  note_absent(batch, first);
  RowFailures failures;
  for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
    const Planned& column = plan_.columns[c];
    if (column.source.from == TargetColumn::From::field)
      column.field.encoder->encode(*batch.column(column.source.index), rows, values_[c], failures);
    else
      encode_place(batch, column, values_[c]);
  }
  for (RowFailure& failure : failures) {
    std::uint32_t position = failure.row;
    if (!rows.is_all()) {
      auto positions = std::views::iota(std::uint32_t{0}, rows.size());
      position = *std::ranges::lower_bound(positions, failure.row, {}, [&](std::uint32_t i) { return rows[i]; });
    }
    if (bad_[first + position]) continue;  // one reason is enough
    bad_.set(first + position);
    rejected.push_back(std::move(failure));
  }
}

void GatheredRows::note_absent(const Batch& batch, std::uint32_t first) {
  lacking_.resize(places_.size(), 0);
  if (batch.absent.empty()) return;
  const Rows rows = batch.rows();
  std::vector<bool> set(plan_.columns.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (batch.is_deletion(rows[i])) continue;
    bool any = false;
    for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
      const TargetColumn& source = plan_.columns[c].source;
      set[c] = source.from == TargetColumn::From::field && source.index >= batch.key.size() &&
               batch.is_absent(source.index - batch.key.size(), rows[i]);
      any |= set[c];
    }
    if (any) lacking_[first + i] = number_of(set);
    any_lacking_ |= any;
  }
}

std::uint32_t GatheredRows::number_of(const std::vector<bool>& set) {
  auto at = std::ranges::find(sets_, set);
  if (at == sets_.end()) at = sets_.insert(at, set);
  return static_cast<std::uint32_t>(at - sets_.begin());
}

std::string GatheredRows::not_sent(std::uint32_t position, std::string_view why) const {
  return "the source has not sent " + lacking_names(position) + ", as it has not changed, and " + std::string(why) +
         "; an UPDATE of the row at the source that sets it anew sends it, and ALTER TABLE … REPLICA IDENTITY FULL "
         "there has it sent always";
}

std::string GatheredRows::lacking_names(std::uint32_t position) const {
  std::string names;
  for (std::size_t i = 0; i < plan_.columns.size(); ++i)
    if (sets_[lacking_[position]][i]) names += (names.empty() ? "\"" : ", \"") + plan_.columns[i].name + "\"";
  return names;
}

std::vector<GatheredRows::Refused> GatheredRows::complete(std::size_t from) {
  std::vector<Refused> refusals;
  if (!any_lacking_ || plan_.mode == InsertMode::insert) return refusals;
  const std::span<std::uint32_t> rows = std::span(order_).subspan(from);
  sort_by_key(rows);
  std::vector<bool> refused(rows.size(), false);
  std::optional<std::uint32_t> before;  // the row of the same key
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    if (before && !same_key(keys_[k - 1].position, keys_[k].position)) before.reset();
    std::uint32_t& row = rows[keys_[k].place];
    if (before && lacking_[row] != 0) {
      if (deletions_[*before]) {
        refusals.push_back({row, not_sent(row, "the row with this key was deleted before")});
        refused[keys_[k].place] = true;
        continue;
      }
      row = append_completed(row, *before);
    }
    before = row;
  }
  std::size_t kept = from;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!refused[i]) order_[kept++] = rows[i];
  order_.resize(kept);
  return refusals;
}

std::uint32_t GatheredRows::append_completed(std::uint32_t row, std::uint32_t before) {
  const auto made = static_cast<std::uint32_t>(places_.size());
  std::vector<bool> lacking = sets_[lacking_[row]];
  for (std::size_t c = 0; c < values_.size(); ++c) {
    const std::string value((values_[c])[lacking[c] ? before : row]);
    values_[c].bytes.append(value);
    values_[c].ends.push_back(values_[c].bytes.size());
    lacking[c] = lacking[c] && sets_[lacking_[before]][c];
  }
  const Place place = places_[row];
  places_.push_back(place);
  bad_.resize(places_.size(), false);
  deletions_.resize(places_.size(), false);
  lacking_.push_back(number_of(lacking));
  return made;
}

void GatheredRows::encode_place(const Batch& batch, const Planned& column, FieldValues& out) {
  Column place(column.source.field.type);
  std::string_view topic = plan_.topic;
  for (std::uint32_t row = 0; row < batch.size; ++row) {
    switch (column.source.from) {
      case TargetColumn::From::topic:
        place.append(StringView(topic.data(), static_cast<std::uint32_t>(topic.size())));
        break;
      case TargetColumn::From::partition: place.append(batch.origin->partition); break;
      case TargetColumn::From::offset: place.append(batch.origin->offsets[row]); break;
      case TargetColumn::From::field: LV_UNREACHABLE();
    }
  }
  RowFailures none;
  column.field.encoder->encode(place, batch.rows(), out, none);
}

void GatheredRows::choose_rows(const Batch& batch, RowFailures& rejected) {
  const Rows rows = batch.rows();
  const auto first = static_cast<std::uint32_t>(places_.size() - rows.size());
  auto refuse_row = [&](std::uint32_t i, std::string why) { rejected.push_back({rows[i], std::move(why)}); };
  const bool keyed = plan_.mode != InsertMode::insert;
  deletions_.resize(places_.size(), false);
  const bool large = bytes() > most_row_bytes;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t position = first + i;
    if (bad_[position]) continue;
    bool deletion = batch.is_deletion(rows[i]);
    if (deletion && plan_.deletions == Deletions::pass_over) continue;
    if (deletion && plan_.deletions == Deletions::refuse) {
      refuse_row(i, "a deletion cannot be written without 'delete.enabled' and a key");
      continue;
    }
    if (keyed || deletion) {
      auto null_key = std::ranges::find_if(plan_.columns, [&](const Planned& c) {
        return c.source.key && values_[static_cast<std::size_t>(&c - plan_.columns.data())].is_null(position);
      });
      if (null_key != plan_.columns.end()) {
        refuse_row(i, "the key column \"" + null_key->name + "\" is null");
        continue;
      }
    }
    if (lacking_[position] != 0 && !keyed) {
      refuse_row(i, not_sent(position, "without a key the row that has it cannot be found"));
      continue;
    }
    if (large && bytes_of(position) > most_row_bytes) {
      refuse_row(i, "the row is too large for the server: " + std::to_string(bytes_of(position)) + " bytes");
      continue;
    }
    if (deletion) deletions_.set(position);
    order_.push_back(position);
  }
  std::ranges::sort(rejected, {}, &RowFailure::row);
}

std::size_t GatheredRows::bytes_of(std::uint32_t position) const {
  std::size_t bytes = 0;
  for (const FieldValues& v : values_) bytes += v.ends[position] - v.begin(position);
  return bytes;
}

std::size_t GatheredRows::bytes() const {
  std::size_t bytes = 0;
  for (const FieldValues& v : values_) bytes += v.bytes.size();
  return bytes;
}

void GatheredRows::sort_by_key(Span rows) {
  std::vector<const FieldValues*> columns;
  const Planned* first = nullptr;
  for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
    if (!plan_.columns[c].source.key) continue;
    if (!first) first = &plan_.columns[c];
    columns.push_back(&values_[c]);
  }
  // The first eight bytes of the key decide most comparisons, as one number.
  const std::uint64_t flip = first->counts_up ? std::uint64_t{1} << 63 : 0;
  keys_.clear();
  for (std::uint32_t place = 0; place < rows.size(); ++place) {
    std::string_view value = (*columns[0])[rows[place]].substr(4);
    std::uint64_t prefix = load_big<std::uint64_t>(value.data());
    if (value.size() < 8) prefix = value.empty() ? 0 : prefix >> (64 - 8 * value.size()) << (64 - 8 * value.size());
    keys_.push_back({prefix ^ flip, place, rows[place]});
  }
  std::sort(keys_.begin(), keys_.end(), [&](const SortKey& a, const SortKey& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    for (const FieldValues* v : columns)
      if (int c = (*v)[a.position].compare((*v)[b.position]); c != 0) return c < 0;
    return a.place < b.place;
  });
}

bool GatheredRows::same_key(std::uint32_t a, std::uint32_t b) const {
  for (std::size_t c = 0; c < plan_.columns.size(); ++c)
    if (plan_.columns[c].source.key && values_[c][a] != values_[c][b]) return false;
  return true;
}

void GatheredRows::reduce(Span rows, LastOfKeys& last) {
  sort_by_key(rows);
  last.writes.clear();
  last.partial.clear();
  last.deletions.clear();
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    std::uint32_t i = keys_[k].position;
    if (k + 1 < keys_.size() && keys_[k].prefix == keys_[k + 1].prefix && same_key(i, keys_[k + 1].position))
      continue;  // a later change of the key follows
    (deletions_[i] ? last.deletions : lacking_[i] != 0 ? last.partial : last.writes).push_back(i);
  }
  std::ranges::stable_sort(last.partial, {}, [&](std::uint32_t i) { return lacking_[i]; });
}

void GatheredRows::keep_last() {
  LastOfKeys last;
  reduce(order_, last);
  std::vector<bool> stays(places_.size(), false);
  for (const auto* part : {&last.writes, &last.partial, &last.deletions})
    for (std::uint32_t position : *part) stays[position] = true;
  std::erase_if(order_, [&](std::uint32_t position) { return !stays[position]; });
}

}  // namespace levada
