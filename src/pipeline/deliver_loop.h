// From the log to a sink, a cut at a time: what was committed together in the log becomes visible together in the
// target.
//
// Where the target keeps the offsets, the log keeps beside them where it has brought the target and where it is
// bringing it (two groups, durable before the target is). A target that is neither there nor further back was filled
// from another log, or this one has lost its end, or somebody has gone on with a copy of it: however the log has grown
// since, the offsets mean nothing here.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "connectors/sink.h"
#include "pipeline/commit.h"
#include "pipeline/loop.h"
#include "pipeline/pipeline.h"
#include "pipeline/topic_reader.h"

namespace levada {

class DeliverLoop : public Loop {
 public:
  struct Topic {
    ReadNode read;
    SchemaRef schema;
  };
  struct Parts {
    std::string name, pipeline;
    std::string transactional_id;
    std::unique_ptr<Sink> sink;
    std::vector<Topic> topics;
    bool tolerate_errors = true;
    std::string dead_letter_topic;
  };
  DeliverLoop(Parts parts, const PipelineSurroundings& surroundings);
  ~DeliverLoop() override;

  std::vector<std::string> objects() const override { return {parts_.name}; }
  Retries retries() const override { return parts_.sink->retries(); }
  Result<void> open(Wakeup& wakeup) override;
  Result<Step> step(std::stop_token stop) override;
  std::optional<std::int64_t> due_ms() const override { return parts_.sink->due_ms(); }
  Result<void> close() override;

 private:
  // Refused, if the sink has run under another pipeline's name: the target would know nothing of what it has.
  Result<void> check_name();
  Result<Offset> position_of(const TopicPartition& partition,
                             const std::optional<std::vector<PartitionOffset>>& stored);
  // Sends on its way where the target is, and where it may be after this round.
  Result<void> announce(std::span<const Offset> from, std::span<const Offset> cut);
  struct Round {
    std::uint64_t rows_in = 0, rows_out = 0;
    std::vector<DeadLetter> letters;
  };
  // Reads the partition up to the offset and writes it to the sink; what neither can take is appended to the letters.
  Result<void> deliver(std::size_t partition, Offset to, std::stop_token stop, Round& round);
  Result<void> flush(Round& round);
  Result<void> refuse(RejectedRecord record, Round& round);
  Result<void> bury(std::span<const DeadLetter> letters);

  void tell_delivered();

  // Group of the log: everything below is in the target for certain.
  std::string arrived_group() const { return parts_.name + " arrived"; }

  Parts parts_;
  const PipelineSurroundings& around_;
  Counter& rows_in_;
  Counter& rows_out_;
  Counter& dead_letters_;
  Counter& busy_us_;
  std::unique_ptr<Commit> commit_;
  bool sink_keeps_positions_ = true;
  std::vector<TopicPartition> partitions_;
  std::vector<std::unique_ptr<TopicReader>> readers_;  // one for each of the partitions
  std::vector<Offset> arrived_;                        // likewise: how far the target was at the most
  Wakeup* wakeup_ = nullptr;
};

}  // namespace levada
