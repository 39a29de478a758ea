// Filter: drops every record that reaches it; a predicate says which do.
#include "connectors/transforms/transforms.h"

namespace levada {
namespace {

class Filter : public Transform {
 public:
  void apply(const ConnectRecords& /*records*/, std::vector<ConnectRecords>& /*out*/,
             RowFailures& /*failures*/) override {}
  bool drops_all() const override { return true; }
};

struct NoOptions {};

Result<std::unique_ptr<Transform>> make(const Properties& properties, Side /*side*/, OptionNotes& /*notes*/) {
  LV_TRY(parse_options<NoOptions>({}, properties));
  return std::make_unique<Filter>();
}

}  // namespace

constinit const TransformKind filter_transform{
    .type = "org.apache.kafka.connect.transforms.Filter",
    .sided = false,
    .doc = "Drops the records that its predicate chooses.",
    .options = {},
    .make = make,
};

}  // namespace levada
