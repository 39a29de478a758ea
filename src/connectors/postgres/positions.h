// Where a sink has got to, kept in the target itself: the table levada_positions, one row for each partition it reads.
// The offsets are written in the transaction that writes the rows, so both are there or neither.
//
//   pipeline, sink, topic, partition   whose
//   epoch, holder                      counts who has taken over, and who that is: only the newest may write
//   next_offset                        everything below is in the target; null: nothing yet
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/round.h"
#include "connectors/sink.h"

namespace levada {

class Positions {
 public:
  Positions(std::string pipeline, std::string sink);

  // Tells this sink's connections from all others, in pg_stat_activity and for take_over().
  std::string application() const;
  // The statement that makes the table.
  static const std::string& create_statement();

  // Fenced, if this object was in charge once and somebody else has taken over since: it must not take it back.
  Result<void> check_in_charge(PostgresConnection& connection);
  // Ends what connections an older instance of this sink still has, so that they hold no locks. Where we may not, they
  // have to be waited for.
  Result<void> end_predecessors(PostgresConnection& connection);
  // In a transaction of its own: takes the next epoch for all rows and reads them. From now on nobody with an older
  // epoch can commit.
  Result<std::vector<PartitionOffset>> take_over(PostgresConnection& connection, std::span<const SinkTopic> topics);

  // Within the round: the rows of a topic that has come since. Fenced as above.
  Result<void> add(Round& round, const SinkTopic& topic);

  // For the end of the transaction that writes the rows: changes `rows` rows if we are still in charge, else none. Only
  // offsets that have moved are written.
  struct Advance {
    std::string statement;
    std::uint64_t rows;
  };
  Advance advance(std::span<const PartitionOffset> next) const;
  // That transaction is committed.
  void advanced(std::span<const PartitionOffset> next);
  // Why it has found other rows than it should: fenced if somebody has taken over.
  Error not_in_charge(PostgresConnection& connection);

 private:
  // Until the transaction's end nobody else takes over or adds topics.
  std::string turn_statement() const;
  // Makes the rows of the topics that are not there.
  std::string insert_statement(std::span<const SinkTopic> topics, std::int64_t epoch) const;

  const std::string pipeline_, sink_, holder_;
  const std::string mine_;                   // the condition for our rows
  std::int64_t epoch_ = 0;                   // 0: none yet
  std::map<TopicPartition, Offset> stored_;  // what the table says, as far as we know
};

}  // namespace levada
