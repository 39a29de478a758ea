#include "connectors/csv/layout.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

const Schema salaries = {
    .key = {{"DEPARTMENT", {}}},
    .value = {{"DEPARTMENT_DIVISION", {}}, {"POSITION_TITLE", {}}, {"SALARY", Type::decimal(10, 2)}}};
using Strings = std::vector<std::string>;
using Fields = std::vector<std::uint32_t>;

Result<CsvLayout> lay_out(Strings header, CsvLayoutRules rules = {}) {
  return levada::lay_out(header, salaries, rules);
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("csv: headers are columns whatever stands between their words") {
    auto layout = lay_out({"PCN", "Salary", "position title", "Department-Division", " DEPARTMENT "});
    REQUIRE(layout.has_value());
    CHECK(layout->has_header);
    CHECK(layout->width == 5);
    CHECK(layout->fields == Fields{4, 3, 2, 1});
    CHECK(layout->ignored == Strings{"PCN"});
    CHECK(lay_out({"Salary ($)", "Position  -  Title", "Department/Division", "department"})->fields ==
          Fields{3, 2, 1, 0});
  }

  TEST_CASE("csv: a first row without any column name is data, one with some of them is a wrong header") {
    auto data = lay_out({"EMS", "Ambulance", "Medic", "13.33"});
    REQUIRE(data.has_value());
    CHECK_FALSE(data->has_header);
    CHECK(data->fields == Fields{0, 1, 2, 3});
    CHECK(data->width == 4);
    auto wrong = lay_out({"Department", "Department-Division", "Position Titel", "Salary"});
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().what() == "the header lacks column POSITION_TITLE");
    CHECK(wrong.error().why() == "the header has Department, Department-Division, Position Titel, Salary");
    CHECK(wrong.error().remedy().starts_with("Did you mean Position Titel?"));
  }

  TEST_CASE("csv: with a header asked for, nothing is guessed") {
    auto none = lay_out({"EMS", "Ambulance"}, {.header = CsvHeader::yes});
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().what() == "the header lacks columns DEPARTMENT, DEPARTMENT_DIVISION, POSITION_TITLE, SALARY");
    auto null = lay_out({"Salary"}, {.header = CsvHeader::yes, .missing = CsvMissing::null});
    REQUIRE(null.has_value());
    CHECK(null->fields == Fields{CsvLayout::missing, CsvLayout::missing, CsvLayout::missing, 0});
    CHECK_FALSE(lay_out({"Department", "Department-Division", "Position Title", "Salary"}, {.header = CsvHeader::no})
                    ->has_header);
  }

  TEST_CASE("csv: names can be paired by hand") {
    auto names = parse_column_names("Base Pay:SALARY, \"Title, long\" : POSITION_TITLE");
    REQUIRE(names.has_value());
    REQUIRE(names->size() == 2);
    CHECK(names->at(1).header == "Title, long");
    CHECK(names->at(1).column == "POSITION_TITLE");
    CsvLayoutRules rules{.names = *names};
    CHECK(check_column_names(rules, salaries).has_value());
    CHECK(lay_out({"title, long", "base pay", "Department", "Department-Division"}, rules)->fields ==
          Fields{2, 3, 0, 1});
    for (std::string_view bad : {"A", "A:", ":B", "\"A:B", "A:B:C", "A:B C D\":"}) {
      INFO(bad);
      auto parsed = parse_column_names(bad);
      CHECK((!parsed || !check_column_names({.names = *parsed}, salaries)));
    }
    auto unknown = check_column_names({.names = {{"x", "SALARI"}}}, salaries);
    CHECK(unknown.error().remedy() == "Did you mean SALARY?");
  }

  TEST_CASE("csv: two headers for one column are an error, unless one is it to the letter") {
    auto two = lay_out({"Department", "Department Division", "Department-Division", "Position Title", "Salary"});
    REQUIRE_FALSE(two.has_value());
    CHECK(two.error().what().starts_with("the header has two names for column DEPARTMENT_DIVISION"));
    CHECK(lay_out({"Department", "Department Division", "DEPARTMENT_DIVISION", "Position Title", "Salary"})->fields ==
          Fields{0, 2, 3, 4});
  }

  TEST_CASE("csv: letter case counts where it is asked for") {
    CsvLayoutRules rules{.header = CsvHeader::yes, .case_sensitive = true};
    CHECK_FALSE(lay_out({"Department", "DEPARTMENT_DIVISION", "POSITION_TITLE", "SALARY"}, rules).has_value());
    CHECK(lay_out({"DEPARTMENT", "DEPARTMENT DIVISION", "POSITION-TITLE", "SALARY"}, rules).has_value());
  }
}

}  // namespace levada
