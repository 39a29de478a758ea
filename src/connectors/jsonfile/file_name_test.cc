#include "connectors/jsonfile/file_name.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace levada {

TEST_SUITE("connectors") {
  TEST_CASE("jsonfile: file names tell topic, partition and first offset, and come back as they were") {
    CHECK(file_name({"orders", 0}, Offset(4711)) == "orders-0-00000000000000004711.jsonl");
    for (const std::string& topic :
         std::vector<std::string>{"a", "a-b", "a-1-2", ".hidden", "..", "a/b", "a%2Fb", "100%", "größe", "a b",
                                  "A.b_c-d", std::string("\0", 1), "-"})
      for (std::int32_t partition : {0, 7, INT32_MAX})
        for (std::int64_t first : {std::int64_t{0}, std::int64_t{99}, INT64_MAX}) {
          std::string name = file_name({topic, partition}, Offset(first));
          INFO(name);
          CHECK(name.find('/') == std::string::npos);
          CHECK(name[0] != '.');
          auto parsed = parse_file_name(name);
          REQUIRE(parsed);
          CHECK(parsed->partition == TopicPartition{topic, partition});
          CHECK(parsed->first == Offset(first));
        }
  }

  TEST_CASE("jsonfile: file names sort by offset") {
    std::vector<std::string> names;
    for (std::int64_t first : {0LL, 9LL, 10LL, 99LL, 100LL, 1'000'000'000'000LL, 9'223'372'036'854'775'807LL})
      names.push_back(file_name({"t", 3}, Offset(first)));
    CHECK(std::ranges::is_sorted(names));
  }

  TEST_CASE("jsonfile: other files' names are not taken for ours") {
    for (const char* name :
         {"", ".jsonl", "orders.jsonl", "orders-0.jsonl", "orders-0-17.jsonl", "orders-0-0000000000000000471x.jsonl",
          "orders--00000000000000004711.jsonl", "-0-00000000000000004711.json", "orders-x-00000000000000004711.jsonl",
          "orders-0-00000000000000004711.jsonl.open", "orders-0-00000000000000004711.jsonl ",
          "orders-0-99999999999999999999.jsonl", "a%2-0-00000000000000000001.jsonl",
          "a%zz-0-00000000000000000001.jsonl", "a%-0-00000000000000000001.jsonl"}) {
      INFO(name);
      CHECK(!parse_file_name(name));
    }
  }
}

}  // namespace levada
