#include "pipeline/catalog_store.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/json.h"
#include "log/each_record.h"
#include "log/record_batch.h"

namespace levada {

static constexpr const char* query_numbers = "next query number";

std::int64_t query_number(std::string_view id) {
  std::int64_t number = 0;
  std::from_chars(id.data() + id.rfind('_') + 1, id.data() + id.size(), number);
  return number;
}

static TopicPartition place() { return {std::string(catalog_topic), 0}; }

Result<CatalogStore> CatalogStore::open(Log& log, bool read_only) {
  CatalogStore store(log);
  if (!log.topic(std::string(catalog_topic))) {
    if (read_only) return store;
    LV_TRY(log.create_topic(std::string(catalog_topic), {.partitions = 1, .compact = true, .retention_ms = -1}));
  }
  LV_TRY(store.read());
  for (const StoredDeclaration& d : store.declarations_)
    if (!d.query.empty()) store.next_query_number_ = std::max(store.next_query_number_, query_number(d.query) + 1);
  // Beyond those that were dropped, too.
  if (auto next = log.position(query_numbers))
    store.next_query_number_ = std::max(store.next_query_number_, query_number(*next));
  return store;
}

Result<void> CatalogStore::read() {
  OffsetRange range = LV_TRY(log_->offsets(place()));
  std::map<std::string, StoredDeclaration> live;
  LV_TRY(each_record(*log_, place(), range.first, to_the_end, [&](const Record& record) -> Result<void> {
    std::string object(record.key.view());
    if (record.value.is_null()) {
      live.erase(object);
      return {};
    }
    auto json = Json::parse(record.value.view());
    if (!json)
      return Error(ErrorKind::damaged, "the stored catalog cannot be read").where(object).why(json.error().line());
    StoredDeclaration declaration{
        .object = object, .statement = json->text_of("statement"), .query = json->text_of("query")};
    if (const Json* number = json->find("number")) declaration.number = number->integer().value_or(0);
    if (const Json* session = json->find("session"); session && session->object())
      for (const Json::Member& member : *session->object())
        if (const std::string* value = member.second.string()) declaration.session[member.first] = *value;
    next_number_ = std::max(next_number_, declaration.number + 1);
    live[object] = std::move(declaration);
    return {};
  }));
  for (auto& [object, declaration] : live) declarations_.push_back(std::move(declaration));
  std::ranges::sort(declarations_, {}, &StoredDeclaration::number);
  return {};
}

// What is declared anew keeps its place: others were built on it.
Result<void> CatalogStore::put(StoredDeclaration declaration) {
  auto before = std::ranges::find(declarations_, declaration.object, &StoredDeclaration::object);
  bool fresh = before == declarations_.end();
  declaration.number = fresh ? next_number_++ : before->number;
  LV_TRY(write(declaration.object, &declaration));
  if (fresh)
    declarations_.push_back(std::move(declaration));
  else
    *before = std::move(declaration);
  return {};
}

Result<void> CatalogStore::remove(const std::string& object) {
  LV_TRY(write(object, nullptr));
  std::erase_if(declarations_, [&](const StoredDeclaration& d) { return d.object == object; });
  return {};
}

Result<void> CatalogStore::write(const std::string& object, const StoredDeclaration* declaration) {
  std::string value;
  if (declaration) {
    Json json;
    json.set("number", declaration->number).set("statement", declaration->statement);
    if (!declaration->query.empty()) json.set("query", declaration->query);
    if (!declaration->session.empty()) {
      Json session;
      for (const auto& [name, text] : declaration->session) session.set(name, text);
      json.set("session", std::move(session));
    }
    value = json.text();
  }
  RecordBatchBuilder records;
  records.add(0, std::string_view(object), declaration ? Text(std::string_view(value)) : Text());
  auto transaction = LV_TRY(log_->begin("_catalog"));
  transaction->append(place(), records.finish());
  if (declaration && !declaration->query.empty()) {
    next_query_number_ = std::max(next_query_number_, query_number(declaration->query) + 1);
    transaction->put_position(query_numbers, std::to_string(next_query_number_));
  }
  return transaction->commit();
}

}  // namespace levada
