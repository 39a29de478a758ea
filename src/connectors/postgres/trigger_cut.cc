#include "connectors/postgres/trigger_cut.h"

#include <algorithm>
#include <charconv>

namespace levada {
namespace {

std::string array_of(const std::vector<std::uint64_t>& numbers) {
  std::string text = "'{";
  for (std::uint64_t n : numbers) text += (text.size() == 2 ? "" : ",") + std::to_string(n);
  return text + "}'::pg_catalog.xid8[]";
}

std::string number(std::uint64_t n) { return "'" + std::to_string(n) + "'::pg_catalog.xid8"; }

bool read(std::string_view text, std::uint64_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

Json json_of(const TriggerCut& cut) {
  Json json;
  json.set("through", cut.through);
  json.set("id", cut.id);
  Json::Array running;
  for (std::uint64_t n : cut.running) running.emplace_back(n);
  json.set("running", std::move(running));
  return json;
}

Error not_ours(std::string_view text) {
  return Error(ErrorKind::refused, "the position of this connector is not one of a postgres-trigger source")
      .why("it is '" + std::string(text.substr(0, 200)) + "'")
      .remedy("It was written by another kind of connector of this name. Give the connector another name.");
}

bool read(const Json* json, std::uint64_t& value) {
  return json && json->number() && read(json->number()->text, value);
}

bool read(const Json* json, std::int64_t& value) {
  auto number = json ? json->integer() : std::nullopt;
  if (number) value = *number;
  return number.has_value();
}

bool read(const Json& json, TriggerCut& cut) {
  const Json* running = json.find("running");
  if (!read(json.find("through"), cut.through) || !read(json.find("id"), cut.id) || !running || !running->array())
    return false;
  for (const Json& n : *running->array())
    if (!read(&n, cut.running.emplace_back())) return false;
  return true;
}

bool read(const Json& json, std::vector<std::string>& texts) {
  if (!json.array()) return false;
  for (const Json& text : *json.array()) {
    if (!text.string()) return false;
    texts.push_back(*text.string());
  }
  return true;
}

bool read(const Json& json, TriggerColumn& column) {
  const Json::Array* parts = json.array();
  if (!parts || parts->size() != 3 || !(*parts)[0].integer() || !(*parts)[1].string() || !(*parts)[2].string())
    return false;
  column = {static_cast<int>(*(*parts)[0].integer()), *(*parts)[1].string(), *(*parts)[2].string()};
  return true;
}

bool read(const Json& json, TriggerProgress& progress) {
  if (!read(json, progress.read)) return false;
  if (const Json* window = json.find("window"))
    if (!read(*window, progress.window.emplace()) || !read(window->find("last"), progress.last)) return false;
  if (const Json* table = json.find("table")) {
    std::uint64_t oid = 0;
    if (!read(table, oid)) return false;
    progress.table = static_cast<std::uint32_t>(oid);
    progress.mark = json.text_of("columns");
    if (const Json* columns = json.find("columns"); columns && columns->array())
      for (const Json& column : *columns->array())
        if (!read(column, progress.columns.emplace_back())) return false;
    if (const Json* gone = json.find("gone"); gone && !read(*gone, progress.gone)) return false;
  }
  const Json* rows = json.find("rows");
  if (!rows) return true;
  progress.rows_begun = true;
  if (rows->string()) return progress.rows_done = *rows->string() == "done";
  const Json* above = rows->find("above");
  return above && read(*above, progress.above);
}

}  // namespace

std::string TriggerCut::within(const std::string& column) const {
  std::string text = column + " <= " + number(through);
  return running.empty() ? text : "(" + text + " AND " + column + " <> ALL (" + array_of(running) + "))";
}

std::string TriggerCut::beyond(const std::string& column) const {
  std::string text = column + " > " + number(through);
  return running.empty() ? text : "(" + text + " OR " + column + " = ANY (" + array_of(running) + "))";
}

Result<TriggerCut> next_cut(const TriggerCut& before, std::string_view snapshot, std::optional<NewestChange> newest) {
  TriggerCut cut{before.through, before.id, {}};
  if (newest) cut.through = newest->transaction, cut.id = newest->id;
  std::string_view list = snapshot;
  for (int i = 0; i < 2; ++i) {
    std::size_t colon = list.find(':');
    if (colon == list.npos)
      return Error(ErrorKind::data, "'" + std::string(snapshot) + "' is no snapshot as PostgreSQL writes it");
    list.remove_prefix(colon + 1);
  }
  while (!list.empty()) {
    std::uint64_t n = 0;
    std::size_t comma = list.find(',');
    if (!read(list.substr(0, comma), n))
      return Error(ErrorKind::data, "'" + std::string(snapshot) + "' is no snapshot as PostgreSQL writes it");
    if (n < cut.through) cut.running.push_back(n);
    list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  }
  std::ranges::sort(cut.running);
  return cut;
}

std::string text_of(const TriggerPosition& position) {
  Json all{Json::Object()};
  for (const auto& [name, progress] : position) {
    Json table = json_of(progress.read);
    if (progress.window) {
      Json window = json_of(*progress.window);
      window.set("last", progress.last);
      table.set("window", std::move(window));
    }
    if (progress.rows_done) {
      table.set("rows", "done");
    } else if (progress.rows_begun) {
      Json::Array above(progress.above.begin(), progress.above.end());
      table.set("rows", Json().set("above", std::move(above)));
    }
    table.set("table", static_cast<std::uint64_t>(progress.table));
    if (progress.columns.empty()) {
      table.set("columns", progress.mark);
    } else {
      Json::Array columns;
      for (const TriggerColumn& c : progress.columns) columns.push_back(Json::Array{c.number, c.name, c.type});
      table.set("columns", std::move(columns));
    }
    if (!progress.gone.empty()) table.set("gone", Json::Array(progress.gone.begin(), progress.gone.end()));
    all.set(name, std::move(table));
  }
  return all.text();
}

Result<TriggerPosition> parse_trigger_position(std::string_view text) {
  auto json = Json::parse(text);
  if (!json || !json->object()) return not_ours(text);
  TriggerPosition position;
  for (const auto& [name, table] : *json->object())
    if (!read(table, position[name])) return not_ours(text);
  return position;
}

}  // namespace levada
