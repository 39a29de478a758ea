#include "connectors/transforms/transforms.h"

namespace levada {

std::span<const TransformKind* const> transform_kinds() {
  static constexpr const TransformKind* kinds[] = {
      &extract_new_record_state,
      &by_logical_table_router,
      &regex_router,
      &filter_transform,
      &value_to_key,
      &extract_field,
      &replace_field,
      &mask_field,
      &insert_field,
      &cast_transform,
      &timestamp_converter,
      &flatten_transform,
      &hoist_field,
  };
  return kinds;
}

}  // namespace levada
