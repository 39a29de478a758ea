// From a CREATE … CONNECTOR to the parts of its loop: properties read, the connector made, its topics matched with the
// streams and tables that say what their records are. Nothing outside is touched.
#pragma once
#include <string>
#include <vector>

#include "pipeline/deliver_loop.h"
#include "pipeline/ingest_loop.h"
#include "sql/catalog.h"
#include "sql/planner.h"

namespace levada {

// `notes` are for the user: what was accepted without meaning.
Result<IngestLoop::Parts> make_source_parts(const Catalog& catalog, const ConnectorDeclaration& declaration,
                                            const PipelineOptions& options, const PipelineSurroundings& around,
                                            std::vector<std::string>& notes);
// What the first source connector that knows the topic says of it; each one that does not adds why to `answers`.
// Connectors look outside.
std::optional<DescribedTopic> describe_topic(const Catalog& catalog, const std::string& topic,
                                             const PipelineOptions& options, const PipelineSurroundings& around,
                                             std::vector<std::string>& answers);
Result<DeliverLoop::Parts> make_sink_parts(const Catalog& catalog, const ConnectorDeclaration& declaration,
                                           const PipelineOptions& options, const PipelineSurroundings& around,
                                           std::vector<std::string>& notes);

}  // namespace levada
