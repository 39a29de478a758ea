#include "connectors/postgres/snapshot_progress.h"

namespace levada {
namespace {

Json texts(const std::vector<std::string>& values) {
  Json::Array array;
  for (const std::string& v : values) array.emplace_back(v);
  return array;
}

Error damaged(const Json& json) {
  return Error(ErrorKind::damaged, "the stored progress of a snapshot cannot be read").where(json.text());
}

// A missing member is an empty list.
Result<std::vector<std::string>> read_texts(const Json& object, std::string_view member) {
  std::vector<std::string> out;
  const Json* list = object.find(member);
  if (!list) return out;
  if (!list->array()) return damaged(object);
  for (const Json& v : *list->array()) {
    if (!v.string()) return damaged(object);
    out.push_back(*v.string());
  }
  return out;
}

}  // namespace

Json SnapshotProgress::json() const {
  Json::Array names;
  for (const std::string& table : done) names.emplace_back(table);
  Json::Object tables;
  for (const auto& [table, ranges] : left) {
    Json::Array array;
    for (const KeyRange& range : ranges) {
      Json one = Json::Object{};
      if (!range.above.empty()) one.set("above", texts(range.above));
      if (!range.to.empty()) one.set("to", texts(range.to));
      array.push_back(std::move(one));
    }
    tables.emplace_back(table, std::move(array));
  }
  Json json = Json::Object{};
  json.set("done", std::move(names));
  if (!tables.empty()) json.set("left", std::move(tables));
  return json;
}

Result<SnapshotProgress> SnapshotProgress::parse(const Json& json) {
  SnapshotProgress progress;
  if (json.is_null()) return progress;
  if (!json.object()) return damaged(json);
  for (std::string& table : LV_TRY(read_texts(json, "done"))) progress.done.insert(std::move(table));
  const Json* left = json.find("left");
  if (!left) return progress;
  if (!left->object()) return damaged(json);
  for (const auto& [table, ranges] : *left->object()) {
    if (!ranges.array()) return damaged(json);
    std::vector<KeyRange>& list = progress.left[table];
    for (const Json& range : *ranges.array()) {
      if (!range.object()) return damaged(json);
      list.push_back({LV_TRY(read_texts(range, "above")), LV_TRY(read_texts(range, "to"))});
    }
  }
  return progress;
}

}  // namespace levada
