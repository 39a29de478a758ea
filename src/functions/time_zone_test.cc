#include "functions/time_zone.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace levada {
namespace {

constexpr std::int64_t second = 1'000'000;

TEST_SUITE("functions") {
  TEST_CASE("zones are found by region, by short name and by offset") {
    auto offset = [](const char* name) {
      const TimeZone* zone = TimeZone::find(name);
      REQUIRE_MESSAGE(zone != nullptr, name);
      return zone->offset_seconds(0);
    };
    CHECK(offset("UTC") == 0);
    CHECK(offset("GMT") == 0);
    CHECK(offset("Z") == 0);
    CHECK(offset("+02:00") == 7200);
    CHECK(offset("+0200") == 7200);
    CHECK(offset("+02") == 7200);
    CHECK(offset("+2") == 7200);
    CHECK(offset("-05:30") == -19'800);
    CHECK(offset("UTC+2") == 7200);
    CHECK(offset("GMT-08:00") == -28'800);
    CHECK(offset("+18:00") == 64'800);
    CHECK(offset("America/Los_Angeles") == -28'800);
    CHECK(offset("Asia/Kolkata") == 19'800);
    for (const char* wrong :
         {"", "Nowhere/City", "+19:00", "+1:2", "++2", "+", "UTC+", "europe/berlin", "+02:60", "PST"})
      CHECK_MESSAGE(TimeZone::find(wrong) == nullptr, std::string(wrong));
  }

  TEST_CASE("summer time comes and goes") {
    const TimeZone& berlin = *TimeZone::find("Europe/Berlin");
    constexpr std::int64_t change = 1'711'846'800;  // 2024-03-31T01:00:00Z
    CHECK(berlin.offset_seconds((change - 1) * second) == 3600);
    CHECK(berlin.offset_seconds(change * second - 1) == 3600);
    CHECK(berlin.offset_seconds(change * second) == 7200);
    CHECK(berlin.abbreviation(change * second) == "CEST");
    for (std::int64_t t : {change - 4000, change - 1, change + 1, change + 4000})
      CHECK(berlin.to_utc(berlin.to_local(t * second)) == t * second);
    CHECK(berlin.offset_seconds(-3'000'000'000 * second) == 3208);  // local mean time of 1874
  }

  TEST_CASE("offsets as text") {
    CHECK(offset_text(0) == "Z");
    CHECK(offset_text(7200) == "+02:00");
    CHECK(offset_text(-19'815) == "-05:30:15");
    CHECK(TimeZone::fixed(3600).name() == "+01:00");
  }

  TEST_CASE("many threads may ask for zones at once") {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([] {
        for (const char* name : {"Europe/Paris", "Asia/Tokyo", "+03:00", "Nowhere/City", "America/New_York"})
          for (int n = 0; n < 50; ++n) {
            const TimeZone* zone = TimeZone::find(name);
            if (zone) zone->offset_seconds(n * 1'000'000'000'000);
          }
      });
    for (std::thread& t : threads) t.join();
    CHECK(TimeZone::find("Europe/Paris") == TimeZone::find("Europe/Paris"));
  }
}

}  // namespace
}  // namespace levada
