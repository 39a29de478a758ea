// What a type of the server becomes in Kafka Connect: a type, and the reader that makes its values.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/postgres/value_reader.h"

namespace levada {

// The reader's column and the type are made for each other.
struct ConnectPlan {
  ConnectType type;
  std::shared_ptr<const ValueReader> reader;
};

// A type with a semantic name, of version 1; not optional.
ConnectType semantic_type(ConnectType::Kind kind, std::string_view name,
                          std::vector<std::pair<std::string, std::string>> parameters = {});

// The reader of RecordForm::rows, where that makes the right value already.
ConnectPlan plan_as_row(ConnectType type, const CapturedType& from);

}  // namespace levada
