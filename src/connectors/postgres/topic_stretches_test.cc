#include "connectors/postgres/topic_stretches.h"

#include <doctest/doctest.h>

namespace levada {
namespace {

struct Letters {
  std::string text;
  bool full() const { return text.size() == 3; }
};

class Gathered {
 public:
  void add(const CapturedTable& table, char letter) {
    Letters* letters = stretches_.growing(table);
    if (!letters) letters = &stretches_.begin(table, {});
    letters->text += letter;
  }
  void close(const CapturedTable& table) { stretches_.close(table); }
  std::string take() {
    std::string all;
    for (const Letters& letters : stretches_.take()) all += (all.empty() ? "" : " ") + letters.text;
    return all;
  }

 private:
  TopicStretches<Letters> stretches_;
};

}  // namespace

TEST_SUITE("connectors") {
  const CapturedTable a{.topic = "a"}, b{.topic = "b"}, altered{.topic = "a"};

  TEST_CASE("topic stretches: tables that take turns have one each, until it is full") {
    Gathered gathered;
    for (char letter : std::string("123456")) gathered.add(letter % 2 ? a : b, letter);
    CHECK(gathered.take() == "135 246");
    for (char letter : std::string("1234567")) gathered.add(a, letter);
    gathered.add(b, '8');
    gathered.add(a, '9');
    CHECK(gathered.take() == "123 456 79 8");
    CHECK(gathered.take().empty());
  }

  TEST_CASE("topic stretches: another table of the topic ends the one that grows, and so does who says so") {
    Gathered gathered;
    gathered.add(a, '1');
    gathered.add(b, '2');
    gathered.add(altered, '3');
    gathered.add(a, '4');
    gathered.add(b, '5');
    CHECK(gathered.take() == "1 25 3 4");
    gathered.add(a, '1');
    gathered.close(altered);
    gathered.add(a, '2');
    gathered.add(a, '3');
    CHECK(gathered.take() == "1 23");
  }
}

}  // namespace levada
