// parse(print(tree)) is the same tree, for random trees; and nothing that looks like SQL brings the parser down.
// LEVADA_SEED=n repeats a run.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/random.h"
#include "sql/parser.h"

using namespace levada;
using namespace levada::ast;

namespace {

std::uint64_t seed_of_run() {
  const char* text = std::getenv("LEVADA_SEED");
  return text ? std::strtoull(text, nullptr, 10) : random_seed();
}

// Random trees of the kind the parser makes.
class Forest {
 public:
  explicit Forest(std::uint64_t seed) : random_(seed) {}

  Statement statement(int depth) { return {body(depth), {}}; }

  Expression expression(int depth) {
    if (depth <= 0 || random_.one_in(6)) return leaf();
    Expression e;
    e.kind = static_cast<ExpressionKind>(random_.below(static_cast<int>(ExpressionKind::structure) + 1));
    switch (e.kind) {
      case ExpressionKind::negate:
      case ExpressionKind::plus:
      case ExpressionKind::logical_not:
      case ExpressionKind::is_null:
      case ExpressionKind::is_not_null: return with(e, depth, 1);
      case ExpressionKind::between:
      case ExpressionKind::not_between: return with(e, depth, 3);
      case ExpressionKind::in:
      case ExpressionKind::not_in: return with(e, depth, 2 + few());
      case ExpressionKind::like:
      case ExpressionKind::not_like:
        with(e, depth, 2);
        if (coin()) e.children.push_back(string_literal());
        return e;
      case ExpressionKind::searched_case: return with(e, depth, 2 * (1 + few()) + random_.below(2));
      case ExpressionKind::simple_case: return with(e, depth, 1 + 2 * (1 + few()) + random_.below(2));
      case ExpressionKind::cast: e.type = type(2); return with(e, depth, 1);
      case ExpressionKind::field: e.name = name(); return with(e, depth, 1);
      case ExpressionKind::call:
        e.name = name();
        if (random_.one_in(8)) {
          e.text = "*";
          return e;
        }
        for (std::uint64_t n = few(); n > 0; --n) e.children.push_back(coin() ? expression(depth - 1) : lambda(depth));
        return e;
      case ExpressionKind::array: return with(e, depth, few());
      case ExpressionKind::map: return with(e, depth, 2 * few());
      case ExpressionKind::structure: e.names = names(few()); return with(e, depth, e.names.size());
      case ExpressionKind::null_literal:
      case ExpressionKind::boolean_literal:
      case ExpressionKind::integer_literal:
      case ExpressionKind::decimal_literal:
      case ExpressionKind::double_literal:
      case ExpressionKind::string_literal:
      case ExpressionKind::typed_literal:
      case ExpressionKind::column:
      case ExpressionKind::lambda:
      case ExpressionKind::all_fields: return leaf();
      default: return with(e, depth, 2);  // binary operators, subscript, AT TIME ZONE
    }
  }

 private:
  bool coin() { return random_.one_in(2); }
  std::uint64_t few() { return random_.below(4); }
  template <class T, std::size_t N>
  const T& one_of(const T (&items)[N]) {
    return items[random_.below(N)];
  }

  Expression& with(Expression& e, int depth, std::uint64_t children) {
    while (children-- > 0) e.children.push_back(expression(depth - 1));
    return e;
  }

  std::string text() {
    static const std::string texts[] = {
        "",           "x",        "it's", "''", "a\nb", "-- no comment", "/*",    "ä€😀", "${NAME}", "$${A}",
        "$$${A}${b}", "${env:X}", ";",    "\\", "`\"",  "2020-01-01",    "a.b.c", "\t",  "$",       "'; DROP x; --"};
    return one_of(texts);
  }
  Name name() {
    static const std::string words[] = {
        "A",    "B",     "ORDERS",    "_X",       "a",      "Mixed", "with blank", "SELECT",  "select",
        "FROM", "KEY",   "ARRAY",     "MAP",      "STRUCT", "DATE",  "CHECK",      "HEADERS", "CONSTRAINT",
        "EMIT", "ALL",   "STREAMS",   "FUNCTION", "IF",     "ADD",   "COLUMN",     "TIME",    "ESCAPE",
        "2ND",  "1E5",   "a`b",       "\"",       "größe",  "${A}",  "$${A}",      "a'b",     "\n",
        "NULL", "TABLE", "PARTITION", "TUMBLING", "ORDER",  "GRACE", "--",         "."};
    return plain_name(one_of(words));
  }
  static Name plain_name(std::string text) { return {std::move(text), false, {}}; }
  std::vector<Name> names(std::uint64_t n) {
    std::vector<Name> all;
    while (n-- > 0) all.push_back(name());
    return all;
  }

  Expression literal(ExpressionKind kind, std::string literal_text) {
    Expression e;
    e.kind = kind;
    e.text = std::move(literal_text);
    return e;
  }
  Expression string_literal() { return literal(ExpressionKind::string_literal, text()); }
  Expression constant() {
    static const std::string integers[] = {"0", "7", "-7", "007", "9223372036854775807", "-9223372036854775808"};
    static const std::string decimals[] = {"1.0", "-1.50", ".5", "-.5", "1.", "00.1"};
    static const std::string doubles[] = {"1e0", "-1E5", "1.5e-300", ".5E+2", "-1.e2"};
    switch (random_.below(6)) {
      case 0: return {};
      case 1: return literal(ExpressionKind::boolean_literal, coin() ? "TRUE" : "FALSE");
      case 2: return literal(ExpressionKind::integer_literal, one_of(integers));
      case 3: return literal(ExpressionKind::decimal_literal, one_of(decimals));
      case 4: return literal(ExpressionKind::double_literal, one_of(doubles));
      default: return string_literal();
    }
  }
  Expression leaf() {
    if (coin()) return constant();
    Expression e;
    if (random_.one_in(5)) {
      static const std::string types[] = {"DATE", "TIME", "TIMESTAMP"};
      e = literal(ExpressionKind::typed_literal, text());
      e.name = plain_name(one_of(types));
      return e;
    }
    e.kind = ExpressionKind::column;
    e.name = name();
    if (coin()) e.qualifier = name();
    return e;
  }
  Expression lambda(int depth) {
    Expression e;
    e.kind = ExpressionKind::lambda;
    e.names = names(1 + few());
    e.children.push_back(expression(depth - 1));
    return e;
  }

  TypeName type(int depth) {
    static const std::string simple[] = {"INT", "STRING", "BOOLEAN", "MY TYPE", "mine", "KEY", "SELECT"};
    TypeName t;
    switch (depth > 0 ? random_.below(5) : 4) {
      case 0: t.name = plain_name("ARRAY"), t.fields = {{{}, type(depth - 1)}}; break;
      case 1: t.name = plain_name("MAP"), t.fields = {{{}, type(depth - 1)}, {{}, type(depth - 1)}}; break;
      case 2:
        t.name = plain_name("STRUCT");
        for (std::uint64_t n = few(); n > 0; --n) t.fields.push_back({name(), type(depth - 1)});
        break;
      case 3: t.name = plain_name("DECIMAL"), t.numbers = {static_cast<std::int64_t>(few()), 38}; break;
      default: t.name = plain_name(one_of(simple));
    }
    return t;
  }

  Duration duration() {
    static const std::string units[] = {"DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND"};
    return {static_cast<std::int64_t>(few()), one_of(units), {}};
  }
  std::optional<Duration> perhaps_duration() { return coin() ? std::optional(duration()) : std::nullopt; }
  std::optional<std::int64_t> perhaps_number() { return coin() ? std::optional<std::int64_t>(few()) : std::nullopt; }
  std::optional<Name> perhaps_name() { return coin() ? std::optional(name()) : std::nullopt; }
  std::optional<Expression> perhaps_expression(int depth) {
    return coin() ? std::optional(expression(depth)) : std::nullopt;
  }
  std::vector<Expression> expressions(int depth, std::uint64_t n) {
    std::vector<Expression> all;
    while (n-- > 0) all.push_back(expression(depth));
    return all;
  }

  SelectItem item(int depth) {
    SelectItem i;
    if (random_.one_in(5)) {
      i.star = true;
      i.qualifier = perhaps_name();
      return i;
    }
    i.expression = expression(depth);
    i.alias = perhaps_name();
    if (random_.one_in(5)) {
      Expression all;
      all.kind = ExpressionKind::all_fields;
      all.children.push_back(std::move(i.expression));
      i.expression = std::move(all);
    }
    return i;
  }
  Query query(int depth) {
    Query q;
    for (std::uint64_t n = 1 + few(); n > 0; --n) q.items.push_back(item(depth));
    q.from = {name(), perhaps_name(), {}};
    for (std::uint64_t n = random_.below(3); n > 0; --n) {
      Join j;
      j.kind = static_cast<JoinKind>(random_.below(4));
      j.right = {name(), perhaps_name(), {}};
      if (coin()) j.before = duration(), j.after = coin() ? *j.before : duration(), j.grace = perhaps_duration();
      j.on = expression(depth);
      q.joins.push_back(std::move(j));
    }
    if (coin()) {
      Window w;
      w.kind = static_cast<WindowKind>(random_.below(3));
      w.name = perhaps_name();
      w.size = duration();
      if (w.kind == WindowKind::hopping) w.advance = duration();
      w.retention = perhaps_duration();
      w.grace = perhaps_duration();
      q.window = std::move(w);
    }
    q.where = perhaps_expression(depth);
    q.group_by = expressions(depth, random_.below(3));
    q.partition_by = expressions(depth, random_.below(3));
    q.having = perhaps_expression(depth);
    q.emit = static_cast<Emit>(random_.below(3));
    q.limit = perhaps_number();
    return q;
  }

  std::vector<PropertySetting> properties(std::uint64_t n) {
    std::vector<PropertySetting> all;
    for (; n > 0; --n) {
      PropertySetting p{name(), constant()};
      p.name.quoted = coin();
      p.name.text += std::to_string(n);  // none twice
      all.push_back(std::move(p));
    }
    return all;
  }
  std::vector<ColumnDefinition> columns(ObjectKind kind, std::uint64_t n) {
    std::vector<ColumnDefinition> all;
    for (; n > 0; --n) {
      ColumnDefinition c{name(), type(2), ColumnRole::value, "", {}};
      switch (random_.below(5)) {
        case 0: c.role = kind == ObjectKind::table ? ColumnRole::primary_key : ColumnRole::key; break;
        case 1: c.role = ColumnRole::headers; break;
        case 2: c.role = ColumnRole::header, c.header = text(); break;
        default: break;
      }
      all.push_back(std::move(c));
    }
    return all;
  }
  std::vector<Check> checks(int depth) {
    std::vector<Check> all;
    for (std::uint64_t n = random_.below(3); n > 0; --n) all.push_back({perhaps_name(), expression(depth), {}});
    return all;
  }

  decltype(Statement::body) body(int depth) {
    auto kind = coin() ? ObjectKind::stream : ObjectKind::table;
    switch (random_.below(std::variant_size_v<decltype(Statement::body)>)) {
      case 0:
        return CreateSource{kind,          coin(),           coin(), coin(), name(), columns(kind, few()),
                            checks(depth), properties(few())};
      case 1: return CreateAs{kind, coin(), coin(), name(), checks(depth), properties(few()), query(depth)};
      case 2: return InsertInto{name(), properties(few()), query(depth)};
      case 3: {
        InsertValues s{name(), names(few()), {}};
        for (std::uint64_t n = 1 + random_.below(2); n > 0; --n) s.rows.push_back(expressions(depth, 1 + few()));
        return s;
      }
      case 4: return Select{query(depth)};
      case 5: {
        AlterSource s{kind, name(), columns(kind, 1 + few())};
        for (auto& c : s.columns) c.role = ColumnRole::value, c.header.clear();
        return s;
      }
      case 6: {
        auto what = static_cast<Drop::What>(random_.below(4));
        return Drop{what, coin(), coin() && what <= Drop::What::table, name()};
      }
      case 7: return CreateType{coin(), name(), type(3)};
      case 8: return QueryControl{static_cast<QueryControl::Action>(random_.below(3)), perhaps_name()};
      case 9:
        if (coin()) return Explain{name(), nullptr};
        return Explain{{}, std::make_shared<const Statement>(statement(depth))};
      case 10: {
        auto what = static_cast<Show::What>(random_.below(13));
        bool can_extend = (what >= Show::What::topics && what <= Show::What::tables) || what == Show::What::queries;
        return Show{what, coin() && can_extend};
      }
      case 11: {
        Describe s{static_cast<Describe::What>(random_.below(5)), {}, false};
        if (s.what != Describe::What::streams && s.what != Describe::What::tables) s.name = name();
        s.extended = s.what <= Describe::What::tables && coin();
        return s;
      }
      case 12: return Print{text(), coin(), static_cast<std::int64_t>(few()), perhaps_number(), {}};
      case 13: return CreateConnector{coin(), coin(), name(), properties(1 + few())};
      case 14: {
        auto action = static_cast<SetProperty::Action>(random_.below(3));
        return SetProperty{action, text(), action == SetProperty::Action::unset ? "" : text(), {}};
      }
      case 15: return Define{name(), coin() ? std::optional(text()) : std::nullopt};
      case 16: return AssertTopic{coin(), text(), properties(few()), perhaps_duration()};
      case 17: {
        AssertSchema s{coin(), text(), {}, perhaps_duration()};
        if (coin()) s.id = 7;
        if (s.id && coin()) s.subject.reset();
        return s;
      }
      case 18: {
        AssertRows s;
        s.what = static_cast<AssertRows::What>(random_.below(4));
        s.name = name();
        if (s.what == AssertRows::What::values || s.what == AssertRows::What::null_values) {
          s.columns = names(few());
          s.row = expressions(depth, 1 + few());
        } else {
          s.definitions = columns(s.what == AssertRows::What::stream ? ObjectKind::stream : ObjectKind::table, few());
          s.properties = properties(few());
        }
        return s;
      }
      default: return RunScript{text()};
    }
  }

  Random random_;
};

}  // namespace

TEST_SUITE("sql") {
  TEST_CASE("what is printed reads as the same tree") {
    std::uint64_t seed = seed_of_run();
    CAPTURE(seed);
    Forest forest(seed);
    for (int i = 0; i < 3000; ++i) {
      Statement tree = forest.statement(i % 5);
      Script script{"printed", print(tree)};
      auto again = parse(script);
      REQUIRE_MESSAGE(again, script.text, "\n", (again ? "" : again.error().text()));
      REQUIRE(again->size() == 1);
      REQUIRE_MESSAGE(again->front() == tree, script.text, "\nbecame\n", print(again->front()));
      REQUIRE(print(again->front()) == script.text);
    }
    for (int i = 0; i < 3000; ++i) {
      Expression tree = forest.expression(i % 7);
      Script script{"printed", print(tree)};
      auto again = parse_expression(script);
      REQUIRE_MESSAGE(again, script.text, "\n", (again ? "" : again.error().text()));
      REQUIRE_MESSAGE(*again == tree, script.text, "\nbecame\n", print(*again));
    }
  }

  TEST_CASE("mutilated statements give an error inside the text, or a tree that prints") {
    std::uint64_t seed = seed_of_run();
    CAPTURE(seed);
    Forest forest(seed);
    Random random(seed);
    const std::string_view pieces[] = {"'",    "`",  "\"",      "(",    ")",   "[",     ";",
                                       "--",   "/*", "${",      "${A}", "\n",  "\t",    "\xFF",
                                       "\xC3", "ß",  "SELECT ", " AS ", "->*", " NOT ", "1e",
                                       ".",    "<",  ">",       ",",    "=>",  "CASE ", std::string_view("\0", 1)};
    for (int i = 0; i < 5000; ++i) {
      std::string text = print(forest.statement(3));
      for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
        std::size_t at = random.below(text.size() + 1), size = random.below(8);
        switch (random.below(4)) {
          case 0: text.insert(at, pieces[random.below(std::size(pieces))]); break;
          case 1: text.erase(std::min(at, text.size()), size); break;
          case 2: text.insert(at, text.substr(random.below(text.size() + 1), 3 * size)); break;
          default:
            if (at < text.size()) text[at] = static_cast<char>(random());
        }
      }
      CAPTURE(text);
      Script script{"x", text};
      Parser parser(script);
      for (int limit = 0;; ++limit) {
        REQUIRE(limit < 10'000);
        auto statement = parser.next({});
        if (statement && !*statement) break;
        if (!statement) {
          CHECK(statement.error().where().starts_with("x:"));
          CHECK_FALSE(statement.error().what().empty());
          continue;
        }
        Script printed{"printed", print(**statement)};
        auto again = parse(printed);
        REQUIRE_MESSAGE(again, printed.text, "\n", (again ? "" : again.error().text()));
        REQUIRE(again->at(0) == **statement);
      }
    }
  }
}
