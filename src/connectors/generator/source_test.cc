#include "connectors/generator/source.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "batch/value.h"

namespace levada {
namespace {

using Strings = std::vector<std::string>;

struct Desk {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  Properties properties;
  SchemaRef schema;
  bool follow = false;

  void set(const std::string& name, const std::string& value) {
    std::erase_if(properties, [&](const Property& p) { return p.name == name; });
    properties.push_back({name, value, ""});
  }
  Result<std::unique_ptr<Source>> make() const {
    SourceContext context{.name = "made", .properties = properties};
    context.targets = {{"t", "T", schema, false}};
    context.follow = follow;
    context.files = &real_files();
    context.clock = clock.get();
    context.logger = &silent_logger();
    return make_generator_source(std::move(context));
  }
  // All rows as text, from a position on; at most `stop` of them.
  Strings rows(std::optional<std::string> position = {}, std::size_t stop = SIZE_MAX) const {
    auto source = make();
    if (!source) FAIL(source.error().text());
    REQUIRE((*source)->start(position));
    Strings all;
    while (all.size() < stop) {
      SourceRead read = (*source)->read({}, std::chrono::milliseconds(0)).value();
      for (const SourceRead::Part& part : read.parts)
        for (std::uint32_t row = 0; row < part.batch.size; ++row) {
          std::string text;
          for (std::size_t c = 0; c < schema->size(); ++c)
            text += (c ? "|" : "") + text_of(part.batch.column(c)->value(row), (*schema)[c].type);
          CHECK(part.batch.origin->offsets[row] > 0);
          all.push_back(text + "@" + std::to_string(part.batch.timestamp_ms(row)));
        }
      if (read.end || read.parts.empty()) break;
    }
    return all;
  }
};

Desk orders() {
  Desk desk;
  desk.schema = std::make_shared<Schema>(Schema{.key = {{"ID", TypeKind::int64}},
                                                .value = {{"USER", TypeKind::int32},
                                                          {"NAME", TypeKind::string},
                                                          {"AMOUNT", Type::decimal(8, 2)},
                                                          {"CITY", TypeKind::string},
                                                          {"TS", TypeKind::timestamp}}});
  desk.set("column.ID", "sequence from 1");
  desk.set("column.USER", "zipf 1.1 of 1..1000");
  desk.set("column.NAME", "text NAME_{USER}-{uniform 1..3}");
  desk.set("column.AMOUNT", "uniform 10.00..99.99");
  desk.set("column.CITY", "choice Lisboa:3, Porto:1 nulls 0.1");
  desk.set("column.TS", "timestamp from 2024-01-01T00:00:00 step 10ms jitter 5ms");
  desk.set("timestamp.column", "TS");
  desk.set("count", "10000");
  return desk;
}

std::vector<Strings> split(const Strings& rows) {
  std::vector<Strings> columns;
  for (const std::string& row : rows) {
    std::size_t c = 0, at = 0;
    for (std::size_t i = 0; i <= row.size(); ++i) {
      if (i < row.size() && row[i] != '|' && row[i] != '@') continue;
      if (columns.size() <= c) columns.emplace_back();
      columns[c++].push_back(row.substr(at, i - at));
      at = i + 1;
    }
  }
  return columns;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("generator: the same seed gives the same rows, whatever batches and restarts") {
    Desk desk = orders();
    Strings all = desk.rows();
    REQUIRE(all.size() == 10'000);
    CHECK(desk.rows() == all);
    for (std::string batch : {"1", "7", "4095", "1000000"}) {
      desk.set("batch.size", batch);
      Strings few = desk.rows({}, 3000);
      CHECK(std::equal(few.begin(), few.end(), all.begin()));
    }
    for (std::size_t from : {0, 1, 4095, 4096, 9999, 10'000}) {
      Strings rest = desk.rows(std::to_string(from));
      CHECK(rest == Strings(all.begin() + static_cast<std::ptrdiff_t>(from), all.end()));
    }
    desk.set("seed", "2");
    CHECK(desk.rows() != all);
  }

  TEST_CASE("generator: values are what the specs say") {
    auto columns = split(orders().rows());
    REQUIRE(columns.size() == 7);
    std::map<std::string, int> users, cities;
    for (std::size_t i = 0; i < 10'000; ++i) {
      CHECK(columns[0][i] == std::to_string(i + 1));
      int user = std::stoi(columns[1][i]);
      CHECK((user >= 1 && user <= 1000));
      CHECK(columns[2][i].starts_with("NAME_" + columns[1][i] + "-"));
      double amount = std::stod(columns[3][i]);
      CHECK((amount >= 10 && amount <= 99.99));
      CHECK(columns[3][i].find('.') == columns[3][i].size() - 3);
      ++users[columns[1][i]];
      ++cities[columns[4][i]];
      std::int64_t late = std::stoll(columns[6][i]) - 1'704'067'200'000 - static_cast<std::int64_t>(i) * 10;
      CHECK((late >= 0 && late <= 5));
    }
    // Zipf with 1.1: the first of 1,000 has about 18 % of all, the second 2^1.1 times less.
    CHECK(users["1"] > 1600);
    CHECK(users["1"] < 2100);
    CHECK(users["1"] > users["2"] * 1.8);
    CHECK(users["1"] < users["2"] * 2.6);
    CHECK(users.size() > 500);
    CHECK(cities.size() == 3);
    CHECK(cities["null"] > 850);
    CHECK(cities["null"] < 1150);
    CHECK(cities["Lisboa"] > 2.7 * cities["Porto"]);
    CHECK(cities["Lisboa"] < 3.3 * cities["Porto"]);
  }

  TEST_CASE("generator: a column keeps its values when others come") {
    Desk desk = orders();
    auto before = split(desk.rows());
    desk.schema = std::make_shared<Schema>(
        Schema{.key = {{"ID", TypeKind::int64}}, .value = {{"X", TypeKind::boolean}, {"USER", TypeKind::int32}}});
    desk.properties = {};
    desk.set("count", "10000");
    desk.set("column.ID", "sequence");
    desk.set("column.X", "choice true, false");
    desk.set("column.USER", "zipf 1.1 of 1..1000");
    CHECK(split(desk.rows())[2] == before[1]);
  }

  TEST_CASE("generator: distributions have their means and bounds") {
    Desk desk;
    desk.schema = std::make_shared<Schema>(Schema{.key = {},
                                                  .value = {{"U", TypeKind::int32},
                                                            {"R", TypeKind::float64},
                                                            {"N", TypeKind::float64},
                                                            {"S", TypeKind::int32},
                                                            {"D", TypeKind::date},
                                                            {"Z", TypeKind::int64}}});
    desk.set("column.U", "uniform -2..2");
    desk.set("column.R", "uniform 0..1");
    desk.set("column.N", "normal 100 deviation 15");
    desk.set("column.S", "sequence from 10 to 4 step -3");
    desk.set("column.D", "uniform 2024-02-28..2024-03-01");
    desk.set("column.Z", "zipf 1 of 5..7");
    desk.set("count", "20000");
    auto columns = split(desk.rows());
    std::map<std::string, int> u, s, d, z;
    double r = 0, n = 0, n2 = 0;
    for (std::size_t i = 0; i < 20'000; ++i) {
      ++u[columns[0][i]], ++s[columns[3][i]], ++d[columns[4][i]], ++z[columns[5][i]];
      r += std::stod(columns[1][i]);
      n += std::stod(columns[2][i]);
      n2 += std::stod(columns[2][i]) * std::stod(columns[2][i]);
    }
    CHECK(u.size() == 5);
    for (const auto& [value, count] : u) CHECK(std::abs(count - 4000) < 300);
    CHECK(std::abs(r / 20'000 - 0.5) < 0.01);
    CHECK(std::abs(n / 20'000 - 100) < 0.5);
    CHECK(std::abs(std::sqrt(n2 / 20'000 - n / 20'000 * (n / 20'000)) - 15) < 0.5);
    CHECK(s == std::map<std::string, int>{{"10", 6667}, {"7", 6667}, {"4", 6666}});
    CHECK(d.size() == 3);
    CHECK(z.size() == 3);  // 6/11, 3/11, 2/11
    CHECK(std::abs(z["5"] - 10'909) < 300);
    CHECK(std::abs(z["6"] - 5'455) < 300);
  }

  TEST_CASE("generator: text of all kinds") {
    Desk desk;
    desk.schema = std::make_shared<Schema>(Schema{.key = {},
                                                  .value = {{"H", TypeKind::string},
                                                            {"L", TypeKind::string},
                                                            {"U", TypeKind::string},
                                                            {"M", TypeKind::string},
                                                            {"B", TypeKind::bytes}}});
    desk.set("column.H", "hex 10");
    desk.set("column.L", "letters 1..3");
    desk.set("column.U", "uuid");
    desk.set("column.M", "uniform 1.50..2.00");
    desk.set("column.B", "text {{x}}");
    desk.set("count", "500");
    auto columns = split(desk.rows());
    for (std::size_t i = 0; i < 500; ++i) {
      CHECK(columns[0][i].size() == 10);
      CHECK((columns[1][i].size() >= 1 && columns[1][i].size() <= 3));
      CHECK(columns[2][i].size() == 36);
      CHECK(columns[2][i][14] == '4');
      CHECK(std::string("89ab").find(columns[2][i][19]) != std::string::npos);
      CHECK(columns[3][i].size() == 4);
      CHECK(columns[4][i] == "0x7b787d");
    }
    CHECK(columns[2][0] != columns[2][1]);
  }

  TEST_CASE("generator: rows come at their rate, and go on after a pause") {
    Desk desk = orders();
    desk.follow = true;
    desk.set("rate", "100");
    desk.set("count", "1000");
    auto source = desk.make().value();
    REQUIRE(source->start(std::nullopt));
    auto read = [&] {
      std::uint32_t rows = 0;
      SourceRead r = source->read({}, std::chrono::milliseconds(0)).value();
      CHECK_FALSE(r.end);
      for (const SourceRead::Part& part : r.parts) rows += part.batch.size;
      return rows;
    };
    CHECK(read() == 1);
    CHECK(read() == 0);
    desk.clock->advance_us(20'000);
    CHECK(read() == 2);
    desk.clock->advance_us(1'000'000);
    CHECK(read() == 100);
    CHECK(source->progress().done == 103);
    CHECK(source->progress().total == 1000);
    REQUIRE(source->start("990"));
    CHECK(read() == 1);
    desk.clock->advance_us(1'000'000);
    CHECK(read() == 9);
    CHECK(read() == 0);
  }

  TEST_CASE("generator: a sequence that leaves its type stops") {
    Desk desk;
    desk.schema = std::make_shared<Schema>(Schema{.key = {}, .value = {{"I", TypeKind::int32}}});
    desk.set("column.I", "sequence from 2147483000");
    desk.set("count", "10000");
    auto source = desk.make().value();
    REQUIRE(source->start(std::nullopt));
    auto read = source->read({}, std::chrono::milliseconds(0));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().what().starts_with("a sequence leaves type INTEGER at row"));
  }

  TEST_CASE("generator: wrong properties are told at once") {
    auto error = [](const std::string& name, const std::string& value) {
      Desk desk = orders();
      desk.set(name, value);
      auto made = desk.make();
      REQUIRE_FALSE(made.has_value());
      return made.error().what();
    };
    CHECK(error("column.AMOUNT", "uniform 1..") == "'column.AMOUNT': a number is missing");
    CHECK(error("column.AMOUNTS", "uniform 1..2") == "'column.AMOUNTS' is for no column of T");
    CHECK(error("column.NAME", "text {USR}") == "the text of column NAME names {USR}, which is no column");
    CHECK(error("column.CITY", "text {NAME}") ==
          "the text of column CITY names {NAME}, whose text names a column, too");
    CHECK(error("timestamp.column", "USER") == "'timestamp.column' = 'USER' is no TIMESTAMP or BIGINT column of T");
    CHECK(error("count", "0") == "a generator without 'count' never comes to an end");
    CHECK(error("rat", "1") == "unknown property 'rat'");
    Desk missing = orders();
    std::erase_if(missing.properties, [](const Property& p) { return p.name == "column.CITY"; });
    CHECK(missing.make().error().what() == "column CITY of T has no spec");
    CHECK(orders().make().value()->start("abc").error().kind() == ErrorKind::refused);
  }

  TEST_CASE("generator: datagen's properties run, with values by type") {
    Desk desk;
    desk.schema =
        std::make_shared<Schema>(Schema{.key = {{"K", TypeKind::string}}, .value = {{"V", TypeKind::float64}}});
    desk.set("kafka.topic", "t");
    desk.set("quickstart", "orders");
    desk.set("iterations", "5");
    Strings rows = desk.rows();
    REQUIRE(rows.size() == 5);
    CHECK(rows[0].starts_with("k-"));
  }
}

}  // namespace levada
