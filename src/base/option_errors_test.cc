// What a user is told about a property that is wrong, to the letter; and what is taken as right.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "base/options.h"

namespace levada {
namespace {

enum class Mode { insert, upsert };
constexpr std::array<std::string_view, 2> mode_names = {"insert", "upsert"};
constexpr std::span<const std::string_view> names_of_values(Mode) { return mode_names; }

struct Sink {
  std::string url;
  Mode mode = Mode::upsert;
  std::int64_t batch_size = 0;
  double ratio = 0;
  bool follow = false;
  Secret password;
  std::vector<std::string> fields;
};

constexpr Option sink_options[] = {
    {.name = "connection.url", .field = option<&Sink::url>, .doc = "Where the server is.", .required = true},
    {.name = "insert.mode", .field = option<&Sink::mode>, .fallback = "insert", .doc = "How rows are written."},
    {.name = "batch.size",
     .field = option<&Sink::batch_size>,
     .fallback = "3000",
     .range = "1..10000",
     .unit = "rows",
     .doc = "Rows in one statement at most."},
    {.name = "ratio", .field = option<&Sink::ratio>, .fallback = "0.5", .range = "0..", .doc = "A ratio."},
    {.name = "follow", .field = option<&Sink::follow>, .fallback = "true", .doc = "Go on at the end."},
    {.name = "connection.password", .field = option<&Sink::password>, .doc = "Password of the user."},
    {.name = "pk.fields", .field = option<&Sink::fields>, .doc = "Columns of the key."},
    {.name = "dialect.name", .doc = "the server says what it is"},
};

std::string error_of(Properties properties) {
  if (!find_property(properties, "connection.url")) properties.push_back({"connection.url", "db", ""});
  auto sink = parse_options<Sink>(sink_options, properties);
  REQUIRE_FALSE(sink.has_value());
  CHECK(sink.error().kind() == ErrorKind::usage);
  return sink.error().text();
}

// As in base/options_test.cc, the other way round.
struct Twin {
  std::string second, first;
};
constexpr Option twin_options[] = {{.name = "first", .field = option<&Twin::first>},
                                   {.name = "second", .field = option<&Twin::second>}};

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("structs of one name in two files have setters of their own: the other") {
    auto twin = parse_options<Twin>(twin_options, {{"first", "1", ""}, {"second", "2", ""}});
    REQUIRE(twin);
    CHECK(twin->first == "1");
    CHECK(twin->second == "2");
  }

  TEST_CASE("options are filled from properties, what is not given from the defaults") {
    auto sink = parse_options<Sink>(sink_options, {{"connection.url", " db ", ""},
                                                   {"insert.mode", "UPSERT", ""},
                                                   {"batch.size", " 10000 ", ""},
                                                   {"follow", "False", ""},
                                                   {"connection.password", "p", ""},
                                                   {"pk.fields", " a, b ,,c,", ""}});
    REQUIRE(sink.has_value());
    CHECK(sink->url == " db ");
    CHECK(sink->mode == Mode::upsert);
    CHECK(sink->batch_size == 10000);
    CHECK(sink->ratio == 0.5);
    CHECK_FALSE(sink->follow);
    CHECK(sink->password.reveal() == "p");
    CHECK(sink->fields == std::vector<std::string>{"a", "b", "c"});
  }

  TEST_CASE("the table shows its values as a user would write them, and no secret") {
    Sink sink{.url = "db", .batch_size = 7, .ratio = 0.25, .password = Secret("p"), .fields = {"a", "b"}};
    std::string shown;
    for (const Option& row : sink_options)
      if (row.field.get) shown += std::string(row.field.type) + " " + row.field.get(&sink) + "; ";
    CHECK(shown == "text db; choice upsert; integer 7; number 0.25; boolean false; secret ***; list a,b; ");
  }

  TEST_CASE("an unknown property is an error that suggests a near name") {
    CHECK(error_of({{"batch.sise", "5", "a.sql:3:5"}}) ==
          "error: unknown property 'batch.sise'\n  a.sql:3:5\n  do: Did you mean batch.size?");
    CHECK(error_of({{"colour", "red", ""}}) ==
          "error: unknown property 'colour'\n  do: Remove it, or look at the list of properties in the documentation.");
  }

  TEST_CASE("a property given twice is an error") {
    CHECK(error_of({{"batch.size", "5", "a.sql:3:5"}, {"batch.size", "6", "a.sql:4:5"}}) ==
          "error: property 'batch.size' is given twice\n  a.sql:4:5\n  do: Remove one of the two.");
  }

  TEST_CASE("a missing property is an error that says what it is for") {
    auto sink = parse_options<Sink>(sink_options, {});
    REQUIRE_FALSE(sink.has_value());
    CHECK(sink.error().text() == "error: property 'connection.url' is missing\n  do: Where the server is.");
  }

  TEST_CASE("a value of the wrong kind is an error that says what it should be") {
    CHECK(error_of({{"batch.size", "many", "a.sql:3:5"}}) ==
          "error: 'batch.size': 'many' is not a whole number\n  a.sql:3:5\n  do: Rows in one statement at most.");
    CHECK(error_of({{"batch.size", "1.5", ""}}) ==
          "error: 'batch.size': '1.5' is not a whole number\n  do: Rows in one statement at most.");
    CHECK(error_of({{"batch.size", "", ""}}) ==
          "error: 'batch.size': '' is not a whole number\n  do: Rows in one statement at most.");
    CHECK(error_of({{"ratio", "half", ""}}) == "error: 'ratio': 'half' is not a number\n  do: A ratio.");
    CHECK(error_of({{"ratio", "nan", ""}}) == "error: 'ratio': 'nan' is not a number\n  do: A ratio.");
    CHECK(error_of({{"ratio", "inf", ""}}) == "error: 'ratio': 'inf' is not a number\n  do: A ratio.");
    CHECK(error_of({{"follow", "yes", ""}}) ==
          "error: 'follow': 'yes' is neither true nor false\n  do: Go on at the end.");
    CHECK(error_of({{"insert.mode", "merge", ""}}) ==
          "error: 'insert.mode': 'merge' is not a choice\n  do: Give one of: insert, upsert.");
  }

  TEST_CASE("a value out of range is an error that names the range") {
    CHECK(error_of({{"batch.size", "0", "a.sql:3:5"}}) ==
          "error: 'batch.size': 0 is out of range\n  a.sql:3:5\n  do: Give a value in 1..10000 rows.");
    CHECK(error_of({{"batch.size", "10001", ""}}) ==
          "error: 'batch.size': 10001 is out of range\n  do: Give a value in 1..10000 rows.");
    CHECK(error_of({{"ratio", "-0.1", ""}}) == "error: 'ratio': -0.1 is out of range\n  do: Give a value in 0...");
    CHECK(error_of({{"batch.size", "99999999999999999999", ""}}) ==
          "error: 'batch.size': '99999999999999999999' is too big\n  do: Rows in one statement at most.");
  }

  TEST_CASE("a property without meaning here is accepted and said") {
    OptionNotes notes;
    auto sink =
        parse_options<Sink>(sink_options, {{"connection.url", "db", ""}, {"dialect.name", "Postgres", ""}}, &notes);
    CHECK(sink.has_value());
    CHECK(notes == OptionNotes{"'dialect.name' has no effect: the server says what it is"});
  }
}

}  // namespace levada
