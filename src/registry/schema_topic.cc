#include "registry/schema_topic.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "base/json.h"
#include "log/record_batch.h"

namespace levada {
namespace {

const TopicPartition place{schema_topic, 0};

class SchemaTopic : public SchemaStore {
 public:
  SchemaTopic(Log& log, bool read_only) : log_(log), read_only_(read_only) {}

  Result<std::string> schema(std::int32_t id) override {
    std::lock_guard lock(mutex_);
    auto text = texts_.find(id);
    if (text == texts_.end()) {
      LV_TRY(read_on());
      text = texts_.find(id);
    }
    if (text != texts_.end()) return text->second;
    return Error(ErrorKind::not_found, "there is no schema of this number in topic _schemas")
        .where("schema " + std::to_string(id))
        .remedy("Records that came from elsewhere need the schemas of there: copy its topic _schemas, too.");
  }

  Result<std::optional<RegisteredSchema>> latest(const std::string& subject) override {
    std::lock_guard lock(mutex_);
    LV_TRY(read_on());
    auto versions = subjects_.find(subject);
    if (versions == subjects_.end() || versions->second.empty()) return std::optional<RegisteredSchema>();
    auto [version, id] = *versions->second.rbegin();
    return std::optional(RegisteredSchema{id, version, texts_.at(id)});
  }

  Result<std::int32_t> put(const std::string& subject, const std::string& text) override {
    std::lock_guard lock(mutex_);
    LV_TRY(read_on());
    auto known = ids_.find(text);
    const auto& versions = subjects_[subject];
    if (known != ids_.end())
      for (const auto& [version, id] : versions)
        if (id == known->second) return id;
    if (read_only_)
      return Error(ErrorKind::refused, "a log that is only read takes no schema")
          .where(subject)
          .remedy("Open it for writing, or let the program that writes it register the schema.");
    std::int32_t id = known != ids_.end() ? known->second : next_id_;
    std::int32_t version = newest_[subject] + 1;
    LV_TRY(write(subject, version, id, text, false));
    LV_TRY(read_on());
    if (auto written = texts_.find(id); written == texts_.end() || written->second != text)
      return Error(ErrorKind::refused, "somebody else writes schemas into this log at the same time").where(subject);
    return id;
  }

  Result<void> remove(const std::string& subject) {
    std::lock_guard lock(mutex_);
    LV_TRY(read_on());
    const std::map<std::int32_t, std::int32_t> versions = subjects_[subject];
    for (const auto& [version, id] : versions) LV_TRY(write(subject, version, id, texts_.at(id), true));
    return {};
  }

  // What the log has beyond what is known. Nothing to do while nobody has committed anything.
  Result<void> read_on() {
    std::uint64_t commit = log_.commit_number();
    if (reader_ && commit == seen_commit_) return {};
    if (!reader_) {
      if (!log_.topic(schema_topic)) return {};
      reader_ = LV_TRY(log_.open_reader(place, LV_TRY(log_.offsets(place)).first));
    }
    Records records;
    for (;;) {
      Chunk chunk = LV_TRY(reader_->read(1 << 20));
      if (chunk.record_batches.empty()) break;
      records.clear();
      LV_TRY(records.append(chunk.record_batches));
      for (const Record& record : records.all()) LV_TRY(take(record));
    }
    seen_commit_ = commit;
    return {};
  }

 private:
  Result<void> take(const Record& record) {
    auto key = Json::parse(record.key.view());
    if (!key) return damaged(record, key.error().line());
    if (key->text_of("keytype") != "SCHEMA") return {};
    std::string subject = key->text_of("subject");
    const Json* number = key->find("version");
    auto version = static_cast<std::int32_t>(number ? number->integer().value_or(0) : 0);
    if (subject.empty() || version < 1) return damaged(record, "its key has no subject or no version");
    if (record.value.is_null()) {
      subjects_[subject].erase(version);
      return {};
    }
    newest_[subject] = std::max(newest_[subject], version);
    auto value = Json::parse(record.value.view());
    if (!value) return damaged(record, value.error().line());
    const Json* id_number = value->find("id");
    std::int64_t id = id_number ? id_number->integer().value_or(0) : 0;
    if (id < 1 || id >= INT32_MAX) return damaged(record, "it has no id");
    std::string text = value->text_of("schema");
    const Json* deleted = value->find("deleted");
    if (deleted && deleted->boolean() && *deleted->boolean())
      subjects_[subject].erase(version);  // records that were written with it can still be read
    else
      subjects_[subject][version] = static_cast<std::int32_t>(id);
    ids_.emplace(text, static_cast<std::int32_t>(id));
    texts_.emplace(static_cast<std::int32_t>(id), std::move(text));
    next_id_ = std::max(next_id_, static_cast<std::int32_t>(id + 1));
    return {};
  }

  static Error damaged(const Record& record, const std::string& why) {
    return Error(ErrorKind::damaged, "topic _schemas holds a record that is no schema")
        .where("offset " + std::to_string(record.offset.value()))
        .why(why);
  }

  Result<void> write(const std::string& subject, std::int32_t version, std::int32_t id, const std::string& text,
                     bool deleted) {
    if (!log_.topic(schema_topic))
      LV_TRY(log_.create_topic(schema_topic, {.partitions = 1, .compact = true, .retention_ms = -1}));
    Json key, value;
    key.set("keytype", "SCHEMA").set("subject", subject).set("version", version).set("magic", 1);
    value.set("subject", subject).set("version", version).set("id", id).set("schema", text).set("deleted", deleted);
    std::string key_text = key.text(), value_text = value.text();
    RecordBatchBuilder records;
    records.add(0, std::string_view(key_text), std::string_view(value_text));
    auto transaction = LV_TRY(log_.begin(schema_topic));
    transaction->append(place, records.finish());
    return transaction->commit();
  }

  Log& log_;
  const bool read_only_;
  std::mutex mutex_;
  std::unique_ptr<Reader> reader_;
  std::uint64_t seen_commit_ = 0;
  std::map<std::int32_t, std::string> texts_;                             // by id
  std::map<std::string, std::int32_t> ids_;                               // by text
  std::map<std::string, std::map<std::int32_t, std::int32_t>> subjects_;  // ids by version
  std::map<std::string, std::int32_t> newest_;                            // versions, deleted ones too
  std::int32_t next_id_ = 1;
};

}  // namespace

Result<std::unique_ptr<SchemaStore>> open_schema_topic(Log& log, bool read_only) {
  auto topic = std::make_unique<SchemaTopic>(log, read_only);
  LV_TRY(topic->read_on());
  return topic;
}

Result<void> delete_subject(Log& log, const std::string& subject) { return SchemaTopic(log, false).remove(subject); }

}  // namespace levada
