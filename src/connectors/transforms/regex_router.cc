// RegexRouter: records of topics whose whole name matches go to another topic.
#include <array>

#include "connectors/transforms/topic_pattern.h"
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

struct RegexRouterOptions {
  std::string regex, replacement;
};

constexpr std::array option_table = {
    Option{.name = "regex",
           .field = option<&RegexRouterOptions::regex>,
           .doc = "A regular expression for the whole name of the topic.",
           .required = true},
    Option{.name = "replacement",
           .field = option<&RegexRouterOptions::replacement>,
           .doc = "The topic's new name; $1 is what the first group matched.",
           .required = true},
};

class RegexRouter : public Transform {
 public:
  explicit RegexRouter(TopicPattern pattern) : pattern_(std::move(pattern)) {}

  void apply(const ConnectRecords& records, std::vector<ConnectRecords>& out, RowFailures& /*failures*/) override {
    out.push_back(records);
    if (auto topic = pattern_.apply(records.topic)) out.back().topic = *std::move(topic);
  }

 private:
  const TopicPattern pattern_;
};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side /*side*/, OptionNotes& /*notes*/) {
  LV_TRY(parse_options<RegexRouterOptions>(option_table, properties));
  return std::make_unique<RegexRouter>(LV_TRY(TopicPattern::make(properties, "regex", "replacement")));
}

}  // namespace

constinit const TransformKind regex_router{
    .type = "org.apache.kafka.connect.transforms.RegexRouter",
    .sided = false,
    .doc = "Records of topics whose whole name matches go to another topic.",
    .options = option_table,
    .make = make,
};

}  // namespace levada
