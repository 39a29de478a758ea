// Rows of captured tables to topics that their source names: topics are made as tables come, and each table's rows are
// written after the schema it has at that moment. One thread: the ingest loop's.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/source.h"
#include "pipeline/pipeline.h"
#include "pipeline/record_writing.h"
#include "pipeline/topic_writer.h"
#include "sql/catalog.h"

namespace levada {

class CaptureWriter {
 public:
  // `relations`: the streams and tables over topics; their rules are kept where their topics come to be written.
  CaptureWriter(RecordWriting writing, std::vector<Relation> relations, const PipelineSurroundings& surroundings);
  ~CaptureWriter();

  // Rows, or the emptying, of one table. Their schema has an origin. `problems` as TopicWriter has them.
  Result<void> append(const SourceRead::Part& part, Transaction& transaction, TopicWriter::Problems& problems,
                      std::uint64_t& written);
  void flush(Transaction& transaction);
  void discard();

 private:
  struct Captured {
    SchemaRef schema;
    const Relation* relation = nullptr;  // declared over the topic
    std::vector<std::size_t> places;     // by column of the relation: its place in the schema
    std::unique_ptr<TopicWriter> writer;
  };
  Result<Captured*> captured(const SourceRead::Part& part, Transaction& transaction);
  Result<RecordFormat> format_of(const std::string& topic, const SchemaRef& schema) const;
  Result<FormatSpec> spec_of(Side side, const std::string& topic, const SchemaRef& schema) const;
  Result<std::vector<std::size_t>> places_of(const Relation& relation, const Schema& schema) const;
  static Batch declared(const Batch& batch, const Captured& as);

  const RecordWriting writing_;
  const std::vector<Relation> relations_;
  const PipelineSurroundings& around_;
  std::map<std::string, Captured> captured_;  // by topic
};

}  // namespace levada
