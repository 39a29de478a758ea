#include "connectors/postgres/trigger_texts.h"

#include <algorithm>

#include "connectors/postgres/names.h"
#include "connectors/postgres/value_reader.h"

namespace levada {
namespace {

// What says nothing of a value: the server is short of something, or somebody was in the way.
constexpr const char* raise_what_may_pass = "IF SQLSTATE ~ '^(40|53|55|57|58)' THEN RAISE; END IF;";

std::string do_block(const std::string& body) {
  std::string mark = "$levada$";
  for (int i = 1; body.find(mark) != std::string::npos; ++i) mark = "$levada" + std::to_string(i) + "$";
  return "DO " + mark + body + mark + ";";
}

std::string assignment(const CatalogueColumn& c) {
  const std::string name = quote_name(c.name), number = quote_text(std::to_string(c.number));
  // A column that was added later has what rows that are older than it have, which stands there.
  return name + " = CASE WHEN t.fresh->" + number + " IS NULL THEN c." + name + " ELSE (t.fresh->>" + number +
         ")::" + c.type + " END";
}

}  // namespace

std::string move_texts_statement(const TriggerTexts& t) {
  std::string parts;
  auto add = [&](const std::string& part) { parts += (parts.empty() ? "\n    " : ",\n    ") + quote_text(part); };
  for (const CatalogueColumn& c : t.columns) add(assignment(c));
  std::string changed;
  std::vector<const CatalogueColumn*> key;
  for (const std::string& k : t.key) {
    auto column = std::ranges::find(t.columns, k, &CatalogueColumn::name);
    key.push_back(&*column);
    changed +=
        (changed.empty() ? "t.stale->" : " OR t.stale->") + quote_text(std::to_string(column->number)) + " IS NOT NULL";
  }
  for (std::size_t k = 0; k < t.old_key.size(); ++k) {
    const std::string number = quote_text(std::to_string(key[k]->number));
    add(quote_name(t.old_key[k]) + " = CASE WHEN " + changed + " THEN coalesce(t.stale->>" + number + ", t.fresh->>" +
        number + ")::" + key[k]->type + " END");
  }
  const std::string done = t.texts +
                           " = CASE WHEN EXISTS (SELECT FROM json_object_keys(t.fresh) AS k (label) WHERE k.label "
                           "LIKE '?%') THEN json_build_array(c." +
                           t.texts + ") END";
  const std::string from = " FROM (SELECT x." + t.transaction + " AS transaction, x." + t.id + " AS id, x." + t.texts +
                           "->'row' AS fresh, x." + t.texts + "->'old' AS stale FROM " + t.changes +
                           " x WHERE json_typeof(x." + t.texts + ") = 'object'";
  const std::string joined = " OFFSET 0) AS t WHERE c." + t.transaction + " = t.transaction AND c." + t.id + " = t.id";
  const std::string one_of = " AND x." + t.transaction + " = $1 AND x." + t.id + " = $2";
  std::string settings;
  for (const TextSetting& s : text_settings)
    if (std::string_view(s.name) != "client_encoding")
      settings += "  PERFORM set_config(" + quote_text(s.name) + ", " + quote_text(s.value) + ", true);\n";
  return do_block(
      "\nDECLARE\n  parts text[] := ARRAY[" + parts + "];\n  done text := " + quote_text(done) +
      ";\n  change text := " + quote_text("UPDATE " + t.changes + " c SET ") +
      ";\n  all_of text := " + quote_text(from + joined) + ";\n  one_of text := " + quote_text(from + one_of + joined) +
      ";\n  one record;\n  part text;\nBEGIN\n" + settings +
      "  BEGIN\n    EXECUTE change || array_to_string(parts || done, ', ') || all_of;\n"
      "  EXCEPTION WHEN OTHERS THEN\n    " +
      raise_what_may_pass + "\n    FOR one IN SELECT x." + t.transaction + " AS transaction, x." + t.id +
      " AS id FROM " + t.changes + " x WHERE json_typeof(x." + t.texts +
      ") = 'object' LOOP\n      BEGIN\n"
      "        EXECUTE change || array_to_string(parts || done, ', ') || one_of USING one.transaction, one.id;\n"
      "      EXCEPTION WHEN OTHERS THEN\n        " +
      raise_what_may_pass +
      "\n        FOREACH part IN ARRAY parts LOOP\n          BEGIN\n"
      "            EXECUTE change || part || one_of USING one.transaction, one.id;\n"
      "          EXCEPTION WHEN OTHERS THEN\n            " +
      raise_what_may_pass +
      "\n          END;\n        END LOOP;\n"
      "        UPDATE " +
      t.changes + " c SET " + t.texts + " = json_build_array(c." + t.texts + ") WHERE c." + t.transaction +
      " = one.transaction AND c." + t.id +
      " = one.id;\n"
      "      END;\n    END LOOP;\n  END;\nEND ");
}

std::string change_type_statement(const TriggerTexts& t, const CatalogueColumn& column) {
  const std::string name = quote_name(column.name);
  const std::string alter = "ALTER TABLE " + t.changes + " ALTER COLUMN " + name + " TYPE " + column.type + " USING ";
  return do_block("\nBEGIN\n  " + alter + name + "::" + column.type + ";\nEXCEPTION WHEN OTHERS THEN\n  " +
                  raise_what_may_pass + "\n  UPDATE " + t.changes + " c SET " + t.texts +
                  " = coalesce(json_build_array(c." + t.texts + "), '[]') WHERE c." + name +
                  " IS NOT NULL AND coalesce(json_typeof(c." + t.texts + "), '') <> 'array';\n  " + alter +
                  "NULL;\nEND ");
}

}  // namespace levada
