// What the server is told of how far our log is durable, and when: it forgets what is before. A decision, without the
// connection it is sent over.
//
// Durable points are told together, not one by one; at the latest after `status_us`, for the server takes who is silent
// for dead; at once where the server asks; and often, with the request for an answer, where we want to know how far it
// has got itself. All times are of one steady clock, in microseconds. One thread.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

namespace levada {

class SlotConfirmation {
 public:
  static constexpr std::int64_t pause_us = 500'000;  // between two words, where nobody waits for one
  static constexpr std::int64_t ask_us = 20'000;     // between two requests

  struct Word {
    std::uint64_t lsn = 0;  // all that is before is durable here
    bool asks = false;      // for an answer at once
    bool moves = false;     // it is further than the last one
  };

  // `asking`: answers are wanted.
  SlotConfirmation(std::int64_t status_us, bool asking, std::int64_t now_us)
      : status_us_(status_us), asking_(asking), told_us_(now_us) {}

  // The points come in any order.
  void durable(std::uint64_t lsn) { durable_ = std::max(durable_, lsn); }
  void reply_asked() { reply_asked_ = true; }
  // What to send now; what was sent is to be given to sent().
  std::optional<Word> due(std::int64_t now_us) const;
  // Where there is no later: what the server does not know yet.
  std::optional<Word> left() const;
  void sent(const Word& word, std::int64_t now_us);

 private:
  Word word(bool asks) const { return {durable_, asks, durable_ > told_}; }

  std::int64_t status_us_;
  bool asking_;
  std::uint64_t durable_ = 0, told_ = 0;
  bool reply_asked_ = false;
  std::int64_t told_us_;
  std::optional<std::int64_t> asked_us_;
};

}  // namespace levada
