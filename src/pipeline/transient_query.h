// A SELECT that is answered and forgotten: reads its topics from the beginning to where they end now, through the same
// operators as a persistent query, in one chain for all partitions. What it groups by is remembered in memory only.
#pragma once
#include <functional>
#include <stop_token>

#include "log/log.h"
#include "pipeline/task.h"
#include "plan/plan.h"

namespace levada {

// Gives rows as batches; stops early when `take` returns false. A table's rows are those that stand there at the end,
// once for each key. If the plan follows (EMIT CHANGES), it goes on with what is appended until `take` returns false or
// a stop is requested. Rows that cannot be decoded or computed are counted in `failed`.
Result<void> run_transient_query(const QueryPlan& plan, Log& log, const Surroundings& surroundings,
                                 std::stop_token stop, const std::function<bool(const Batch&)>& take,
                                 std::uint64_t& failed);

}  // namespace levada
