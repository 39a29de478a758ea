// What the parts of one open log share.
#pragma once
#include "log/chunk_pool.h"
#include "log/embedded_log.h"
#include "log/fail_stop.h"
#include "log/log_catalog.h"
#include "log/log_directory.h"
#include "log/watchers.h"

namespace levada {

struct LogCore {
  LogCore(Files& files, const std::string& path, const EmbeddedLogOptions& opened_with)
      : options(opened_with), directory(files, path, opened_with.most_spare_bytes) {}

  const EmbeddedLogOptions options;
  LogDirectory directory;
  LogCatalog catalog;
  Watchers watchers;
  ChunkPool chunks;
  FailStop fail_stop;
  std::atomic<bool> closing = false;  // long work in the background should end

  // What the catalog let go of and the disk still has. Guarded by the catalog's mutex; maintenance takes it away.
  std::vector<RetiredSegment> retired;
  std::vector<TopicRef> deleted;

  // A topic whose stored bytes are wrong takes part in nothing any more.
  void damaged(TopicState& topic, const Error& evidence) {
    options.logger->error("topic stopped: stored bytes are damaged",
                          {{"topic", topic.topic.name}, {"what", evidence.what()}, {"where", evidence.where()}});
    std::lock_guard lock(catalog.mutex);
    if (!topic.damage) topic.damage = std::make_unique<const Error>(evidence.copy());
  }
};

}  // namespace levada
