// From a source to the log.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "connectors/source.h"
#include "pipeline/capture_writer.h"
#include "pipeline/commit.h"
#include "pipeline/connect_writer.h"
#include "pipeline/loop.h"
#include "pipeline/pipeline.h"
#include "pipeline/read_ahead.h"
#include "pipeline/topic_writer.h"

namespace levada {

class IngestLoop : public Loop {
 public:
  // `writers`: one for each declared topic that the source may write to; the other two for what it names itself.
  struct Parts {
    std::string name;
    std::string transactional_id;
    std::unique_ptr<Source> source;
    std::map<std::string, std::unique_ptr<TopicWriter>> writers;
    std::unique_ptr<CaptureWriter> captured;
    std::unique_ptr<ConnectWriter> records;  // nullptr, where the source gives rows
    bool tolerate_errors = true;
    std::string dead_letter_topic;
  };
  IngestLoop(Parts parts, const PipelineSurroundings& surroundings);

  std::vector<std::string> objects() const override { return {parts_.name}; }
  Result<void> open(Wakeup& wakeup) override;
  Result<Step> step(std::stop_token stop) override;
  Result<void> close() override;

 private:
  Result<void> append(const SourceRead::Part& part);
  Result<void> append(std::vector<ConnectRecords> records);
  Result<void> bury(std::span<const DeadLetter> letters);
  Result<void> submit();

  Parts parts_;
  ReadAhead ahead_;  // of parts_.source
  const PipelineSurroundings& around_;
  Counter& rows_in_;
  Counter& rows_out_;
  Counter& dead_letters_;
  Counter& failures_;
  Counter& busy_us_;
  std::unique_ptr<Commit> commit_;
  bool pending_ = false;  // something is in the transaction or in the writers
  Tally tally_;           // of the same; rows that are read again after an error count once
};

}  // namespace levada
