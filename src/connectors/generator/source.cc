#include "connectors/generator/source.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <numeric>

#include "base/assert.h"
#include "base/near_name.h"
#include "connectors/generator/values.h"
#include "connectors/source_target.h"

namespace levada {
namespace {

struct GeneratorOptions {
  std::string topic, kafka_topic, timestamp_column;
  Properties columns;
  std::int64_t seed = 1, count = 0, iterations = 0, batch_size = 0, max_interval_ms = 0;
  double rate = 0;
};

class GeneratorSource : public Source {
 public:
  GeneratorSource(SourceContext context, const SourceTarget& target, GeneratedRows rows, std::uint64_t count,
                  double rate, std::uint32_t batch, std::optional<std::size_t> time_column)
      : context_(std::move(context)),
        topic_(target.topic),
        schema_(target.schema),
        rows_(std::move(rows)),
        count_(count),
        rate_(rate),
        batch_(batch),
        time_column_(time_column) {}

  Result<void> start(const std::optional<std::string>& position) override {
    std::uint64_t next = 0;
    if (position) {
      auto [end, error] = std::from_chars(position->data(), position->data() + position->size(), next);
      if (error != std::errc() || end != position->data() + position->size() || position->empty())
        return Error(ErrorKind::refused, "the position of this generator is not a row number")
            .why("it is '" + *position + "'")
            .remedy("It was written by another kind of connector of this name. Give the connector another name.");
    }
    next_ = next;
    started_at_ = next;
    started_us_ = context_.clock->steady_us();
    return {};
  }

  Result<SourceRead> read(std::stop_token stop, std::chrono::milliseconds wait) override {
    SourceRead out;
    if (next_ >= count_ && !context_.follow) {
      out.end = true;
      return out;
    }
    std::uint64_t due = std::min<std::uint64_t>(rows_due(), batch_);
    if (due == 0) {
      sleep(stop, wait);
      due = std::min<std::uint64_t>(rows_due(), batch_);
    }
    while (due > 0 && !stop.stop_requested()) {
      auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(due, batch_rows));
      out.parts.push_back(LV_TRY(make(n)));
      due -= n;
      next_ += n;
    }
    if (!out.parts.empty()) out.position = std::to_string(next_);
    return out;
  }

  Result<void> acknowledge(const std::string&) override { return {}; }

  Progress progress() const override {
    return {.done = next_, .total = count_ == UINT64_MAX ? 0 : count_, .unit = "rows", .detail = {}};
  }

 private:
  // Rows that should have been made by now and are not.
  std::uint64_t rows_due() const {
    std::uint64_t left = next_ < count_ ? count_ - next_ : 0;
    if (rate_ <= 0) return left;
    double seconds = static_cast<double>(context_.clock->steady_us() - started_us_) / 1e6;
    auto should = started_at_ + static_cast<std::uint64_t>(seconds * rate_) + 1;  // the first at once
    return should > next_ ? std::min(left, should - next_) : 0;
  }

  // Until a row is due, for `wait` at most.
  void sleep(const std::stop_token& stop, std::chrono::milliseconds wait) {
    std::chrono::microseconds time = wait;
    if (next_ < count_) {
      double due_us = static_cast<double>(next_ - started_at_) / rate_ * 1e6;
      double left_us = due_us - static_cast<double>(context_.clock->steady_us() - started_us_);
      time = std::min(time, std::chrono::microseconds(static_cast<std::int64_t>(std::clamp(left_us, 0.0, 1e12)) + 1));
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any stopped;
    stopped.wait_for(lock, stop, time, [] { return false; });
  }

  Result<SourceRead::Part> make(std::uint32_t n) const {
    Batch batch{.schema = schema_, .size = n};
    for (std::size_t c = 0; c < schema_->size(); ++c)
      (c < schema_->key.size() ? batch.key : batch.after).push_back(LV_TRY(rows_.column(c, next_, n)));
    auto times = std::make_shared<std::vector<std::int64_t>>(n, context_.clock->now_ms());
    if (time_column_) {
      const Column& column = *batch.column(*time_column_);
      for (std::uint32_t i = 0; i < n; ++i) {
        std::int64_t v = column.values<std::int64_t>()[i];
        if (!column.is_null(i)) (*times)[i] = column.type().kind() == TypeKind::int64 ? v : v / 1000 - (v % 1000 < 0);
      }
    }
    batch.timestamps_ms = std::move(times);
    auto origin = std::make_shared<Origin>();
    origin->topic = context_.name;
    origin->partition = -1;
    origin->offsets.resize(n);
    std::iota(origin->offsets.begin(), origin->offsets.end(), static_cast<std::int64_t>(next_ + 1));
    batch.origin = std::move(origin);
    batch.selection = Selection::all(n);
    return SourceRead::Part{topic_, std::move(batch)};
  }

  const SourceContext context_;
  const std::string topic_;
  const SchemaRef schema_;
  const GeneratedRows rows_;
  const std::uint64_t count_;  // UINT64_MAX: no end
  const double rate_;          // rows a second; 0: as many as go
  const std::uint32_t batch_;
  const std::optional<std::size_t> time_column_;

  std::atomic<std::uint64_t> next_ = 0;
  std::uint64_t started_at_ = 0;
  std::int64_t started_us_ = 0;
};

// The spec of every column. Either all are said, or none: then each gets what its type suggests.
Result<std::vector<GeneratorSpec>> read_specs(const GeneratorOptions& options, const SourceTarget& target) {
  const Schema& schema = *target.schema;
  std::vector<std::string> names, missing;
  for (std::size_t c = 0; c < schema.size(); ++c) names.push_back(schema[c].name);
  for (const Property& property : options.columns)
    if (!schema.find(property.name))
      return Error(ErrorKind::usage, "'column." + property.name + "' is for no column of " + target.object)
          .where(property.where)
          .remedy(did_you_mean(property.name, names));
  std::vector<GeneratorSpec> specs;
  for (std::size_t c = 0; c < schema.size(); ++c) {
    const Property* property = find_property(options.columns, schema[c].name);
    if (!property && !options.columns.empty()) {
      missing.push_back(schema[c].name);
      continue;
    }
    std::string text = property ? property->value : default_generator_spec(schema[c].name, schema[c].type);
    auto spec = parse_generator_spec(text, schema[c].type);
    if (!spec) {
      std::string where = property ? property->where + (property->where.empty() ? "" : "\n") : "";
      where += spec.error().where();
      return std::move(spec).error().within("'column." + schema[c].name + "'").where(std::move(where));
    }
    specs.push_back(*std::move(spec));
  }
  if (missing.empty()) return specs;
  std::string list;
  for (const std::string& name : missing) list += (list.empty() ? "" : ", ") + name;
  return Error(ErrorKind::usage, (missing.size() == 1 ? "column " : "columns ") + list + " of " + target.object +
                                     (missing.size() == 1 ? " has no spec" : " have no spec"))
      .remedy("Say what stands there: 'column." + missing.front() + "' = '" +
              default_generator_spec(missing.front(), schema[*schema.find(missing.front())].type) + "'.");
}

}  // namespace

std::span<const Option> generator_options() {
  using O = GeneratorOptions;
  static constexpr std::string_view declared = "the CREATE STREAM or CREATE TABLE over the topic declares the columns";
  static constexpr Option options[] = {
      {.name = "topic",
       .field = option<&O::topic>,
       .doc = "The topic to write to. May be left out where the SQL file declares only one."},
      {.name = "column.*",
       .field = option<&O::columns>,
       .doc = "What stands in a column: 'column.AMOUNT' = 'uniform 10.00..99.99'. For all columns, or for none: then "
              "the types "
              "decide."},
      {.name = "seed", .field = option<&O::seed>, .fallback = "1", .doc = "The same seed gives the same rows."},
      {.name = "count",
       .field = option<&O::count>,
       .fallback = "0",
       .range = "0..",
       .unit = "rows",
       .doc = "How many rows there are; 0: no end."},
      {.name = "rate",
       .field = option<&O::rate>,
       .fallback = "0",
       .range = "0..",
       .unit = "rows/s",
       .doc = "How many rows a second; 0: as many as can be taken."},
      {.name = "timestamp.column",
       .field = option<&O::timestamp_column>,
       .doc = "The TIMESTAMP or BIGINT (milliseconds) column that is the record's time; without it, it is the time of "
              "making."},
      {.name = "batch.size",
       .field = option<&O::batch_size>,
       .fallback = "16384",
       .range = "1..1000000",
       .unit = "rows",
       .doc = "Rows that are made at a time at most."},
      // Of Confluent's datagen connector.
      {.name = "kafka.topic", .field = option<&O::kafka_topic>, .doc = "The same as topic."},
      {.name = "iterations", .field = option<&O::iterations>, .fallback = "0", .doc = "The same as count; -1: no end."},
      {.name = "max.interval",
       .field = option<&O::max_interval_ms>,
       .fallback = "0",
       .range = "0..",
       .unit = "ms",
       .doc = "The longest pause between rows. Rows come evenly, twice as often."},
      {.name = "quickstart", .doc = "what stands in the columns is said by 'column.…', or by their types"},
      {.name = "schema.filename", .doc = declared},
      {.name = "schema.string", .doc = declared},
      {.name = "schema.keyfield", .doc = declared},
  };
  return options;
}

Result<std::unique_ptr<Source>> make_generator_source(SourceContext context) {
  auto options = LV_TRY(parse_options<GeneratorOptions>(generator_options(), context.properties, context.notes));
  const SourceTarget* target =
      LV_TRY(find_target(context, options.topic.empty() ? options.kafka_topic : options.topic));
  auto rows = LV_TRY(GeneratedRows::make(*target->schema, LV_TRY(read_specs(options, *target)),
                                         static_cast<std::uint64_t>(options.seed)));
  std::int64_t count = options.count > 0 ? options.count : options.iterations;
  if (count <= 0 && !context.follow)
    return Error(ErrorKind::usage, "a generator without 'count' never comes to an end")
        .remedy("Set 'count' to run until caught up.");
  double rate = options.rate > 0              ? options.rate
                : options.max_interval_ms > 0 ? 2000.0 / static_cast<double>(options.max_interval_ms)
                                              : 0;
  std::optional<std::size_t> time_column;
  if (!options.timestamp_column.empty()) {
    time_column = target->schema->find(options.timestamp_column);
    TypeKind kind = time_column ? (*target->schema)[*time_column].type.kind() : TypeKind::string;
    if (kind != TypeKind::timestamp && kind != TypeKind::int64)
      return Error(ErrorKind::usage, "'timestamp.column' = '" + options.timestamp_column +
                                         "' is no TIMESTAMP or BIGINT column of " + target->object);
  }
  SourceTarget to = *target;
  return std::unique_ptr<Source>(new GeneratorSource(std::move(context), to, std::move(rows),
                                                     count > 0 ? static_cast<std::uint64_t>(count) : UINT64_MAX, rate,
                                                     static_cast<std::uint32_t>(options.batch_size), time_column));
}

}  // namespace levada
