#include "batch/value.h"

#include <doctest/doctest.h>

#include <cmath>

namespace levada {
namespace {

constexpr std::int64_t day = micros_per_day, hour = 3'600'000'000, minute = 60'000'000, second = 1'000'000;

TEST_SUITE("batch") {
  TEST_CASE("civil dates count without a gap for eight thousand years") {
    std::int64_t days = days_from_civil(-4000, 1, 1);
    for (std::int64_t year = -4000; year < 4000; ++year)
      for (int month = 1; month <= 12; ++month)
        for (int d = 1; d <= days_in_month(year, month); ++d, ++days) {
          REQUIRE(days_from_civil(year, month, d) == days);
          CivilDate c = civil_from_days(days);
          REQUIRE((c.year == year && c.month == month && c.day == d));
        }
    CHECK(days_from_civil(1970, 1, 1) == 0);
    CHECK(days_from_civil(2000, 3, 1) == 11'017);
    CHECK(days_in_month(1900, 2) == 28);
    CHECK(days_in_month(2000, 2) == 29);
  }

  TEST_CASE("dates as text and back") {
    CHECK(date_text(0) == "1970-01-01");
    CHECK(date_text(-1) == "1969-12-31");
    CHECK(date_text(19'782) == "2024-02-29");
    CHECK(date_text(days_from_civil(0, 1, 1)) == "0000-01-01");
    CHECK(date_text(days_from_civil(-44, 3, 15)) == "-0044-03-15");
    CHECK(date_text(days_from_civil(12'345, 6, 7)) == "+12345-06-07");
    for (std::int64_t days :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{19'782}, days_from_civil(-44, 3, 15),
          days_from_civil(9999, 12, 31), days_from_civil(12'345, 6, 7), days_from_civil(-12'345, 6, 7)})
      CHECK(parse_date(date_text(days)) == days);
    for (const char* wrong : {"", "2024", "2024-02", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10",
                              "2024-01-00", "2024-1-1", "24-01-01", "2024-01-01 ", " 2024-01-01", "2024/01/01",
                              "2024-01-01T", "--2024-01-01", "+-2024-01-01", "20240101", "1234567-01-01"})
      CHECK_MESSAGE(!parse_date(wrong), std::string(wrong));
  }

  TEST_CASE("times of day as text and back") {
    CHECK(time_text(0) == "00:00:00");
    CHECK(time_text(day - 1) == "23:59:59.999999");
    CHECK(time_text(5 * second) == "00:00:05");
    CHECK(time_text(10'000) == "00:00:00.010");
    CHECK(time_text(10) == "00:00:00.000010");
    CHECK(parse_time("01:02") == hour + 2 * minute);
    CHECK(parse_time("01:02:03") == hour + 2 * minute + 3 * second);
    CHECK(parse_time("01:02:03.5") == hour + 2 * minute + 3 * second + 500'000);
    CHECK(parse_time("00:00:00.123456789") == 123'456);
    for (const char* wrong : {"", "1:02", "01", "01:", "24:00", "01:60", "01:02:60", "01:02:03.", "01:02:03,5",
                              "01:02Z", " 01:02", "-1:02"})
      CHECK_MESSAGE(!parse_time(wrong), std::string(wrong));
  }

  TEST_CASE("timestamps as text and back") {
    CHECK(timestamp_text(0) == "1970-01-01T00:00:00.000");
    CHECK(timestamp_text(-1) == "1969-12-31T23:59:59.999999");
    CHECK(timestamp_text(-1000) == "1969-12-31T23:59:59.999");
    CHECK(timestamp_text(4000) == "1970-01-01T00:00:00.004");
    for (std::int64_t t : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'526'075'913'000'000}, -day, day - 1})
      CHECK(parse_timestamp(timestamp_text(t)) == t);
    CHECK(parse_timestamp("1970-01-02") == day);
    CHECK(parse_timestamp("1970-01-01 01:00") == hour);
    CHECK(parse_timestamp("1970-01-01T01:00Z") == hour);
    CHECK(parse_timestamp("1970-01-01T01:00:00+01:00") == 0);
    CHECK(parse_timestamp("1970-01-01T01:00:00+0100") == 0);
    CHECK(parse_timestamp("1970-01-01T01:00:00+01") == 0);
    CHECK(parse_timestamp("1970-01-01T00:00:00-0445") == 4 * hour + 45 * minute);
    for (const char* wrong :
         {"", "1970-01-01T", "1970-01-01X00:00", "1970-01-01T00:00ZZ", "1970-01-01T00:00+", "1970-01-01T00:00+1",
          "999999-01-01", "-999999-12-31T00:00", "294247-01-10T04:00:54.775808", "294247-01-10T04:00:54-01:00",
          "1970-01-01T00:00+19:00", "1970-01-01T00:00+01:60", "1970-01-01T00:00+01:0", "1970-01-01Z"})
      CHECK_MESSAGE(!parse_timestamp(wrong), std::string(wrong));
  }

  TEST_CASE("values as text, for people") {
    CHECK(text_of({}, TypeKind::int32) == "null");
    CHECK(text_of(true, TypeKind::boolean) == "true");
    CHECK(text_of(std::int64_t{-7}, TypeKind::int64) == "-7");
    CHECK(text_of(1.0, TypeKind::float64) == "1.0");
    CHECK(text_of(Int128(-1230), Type::decimal(5, 2)) == "-12.30");
    CHECK(text_of("it's", TypeKind::string) == "it's");
    CHECK(text_of(std::string("\0\xff", 2), TypeKind::bytes) == "0x00ff");
    CHECK(text_of(std::int64_t{0}, TypeKind::date) == "1970-01-01");
    Type nested = Type::structure({{"A", Type::array(TypeKind::float64)},
                                   {"M", Type::map(TypeKind::string, Type::decimal(4, 1))},
                                   {"B", TypeKind::bytes}});
    Value value = ValueList{ValueList{1.5, Value{}, std::nan("")}, ValueList{"k", Int128(15)}, "ab"};
    CHECK(text_of(value, nested) == R"({"A":[1.5,null,"NaN"],"M":{"k":1.5},"B":"YWI="})");
    CHECK(text_of(ValueList{"a", "ab", "abc", ""}, Type::array(TypeKind::bytes)) == R"(["YQ==","YWI=","YWJj",""])");
  }

  TEST_CASE("types are equal by meaning and print as SQL") {
    Type a = Type::map(TypeKind::string, Type::array(Type::structure({{"X", Type::decimal(10, 2)}})));
    Type b = Type::map(TypeKind::string, Type::array(Type::structure({{"X", Type::decimal(10, 2)}})));
    CHECK(a == b);
    CHECK(a.text() == "MAP<STRING, ARRAY<STRUCT<`X` DECIMAL(10, 2)>>>");
    CHECK(!(a == Type::map(TypeKind::string, Type::array(Type::structure({{"Y", Type::decimal(10, 2)}})))));
    CHECK(!(Type::decimal(10, 2) == Type::decimal(10, 3)));
    CHECK(!(Type::array(TypeKind::int32) == Type::array(TypeKind::int64)));
  }
}

}  // namespace
}  // namespace levada
