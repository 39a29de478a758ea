#include "formats/avro_value_step.h"

namespace levada {

using Kind = AvroNode::Kind;
using Op = AvroStep::Op;

std::optional<AvroStep> avro_value_step(const AvroNode& node, const Type& type) {
  auto size = static_cast<std::uint32_t>(node.size);
  auto is = [&](AvroMeaning meaning) { return node.meaning == meaning; };
  switch (type.kind()) {
    case TypeKind::boolean:
      if (node.kind == Kind::boolean) return AvroStep{.op = Op::boolean};
      break;
    case TypeKind::int32:
      if (node.kind == Kind::int32) return AvroStep{.op = Op::int32};
      break;
    case TypeKind::int64:
      if (node.kind == Kind::int32 || node.kind == Kind::int64) return AvroStep{.op = Op::int64};
      break;
    case TypeKind::float64:
      if (node.kind == Kind::int32 || node.kind == Kind::int64) return AvroStep{.op = Op::int_to_double};
      if (node.kind == Kind::float32) return AvroStep{.op = Op::float32};
      if (node.kind == Kind::float64) return AvroStep{.op = Op::float64};
      break;
    case TypeKind::decimal:
      if (!is(AvroMeaning::decimal)) break;
      return AvroStep{.op = node.kind == Kind::fixed ? Op::decimal_fixed : Op::decimal,
                      .other = static_cast<std::uint32_t>(node.scale),
                      .size = size};
    case TypeKind::string:
      if (node.kind == Kind::string || (node.kind == Kind::bytes && is(AvroMeaning::plain)))
        return AvroStep{.op = Op::string};
      if (node.kind == Kind::fixed && is(AvroMeaning::plain)) return AvroStep{.op = Op::fixed_string, .size = size};
      if (node.kind == Kind::enumeration) return AvroStep{.op = Op::symbol};
      if (!is(AvroMeaning::plain)) break;
      if (node.kind == Kind::boolean) return AvroStep{.op = Op::boolean_text};
      if (node.kind == Kind::int32 || node.kind == Kind::int64) return AvroStep{.op = Op::int_text};
      if (node.kind == Kind::float32) return AvroStep{.op = Op::float32_text};
      if (node.kind == Kind::float64) return AvroStep{.op = Op::float64_text};
      break;
    case TypeKind::bytes:
      if (node.kind == Kind::string || node.kind == Kind::bytes) return AvroStep{.op = Op::bytes};
      if (node.kind == Kind::fixed) return AvroStep{.op = Op::fixed, .size = size};
      break;
    case TypeKind::date:
      if (is(AvroMeaning::date)) return AvroStep{.op = Op::date};
      break;
    case TypeKind::time:
      if (is(AvroMeaning::time_ms)) return AvroStep{.op = Op::time_ms};
      if (is(AvroMeaning::time_us)) return AvroStep{.op = Op::time_us};
      break;
    case TypeKind::timestamp:
      if (is(AvroMeaning::timestamp_ms)) return AvroStep{.op = Op::timestamp_ms};
      if (is(AvroMeaning::timestamp_us)) return AvroStep{.op = Op::timestamp_us};
      break;
    default: break;
  }
  return std::nullopt;
}

std::optional<AvroStep> avro_skip_step(const AvroNode& node) {
  switch (node.kind) {
    case Kind::boolean: return AvroStep{.op = Op::skip_fixed, .size = 1};
    case Kind::int32:
    case Kind::int64:
    case Kind::enumeration: return AvroStep{.op = Op::skip_varint};
    case Kind::float32: return AvroStep{.op = Op::skip_fixed, .size = 4};
    case Kind::float64: return AvroStep{.op = Op::skip_fixed, .size = 8};
    case Kind::bytes:
    case Kind::string: return AvroStep{.op = Op::skip_bytes};
    case Kind::fixed: return AvroStep{.op = Op::skip_fixed, .size = static_cast<std::uint32_t>(node.size)};
    default: return std::nullopt;
  }
}

}  // namespace levada
