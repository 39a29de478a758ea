// Records in Kafka Connect's form to their topics: through the connector's transforms, then through its converters.
// Topics are made as records for them come. One thread: the ingest loop's.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/source.h"
#include "connectors/transforms/chain.h"
#include "formats/connect_converter.h"
#include "pipeline/pipeline.h"
#include "pipeline/record_writing.h"

namespace levada {

class ConnectWriter {
 public:
  static Result<std::unique_ptr<ConnectWriter>> make(RecordWriting writing, const PipelineSurroundings& surroundings,
                                                     OptionNotes& notes);

  // Records that a transform or converter cannot take are told in `rejected`.
  Result<void> append(std::vector<ConnectRecords> records, Transaction& transaction, std::vector<DeadLetter>& rejected,
                      std::uint64_t& written);
  void flush(Transaction& transaction);
  void discard();

 private:
  ConnectWriter(RecordWriting writing, TransformChain chain, std::unique_ptr<ConnectConverter> key,
                std::unique_ptr<ConnectConverter> value, const PipelineSurroundings& surroundings);
  struct Partition {
    TopicPartition to;
    RecordBatchBuilder records;
  };
  struct Written {
    std::vector<Partition> partitions;
    std::size_t turn = 0;  // of records without key
  };
  Result<Written*> topic(const std::string& name);
  Result<void> encode(const ConnectRecords& records, RowFailures& failures);
  Result<void> write(const ConnectRecords& records, Transaction& transaction, std::vector<DeadLetter>& rejected,
                     std::uint64_t& written);

  const RecordWriting writing_;
  TransformChain chain_;
  std::unique_ptr<ConnectConverter> key_converter_, value_converter_;
  const PipelineSurroundings& around_;
  std::map<std::string, Written> topics_;
  Texts keys_, values_;
};

}  // namespace levada
