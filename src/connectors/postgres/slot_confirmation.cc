#include "connectors/postgres/slot_confirmation.h"

namespace levada {

std::optional<SlotConfirmation::Word> SlotConfirmation::due(std::int64_t now_us) const {
  if (asking_ && (!asked_us_ || now_us - *asked_us_ > ask_us)) return word(true);
  const std::int64_t silent_us = now_us - told_us_;
  if (reply_asked_ || (durable_ > told_ && silent_us >= pause_us) || silent_us >= status_us_) return word(false);
  return std::nullopt;
}

std::optional<SlotConfirmation::Word> SlotConfirmation::left() const {
  if (durable_ <= told_) return std::nullopt;
  return word(false);
}

void SlotConfirmation::sent(const Word& word, std::int64_t now_us) {
  told_ = word.lsn;
  told_us_ = now_us;
  reply_asked_ = false;
  if (word.asks) asked_us_ = now_us;
}

}  // namespace levada
