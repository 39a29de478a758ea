// Dates, times, timestamps and intervals as values of Kafka Connect, in each of Debezium's time.precision.modes.
#pragma once
#include "connectors/postgres/connect_plan.h"

namespace levada {

// `from` is resolved and of this type of the server.
ConnectPlan plan_date(const CapturedType& from, const ValueModes& modes);
ConnectPlan plan_time(const CapturedType& from, const ValueModes& modes);
ConnectPlan plan_timestamp(const CapturedType& from, const ValueModes& modes);
ConnectPlan plan_zoned_timestamp(const CapturedType& from, const ValueModes& modes);  // timestamptz
ConnectPlan plan_zoned_time(const CapturedType& from, const ValueModes& modes);       // timetz
ConnectPlan plan_interval(const CapturedType& from, const ValueModes& modes);

}  // namespace levada
