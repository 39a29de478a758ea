// The dead letters of a sink's round that never came about: they were durable before the target was to commit, and then
// it did not. What is told once is so: when the round is repeated its records are neither told again nor written.
//
// The log holds, in the transaction of a round's letters, where their topic ended before the first that its target may
// not know of ("letters of SINK").
#pragma once
#include <functional>
#include <set>
#include <span>
#include <string>

#include "pipeline/dead_letters.h"

namespace levada {

class ToldLetters {
 public:
  ToldLetters(std::string sink, std::string topic) : sink_(std::move(sink)), topic_(std::move(topic)) {}

  Result<void> open(Log& log);
  bool empty() const { return told_.empty(); }
  bool contains(const LetterName& name) const { return !told_.empty() && told_.contains(name); }
  // The others' records are not to come again: their round has come about.
  void keep(const std::function<bool(const LetterName&)>& comes_again) {
    std::erase_if(told_, [&](const LetterName& name) { return !comes_again(name); });
  }
  // Puts those that are not told yet into the transaction.
  Result<void> tell(Log& log, std::span<const DeadLetter> letters, std::int64_t now_ms, Transaction& transaction);

 private:
  std::string position() const { return "letters of " + sink_; }

  const std::string sink_, topic_;
  Offset since_;  // where told_ begins
  std::set<LetterName> told_;
};

}  // namespace levada
