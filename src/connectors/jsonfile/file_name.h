// Names of the jsonfile sink's files: topic, partition and the offset of the first record, so that they sort by it.
//
//   orders-0-00000000000000004711.jsonl     what may not stand in a name is %XX in it, a percent sign too
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "log/log.h"

namespace levada {

inline constexpr std::string_view open_suffix = ".open";  // of a file that is not finished

std::string file_name(const TopicPartition& partition, Offset first);

struct ParsedFileName {
  TopicPartition partition;
  Offset first;
};
std::optional<ParsedFileName> parse_file_name(std::string_view name);

}  // namespace levada
