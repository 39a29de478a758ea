// The processing log: rows that an expression failed for, as ksqlDB's processing log tells them. A topic of JSON
// records, for people and for streams declared over it.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "log/log.h"
#include "operators/operator.h"

namespace levada {

inline constexpr std::string_view processing_log_topic = "_processing_log";

// At most a thousand entries of a query in one transaction, then one that counts the rest.
void append_processing_failures(const std::string& query, std::span<const ProcessingFailure> failures,
                                std::int64_t now_ms, Transaction& transaction);

}  // namespace levada
