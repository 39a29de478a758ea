#include "pipeline/told_letters.h"

#include <utility>
#include <vector>

namespace levada {

Result<void> ToldLetters::open(Log& log) {
  told_.clear();
  const auto since = log.position(position());
  if (!since || !log.topic(topic_)) return {};
  since_ = Offset(std::stoll(*since));
  for (const StoredDeadLetter& stored : LV_TRY(read_dead_letters(log, topic_, since_)))
    if (stored.object == sink_) told_.insert(name_of(stored.letter));
  return {};
}

Result<void> ToldLetters::tell(Log& log, std::span<const DeadLetter> letters, std::int64_t now_ms,
                               Transaction& transaction) {
  std::vector<DeadLetter> others;
  for (const DeadLetter& letter : letters)
    if (!contains(name_of(letter))) others.push_back(letter);
  if (others.empty()) return {};
  if (told_.empty()) since_ = log.topic(topic_) ? LV_TRY(log.offsets({topic_, 0})).end : Offset(0);
  append_dead_letters(topic_, sink_, others, now_ms, transaction);
  transaction.put_position(position(), std::to_string(since_.value()));
  return {};
}

}  // namespace levada
