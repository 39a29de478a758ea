#include "connectors/csv/time_format.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "batch/value.h"
#include "connectors/csv/fixed_form.h"

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("csv: timestamps without a zone are of the zone that is set") {
    auto lisbon = TimeFormat::iso("Europe/Lisbon").value();
    CHECK(timestamp_text(lisbon.timestamp("2024-07-01T12:00:00").value()) == "2024-07-01T11:00:00.000");
    CHECK(timestamp_text(lisbon.timestamp("2024-07-01T12:00:00Z").value()) == "2024-07-01T12:00:00.000");
    CHECK(timestamp_text(lisbon.timestamp("2024-01-01 12:00:00-05:00").value()) == "2024-01-01T17:00:00.000");
    auto pattern = TimeFormat::compile("dd.MM.yyyy HH:mm[ X]", "+02:00").value();
    CHECK(timestamp_text(pattern.timestamp("01.02.2024 12:00").value()) == "2024-02-01T10:00:00.000");
    CHECK(timestamp_text(pattern.timestamp("01.02.2024 12:00 Z").value()) == "2024-02-01T12:00:00.000");
    auto fixed = TimeFormat::compile("dd.MM.yyyy HH:mm", "Europe/Lisbon").value();
    CHECK(timestamp_text(fixed.timestamp("01.07.2024 12:00").value()) == "2024-07-01T11:00:00.000");
    CHECK(TimeFormat::compile("yyyy-bb", "UTC").error().kind() == ErrorKind::usage);
    CHECK(TimeFormat::iso("Middle/Earth").error().kind() == ErrorKind::usage);
  }

  TEST_CASE("csv: which patterns have a fixed form") {
    for (std::string_view pattern :
         {"dd-MMM-yyyy", "yyyy-MM-dd", "MM/dd/uuuu", "yyyyMMdd", "yyyy-MM-dd'T'HH:mm:ss", "HH:mm", "dd. MM. yyyy"}) {
      INFO(pattern);
      CHECK(FixedForm::of(pattern).has_value());
    }
    for (std::string_view pattern :
         {"d-M-yyyy", "dd-MM-yy", "yyyy", "yyyy-MM", "MMMM dd yyyy", "hh:mm a", "yyyy-MM-dd[ HH:mm]", "yyyy-MM-dd''",
          "yyyy-MM-dd X", "HH:mm:ss.SSS", "", "-", "yyyy-MM-dd MMM"}) {
      INFO(pattern);
      CHECK_FALSE(FixedForm::of(pattern).has_value());
    }
  }

  TEST_CASE("csv: a fixed form reads what its pattern reads, or nothing") {
    Random random(3);
    for (const char* text :
         {"dd-MMM-yyyy", "yyyy-MM-dd HH:mm:ss", "MM/dd/yyyy", "yyyyMMdd", "HH:mm:ss", "yyyy-MM-dd'T'HH:mm"}) {
      FixedForm form = FixedForm::of(text).value();
      DatePattern pattern = DatePattern::parse(text).value();
      int read = 0;
      for (int i = 0; i < 3000; ++i) {
        DateTime moment{.days = static_cast<std::int64_t>(random.below(3'000'000)) - 719'162,
                        .micros = static_cast<std::int64_t>(random.below(86'400)) * 1'000'000};
        std::string written = pattern.write(moment).value();
        if (random.one_in(2)) written[random.below(written.size())] = "0123456789 -:/JanSep"[random.below(20)];
        auto quick = form.read(written);
        auto slow = pattern.read(written);
        INFO(text << " " << written);
        if (!quick) continue;
        ++read;
        REQUIRE(slow.has_value());
        CHECK(quick->days == slow->days);
        CHECK(quick->micros == slow->micros);
      }
      CHECK(read > 1400);
    }
  }
}

}  // namespace levada
