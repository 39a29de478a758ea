// The jsonfile sink: lines of JSON in files, one open file a topic partition, exactly one line for each record whatever
// crashes.
//
//   PATH/orders-0-00000000000000000000.jsonl         finished: topic, partition, offset of the first record in it
//   PATH/orders-0-00000000000000004711.jsonl.open    being written; what of it counts stands in the manifest
//   PATH/levada.manifest, levada.lock                manifest.h
//
// A round is committed by making the files durable and then one line of the manifest, which also holds the offsets.
// What stands behind the lengths told there was never committed and is cut off at the next start. With `file` instead
// of `path` all partitions go into one file that is never finished, and its manifest and lock stand beside it.
#pragma once
#include <memory>

#include "connectors/jsonfile/options.h"
#include "connectors/sink.h"

namespace levada {

Result<std::unique_ptr<Sink>> make_jsonfile_sink(SinkContext context);

}  // namespace levada
