#include "connectors/transforms/transforms.h"

namespace levada {

std::span<const TransformKind* const> transform_kinds() {
  static constexpr const TransformKind* kinds[] = {
      &extract_new_record_state,
      &by_logical_table_router,
      &regex_router,
      &filter_transform,
  };
  return kinds;
}

}  // namespace levada
