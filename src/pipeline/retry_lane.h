// The way beside a sink's main way: what the sink has refused for now waits here, and what comes behind it under its
// key, and goes to the sink again when its time has come. Part of the sink's rounds: its rows are written, and its
// changes become durable in the log, before the target commits the round and with it how far our topic counts.
// docs/decisions/0012-retries.md says why nothing is lost, doubled or overtaken.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/dead_letter.h"
#include "connectors/sink.h"
#include "pipeline/pipeline.h"
#include "pipeline/retry_queue.h"
#include "pipeline/retry_topic.h"
#include "pipeline/told_letters.h"
#include "plan/plan.h"

namespace levada {

class RetryLane {
 public:
  struct Parts {
    std::string sink;
    std::string topic;  // ours; made when it is needed
    RetryPolicy policy;
  };
  // Records that are in `told` are not given to the sink any more.
  RetryLane(Parts parts, const ToldLetters& told, const PipelineSurroundings& surroundings);

  // Rebuilds what waits from how far the target has our topic (nullopt: it has never had anything of it). refused: the
  // log does not hold what the target has.
  Result<void> open(std::optional<Offset> stored);
  TopicPartition partition() const { return topic_.partition(); }
  // What others have put into our topic (replays).
  Result<void> look();

  bool empty() const { return queue_.empty(); }
  bool full() const;  // nothing more should be read
  // Whether the record that this letter tells of waits, and so will be tried.
  bool waits(const LetterName& letter) const;
  std::optional<std::int64_t> due_ms() const { return queue_.due_ms(); }
  bool due() const;
  std::string reason() const { return queue_.reason(); }

  // ---- of a round, in this order; after an error of any the round is void, and open() comes next ----

  // How the records of a topic are read; nullopt: the sink does not read it any more.
  struct Reading {
    const ReadNode* read;
    SchemaRef schema;
  };
  using Format = std::function<std::optional<Reading>(const std::string& topic)>;
  // Gives the sink what is due. Adds to `refused` what cannot be written at all, to `letters` what is no row.
  Result<void> write_due(Sink& sink, const Format& format, std::vector<RejectedRecord>& refused,
                         std::vector<DeadLetter>& letters);
  // Takes out of a batch the rows that have to wait, and those that are dead letters; their number. A batch that
  // truncates ends the wait of its topic.
  Result<std::size_t> hold_back(Batch& batch);
  // Parts what the sink has refused: the bad become letters, the others wait. False: the round must be undone and
  // repeated, for a later record of a refused one's key was written in it; we know better then. `from` and `to`: what
  // the round reads of a partition.
  using Range = std::function<std::pair<Offset, Offset>(const TopicPartition&)>;
  Result<bool> sort_out(std::vector<RejectedRecord> refused, const Range& range, std::vector<DeadLetter>& letters);
  // Puts the round's changes into the transaction.
  Result<void> append(Transaction& transaction) { return topic_.append(transaction, queue_.oldest()); }
  // It is durable: what the target is to store beside its other offsets, if there were changes.
  Result<std::optional<PartitionOffset>> durable();
  // The target has committed.
  void committed();
  // Of the round: records of letters that were told before.
  std::size_t told_before() const { return told_before_; }

 private:
  struct Bytes {  // of a record of the log
    std::optional<std::string> key, value;
    std::string headers;
    std::int64_t timestamp_ms = 0;
  };
  using Place = std::pair<TopicPartition, Offset>;

  Result<void> write_group(Sink& sink, std::span<const RetryChange* const> group, const Format& format,
                           std::vector<RejectedRecord>& refused, std::vector<DeadLetter>& letters);
  Result<Bytes> bytes_at(const TopicPartition& partition, Offset offset) const;
  Result<bool> overtaken(const std::map<Place, const RejectedRecord*>& waiting, const Range& range);
  void park(const TopicPartition& partition, const Record& record, const std::string* cause);
  Result<void> sort_out_tried(std::map<Place, RejectedRecord>& refused, std::vector<DeadLetter>& letters, bool& redo);
  DeadLetter letter_of(const RetryChange& record, std::string stage, std::string cause, Bytes bytes,
                       std::int64_t refusals) const;
  RetryChange change(RetryChange::What what, const RetryChange& of) const;
  void add(RetryChange change, Text value = {}, std::string_view headers = {});

  const Parts parts_;
  const ToldLetters& told_;
  const PipelineSurroundings& around_;
  RetryTopic topic_;
  RetryQueue queue_;
  Offset stored_;  // in the target

  std::set<std::string> careful_;        // lines of which only the first is tried, for the next was once too early
  std::map<Place, std::string> doomed_;  // to be parked at once when the round is repeated, and why

  // Of this round.
  std::vector<const RetryChange*> tried_;
  std::set<Place> done_;  // of tried_ and of truncated topics: gone already
  std::size_t told_before_ = 0;
  std::set<std::string> blocked_;  // lines of what was parked in this round
  std::set<Place> parked_now_;
  std::vector<RetryChange> durable_;
};

}  // namespace levada
