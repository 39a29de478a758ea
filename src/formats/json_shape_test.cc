// The shape path against the other one: the same rows, the same failures, whatever the text.
#include "formats/json_shape.h"

#include <doctest/doctest.h>

#include "formats/format_samples.h"
#include "formats/formats.h"
#include "formats/json_decoder.h"

namespace levada {
namespace {

using samples::PaddedTexts;

// Decodes both ways with all instruction sets; returns how many texts went by their shape.
std::uint64_t check_agreement(const FormatSpec& spec, const PaddedTexts& texts, const std::vector<bool>& wanted) {
  JsonDecoder slow(spec);
  slow.use_shapes(false);
  samples::Decoded expected = samples::decode(slow, spec.fields, texts, wanted);
  std::uint64_t shaped = 0;
  for (std::string_view set : QuoteScan::instruction_sets()) {
    JsonDecoder quick(spec);
    quick.use_instructions(set);
    // The second time all shapes are known from the start.
    for (int time = 0; time < 2; ++time) {
      samples::Decoded found = samples::decode(quick, spec.fields, texts, wanted);
      std::ranges::sort(found.failures, {}, &RowFailure::row);
      REQUIRE(found.failures.size() == expected.failures.size());
      for (std::size_t i = 0; i < found.failures.size(); ++i) {
        CHECK(found.failures[i].row == expected.failures[i].row);
        CHECK(found.failures[i].why == expected.failures[i].why);
      }
      for (std::size_t f = 0; f < spec.fields.size(); ++f) {
        if (!found.columns[f]) continue;
        for (std::uint32_t row = 0; row < texts.size(); ++row)
          CHECK_MESSAGE(samples::same(found.at(f, row), expected.at(f, row)), set, " ", texts[row], " field ",
                        spec.fields[f].name, " ", spec.fields[f].type.text(), ": ",
                        text_of(found.at(f, row), spec.fields[f].type), " not ",
                        text_of(expected.at(f, row), spec.fields[f].type));
      }
    }
    shaped = quick.shaped();
  }
  return shaped;
}

// A text changed here and there, mostly so that it is still nearly JSON.
std::string mutate(Random& random, std::string text) {
  static constexpr std::string_view bytes = "\"\\{}[]:, \t\n0123456789.-+eEtrufalsn\x01\x80\xc3\xa9";
  for (std::uint64_t n = 1 + random.below(3); n > 0 && !text.empty(); --n) {
    std::size_t at = random.below(text.size());
    char c = bytes[random.below(bytes.size())];
    switch (random.below(6)) {
      case 0: text[at] = c; break;
      case 1: text.insert(at, 1, c); break;
      case 2: text.erase(at, 1 + random.below(3)); break;
      case 3: text.resize(at); break;
      case 4: text.insert(at, text.substr(at, random.below(12))); break;
      default: std::swap(text[at], text[random.below(text.size())]);
    }
  }
  return text;
}

FormatSpec orders() {
  return {.format = "JSON",
          .fields = {{"ID", TypeKind::int64},
                     {"ITEM", TypeKind::string},
                     {"QTY", TypeKind::int32},
                     {"AMOUNT", TypeKind::float64},
                     {"PRICE", Type::decimal(9, 2)},
                     {"PAID", TypeKind::boolean},
                     {"AT", TypeKind::timestamp}}};
}

}  // namespace

TEST_SUITE("formats") {
  TEST_CASE("JSON shapes: changed texts of one kind are read as they are without shapes") {
    std::uint64_t seed = random_seed();
    INFO("seed ", seed);
    Random random(seed);
    FormatSpec spec = orders();
    std::uint64_t shaped = 0;
    for (int round = 0; round < 100; ++round) {
      PaddedTexts texts;
      for (int i = 0; i < 200; ++i) {
        std::string text = R"({"id":)" + std::to_string(samples::random_integer(random, 40)) + R"(,"item":"item-)" +
                           std::to_string(random.below(1000)) + R"(","qty":)" + std::to_string(random.below(10)) +
                           R"(,"amount":)" + std::to_string(random.below(9999)) + "." +
                           std::to_string(random.below(99)) + R"(,"price":)" + std::to_string(random.below(99)) +
                           R"(.50,"paid":)" + (random.one_in(2) ? "true" : "null") + R"(,"at":1700000000000})";
        texts.add(random.one_in(2) ? text : mutate(random, text));
      }
      std::vector<bool> wanted;
      for (std::size_t f = 0; f < spec.fields.size(); ++f) wanted.push_back(random.one_in(2));
      shaped += check_agreement(spec, texts, wanted);
    }
    CHECK(shaped > 100 * 200 / 2);
  }

  TEST_CASE("JSON shapes: random types, with structures, written and changed") {
    std::uint64_t seed = random_seed();
    INFO("seed ", seed);
    Random random(seed);
    for (int round = 0; round < 100; ++round) {
      FormatSpec spec{.format = "JSON",
                      .fields = samples::random_fields(random, samples::Nesting::structures, 1 + random.below(6))};
      if (spec.fields.size() == 1) spec.wrap_single = random.one_in(2);
      auto rows = samples::random_rows(random, spec.fields, 150);
      Texts written;
      RowFailures failures;
      find_format("JSON")->make_encoder(spec)->encode(samples::columns_of(spec.fields, rows), Rows::all(150), written,
                                                      failures);
      PaddedTexts texts;
      for (std::size_t i = 0; i < written.size(); ++i)
        texts.add(random.one_in(3) ? mutate(random, std::string(written[i])) : std::string(written[i]));
      std::vector<bool> wanted;
      for (std::size_t f = 0; f < spec.fields.size(); ++f) wanted.push_back(!random.one_in(4));
      check_agreement(spec, texts, wanted);
    }
  }

  TEST_CASE("JSON shapes: every beginning of a text, and every byte of it changed") {
    FormatSpec spec = orders();
    std::string text =
        R"({"id":1,"item":"é","qty":22,"amount":-4.5,"price":"1.50","paid":false,"at":12, "more": {"x": {}, "y": "z"}})";
    PaddedTexts texts;
    texts.add(text);
    for (std::size_t size = 0; size < text.size(); ++size) texts.add(text.substr(0, size));
    for (std::size_t at = 0; at < text.size(); ++at)
      for (char c : {'"', '\\', ' ', '0', '}', ',', '\x00', '\xff'}) {
        std::string changed = text;
        changed[at] = c;
        texts.add(changed);
      }
    check_agreement(spec, texts, {});
  }

  TEST_CASE("JSON shapes: what should go by its shape does") {
    auto shaped = [](const FormatSpec& spec, std::initializer_list<std::string_view> kinds) {
      PaddedTexts texts;
      for (int i = 0; i < 256; ++i)
        for (std::string_view kind : kinds) texts.add(kind);
      JsonDecoder decoder(spec);
      samples::decode(decoder, spec.fields, texts);
      return static_cast<double>(decoder.shaped()) / static_cast<double>(texts.size());
    };
    FormatSpec spec = orders();
    CHECK(shaped(spec, {R"({"id":1,"item":"a","qty":2,"amount":3.5,"price":1,"paid":true,"at":5})"}) == 1);
    CHECK(shaped(spec, {R"( { "id" : 1, "a_member_with_a_name_of_more_than_16_bytes" : "x" } )"}) == 1);
    CHECK(shaped(spec, {R"({"id":"1","item":null,"at":"2024-01-01"})"}) == 1);
    CHECK(shaped(spec, {R"({"id":1,"item":"größer","more":{"deep":{"er":"€"},"no":{}}})"}) == 1);
    CHECK(shaped(spec, {R"({"id":1})", R"({"item":"x"})", R"({"id":1,"item":"x"})", R"({"at":1,"id":2,"x":3})"}) > 0.5);
    CHECK(shaped(spec, {R"({"id":1,"tags":["a"]})"}) == 0);
    CHECK(shaped(spec, {R"({"id":1,"item":"a\"b"})"}) == 0);
    CHECK(shaped(spec, {R"({"id":1,"id":2})"}) == 0);
    CHECK(shaped({.format = "JSON", .fields = {{"K", TypeKind::string}}, .wrap_single = false}, {"\"key\""}) == 1);
    CHECK(shaped({.format = "JSON", .fields = {{"K", TypeKind::int64}}, .wrap_single = false}, {"12345"}) == 1);
    Type envelope = Type::structure({{"ID", TypeKind::int32}, {"NAME", TypeKind::string}});
    CHECK(shaped({.format = "JSON", .fields = {{"BEFORE", envelope}, {"AFTER", envelope}, {"OP", TypeKind::string}}},
                 {R"({"before":null,"after":{"id":1,"name":"x"},"op":"c"})"}) == 1);
  }

  TEST_CASE("JSON shapes: new shapes take the place of old ones") {
    FormatSpec spec{.format = "JSON", .fields = {{"A", TypeKind::int32}}};
    JsonDecoder decoder(spec);
    for (int kind = 0; kind < 30; ++kind) {
      PaddedTexts texts;
      for (int i = 0; i < 64 * 100; ++i)
        texts.add("{\"a\":" + std::to_string(i) + ",\"m" + std::to_string(kind) + "\":\"x\"}");
      std::uint64_t before = decoder.shaped();
      samples::Decoded decoded = samples::decode(decoder, spec.fields, texts);
      CHECK(decoded.at(0, 6399) == Value(std::int64_t{6399}));
      CHECK(decoder.shaped() - before > 64 * 20);
    }
  }

  TEST_CASE("quotes are found alike by all instruction sets") {
    std::uint64_t seed = random_seed();
    INFO("seed ", seed);
    Random random(seed);
    for (int round = 0; round < 100; ++round) {
      PaddedTexts texts;
      for (int i = 0; i < 64; ++i) {
        std::string text;
        for (std::size_t n = random.one_in(20) ? 9000 * random.below(2) : random.below(300); n > 0; --n)
          text += random.one_in(4 + random.below(100)) ? (random.one_in(40) ? static_cast<char>(random()) : '"') : 'x';
        texts.add(text);
      }
      for (std::string_view set : QuoteScan::instruction_sets()) {
        QuoteScan scan;
        scan.use(set);
        scan.scan(texts.all());
        for (std::size_t i = 0; i < 64; ++i) {
          std::string_view text = texts.all()[i].view();
          std::vector<std::size_t> expected = {0};
          bool odd = false;
          for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] == '"') expected.push_back(at);
            odd |= text[at] == '\\' || static_cast<signed char>(text[at]) < 0x20;
          }
          expected.push_back(text.size());
          bool scanned = scan.scanned() >> i & 1;
          CHECK(scanned == (text.size() <= QuoteScan::max_text_size && expected.size() - 2 < QuoteScan::max_quotes));
          if (!scanned) continue;
          CHECK((scan.odd() >> i & 1) == odd);
          REQUIRE(scan.quotes(i) == expected.size() - 2);
          for (std::size_t q = 0; q < expected.size(); ++q) CHECK(scan.positions(i)[q] == expected[q]);
        }
      }
    }
  }
}

}  // namespace levada
