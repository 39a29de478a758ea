// Queries: SELECT … FROM … and its clauses.
#include <limits>

#include "sql/grammar.h"

namespace levada {

using ast::Expression;

namespace {

constexpr std::string_view query_form =
    "SELECT … FROM … [WINDOW …] [WHERE …] [GROUP BY …] [PARTITION BY …] [HAVING …] [EMIT CHANGES | EMIT FINAL] [LIMIT "
    "n]";

struct TimeUnit {
  std::string_view one, many;
};
constexpr TimeUnit time_units[] = {
    {"DAY", "DAYS"}, {"HOUR", "HOURS"}, {"MINUTE", "MINUTES"}, {"SECOND", "SECONDS"}, {"MILLISECOND", "MILLISECONDS"}};

}  // namespace

Result<ast::Query> Grammar::query() {
  Form form(*this, query_form);
  std::uint32_t first = begin();
  ast::Query query;
  LV_TRY(expect("SELECT"));
  do {
    auto item = LV_TRY(select_item());
    query.items.push_back(std::move(item));
  } while (accept(","));
  LV_TRY(expect("FROM"));
  query.from = LV_TRY(source());
  while (at_join()) {
    auto join = LV_TRY(this->join());
    query.joins.push_back(std::move(join));
  }
  if (accept("WINDOW")) query.window = LV_TRY(window());
  if (accept("WHERE")) query.where = LV_TRY(expression());
  if (accept("GROUP")) {
    LV_TRY(expect("BY"));
    query.group_by = LV_TRY(grouping());
  }
  if (accept("PARTITION")) {
    LV_TRY(expect("BY"));
    query.partition_by = LV_TRY(grouping());
  }
  if (accept("HAVING")) query.having = LV_TRY(expression());
  if (accept("EMIT")) {
    query.emit = accept("CHANGES") ? ast::Emit::changes : ast::Emit::final;
    if (query.emit == ast::Emit::final && !accept("FINAL")) return expected("CHANGES or FINAL");
  }
  if (accept("LIMIT")) query.limit = LV_TRY(whole_number("a whole number of rows"));
  for (std::string_view clause : {"WINDOW", "WHERE", "GROUP", "PARTITION", "HAVING", "EMIT", "LIMIT"})
    if (at(clause))
      return wrong(token().span, std::string(clause) + " cannot stand here")
          .remedy("Every clause may stand once, in this order: " + std::string(query_form));
  query.span = since(first);
  return query;
}

Result<ast::SelectItem> Grammar::select_item() {
  std::uint32_t first = begin();
  ast::SelectItem item;
  if (accept("*")) {
    item.star = true;
  } else if (at_name() && at(".", 1) && at("*", 2)) {
    item.star = true;
    item.qualifier = LV_TRY(name("the name of a stream or table"));
    LV_TRY(expect({".", "*"}));
  } else {
    item.expression = LV_TRY(operation(or_level));
    item.alias = LV_TRY(alias({"FROM"}));
  }
  item.span = since(first);
  return item;
}

// What begins a clause is no alias, even where its word is not reserved. The followers are what may have been meant
// where a bare alias leads nowhere.
Result<std::optional<ast::Name>> Grammar::alias(std::initializer_list<std::string_view> followers) {
  if (accept("AS")) return name("an alias");
  bool clause =
      (at("EMIT") && at(TokenKind::word, 1) && at_name(1)) || ((at("PARTITION") || at("ORDER")) && at("BY", 1));
  if (clause || !at_name()) return std::nullopt;
  for (std::string_view word : followers) at(word);
  return bare_alias();
}

Result<ast::Source> Grammar::source() {
  std::uint32_t first = begin();
  ast::Source source;
  if (at("("))
    return wrong(token().span, "a query cannot stand inside of another one")
        .remedy("Make a stream or table of the inner one first: CREATE STREAM name AS SELECT …; then read from that.");
  source.name = LV_TRY(name("the name of a stream or table"));
  if (at("("))
    return wrong(since(first), "a function cannot stand where a stream or table is read")
        .remedy("Table functions such as EXPLODE stand in the SELECT list.");
  source.alias = LV_TRY(alias({"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "WITHIN", "ON", "WINDOW", "WHERE", "GROUP",
                               "PARTITION", "HAVING", "EMIT", "LIMIT"}));
  source.span = since(first);
  return source;
}

bool Grammar::at_join() { return at("JOIN") || at("INNER") || at("LEFT") || at("RIGHT") || at("FULL"); }

Result<ast::Join> Grammar::join() {
  Form form(*this,
            "[INNER] | LEFT | RIGHT | FULL [OUTER] JOIN name [WITHIN n unit | (n unit, n unit) [GRACE PERIOD n unit]] "
            "ON condition");
  std::uint32_t first = begin();
  ast::Join join;
  if (accept("LEFT"))
    join.kind = ast::JoinKind::left;
  else if (accept("RIGHT"))
    join.kind = ast::JoinKind::right;
  else if (accept("FULL"))
    join.kind = ast::JoinKind::full;
  else
    accept("INNER");
  if (join.kind != ast::JoinKind::inner) accept("OUTER");
  LV_TRY(expect("JOIN"));
  join.right = LV_TRY(source());
  if (accept("WITHIN")) {
    bool both = accept("(");
    join.before = LV_TRY(duration());
    join.after = join.before;
    if (both) {
      LV_TRY(expect(","));
      join.after = LV_TRY(duration());
      LV_TRY(expect(")"));
    }
    join.grace = LV_TRY(grace());
  }
  LV_TRY(expect("ON"));
  join.on = LV_TRY(expression());
  join.span = since(first);
  return join;
}

Result<ast::Window> Grammar::window() {
  Form form(*this,
            "WINDOW TUMBLING (SIZE n unit …) | HOPPING (SIZE n unit, ADVANCE BY n unit …) | SESSION (n unit …), "
            "each with [, RETENTION n unit] [, GRACE PERIOD n unit]");
  std::uint32_t first = begin();
  ast::Window window;
  bool kind_here = (at("TUMBLING") || at("HOPPING") || at("SESSION")) && at("(", 1);
  if (!kind_here && at_name() && at_name(1)) window.name = LV_TRY(name("TUMBLING, HOPPING or SESSION"));
  if (accept("HOPPING"))
    window.kind = ast::WindowKind::hopping;
  else if (accept("SESSION"))
    window.kind = ast::WindowKind::session;
  else if (!accept("TUMBLING"))
    return expected("TUMBLING, HOPPING or SESSION");
  LV_TRY(expect("("));
  if (window.kind != ast::WindowKind::session) LV_TRY(expect("SIZE"));
  window.size = LV_TRY(duration());
  if (window.kind == ast::WindowKind::hopping) {
    LV_TRY(expect({",", "ADVANCE", "BY"}));
    window.advance = LV_TRY(duration());
  }
  bool more = accept(",");
  if (more && accept("RETENTION")) {
    window.retention = LV_TRY(duration());
    more = accept(",");
  }
  if (more) {
    window.grace = LV_TRY(grace());
    if (!window.grace) return expected(window.retention ? "GRACE PERIOD" : "RETENTION or GRACE PERIOD");
  }
  LV_TRY(expect(")"));
  window.span = since(first);
  return window;
}

// Of GROUP BY and PARTITION BY: a, b or (a, b). Where one pair of parentheses holds several, it holds all of them.
Result<std::vector<Expression>> Grammar::grouping() {
  bool list = at("(") && at_list();
  std::vector<Expression> expressions;
  if (list) LV_TRY(expect("("));
  do {
    auto expression = LV_TRY(value());
    expressions.push_back(std::move(expression));
  } while (accept(","));
  if (list) LV_TRY(expect(")"));
  return expressions;
}

Result<ast::Duration> Grammar::duration() {
  std::uint32_t first = begin();
  ast::Duration duration;
  duration.count = LV_TRY(whole_number("a duration such as 10 SECONDS"));
  for (const TimeUnit& unit : time_units)
    if (duration.unit.empty() && (accept(unit.many) || accept(unit.one))) duration.unit = unit.one;
  if (duration.unit.empty()) return expected("a unit of time: DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS");
  duration.span = since(first);
  if (duration.count > std::numeric_limits<std::int64_t>::max() / ast::Duration{1, duration.unit, {}}.milliseconds())
    return wrong(duration.span, "this duration is too long");
  return duration;
}

Result<std::optional<ast::Duration>> Grammar::grace() {
  if (!accept("GRACE")) return std::nullopt;
  LV_TRY(expect("PERIOD"));
  return duration();
}

}  // namespace levada
