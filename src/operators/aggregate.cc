// GROUP BY: a hash table from the group's key to one accumulator for each aggregate function.
//
//   block of a group = accumulator of call 0 | call 1 | …        each at its own offset, 16-byte aligned
//
// The accumulators are updated a batch at a time: the groups of all rows are looked up at once, then each call runs
// over all rows with a pointer to the accumulator of each. Results are made when the batch of changes is asked for: at
// a commit, so that the updates of a key in between become one, or after every row.
#include <algorithm>

#include "formats/row_bytes.h"
#include "operators/absent.h"
#include "operators/operators.h"
#include "state/group_table.h"

namespace levada {
namespace {

using Group = GroupTable::Group;

// The accumulators of all groups. As a store: key = the group's key, value = what the accumulators save, one after the
// other.
class Groups : public Store {
 public:
  explicit Groups(const AggregateSpec& spec) : name_(spec.store), calls_(spec.calls), table_(place(spec.calls)) {}
  ~Groups() override { end_all(); }

  const std::string& name() const override { return name_; }
  std::uint64_t keys() const override { return table_.size(); }
  std::uint64_t bytes() const override { return table_.bytes(); }

  void take_changes(const Visit& visit) override {
    table_.take_changed([&](Group* group) { save(*group, visit); });
  }
  void visit_all(const Visit& visit) const override {
    table_.for_each([&](Group* group) { save(*group, visit); });
  }
  Result<void> restore(std::string_view key, std::string_view value, std::int64_t timestamp_ms) override {
    if (Group* old = table_.find(key)) remove(old);
    if (value.data() == nullptr) return {};
    Group* group = nullptr;
    std::vector<Group*> made;
    table_.find_or_make(std::span(&key, 1), std::span(&group, 1), made);
    start(made);
    group->fresh = false;
    group->timestamp_ms = timestamp_ms;
    ByteReader in(value);
    for (std::size_t c = 0; c < calls_.size(); ++c)
      if (!calls_[c].function.overload->load(accumulator(group, c), in) || !in.ok())
        return Error(ErrorKind::damaged, "stored state of " + name_ + " cannot be read")
            .why("accumulator of " + calls_[c].text);
    if (!in.at_end())
      return Error(ErrorKind::damaged, "stored state of " + name_ + " cannot be read")
          .why("it is longer than it should be");
    return {};
  }
  void clear() override {
    end_all();
    table_.clear();
  }

  // Finds the groups of the keys, starting the accumulators of new ones.
  void find_or_make(std::span<const std::string_view> keys, std::vector<Group*>& groups) {
    groups.resize(keys.size());
    made_.clear();
    table_.find_or_make(keys, groups, made_);
    start(made_);
  }
  void touch(Group* group) { table_.touch(group); }
  char* accumulator(Group* group, std::size_t call) const { return group->block() + offsets_[call]; }

 private:
  std::uint32_t place(const std::vector<AggregateSpec::Call>& calls) {
    std::uint32_t size = 0;
    for (const auto& call : calls) {
      offsets_.push_back(size);
      size += (call.function.overload->state_size + 15) / 16 * 16;
    }
    return size;
  }
  void start(std::span<Group* const> groups) {
    for (std::size_t c = 0; c < calls_.size(); ++c)
      for (Group* group : groups) calls_[c].function.overload->start(accumulator(group, c));
  }
  void end(Group* group) {
    for (std::size_t c = 0; c < calls_.size(); ++c)
      if (auto end_one = calls_[c].function.overload->end) end_one(accumulator(group, c));
  }
  void remove(Group* group) {
    end(group);
    table_.erase(group);
  }
  void end_all() {
    bool any = std::ranges::any_of(calls_, [](const auto& call) { return call.function.overload->end != nullptr; });
    if (any) table_.for_each([&](Group* group) { end(group); });
  }
  void save(const Group& group, const Visit& visit) const {
    saved_.clear();
    for (std::size_t c = 0; c < calls_.size(); ++c)
      calls_[c].function.overload->save(group.block() + offsets_[c], saved_);
    visit(group.key(), saved_.empty() ? std::string_view("") : saved_.view(), group.timestamp_ms);
  }

  std::string name_;
  std::vector<AggregateSpec::Call> calls_;
  std::vector<std::uint32_t> offsets_;
  GroupTable table_;
  std::vector<Group*> made_;
  mutable Buffer saved_;
};

class Aggregate : public Operator {
 public:
  Aggregate(AggregateSpec spec, const Surroundings& surroundings)
      : spec_(std::move(spec)), surroundings_(surroundings), groups_(spec_), key_bytes_(spec_.schema->key) {}

  void push(std::size_t, const Batch& given, Output& out) override {
    Batch batch = given;
    if (!given.absent.empty()) {
      for (const ExpressionRef& e : spec_.group) batch = without_absent(batch, *e, out);
      for (const AggregateSpec::Call& call : spec_.calls)
        for (const ExpressionRef& e : call.arguments) batch = without_absent(batch, *e, out);
    }
    if (spec_.merge) return take(batch, batch.rows(), out);
    batch.rows().for_each([&](std::uint32_t row) {
      take(batch, Rows(std::span(&row, 1)), out);
      flush(out);
    });
  }

  // The groups touched since the last flush, in the order in which they were touched first.
  void flush(Output& out) override {
    for (std::size_t from = 0; from < pending_.size(); from += batch_rows) {
      std::size_t count = std::min<std::size_t>(batch_rows, pending_.size() - from);
      out.batches.push_back(changes(from, count));
    }
    pending_.clear();
    before_.clear();
    had_before_.clear();
    origin_.reset();
  }

  Store* store() override { return &groups_; }

 private:
  // Rows that are there are added; of an input that tells what was there before, that is removed first.
  void take(const Batch& batch, Rows rows, Output& out) {
    std::vector<std::uint32_t> list;
    if (!batch.has_before.empty()) {
      rows.for_each([&](std::uint32_t row) {
        if (batch.has_before[row]) list.push_back(row);
      });
      Batch old = batch;
      old.after = batch.before;
      accumulate(old, Rows(list), true, out);
    }
    if (batch.deleted.empty()) return accumulate(batch, rows, false, out);
    list.clear();
    rows.for_each([&](std::uint32_t row) {
      if (!batch.deleted[row]) list.push_back(row);
    });
    accumulate(batch, Rows(list), false, out);
  }

  void accumulate(const Batch& batch, Rows rows, bool remove, Output& out) {
    Columns key;
    for (const ExpressionRef& e : spec_.group) key.push_back(compute(*e, batch, rows, true, out));
    key_bytes_.encode(key, rows, keys_, with_null_);
    std::vector<std::uint32_t> with_key;
    if (std::size_t nulls = with_null_.count()) {
      out.dropped_null_keys += nulls;
      if (!remove) tell_null_keys(batch, rows, nulls, out);
      std::uint32_t kept = 0;
      for (std::uint32_t i = 0; i < rows.size(); ++i) {
        if (with_null_[i]) continue;
        keys_[kept++] = keys_[i];
        with_key.push_back(rows[i]);
      }
      keys_.resize(kept);
      rows = Rows(with_key);
    }
    if (rows.empty()) return;
    groups_.find_or_make(keys_, row_groups_);
    list_touched(batch, rows);
    std::span<const std::int64_t> offsets;
    if (batch.origin) offsets = batch.origin->offsets;
    for (std::size_t c = 0; c < spec_.calls.size(); ++c) {
      const AggregateSpec::Call& call = spec_.calls[c];
      Columns columns;
      std::vector<Argument> arguments;
      for (const ExpressionRef& e : call.arguments) {
        columns.push_back(compute(*e, batch, rows, false, out));
        arguments.push_back({columns.back().get(), false});
      }
      states_.resize(rows.size());
      for (std::uint32_t i = 0; i < rows.size(); ++i) states_[i] = groups_.accumulator(row_groups_[i], c);
      RowFailures failures;
      auto run = remove ? call.function.overload->remove : call.function.overload->add;
      run({arguments, rows, states_, offsets, failures});
      out.fail(batch, failures, call.text, false);
    }
    if (!origin_ && batch.origin) {
      auto origin = std::make_shared<Origin>();
      origin->topic = batch.origin->topic;
      origin->partition = batch.origin->partition;
      origin_ = std::move(origin);
    }
  }

  // One entry for all of a batch: there may be many.
  void tell_null_keys(const Batch& batch, Rows rows, std::size_t nulls, Output& out) {
    std::uint32_t first = 0;
    while (!with_null_[first]) ++first;
    std::string key;
    for (const ExpressionRef& e : spec_.group) key += (key.empty() ? "" : ", ") + e->text;
    std::string why = "the group's key is null";
    if (nulls > 1) why += ", also of " + std::to_string(nulls - 1) + (nulls == 2 ? " more row" : " more rows");
    RowFailures failures{{rows[first], why}};
    out.fail(batch, failures, key, true);
    out.failures.back().rows = nulls;
  }

  ColumnRef compute(const Expression& e, const Batch& batch, Rows rows, bool is_key, Output& out) {
    RowFailures failures;
    ColumnRef column = evaluate(e, batch, rows, surroundings_, failures);
    if (!failures.empty()) out.fail(batch, failures, e.text, is_key);
    return column;
  }

  void list_touched(const Batch& batch, Rows rows) {
    std::size_t first = pending_.size();
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      Group* group = row_groups_[i];
      groups_.touch(group);
      if (!group->pending) {
        group->pending = true;
        pending_.push_back(group);
      }
      group->timestamp_ms = std::max(group->timestamp_ms, batch.timestamp_ms(rows[i]));
    }
    if (!spec_.before) return;
    // What stood there is computed now, before the accumulators move on.
    append_results(std::span(pending_).subspan(first), before_);
    for (std::size_t i = first; i < pending_.size(); ++i) had_before_.push_back(!pending_[i]->fresh);
  }

  void append_results(std::span<Group* const> groups, std::vector<Column>& columns) {
    if (columns.empty())
      for (const Field& field : spec_.schema->value) columns.emplace_back(field.type);
    states_.resize(groups.size());
    for (std::size_t c = 0; c < spec_.calls.size(); ++c) {
      for (std::size_t i = 0; i < groups.size(); ++i) states_[i] = groups_.accumulator(groups[i], c);
      spec_.calls[c].function.overload->result(states_, columns[c]);
    }
  }

  // The batch of pending groups [from, from + count), which are pending no more.
  Batch changes(std::size_t from, std::size_t count) {
    std::span<Group* const> groups = std::span(pending_).subspan(from, count);
    Batch batch;
    batch.schema = spec_.schema;
    batch.size = static_cast<std::uint32_t>(count);
    batch.selection = Selection::all(batch.size);
    batch.origin = origin_;

    std::vector<std::shared_ptr<Column>> key;
    std::vector<Column*> key_columns;
    for (const Field& field : spec_.schema->key) {
      key.push_back(std::make_shared<Column>(field.type));
      key_columns.push_back(key.back().get());
    }
    auto timestamps = std::make_shared<std::vector<std::int64_t>>();
    timestamps->reserve(count);
    keys_.clear();
    GroupTable::for_each_ahead(groups, [&](Group* group) {
      group->pending = group->fresh = false;
      keys_.push_back(group->key());
      timestamps->push_back(group->timestamp_ms);
    });
    LV_ASSERT(key_bytes_.decode(keys_, key_columns));
    batch.key.assign(key.begin(), key.end());
    batch.timestamps_ms = std::move(timestamps);

    std::vector<Column> results;
    append_results(groups, results);
    for (Column& column : results) batch.after.push_back(std::make_shared<const Column>(std::move(column)));
    if (!spec_.before) return batch;
    std::vector<std::uint32_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = static_cast<std::uint32_t>(from + i);
    for (const Column& column : before_) {
      auto part = std::make_shared<Column>(column.type());
      part->append_from(column, Rows(rows));
      batch.before.push_back(std::move(part));
    }
    for (std::uint32_t row : rows) batch.has_before.push_back(had_before_[row]);
    return batch;
  }

  const AggregateSpec spec_;
  const Surroundings& surroundings_;
  Groups groups_;
  RowBytes key_bytes_;
  std::vector<Group*> pending_;  // touched since the last flush
  std::vector<Column> before_;   // results of the pending groups before that, if asked for
  std::vector<bool> had_before_;
  std::shared_ptr<const Origin> origin_;

  // Of the batch at hand, kept for their memory.
  std::vector<std::string_view> keys_;
  Bits with_null_;
  std::vector<Group*> row_groups_;
  std::vector<char*> states_;
};

}  // namespace

std::unique_ptr<Operator> make_aggregate(AggregateSpec spec, const Surroundings& surroundings) {
  return std::make_unique<Aggregate>(std::move(spec), surroundings);
}

}  // namespace levada
