#include "connectors/transforms/predicate.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "connectors/transforms/records.h"

namespace levada {
namespace {

struct TopicNameOptions {
  std::string pattern;
};
constexpr std::array topic_options = {
    Option{.name = "pattern",
           .field = option<&TopicNameOptions::pattern>,
           .doc = "A regular expression for the whole name of the topic.",
           .required = true},
};

class TopicNameMatches : public Predicate {
 public:
  explicit TopicNameMatches(const std::string& pattern) : regex_(pattern, RE2::Quiet) {}
  const RE2& regex() const { return regex_; }
  Bits test(const ConnectRecords& records) const override {
    return Bits(records.size, RE2::FullMatch(records.topic, regex_));
  }

 private:
  RE2 regex_;
};

Result<std::unique_ptr<Predicate>> make_topic_name_matches(const Properties& properties) {
  auto options = LV_TRY(parse_options<TopicNameOptions>(topic_options, properties));
  auto predicate = std::make_unique<TopicNameMatches>(options.pattern);
  if (!predicate->regex().ok())
    return Error(ErrorKind::usage, "'pattern' is no regular expression")
        .why(predicate->regex().error())
        .where(find_property(properties, "pattern")->where);
  return predicate;
}

struct HeaderKeyOptions {
  std::string name;
};
constexpr std::array header_options = {
    Option{.name = "name", .field = option<&HeaderKeyOptions::name>, .doc = "Name of the header.", .required = true},
};

class HasHeaderKey : public Predicate {
 public:
  explicit HasHeaderKey(std::string name) : name_(std::move(name)) {}
  Bits test(const ConnectRecords& records) const override {
    Bits result(records.size, false);
    for (std::uint32_t row = 0; row < records.headers.size(); ++row) {
      if (records.headers[row].size() <= name_.size()) continue;
      auto headers = parse_headers(records.headers[row]);
      result.put(row, headers && std::ranges::find(*headers, name_, &Header::name) != headers->end());
    }
    return result;
  }

 private:
  const std::string name_;
};

Result<std::unique_ptr<Predicate>> make_has_header_key(const Properties& properties) {
  return std::make_unique<HasHeaderKey>(LV_TRY(parse_options<HeaderKeyOptions>(header_options, properties)).name);
}

class RecordIsTombstone : public Predicate {
 public:
  Bits test(const ConnectRecords& records) const override {
    Bits result(records.size, false);
    for (std::uint32_t row = 0; row < records.size; ++row) result.put(row, is_tombstone(records, row));
    return result;
  }
};

struct NoOptions {};

Result<std::unique_ptr<Predicate>> make_record_is_tombstone(const Properties& properties) {
  LV_TRY(parse_options<NoOptions>({}, properties));
  return std::make_unique<RecordIsTombstone>();
}

constexpr PredicateKind kinds[] = {
    {"org.apache.kafka.connect.transforms.predicates.TopicNameMatches", make_topic_name_matches},
    {"org.apache.kafka.connect.transforms.predicates.HasHeaderKey", make_has_header_key},
    {"org.apache.kafka.connect.transforms.predicates.RecordIsTombstone", make_record_is_tombstone},
};

}  // namespace

std::span<const PredicateKind> predicate_kinds() { return kinds; }

}  // namespace levada
