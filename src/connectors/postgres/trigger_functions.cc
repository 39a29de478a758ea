#include "connectors/postgres/trigger_functions.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "base/json.h"
#include "connectors/postgres/trigger_setup.h"
#include "connectors/postgres/value_reader.h"

namespace levada {

using T = CatalogueTrigger;

namespace {

// In a row function, before the columns that it names: {"1":"id","2":"word"}.
const std::string columns_comment = "\n-- columns ";

std::string mark_for(const std::string& body) {
  std::string mark = "$levada$";
  for (int i = 1; body.find(mark) != std::string::npos; ++i) mark = "$levada" + std::to_string(i) + "$";
  return mark;
}

}  // namespace

TriggerFunctions::TriggerFunctions(const CatalogueTable& table, const TableName& changes, Columns columns, bool notify)
    : table_(table), changes_(changes), columns_(std::move(columns)), notify_(notify) {}

std::string TriggerFunctions::name(const std::string& kind) const {
  std::string name = "levada_" + kind + "_" + changes_.name;
  return name.size() < 63 ? name : "levada_" + kind + "_" + std::to_string(table_.table.oid);
}

std::string TriggerFunctions::insert(const std::string& row, const std::string& more_columns,
                                     const std::string& more_values) const {
  std::string columns, values;
  for (const CatalogueColumn& c : table_.plain) {
    columns += quote_name(c.name) + ", ";
    values += row + "." + quote_name(c.name) + ", ";
  }
  return "INSERT INTO " + changes_.quoted() + " (" + columns + more_columns + ")\n      VALUES (" + values +
         more_values + ");";
}

// As text: types of other schemas have their operators there, and 1.0 is another key than 1.00 to who reads text.
std::string TriggerFunctions::key_changed() const {
  std::string condition;
  for (const std::string& k : columns_.key)
    condition += (condition.empty() ? "" : " OR ") + std::string("OLD.") + quote_name(k) +
                 "::text IS DISTINCT FROM NEW." + quote_name(k) + "::text";
  return condition.empty() ? "false" : condition;
}

std::string TriggerFunctions::insert_state(const std::string& row) const {
  std::string columns, values, condition;
  for (const CatalogueColumn& c : table_.plain) {
    columns += quote_name(c.name) + ", ";
    values += "s." + quote_name(c.name) + ", ";
  }
  for (const std::string& k : columns_.key)
    condition += (condition.empty() ? "s." : " AND s.") + quote_name(k) + " = " + row + "." + quote_name(k);
  const std::string action = quote_name(columns_.action);
  return "      INSERT INTO " + changes_.quoted() + " (" + columns + action + ")\n        SELECT " + values +
         "'UPDATE' FROM " + TableName{table_.table.schema, table_.table.name}.quoted() + " s WHERE " +
         (condition.empty() ? "false" : condition) + ";\n      IF NOT FOUND THEN\n      " +
         insert(row, action, "'DELETE'") + "\n      END IF;\n";
}

std::map<int, std::string> TriggerFunctions::columns_of(const std::string& body) {
  std::map<int, std::string> columns;
  if (!body.starts_with(columns_comment)) return columns;
  std::string_view line = std::string_view(body).substr(columns_comment.size());
  auto names = Json::parse(line.substr(0, line.find('\n')));
  if (!names || !names->object()) return columns;
  for (const auto& [number, name] : *names->object())
    if (name.string()) columns[std::atoi(number.c_str())] = *name.string();
  return columns;
}

TriggerFunctions::Function TriggerFunctions::row_function() const {
  const std::string action = quote_name(columns_.action);
  std::string old_columns = action, old_values = "TG_OP";
  for (std::size_t k = 0; k < columns_.key.size(); ++k) {
    old_columns += ", " + quote_name(columns_.old_key[k]);
    old_values += ", OLD." + quote_name(columns_.key[k]);
  }
  const std::string text = "PERFORM " + TableName{changes_.schema, text_name()}.quoted();
  Json names{Json::Object()};
  for (const CatalogueColumn& c : table_.plain) names.set(std::to_string(c.number), c.name);
  std::string body = columns_comment + names.text() + "\nDECLARE\n  levada_shape text := current_setting(" + setting() +
                     ", true);\nBEGIN\n";
  body +=
      "  IF levada_shape IS NULL OR levada_shape = '' THEN\n    levada_shape := " + shape_expression(table_.table.oid) +
      ";\n  END IF;\n  IF levada_shape <> '" + table_.shape + "' AND levada_shape <> '" + table_.exact_shape +
      "' THEN\n    IF TG_OP = 'INSERT' THEN\n      " + text +
      "(TG_OP, NEW, NEW);\n    ELSIF TG_OP = 'UPDATE' THEN\n      " + text + "(TG_OP, NEW, OLD);\n    ELSE\n      " +
      text + "(TG_OP, OLD, OLD);\n    END IF;\n    RETURN NULL;\n  END IF;\n";
  body +=
      "  IF pg_trigger_depth() > 1 OR current_setting('levada.nested', true) = 'on' THEN\n"
      "    PERFORM set_config('levada.nested', 'on', true);\n"
      "    IF TG_OP <> 'INSERT' THEN\n" +
      insert_state("OLD") + "    END IF;\n    IF TG_OP = 'INSERT' THEN\n" + insert_state("NEW") +
      "    ELSIF TG_OP = 'UPDATE' AND (" + key_changed() + ") THEN\n" + insert_state("NEW") + "    END IF;\n";
  body += "  ELSIF TG_OP = 'INSERT' THEN\n    " + insert("NEW", action, "TG_OP") +
          "\n  ELSIF TG_OP = 'DELETE' THEN\n    " + insert("OLD", action, "TG_OP") + "\n  ELSIF " + key_changed() +
          " THEN\n    " + insert("NEW", old_columns, old_values) + "\n  ELSE\n    " + insert("NEW", action, "TG_OP") +
          "\n  END IF;\n  RETURN NULL;\nEND;\n";
  return function("capture", body, T::row | T::insert | T::update | T::del);
}

TriggerFunctions::Function TriggerFunctions::statement_function() const {
  std::string body = "\nBEGIN\n  IF TG_OP = 'TRUNCATE' THEN\n    INSERT INTO " + changes_.quoted() + " (" +
                     quote_name(columns_.action) + ") VALUES (TG_OP);\n  END IF;\n";
  const bool shaped = !columns_.texts.empty();
  if (shaped) body += "  PERFORM set_config(" + setting() + ", '', true);\n";
  if (notify_) body += std::string("  PERFORM pg_notify('") + trigger_channel + "', '');\n";
  body += "  RETURN NULL;\nEND;\n";
  return function("wake", body, T::truncate | (notify_ || shaped ? T::insert | T::update | T::del : 0));
}

TriggerFunctions::Function TriggerFunctions::shape_function() const {
  return function("shape",
                  "\nBEGIN\n  PERFORM set_config(" + setting() + ", " + shape_expression(table_.table.oid) +
                      ", true);\n  RETURN NULL;\nEND;\n",
                  T::before | T::insert | T::update | T::del);
}

// The names are those of the row itself: the catalogue may be older, see shape_expression(). A name that it does not
// have stands for itself behind a '?'.
TriggerFunctions::Function TriggerFunctions::text_function() const {
  const std::string oid = std::to_string(table_.table.oid);
  std::string numbers, labels;
  for (const std::string& k : columns_.key)
    for (const CatalogueColumn& c : table_.plain)
      if (c.name == k) {
        numbers += (numbers.empty() ? "" : ",") + std::to_string(c.number);
        labels += (labels.empty() ? "" : ", ") + quote_text(std::to_string(c.number));
      }
  std::string body = R"(
DECLARE
  names text[] := ARRAY(SELECT json_object_keys(row_to_json(fresh)));
  labels text[] := ARRAY(SELECT coalesce(a.attnum::text, '?' || n.name) FROM unnest(names) WITH ORDINALITY AS n (name, place)
    LEFT JOIN pg_attribute a ON a.attrelid = $OID AND a.attname = n.name AND NOT a.attisdropped ORDER BY n.place);
  key text[] := ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = $OID AND a.attnum = ANY ('{$NUMBERS}'::int2[]) AND NOT a.attisdropped);
  texts text := (SELECT 'SELECT ARRAY[' || coalesce(string_agg(format('($1).%I::text', n.name), ', ' ORDER BY n.place), '') ||
    ']::text[]' FROM unnest(names) WITH ORDINALITY AS n (name, place));
  state text := (SELECT 'SELECT ARRAY[' || coalesce(string_agg(format('s.%I::text', n.name), ', ' ORDER BY n.place), '') ||
    ']::text[] FROM ' || $OID::regclass || ' s WHERE ' FROM unnest(names) WITH ORDINALITY AS n (name, place));
  now_values text[]; old_values text[]; found_values text[]; changed json; moved boolean;
BEGIN
  EXECUTE texts INTO now_values USING fresh;
  EXECUTE texts INTO old_values USING stale;
  changed := (SELECT json_object(array_agg(v.label), array_agg(v.old)) FROM unnest(labels, now_values, old_values)
    AS v (label, now, old) WHERE v.now IS DISTINCT FROM v.old);
  IF pg_trigger_depth() > 1 OR current_setting('levada.nested', true) = 'on' THEN
    PERFORM set_config('levada.nested', 'on', true);
    IF cardinality(key) = $KEYS AND key <@ names THEN
      state := state || (SELECT string_agg(format('s.%1$I = ($1).%1$I', k), ' AND ') FROM unnest(key) k);
      moved := EXISTS (SELECT FROM json_object_keys(changed) AS k (label) WHERE k.label IN ($LABELS));
      IF moved THEN
        EXECUTE state INTO found_values USING stale;
        INSERT INTO $CHANGES ($ACTION, $TEXTS) VALUES (CASE WHEN found_values IS NULL THEN 'DELETE' ELSE 'UPDATE' END,
          json_build_object('row', json_object(labels, coalesce(found_values, old_values))));
      END IF;
      EXECUTE state INTO found_values USING fresh;
      INSERT INTO $CHANGES ($ACTION, $TEXTS) VALUES (CASE WHEN found_values IS NULL THEN 'DELETE' ELSE 'UPDATE' END,
        json_build_object('row', json_object(labels, coalesce(found_values, now_values))));
      RETURN;
    END IF;
  END IF;
  INSERT INTO $CHANGES ($ACTION, $TEXTS) VALUES (op, json_build_object('row', json_object(labels, now_values), 'old', changed));
END;
)";
  const std::pair<std::string_view, std::string> places[] = {{"$OID", oid},
                                                             {"$NUMBERS", numbers},
                                                             {"$KEYS", std::to_string(columns_.key.size())},
                                                             {"$LABELS", labels.empty() ? "''" : labels},
                                                             {"$CHANGES", changes_.quoted()},
                                                             {"$ACTION", quote_name(columns_.action)},
                                                             {"$TEXTS", quote_name(columns_.texts)}};
  // One way through, so that what is put in is not looked at again.
  std::string filled;
  for (std::size_t at = 0; at < body.size();) {
    auto place =
        std::ranges::find_if(places, [&](const auto& p) { return body.compare(at, p.first.size(), p.first) == 0; });
    filled += place == std::end(places) ? std::string(1, body[at]) : place->second;
    at += place == std::end(places) ? 1 : place->first.size();
  }
  std::string settings;
  for (const TextSetting& s : text_settings)
    if (std::string_view(s.name) != "client_encoding")
      settings += std::string(" SET ") + s.name + " = " + quote_text(s.value);
  const std::string called = TableName{changes_.schema, text_name()}.quoted() + "(text, anyelement, anyelement)";
  std::string mark = mark_for(filled);
  Function made;
  made.body = filled;
  made.create =
      "CREATE OR REPLACE FUNCTION " + TableName{changes_.schema, text_name()}.quoted() +
      "(op text, fresh anyelement, stale anyelement) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, "
      "pg_temp" +
      settings + " AS " + mark + filled + mark + ";\nREVOKE ALL ON FUNCTION " + called + " FROM PUBLIC;";
  made.when = 0;
  return made;
}

TriggerFunctions::Function TriggerFunctions::key_function() const {
  std::string body =
      "\nBEGIN\n    " + insert("OLD", quote_name(columns_.action), "'DELETE'") + "\n  RETURN NULL;\nEND;\n";
  return function("key", body, T::row | T::update, " WHEN (" + key_changed() + ")");
}

TriggerFunctions::Function TriggerFunctions::function(const std::string& kind, const std::string& body,
                                                      std::uint16_t when, const std::string& condition) const {
  const std::string mark = mark_for(body);
  const std::string called = TableName{changes_.schema, name(kind)}.quoted() + "()";
  Function made;
  made.body = body;
  made.create = "CREATE OR REPLACE FUNCTION " + called +
                " RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS " + mark +
                body + mark + ";\nREVOKE ALL ON FUNCTION " + called + " FROM PUBLIC;";
  std::string events;
  for (auto [bit, event] :
       {std::pair(T::insert, "INSERT"), {T::update, "UPDATE"}, {T::del, "DELETE"}, {T::truncate, "TRUNCATE"}})
    if (when & bit) events += (events.empty() ? "" : " OR ") + std::string(event);
  made.trigger = "CREATE TRIGGER " + quote_name("0" + name(kind)) + (when & T::before ? " BEFORE " : " AFTER ") +
                 events + " ON " + TableName{table_.table.schema, table_.table.name}.quoted() + " FOR EACH " +
                 (when & T::row ? "ROW" : "STATEMENT") + condition + "\n  EXECUTE FUNCTION " + called + ";";
  made.when = when;
  return made;
}

}  // namespace levada
