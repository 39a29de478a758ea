#include "connectors/postgres/trigger_functions.h"

#include "connectors/postgres/trigger_setup.h"

namespace levada {

using T = CatalogueTrigger;

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

TriggerFunctions::Function TriggerFunctions::row_function() const {
  const std::string action = quote_name(columns_.action);
  std::string old_columns = action, old_values = "TG_OP";
  for (std::size_t k = 0; k < columns_.key.size(); ++k) {
    old_columns += ", " + quote_name(columns_.old_key[k]);
    old_values += ", OLD." + quote_name(columns_.key[k]);
  }
  std::string body = "\nBEGIN\n";
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
  if (notify_) body += std::string("  PERFORM pg_notify('") + trigger_channel + "', '');\n";
  body += "  RETURN NULL;\nEND;\n";
  return function("wake", body, T::truncate | (notify_ ? T::insert | T::update | T::del : 0));
}

TriggerFunctions::Function TriggerFunctions::key_function() const {
  std::string body =
      "\nBEGIN\n    " + insert("OLD", quote_name(columns_.action), "'DELETE'") + "\n  RETURN NULL;\nEND;\n";
  return function("key", body, T::row | T::update, " WHEN (" + key_changed() + ")");
}

TriggerFunctions::Function TriggerFunctions::function(const std::string& kind, const std::string& body,
                                                      std::uint16_t when, const std::string& condition) const {
  std::string mark = "$levada$";
  for (int i = 1; body.find(mark) != std::string::npos; ++i) mark = "$levada" + std::to_string(i) + "$";
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
  made.trigger = "CREATE TRIGGER " + quote_name("0" + name(kind)) + " AFTER " + events + " ON " +
                 TableName{table_.table.schema, table_.table.name}.quoted() + " FOR EACH " +
                 (when & T::row ? "ROW" : "STATEMENT") + condition + "\n  EXECUTE FUNCTION " + called + ";";
  made.when = when;
  return made;
}

}  // namespace levada
