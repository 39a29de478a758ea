#include "bench/capture/source_run.h"

#include "base/files.h"
#include "base/json.h"

namespace levada::bench {

SourceRun::SourceRun(const Server& server, const std::string& properties, const std::string& slot)
    : server_(server), slot_(slot) {
  std::string sql = "CREATE SOURCE CONNECTOR pg WITH ('connector.class' = 'postgres', 'connection.url' = '" +
                    server.url() + "', 'topic.prefix' = 'bench', 'slot.name' = '" + slot +
                    "', 'publication.name' = 'levada_bench', 'schema.include.list' = 'levada_bench', " + properties +
                    ");";
  replace_file(real_files(), scratch_ / "run.sql", sql).value();
}

SourceRun::~SourceRun() {
  server_.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '" + slot_ + "'");
}

void SourceRun::run() {
  ran_ = run_program({levada_program(), "run", scratch_ / "run.sql", "--log", "embedded:" + (scratch_ / "log"),
                      "--until-caught-up", "--quiet"},
                     true);
  if (ran_.code != 0) server_.fail("levada run has failed");
}

std::int64_t SourceRun::records() const {
  Ran listed = run_program(
      {levada_program(), "topics", "--log", "embedded:" + (scratch_ / "log"), "--output", "json", "--quiet"}, true);
  std::int64_t records = 0;
  for (std::size_t from = 0, to; (to = listed.output.find('\n', from)) != std::string::npos; from = to + 1) {
    auto topic = Json::parse(std::string_view(listed.output).substr(from, to - from));
    if (const Json* count = topic ? topic->find("Records") : nullptr) records += count->integer().value_or(0);
  }
  return records;
}

}  // namespace levada::bench
