// The grammar of sql/grammar.md as functions: each rule takes its tokens and gives its part of the tree, or says what
// was expected instead. The rules stand here in the order of that page; the files grammar_*.cc hold them by chapter.
#pragma once
#include <optional>
#include <vector>

#include "sql/cursor.h"
#include "sql/precedence.h"

namespace levada {

class Grammar : Cursor {
 public:
  using Body = decltype(ast::Statement::body);

  using Cursor::Cursor;

  // The whole of the tokens.
  Result<ast::Statement> only_statement();
  Result<ast::Expression> only_expression();

 private:
  // ---- statements (grammar_statements.cc) ----
  Result<ast::Statement> statement();
  Result<Body> select();
  Result<Body> query_control(ast::QueryControl::Action action);
  Result<Body> explain();
  Result<Body> show();
  Result<Body> describe();
  Result<Body> print_topic();
  Result<Body> set_property(ast::SetProperty::Action action);
  Result<Body> define(bool with_value);
  Result<Body> assertion();
  Result<Body> assert_topic(bool exists);
  Result<Body> assert_schema(bool exists);
  Result<Body> assert_rows(ast::AssertRows::What what);
  Result<Body> assert_definition(ast::ObjectKind kind);
  Result<Body> run_script();
  Result<std::string> resource(std::string_view what);
  Result<std::optional<ast::Duration>> timeout();

  // ---- what statements make, change and fill (grammar_sources.cc) ----
  Result<Body> create();
  Result<bool> if_not_exists();
  Result<Body> create_source(ast::ObjectKind kind, bool or_replace, bool read_only);
  Result<Body> create_connector(bool sink);
  Result<Body> create_type();
  Result<Body> insert();
  Result<Body> insert_values(ast::Name target);
  Result<Body> alter();
  Result<Body> drop();
  struct Elements {
    std::vector<ast::ColumnDefinition> columns;
    std::vector<ast::Check> checks;
  };
  Result<Elements> elements(ast::ObjectKind kind);
  Result<void> element(ast::ObjectKind kind, Elements& elements);
  Result<ast::ColumnDefinition> column_and_type();
  Result<bool> column_role(ast::ObjectKind kind, ast::ColumnDefinition& column);
  bool at_check();
  Result<ast::Check> check();
  Result<std::vector<ast::PropertySetting>> properties();  // none if there is no WITH
  Result<std::vector<ast::Name>> column_names();
  Result<std::vector<ast::Expression>> row();

  // ---- queries (grammar_queries.cc) ----
  Result<ast::Query> query();
  Result<ast::SelectItem> select_item();
  Result<std::optional<ast::Name>> alias(std::initializer_list<std::string_view> followers);
  Result<ast::Source> source();
  bool at_join();
  Result<ast::Join> join();
  Result<ast::Window> window();
  Result<std::vector<ast::Expression>> grouping();
  Result<ast::Duration> duration();
  Result<std::optional<ast::Duration>> grace();

  // ---- expressions (grammar_expressions.cc) ----
  Result<ast::Expression> expression();
  Result<ast::Expression> value();
  Result<ast::Expression> operation(Precedence lowest);
  const BinaryOperator* binary_operator(Precedence lowest);
  bool at_predicate();
  Result<ast::Expression> predicate(ast::Expression left, std::uint32_t first);
  Result<ast::Expression> signed_value();
  Result<ast::Expression> zoned();
  Result<ast::Expression> path();
  // Every node with children is made here: heights are kept and stars refused.
  Result<ast::Expression> node(ast::ExpressionKind kind, std::uint32_t first, std::vector<ast::Expression> children);
  Error misplaced_star(const ast::Expression& star);

  // ---- what they are made of (grammar_values.cc) ----
  Result<ast::Expression> primary();
  Result<ast::Expression> literal(std::string_view what);
  bool at_literal_word() const;
  Result<ast::Expression> number(std::string_view what);
  Result<ast::Expression> typed_literal();
  Result<ast::Expression> case_of();
  Result<ast::Expression> cast();
  Result<ast::Expression> array();
  Result<ast::Expression> map();
  Result<ast::Expression> structure();
  Result<ast::Expression> column_or_call();
  Result<std::vector<ast::Expression>> arguments();
  bool at_lambda();
  Result<ast::Expression> lambda();

  // ---- types (grammar_types.cc) ----
  Result<ast::TypeName> type();
  Result<void> type_arguments(ast::TypeName& type);
  Result<void> structure_fields(ast::TypeName& type);
};

}  // namespace levada
