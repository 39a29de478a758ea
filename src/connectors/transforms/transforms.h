// The table of transforms, one row from each file.
#pragma once
#include <span>

#include "connectors/transforms/transform.h"

namespace levada {

extern const TransformKind by_logical_table_router;
extern const TransformKind cast_transform;
extern const TransformKind extract_field;
extern const TransformKind extract_new_record_state;
extern const TransformKind filter_transform;
extern const TransformKind flatten_transform;
extern const TransformKind hoist_field;
extern const TransformKind insert_field;
extern const TransformKind mask_field;
extern const TransformKind regex_router;
extern const TransformKind replace_field;
extern const TransformKind timestamp_converter;
extern const TransformKind value_to_key;

std::span<const TransformKind* const> transform_kinds();

}  // namespace levada
