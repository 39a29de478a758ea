#include "connectors/postgres/slot_confirmation.h"

#include <doctest/doctest.h>

#include <string>

namespace levada {
namespace {

constexpr std::int64_t status_us = 10'000'000, start_us = 1'000;

// "LSN", with "?" where an answer is asked for and "+" where it moves; "-": nothing is due.
std::string text(const std::optional<SlotConfirmation::Word>& word) {
  if (!word) return "-";
  return std::to_string(word->lsn) + (word->asks ? "?" : "") + (word->moves ? "+" : "");
}

std::string tell(SlotConfirmation& confirmation, std::int64_t now_us) {
  auto word = confirmation.due(now_us);
  if (word) confirmation.sent(*word, now_us);
  return text(word);
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("slot confirmation: durable points are told together, and never back") {
    SlotConfirmation slot(status_us, false, start_us);
    CHECK(tell(slot, start_us) == "-");
    slot.durable(70);
    slot.durable(50);
    CHECK(tell(slot, start_us + SlotConfirmation::pause_us - 1) == "-");
    CHECK(tell(slot, start_us + SlotConfirmation::pause_us) == "70+");
    CHECK(tell(slot, start_us + 2 * SlotConfirmation::pause_us) == "-");
    slot.durable(70);
    CHECK(text(slot.left()) == "-");
    slot.durable(71);
    CHECK(text(slot.left()) == "71+");
  }

  TEST_CASE("slot confirmation: who is silent for long says the same again, who is asked answers at once") {
    SlotConfirmation slot(status_us, false, start_us);
    CHECK(tell(slot, start_us + status_us - 1) == "-");
    CHECK(tell(slot, start_us + status_us) == "0");
    slot.durable(70);
    slot.reply_asked();
    CHECK(tell(slot, start_us + status_us + 1) == "70+");
    slot.reply_asked();
    CHECK(tell(slot, start_us + status_us + 2) == "70");
    CHECK(tell(slot, start_us + status_us + 3) == "-");
  }

  TEST_CASE("slot confirmation: where answers are wanted they are asked for at once and often") {
    SlotConfirmation slot(status_us, true, start_us);
    CHECK(tell(slot, start_us) == "0?");
    slot.durable(70);
    CHECK(tell(slot, start_us + SlotConfirmation::ask_us) == "-");
    slot.reply_asked();
    CHECK(tell(slot, start_us + SlotConfirmation::ask_us) == "70+");  // no request in between
    CHECK(tell(slot, start_us + SlotConfirmation::ask_us + 1) == "70?");
  }
}

}  // namespace levada
