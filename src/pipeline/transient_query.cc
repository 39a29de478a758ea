#include "pipeline/transient_query.h"

#include <algorithm>
#include <map>

#include "formats/row_bytes.h"
#include "pipeline/topic_reader.h"

namespace levada {
namespace {

constexpr std::size_t read_bytes = 1 << 20;

// The plan's operators, from the one that reads to the top.
class Chain {
 public:
  Chain(const QueryPlan& plan, const Surroundings& surroundings) {
    const PlanNode* node = plan.root.get();
    while (!std::holds_alternative<ReadNode>(node->step)) {
      if (auto spec = operator_of(node->step)) operators_.push_back(make_operator(*spec, surroundings));
      gives_table_ |= std::holds_alternative<AggregateSpec>(node->step);
      node = node->inputs[0].get();  // a repartition changes nothing where all partitions are one
    }
    read_ = node;
    gives_table_ |= std::get<ReadNode>(node->step).table;
    std::ranges::reverse(operators_);
  }

  const PlanNode& read() const { return *read_; }
  bool gives_table() const { return gives_table_; }

  void push(const Batch& batch, std::vector<Batch>& out, std::uint64_t& failed) { push_from(0, batch, out, failed); }
  void flush(std::vector<Batch>& out, std::uint64_t& failed) {
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      Output output;
      operators_[i]->flush(output);
      for (const ProcessingFailure& failure : output.failures) failed += failure.rows;
      for (const Batch& batch : output.batches) push_from(i + 1, batch, out, failed);
    }
  }

 private:
  void push_from(std::size_t first, const Batch& batch, std::vector<Batch>& out, std::uint64_t& failed) {
    if (first == operators_.size()) {
      out.push_back(batch);
      return;
    }
    Output output;
    operators_[first]->push(0, batch, output);
    for (const ProcessingFailure& failure : output.failures) failed += failure.rows;
    for (const Batch& next : output.batches) push_from(first + 1, next, out, failed);
  }

  std::vector<std::unique_ptr<Operator>> operators_;
  const PlanNode* read_ = nullptr;
  bool gives_table_ = false;
};

// The last row of each key, in the order in which keys came first.
class TableRows {
 public:
  explicit TableRows(SchemaRef schema) : schema_(std::move(schema)), key_bytes_(schema_->key) {}

  void add(const Batch& batch) {
    std::vector<std::string_view> keys;
    Bits nulls;
    key_bytes_.encode(batch.key, batch.rows(), keys, nulls);
    std::uint32_t kept = static_cast<std::uint32_t>(batches_.size());
    batches_.push_back(batch);
    for (std::uint32_t i = 0; i < keys.size(); ++i) {
      auto [it, fresh] = rows_.try_emplace(std::string(keys[i]), Place{kept, 0, rows_.size()});
      it->second.batch = kept;
      it->second.row = batch.rows()[i];
    }
  }

  // One batch for each row is enough for what people read.
  std::vector<Batch> take() {
    std::vector<Place> places;
    for (const auto& [key, place] : rows_)
      if (!batches_[place.batch].is_deletion(place.row)) places.push_back(place);
    std::ranges::sort(places, {}, &Place::order);
    std::vector<Batch> result;
    for (const Place& place : places) {
      Batch row = batches_[place.batch];
      row.selection = Selection(std::vector<std::uint32_t>{place.row});
      result.push_back(std::move(row));
    }
    return result;
  }

 private:
  struct Place {
    std::uint32_t batch, row;
    std::size_t order;
  };
  SchemaRef schema_;
  RowBytes key_bytes_;
  std::vector<Batch> batches_;
  std::map<std::string, Place> rows_;
};

}  // namespace

Result<void> run_transient_query(const QueryPlan& plan, Log& log, const Surroundings& surroundings,
                                 std::stop_token stop, const std::function<bool(const Batch&)>& take,
                                 std::uint64_t& failed) {
  Chain chain(plan, surroundings);
  const auto& read = std::get<ReadNode>(chain.read().step);
  std::vector<std::unique_ptr<TopicReader>> readers;
  std::vector<TopicPartition> partitions;
  for (std::int32_t p = 0; p < read.format.partitions; ++p) {
    partitions.push_back({read.format.topic, p});
    Offset first = LV_TRY(log.offsets(partitions.back())).first;
    readers.push_back(LV_TRY(TopicReader::open(log, read, chain.read().schema, p, first, surroundings)));
  }

  // Rows that are there now.
  bool more = true;
  TableRows table(plan.root->schema);
  bool as_table = chain.gives_table() && !plan.follow;
  std::vector<Batch> out;
  auto deliver = [&] {
    for (const Batch& batch : out) {
      if (batch.empty() || !more) continue;
      if (as_table)
        table.add(batch);
      else
        more = take(batch);
    }
    out.clear();
  };
  auto read_to = [&](std::size_t p, Offset end) -> Result<void> {
    while (more && readers[p]->position() < end && !stop.stop_requested()) {
      TopicReader::Rows rows;
      if (!LV_TRY(readers[p]->read(read_bytes, end, rows))) break;
      failed += rows.undecodable.size() + rows.failures.size();
      for (const Batch& batch : rows.batches) chain.push(batch, out, failed);
      deliver();
    }
    return {};
  };
  for (std::size_t p = 0; p < readers.size(); ++p) LV_TRY(read_to(p, LV_TRY(log.offsets(partitions[p])).end));
  chain.flush(out, failed);
  deliver();
  for (const Batch& batch : table.take())
    if (more) more = take(batch);
  if (!plan.follow) return {};

  // And what comes.
  Wakeup wakeup;
  log.watch(wakeup, partitions);
  Result<void> result;
  while (more && result && !stop.stop_requested()) {
    for (std::size_t p = 0; p < readers.size() && result; ++p) {
      auto range = log.offsets(partitions[p]);
      if (!range)
        result = std::unexpected(std::move(range).error());
      else
        result = read_to(p, range->end);
    }
    chain.flush(out, failed);
    deliver();
    if (more) wakeup.wait_for(std::chrono::milliseconds(100));
  }
  log.unwatch(wakeup);
  return result;
}

}  // namespace levada
