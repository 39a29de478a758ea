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
#include "pipeline/later_topics.h"
#include "pipeline/loop.h"
#include "pipeline/pipeline.h"
#include "pipeline/retry_lane.h"
#include "pipeline/told_letters.h"
#include "pipeline/topic_reader.h"

namespace levada {

class DeliverLoop : public Loop {
 public:
  struct Parts {
    std::string name, pipeline;
    std::string transactional_id;
    std::unique_ptr<Sink> sink;
    std::vector<SinkRead> topics;
    LaterTopics later;
    bool tolerate_errors = true;
    std::string dead_letter_topic;
    std::string retry_topic;
    RetryPolicy retry;
    bool retries_only = false;  // nothing of the topics, only what waits
  };
  DeliverLoop(Parts parts, const PipelineSurroundings& surroundings);
  ~DeliverLoop() override;

  std::vector<std::string> objects() const override { return {parts_.name}; }
  Retries retries() const override { return parts_.sink->retries(); }
  Result<void> open(Wakeup& wakeup) override;
  Result<Step> step(std::stop_token stop) override;
  std::optional<std::int64_t> due_ms() const override;
  std::string waits_for() const override { return retry_.empty() ? parts_.later.waits_for() : retry_.reason(); }
  Result<void> close() override;

 private:
  // Refused, if the sink has run under another pipeline's name: the target would know nothing of what it has.
  Result<void> check_name();
  Result<Offset> position_of(const TopicPartition& partition) const;
  Result<void> add_partitions(const SinkRead& topic);
  Result<void> open_retries();
  void watch();
  // Takes in the topics that have come since, each of them; true if there were any. The round has begun with them.
  Result<bool> take_later_topics();
  Result<void> run_round(std::span<const Offset> from, std::span<const Offset> cut, std::stop_token stop);
  // Sends on its way where the target is, and where it may be after this round.
  Result<void> announce(std::span<const Offset> from, std::span<const Offset> cut);
  struct Round {
    std::uint64_t rows_in = 0, rows_out = 0, told_before = 0;
    std::vector<RejectedRecord> refused;
    std::vector<DeadLetter> letters;
  };
  // Reads the partitions of a topic up to the cut and writes them to the sink; what neither can take is appended to the
  // letters. Where the table was emptied all partitions are brought to that point, it is told to the sink once, and all
  // go on.
  Result<void> deliver_topic(std::size_t first, std::size_t count, std::span<const Offset> cut, std::stop_token stop,
                             Round& round);
  // What was read of a partition, and how much of it is written.
  struct Pending {
    TopicReader::Rows rows;
    std::size_t next = 0;
  };
  // One partition, up to the cut or, then it is not null, to a batch that truncates.
  Result<Batch*> deliver(std::size_t partition, Offset to, std::stop_token stop, Pending& pending, Round& round);
  Result<void> write(Batch& batch, Round& round);
  std::optional<RetryLane::Reading> find_topic(const std::string& topic) const;
  Result<void> bury(std::span<const DeadLetter> letters);
  // Whether what this letter tells of will come again, as its round never came about.
  bool comes_again(const LetterName& letter) const;

  void tell_delivered();

  // Group of the log: everything below is in the target for certain.
  std::string arrived_group() const { return parts_.name + " arrived"; }

  Parts parts_;
  const PipelineSurroundings& around_;
  std::size_t told_;  // topics that the sink knows; those behind them have come since
  Counter& rows_in_;
  Counter& rows_out_;
  Counter& dead_letters_;
  Counter& busy_us_;
  std::unique_ptr<Commit> commit_;
  std::optional<std::vector<PartitionOffset>> stored_;  // what the sink said when it was started
  bool sink_keeps_positions_ = true;
  ToldLetters told_letters_;
  RetryLane retry_;
  std::vector<TopicPartition> partitions_;             // those of a topic stand together
  std::vector<std::unique_ptr<TopicReader>> readers_;  // one for each of the partitions
  std::vector<Offset> arrived_;                        // likewise: how far the target was at the most
  Wakeup* wakeup_ = nullptr;
};

}  // namespace levada
