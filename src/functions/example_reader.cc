#include "functions/example_reader.h"

#include <algorithm>

#include "batch/decimal.h"
#include "batch/number_text.h"
#include "functions/builder.h"
#include "functions/partial_time.h"

namespace levada {
namespace {

class ExampleReader {
 public:
  ExampleReader(std::string_view text, const Schema& schema) : text_(text), schema_(schema) { next(); }

  Result<ExpressionRef> whole_expression() {
    ExpressionRef e = LV_TRY(expression(0));
    if (!token_.empty()) return wrong("the end");
    return e;
  }
  Result<Type> whole_type() {
    Type t = LV_TRY(type());
    if (!token_.empty()) return wrong("the end");
    return t;
  }

 private:
  // ---- words and signs; a string keeps its opening quote ----

  void next() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    std::size_t begin = at_;
    if (at_ >= text_.size()) {
      token_ = {};
      return;
    }
    auto word = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    };
    char c = text_[at_];
    if (c == '\'' || c == '`') {
      for (++at_; at_ < text_.size() && (text_[at_] != c || (at_ + 1 < text_.size() && text_[at_ + 1] == c)); ++at_)
        if (text_[at_] == c) ++at_;
      ++at_;
    } else if ((c >= '0' && c <= '9') ||
               (c == '.' && at_ + 1 < text_.size() && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9')) {
      while (at_ < text_.size() && (word(text_[at_]) || text_[at_] == '.' ||
                                    ((text_[at_] == '-' || text_[at_] == '+') && (text_[at_ - 1] | 32) == 'e')))
        ++at_;
    } else if (word(c)) {
      while (at_ < text_.size() && word(text_[at_])) ++at_;
    } else {
      static constexpr std::string_view signs[] = {"<=", ">=", "<>", "||", ":=", "->"};
      ++at_;
      for (std::string_view s : signs)
        if (text_.substr(begin, 2) == s) at_ = begin + 2;
    }
    token_ = text_.substr(begin, at_ - begin);
  }
  bool is(std::string_view token) const { return token_ == token; }
  bool take(std::string_view token) {
    if (!is(token)) return false;
    next();
    return true;
  }
  Error wrong(std::string_view expected) const {
    return Error(ErrorKind::statement,
                 std::string(expected) + " expected at '" + std::string(token_) + "' in " + std::string(text_));
  }
  Result<void> expect(std::string_view token) {
    if (!take(token)) return wrong(token);
    return {};
  }
  static std::string unquoted(std::string_view token) {
    std::string out;
    for (std::size_t i = 1; i + 1 < token.size(); ++i) {
      out += token[i];
      if (token[i] == token[0]) ++i;
    }
    return out;
  }

  // ---- expressions by precedence: OR 1, AND 2, NOT 3, comparisons 4, + - || 5, * / % 6, AT TIME ZONE 7 ----

  Result<ExpressionRef> expression(int least) {
    ExpressionRef left;
    if (take("NOT")) {
      ExpressionRef operand = LV_TRY(expression(3));
      left = LV_TRY(build_call("NOT", {operand}));
    } else if (take("-")) {
      bool literal = token_[0] >= '0' && token_[0] <= '9';
      ExpressionRef operand = LV_TRY(expression(7));
      left = LV_TRY(build_call("-", {operand}));
      if (literal) left = folded(left, {});
    } else {
      ExpressionRef base = LV_TRY(primary());
      left = LV_TRY(postfix(base));
    }
    for (;;) {
      int precedence = precedence_of(token_);
      if (precedence == 0 || precedence <= least) return left;
      left = LV_TRY(infix(left, precedence));
    }
  }

  static int precedence_of(std::string_view token) {
    if (token == "OR") return 1;
    if (token == "AND") return 2;
    for (std::string_view t : {"=", "<>", "<", "<=", ">", ">=", "IS", "NOT", "BETWEEN", "IN", "LIKE"})
      if (token == t) return 4;
    for (std::string_view t : {"+", "-", "||"})
      if (token == t) return 5;
    for (std::string_view t : {"*", "/", "%"})
      if (token == t) return 6;
    return token == "AT" ? 7 : 0;
  }

  Result<ExpressionRef> infix(ExpressionRef left, int precedence) {
    if (take("IS")) {
      bool negated = take("NOT");
      if (take("NULL")) return build_call(negated ? "IS NOT NULL" : "IS NULL", {left});
      LV_TRY(expect("DISTINCT"));
      LV_TRY(expect("FROM"));
      return build_call(negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM", {left, LV_TRY(expression(4))});
    }
    if (take("AT")) {
      LV_TRY(expect("TIME"));
      LV_TRY(expect("ZONE"));
      return build_call("AT TIME ZONE", {left, LV_TRY(expression(7))});
    }
    bool negated = precedence == 4 && take("NOT");
    ExpressionRef result;
    if (take("BETWEEN")) {
      ExpressionRef low = LV_TRY(expression(4));
      LV_TRY(expect("AND"));
      ExpressionRef high = LV_TRY(expression(4));
      result = LV_TRY(build_call("BETWEEN", {left, low, high}));
    } else if (take("IN")) {
      LV_TRY(expect("("));
      std::vector<Term> terms = LV_TRY(list(")"));
      terms.insert(terms.begin(), left);
      result = LV_TRY(build_in(std::move(terms)));
    } else if (take("LIKE")) {
      std::vector<Term> terms = {left, LV_TRY(expression(4))};
      if (take("ESCAPE")) terms.push_back(LV_TRY(expression(4)));
      result = LV_TRY(build_call("LIKE", std::move(terms)));
    } else {
      std::string operation(token_);
      next();
      return build_call(operation, {left, LV_TRY(expression(precedence))});
    }
    return negated ? build_call("NOT", {result}) : result;
  }

  Result<ExpressionRef> postfix(ExpressionRef e) {
    for (;;) {
      if (take("[")) {
        ExpressionRef index = LV_TRY(expression(0));
        LV_TRY(expect("]"));
        e = LV_TRY(build_call("[]", {e, index}));
      } else if (take("->")) {
        std::string name = token_[0] == '`' ? unquoted(token_) : std::string(token_);
        next();
        e = LV_TRY(field_expression(e, name));
      } else {
        return e;
      }
    }
  }

  // Separated by commas, up to the closing sign.
  Result<std::vector<Term>> list(std::string_view close) {
    std::vector<Term> terms;
    while (!take(close)) {
      if (!terms.empty()) LV_TRY(expect(","));
      terms.push_back(LV_TRY(expression(0)));
    }
    return terms;
  }

  Result<ExpressionRef> primary() {
    if (token_.empty()) return wrong("an expression");
    if (token_[0] == '\'') {
      std::string text = unquoted(token_);
      next();
      return literal_expression(std::move(text), TypeKind::string);
    }
    if (token_[0] >= '0' && token_[0] <= '9') return number();
    if (take("(")) {
      ExpressionRef e = LV_TRY(expression(0));
      LV_TRY(expect(")"));
      return e;
    }
    if (take("NULL")) return ExpressionRef();
    if (take("true")) return literal_expression(true, TypeKind::boolean);
    if (take("false")) return literal_expression(false, TypeKind::boolean);
    if (is("CASE")) return case_();
    if (is("CAST")) return cast();
    for (std::string_view kind : {"DATE", "TIME", "TIMESTAMP"})
      if (is(kind) && at_ + 1 < text_.size() && text_[at_ + 1] == '\'') return typed_literal();
    std::string name = token_[0] == '`' ? unquoted(token_) : std::string(token_);
    next();
    if (name == "ARRAY" && take("[")) return build_array(LV_TRY(list("]")));
    if (name == "MAP" && take("(")) return map();
    if (name == "STRUCT" && take("(")) return structure();
    if (take("(")) return build_call(name, LV_TRY(list(")")));
    auto column = schema_.find(name);
    if (!column) return wrong("a column, not " + name + ",");
    return column_expression(schema_, *column);
  }

  Result<ExpressionRef> number() {
    std::string text(token_);
    next();
    if (text.find_first_of("eE") != std::string::npos) {
      auto v = parse_double(text);
      if (!v) return wrong("a number");
      return literal_expression(*v, TypeKind::float64);
    }
    if (text.find('.') != std::string::npos) {
      auto v = parse_decimal(text);
      if (!v) return wrong("a number");
      int digits = static_cast<int>(decimal_text(v->unscaled, 0).size());
      return literal_expression(v->unscaled, Type::decimal(std::max(digits, v->scale), v->scale));
    }
    auto v = parse_integer(text);
    if (!v) return wrong("a number");
    return literal_expression(*v, *v == static_cast<std::int32_t>(*v) ? TypeKind::int32 : TypeKind::int64);
  }

  Result<ExpressionRef> typed_literal() {
    Type to = LV_TRY(type());
    std::string text = unquoted(token_);
    next();
    auto v = to.kind() == TypeKind::date   ? parse_partial_date(text)
             : to.kind() == TypeKind::time ? parse_time(text)
                                           : parse_partial_timestamp(text);
    if (!v) return wrong("a " + to.text());
    return literal_expression(*v, to);
  }

  Result<ExpressionRef> case_() {
    next();
    ExpressionRef operand;
    bool simple = !is("WHEN");
    if (simple) operand = LV_TRY(expression(0));
    std::vector<Term> parts;
    while (take("WHEN")) {
      ExpressionRef condition = LV_TRY(expression(0));
      parts.push_back(simple ? LV_TRY(build_call("=", {operand, condition})) : condition);
      LV_TRY(expect("THEN"));
      parts.push_back(LV_TRY(expression(0)));
    }
    if (take("ELSE")) parts.push_back(LV_TRY(expression(0)));
    LV_TRY(expect("END"));
    return build_case(std::move(parts));
  }

  Result<ExpressionRef> cast() {
    next();
    LV_TRY(expect("("));
    ExpressionRef e = LV_TRY(expression(0));
    LV_TRY(expect("AS"));
    Type to = LV_TRY(type());
    LV_TRY(expect(")"));
    return build_cast(e, to);
  }

  Result<ExpressionRef> map() {
    std::vector<Term> entries;
    while (!take(")")) {
      if (!entries.empty()) LV_TRY(expect(","));
      entries.push_back(LV_TRY(expression(0)));
      LV_TRY(expect(":="));
      entries.push_back(LV_TRY(expression(0)));
    }
    return build_map(std::move(entries));
  }

  Result<ExpressionRef> structure() {
    std::vector<std::string> names;
    std::vector<Term> values;
    while (!take(")")) {
      if (!names.empty()) LV_TRY(expect(","));
      names.push_back(token_[0] == '`' ? unquoted(token_) : std::string(token_));
      next();
      LV_TRY(expect(":="));
      values.push_back(LV_TRY(expression(0)));
    }
    return build_structure(names, std::move(values));
  }

  // ---- types ----

  Result<Type> type() {
    static constexpr std::pair<std::string_view, TypeKind> scalars[] = {
        {"BOOLEAN", TypeKind::boolean}, {"INT", TypeKind::int32},          {"INTEGER", TypeKind::int32},
        {"BIGINT", TypeKind::int64},    {"DOUBLE", TypeKind::float64},     {"STRING", TypeKind::string},
        {"VARCHAR", TypeKind::string},  {"BYTES", TypeKind::bytes},        {"DATE", TypeKind::date},
        {"TIME", TypeKind::time},       {"TIMESTAMP", TypeKind::timestamp}};
    for (auto [name, kind] : scalars)
      if (take(name)) return Type(kind);
    if (take("DECIMAL")) {
      LV_TRY(expect("("));
      auto precision = static_cast<int>(parse_integer(token_).value_or(0));
      next();
      LV_TRY(expect(","));
      auto scale = static_cast<int>(parse_integer(token_).value_or(0));
      next();
      LV_TRY(expect(")"));
      return Type::decimal(precision, scale);
    }
    if (take("ARRAY")) {
      LV_TRY(expect("<"));
      Type element = LV_TRY(type());
      LV_TRY(expect(">"));
      return Type::array(element);
    }
    if (take("MAP")) {
      LV_TRY(expect("<"));
      Type key = LV_TRY(type());
      LV_TRY(expect(","));
      Type value = LV_TRY(type());
      LV_TRY(expect(">"));
      return Type::map(key, value);
    }
    if (take("STRUCT")) {
      LV_TRY(expect("<"));
      std::vector<Field> fields;
      while (!take(">")) {
        if (!fields.empty()) LV_TRY(expect(","));
        std::string name = token_[0] == '`' ? unquoted(token_) : std::string(token_);
        next();
        fields.push_back({name, LV_TRY(type())});
      }
      return Type::structure(std::move(fields));
    }
    return wrong("a type");
  }

  std::string_view text_;
  const Schema& schema_;
  std::size_t at_ = 0;
  std::string_view token_;
};

}  // namespace

Result<ExpressionRef> read_expression(std::string_view text, const Schema& schema) {
  return ExampleReader(text, schema).whole_expression();
}

Result<Type> read_type(std::string_view text) {
  Schema none;
  return ExampleReader(text, none).whole_type();
}

std::string value_of_example(std::string_view text) {
  auto e = read_expression(text);
  if (!e) return "error: " + e.error().what();
  if (!*e) return "null";
  Batch row;
  row.schema = std::make_shared<Schema>();
  row.size = 1;
  row.selection = Selection::all(1);
  RowFailures failures;
  ColumnRef column = evaluate(**e, row, row.rows(), {}, failures);
  if (!failures.empty()) return "failed: " + failures[0].why;
  return text_of(column->value(0), (*e)->type);
}

}  // namespace levada
