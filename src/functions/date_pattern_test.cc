#include "functions/date_pattern.h"

#include <doctest/doctest.h>

#include "batch/value.h"

namespace levada {
namespace {

DatePattern pattern(std::string_view text) {
  const auto p = DatePattern::parse(text);
  REQUIRE_MESSAGE(p.has_value(), (p ? "" : p.error().text()));
  return *p;
}

TEST_SUITE("functions") {
  // What Java 17 writes (DateTimeFormatter.ofPattern, Locale.US).
  TEST_CASE("timestamps are written as Java writes them") {
    struct Written {
      const char* pattern;
      std::int64_t millis;
      const char *zone, *text;
    };
    static constexpr Written written[] = {
        {"yyyy-MM-dd HH:mm:ss", 1526075913123, "America/Los_Angeles", "2018-05-11 14:58:33"},
        {"yyyy-MM-dd'T'HH:mm:ss.SSS", 1526075913123, "America/Los_Angeles", "2018-05-11T14:58:33.123"},
        {"yy-M-d H:m:s", 1526075913123, "America/Los_Angeles", "18-5-11 14:58:33"},
        {"EEE, d MMM yyyy", 1526075913123, "America/Los_Angeles", "Fri, 11 May 2018"},
        {"EEEE d MMMM yyyy", 1526075913123, "America/Los_Angeles", "Friday 11 May 2018"},
        {"hh:mm a", 1526075913123, "America/Los_Angeles", "02:58 PM"},
        {"h 'o''clock' a", 1526075913123, "America/Los_Angeles", "2 o'clock PM"},
        {"K k", 1526075913123, "America/Los_Angeles", "2 14"},
        {"DDD yyyy", 1526075913123, "America/Los_Angeles", "131 2018"},
        {"D", 1526075913123, "America/Los_Angeles", "131"},
        {"Q QQ QQQ QQQQ", 1526075913123, "America/Los_Angeles", "2 02 Q2 2nd quarter"},
        {"G yyyy", 1526075913123, "America/Los_Angeles", "AD 2018"},
        {"SSSSSS", 1526075913123, "America/Los_Angeles", "123000"},
        {"S", 1526075913123, "America/Los_Angeles", "1"},
        {"A n N", 1526075913123, "America/Los_Angeles", "53913123 123000000 53913123000000"},
        {"X XX XXX XXXX XXXXX", 1526075913123, "America/Los_Angeles", "-07 -0700 -07:00 -0700 -07:00"},
        {"X XX XXX XXXX XXXXX", 1526075913123, "UTC", "Z Z Z Z Z"},
        {"x xx xxx", 1526075913123, "America/Los_Angeles", "-07 -0700 -07:00"},
        {"x xx xxx", 1526075913123, "UTC", "+00 +0000 +00:00"},
        {"Z ZZZZ ZZZZZ", 1526075913123, "America/Los_Angeles", "-0700 GMT-07:00 -07:00"},
        {"Z ZZZZ ZZZZZ", 1526075913123, "UTC", "+0000 GMT Z"},
        {"O OOOO", 1526075913123, "America/Los_Angeles", "GMT-7 GMT-07:00"},
        {"O OOOO", 1526075913123, "UTC", "GMT GMT"},
        {"VV", 1526075913123, "America/Los_Angeles", "America/Los_Angeles"},
        {"VV", 1526075913123, "UTC", "UTC"},
        {"zzz", 1526075913123, "America/Los_Angeles", "PDT"},
        {"zzz", 1526075913123, "UTC", "UTC"},
        {"[yyyy][MM]", 1526075913123, "America/Los_Angeles", "201805"},
        {"MMMMM", 1526075913123, "America/Los_Angeles", "M"},
        {"EEEEE", 1526075913123, "America/Los_Angeles", "F"},
        {"LLL LLLL", 1526075913123, "America/Los_Angeles", "May May"},
        {"u", 1526075913123, "America/Los_Angeles", "2018"},
        {"yyyyy", 1526075913123, "America/Los_Angeles", "02018"},
        {"XXX z", 1526075913123, "+05:30", "+05:30 +05:30"},
        {"x xx xxx XXX", -1, "UTC", "+00 +0000 +00:00 Z"},
        {"X XX XXX O OOOO", 1526075913123, "Asia/Kolkata", "+0530 +0530 +05:30 GMT+5:30 GMT+05:30"},
        {"yyyy DDD", 1704067200000, "UTC", "2024 001"},
        {"k K h H", 1704067200000, "UTC", "24 0 12 0"},
        {"yyyy-MM-dd HH:mm XXX z", 1729988999000, "Europe/Berlin", "2024-10-27 02:29 +02:00 CEST"},
        {"yyyy-MM-dd HH:mm XXX z", 1729992599000, "Europe/Berlin", "2024-10-27 02:29 +01:00 CET"},
        {"yyyy G", -62167219200000, "UTC", "0001 BC"},
        {"uuuu yyyy G", -62198755200000, "UTC", "-0001 0002 BC"},
        {"yyyy", 253402300800000, "UTC", "+10000"},
    };
    for (const Written& w : written) {
      CAPTURE(std::string(w.pattern) + " " + std::to_string(w.millis) + " " + w.zone);
      const TimeZone* zone = TimeZone::find(w.zone);
      REQUIRE(zone != nullptr);
      auto text = pattern(w.pattern).write(DateTime::of_timestamp(w.millis * 1000, *zone));
      REQUIRE(text);
      CHECK(*text == w.text);
    }
  }

  // What Java 17 reads, in milliseconds; what the text does not say is 1970-01-01T00:00 UTC.
  TEST_CASE("timestamps are read as Java reads them") {
    struct Read {
      const char *pattern, *text;
      std::int64_t millis;
    };
    static constexpr Read read[] = {
        {"yyyy-MM-dd", "2018-05-11", 1525996800000},
        {"yyyyMMdd", "20180511", 1525996800000},
        {"yyyyMMddHHmmssSSS", "20180511215833123", 1526075913123},
        {"yyyy-M-d", "2018-5-1", 1525132800000},
        {"yyyy-M-d", "2018-05-01", 1525132800000},
        {"dd-MMM-yyyy", "01-JAN-2022", 1640995200000},
        {"dd-MMM-yyyy", "01-jan-2022", 1640995200000},
        {"d MMMM yyyy", "3 september 2021", 1630627200000},
        {"MMM-yyyy", "JAN-2022", 1640995200000},
        {"yy-MM-dd", "99-01-02", 4070995200000},
        {"yyyy", "2020", 1577836800000},
        {"yyyy", "+20200", 575283254400000},
        {"y", "20200", 575283254400000},
        {"H:mm", "7:05", 25500000},
        {"h:mm a", "12:05 AM", 300000},
        {"h:mm a", "12:05 pm", 43500000},
        {"hh a", "01 PM", 46800000},
        {"K a", "0 PM", 43200000},
        {"k", "24", 0},
        {"yyyy-DDD", "2024-060", 1709164800000},
        {"yyyy-D", "2024-60", 1709164800000},
        {"yyyy-MM-dd'T'HH:mm:ssX", "2018-05-11T21:58:33Z", 1526075913000},
        {"yyyy-MM-dd'T'HH:mm:ssX", "2018-05-11T21:58:33z", 1526075913000},
        {"yyyy-MM-dd'T'HH:mm:ssX", "2018-05-11T21:58:33+0200", 1526068713000},
        {"yyyy-MM-dd'T'HH:mm:ssX", "2018-05-11T21:58:33+02", 1526068713000},
        {"yyyy-MM-dd'T'HH:mm:ssXX", "2018-05-11T21:58:33+0200", 1526068713000},
        {"yyyy-MM-dd'T'HH:mm:ssXXX", "2018-05-11T21:58:33-05:30", 1526095713000},
        {"yyyy-MM-dd HH:mm Z", "2018-05-11 21:58 +0200", 1526068680000},
        {"yyyy-MM-dd HH:mm z", "2018-05-11 21:58 PST", 1526101080000},
        {"yyyy-MM-dd HH:mm z", "2018-01-11 21:58 PST", 1515736680000},
        {"yyyy-MM-dd HH:mm z", "2018-05-11 21:58 EST", 1526090280000},
        {"yyyy-MM-dd HH:mm z", "2018-05-11 21:58 CET", 1526068680000},
        {"yyyy-MM-dd HH:mm VV", "2018-05-11 21:58 Europe/Paris", 1526068680000},
        {"yyyy-MM-dd HH:mm z", "2018-05-11 21:58 Asia/Tokyo", 1526043480000},
        {"yyyy-MM-dd HH:mm z", "2018-05-11 21:58 UTC", 1526075880000},
        {"yyyy-MM-dd[ HH:mm]", "2018-05-11", 1525996800000},
        {"yyyy-MM-dd[ HH:mm]", "2018-05-11 21:58", 1526075880000},
        {"yyyy-MM-dd[ HH[:mm]]", "2018-05-11 21", 1526072400000},
        {"EEE yyyy-MM-dd", "Fri 2018-05-11", 1525996800000},
        {"HH:mm:ss.S", "01:02:03.4", 3723400},
        {"A", "3600000", 3600000},
        {"N", "3600000000000", 3600000},
        {"yyyy G", "0044 BC", -63524131200000},
        {"O", "GMT+8", -28800000},
        {"OOOO", "GMT+08:00", -28800000},
        {"uuuu-MM-dd", "-0044-03-15", -63549360000000},
        {"M/d/yyyy", "1/2/2003", 1041465600000},
        {"MMddyyyy", "01022003", 1041465600000},
        {"Hmm", "123", 4980000},
        {"Hmm", "1234", 45240000},
        {"yyyyMM", "202001", 1577836800000},
        {"ddMMM", "02Feb", 2764800000},
    };
    for (const Read& r : read) {
      CAPTURE(std::string(r.pattern) + " of " + r.text);
      auto value = pattern(r.pattern).read(r.text);
      REQUIRE_MESSAGE(value.has_value(), (value ? "" : value.error().text()));
      CHECK(value->timestamp(TimeZone::utc()) / 1000 == r.millis);
    }
  }

  TEST_CASE("texts that are not of the pattern are errors that say why") {
    static constexpr std::pair<const char*, const char*> wrong[] = {
        {"yyyy-MM-dd", "2018-5-1"},
        {"yyyy", "20200"},
        {"HH:mm", "7:05"},
        {"yyyy-MM-dd'T'HH:mm:ssX", "2018-05-11T21:58:33+02:00"},
        {"yyyy-MM-dd'T'HH:mm:ssXX", "2018-05-11T21:58:33+02"},
        {"yyyy-MM-dd'T'HH:mm:ssx", "2018-05-11T21:58:33Z"},
        {"EEE yyyy-MM-dd", "Mon 2018-05-11"},
        {"yyyy-MM-dd", "2023-13-01"},
        {"yyyy-MM-dd", "2018-05-11 "},
        {"SSS", "5"},
        {"HH:mm:ss.SSS", "01:02:03.4"},
        {"yyyy G", "44 BC"},
        // These Java takes: the end of the day, and the last day of the month.
        {"HH:mm", "24:00"},
        {"yyyy-MM-dd", "2023-02-30"},
        {"yyyy-MM-dd", ""},
        {"yyyy-MM-dd", "2018-05"},
        {"yyyy-MM-dd", "-018-05-11"},
        {"yyyy", "0000"},
        {"D", "0"},
        {"yyyy-D", "2023-366"},
        {"h", "13"},
        {"h", "0"},
        {"k", "0"},
        {"K", "12"},
        {"m", "60"},
        {"M", "0"},
        {"a", "XM"},
        {"VV", "Nowhere/City"},
        {"X", "+19"},
        {"XXX", "+0200"},
        {"M M", "1 2"},
        {"y", "99999999999999999999"},
        {"'at' HH", "in 10"},
    };
    for (auto [p, text] : wrong) {
      CAPTURE(std::string(p) + " of " + text);
      auto value = pattern(p).read(text);
      REQUIRE(!value);
      CHECK(value.error().kind() == ErrorKind::data);
      CHECK(!value.error().why().empty());
    }
  }

  TEST_CASE("a pattern that is none says which character is wrong") {
    for (auto [text, what] : {std::pair{"yyyy-bb", "the letter b"},
                              {"yyyy-'T", "a quote is not closed at character 6"},
                              {"YYYY", "the letter Y"},
                              {"[yyyy", "'['"},
                              {"yyyy]", "']'"},
                              {"dddd", "4 times"},
                              {"V", "1 times"},
                              {"aa", "2 times"},
                              {"{", "reserved"},
                              {"HHH", "3 times"},
                              {"SSSSSSSSSS", "10 times"}}) {
      auto p = DatePattern::parse(text);
      REQUIRE(!p);
      CHECK_MESSAGE(p.error().what().find(what) != std::string::npos, p.error().what());
    }
  }

  TEST_CASE("what a value does not have cannot be written") {
    DateTime date{.days = 0, .has_time = false}, time{.micros = 0, .has_date = false};
    CHECK(pattern("yyyy").write(date));
    CHECK(!pattern("HH").write(date));
    CHECK(!pattern("XXX").write(date));
    CHECK(pattern("HH").write(time));
    CHECK(!pattern("dd").write(time));
  }

  TEST_CASE("microseconds survive, nanoseconds are cut off") {
    auto p = pattern("yyyy-MM-dd HH:mm:ss.SSSSSS");
    auto value = p.read("2024-02-29 23:59:59.123456");
    REQUIRE(value);
    CHECK(p.write(*value) == "2024-02-29 23:59:59.123456");
    CHECK(pattern("n").read("123456789")->micros == 123'456);
  }

  TEST_CASE("dates far away are read and written, not too far") {
    auto p = pattern("yyyy-MM-dd");
    for (const char* text : {"0001-01-01", "9999-12-31", "+10000-01-01", "+289999-12-31"}) {
      auto value = p.read(text);
      REQUIRE(value);
      CHECK(p.write(*value) == text);
    }
    CHECK(!p.read("+999999-01-01"));
  }

  TEST_CASE("in autumn an hour comes twice, and in spring one is skipped") {
    const TimeZone& berlin = *TimeZone::find("Europe/Berlin");
    auto p = pattern("yyyy-MM-dd HH:mm");
    auto utc = [&](const char* text) { return timestamp_text(p.read(text)->timestamp(berlin)); };
    CHECK(utc("2024-10-27 02:30") == "2024-10-27T00:30:00.000");  // the first of two
    CHECK(utc("2024-10-27 03:30") == "2024-10-27T02:30:00.000");
    CHECK(utc("2024-03-31 02:30") == "2024-03-31T01:30:00.000");  // was 03:30 there
    CHECK(utc("2024-07-01 12:00") == "2024-07-01T10:00:00.000");
  }
}

}  // namespace
}  // namespace levada
