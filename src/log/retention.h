// Which segments of a topic have had their time: closed ones that were last written longer ago than retention_ms, or
// that lie before the newest retention_bytes of their partition. It is the log's own clock that counts, not the
// records' timestamps: what is loaded today stays a week, however old the events in it are.
#pragma once
#include "log/log_catalog.h"

namespace levada {

// The changes that remove them; the catalog is locked. A last segment that has had its time goes too, for an empty one.
std::vector<Change> retention_changes(const LogCatalog& catalog, const TopicState& topic, std::int64_t now_ms);

}  // namespace levada
