// Statements that write and read rows: INSERT … VALUES, SELECT, PRINT.
#include <algorithm>

#include "pipeline/describe.h"
#include "pipeline/session.h"
#include "pipeline/topic_printer.h"
#include "pipeline/topic_writer.h"
#include "pipeline/transient_query.h"

namespace levada {
namespace {

Answer head_of(const QueryPlan& plan) {
  Answer answer;
  for (std::size_t c : plan.shown) {
    const Field& field = (*plan.root->schema)[c];
    answer.columns.push_back(field.name);
    answer.types.push_back(field.type.text());
  }
  return answer;
}

std::vector<std::optional<std::string>> row_of(const QueryPlan& plan, const Batch& batch, std::uint32_t row) {
  std::vector<std::optional<std::string>> values;
  for (std::size_t c : plan.shown) {
    const Column& column = *batch.column(c);
    if (column.is_null(row))
      values.emplace_back();
    else
      values.emplace_back(text_of(column.value(row), column.type()));
  }
  return values;
}

// Rows of the plan until `take` has enough; how many could not be read or computed.
Result<std::uint64_t> read_rows(const QueryPlan& plan, Log& log, const Clock& clock, std::stop_token stop,
                                const std::function<bool(std::vector<std::optional<std::string>>)>& take) {
  std::uint64_t failed = 0;
  std::int64_t left = plan.limit.value_or(INT64_MAX);
  auto take_batch = [&](const Batch& batch) {
    batch.rows().for_each([&](std::uint32_t row) {
      if (left <= 0 || batch.is_deletion(row)) return;
      --left;
      if (!take(row_of(plan, batch, row))) left = 0;
    });
    return left > 0;
  };
  LV_TRY(run_transient_query(plan, log, Surroundings{.clock = &clock}, std::move(stop), take_batch, failed));
  return failed;
}

}  // namespace

Result<Answer> Session::run_insert(const Script& script, const ast::Statement& statement,
                                   const ast::InsertValues& insert, bool once) {
  PlannedRows planned = LV_TRY(planner(script).insert_values(insert, clock_.now_ms()));
  const Relation& into = *planned.relation;
  std::string text = print(statement);
  std::string mark = "insert " + std::to_string(inserts_[text]++) + " " + text;
  if (once && log_.position(mark)) return message("Inserted before");
  Surroundings surroundings{.clock = &clock_};
  TopicWriter writer(into.format, into.schema, into.checks, Compression::none, surroundings);
  auto transaction = LV_TRY(log_.begin("_insert"));
  TopicWriter::Problems problems;
  Batch admitted = writer.admit(planned.rows, problems);
  writer.append(admitted, std::nullopt, *transaction, problems);
  for (std::uint32_t row = 0; !problems.empty() && row < planned.rows.size; ++row) {
    // One by one, to find the first that is wrong.
    Batch one = planned.rows;
    one.selection = Selection({row});
    TopicWriter::Problems its;
    writer.append(writer.admit(one, its), std::nullopt, *transaction, its);
    if (its.empty()) continue;
    ast::Span place{insert.rows[row].front().span.begin, insert.rows[row].back().span.end};
    return statement_error(script, place, its.refused.empty() ? its.failures.front().why : its.refused.front().cause)
        .why("no row of the statement was inserted");
  }
  LV_ASSERT(problems.empty());
  writer.flush(*transaction);
  if (once) transaction->put_position(mark, "done");
  LV_TRY(transaction->commit());
  return message(std::to_string(planned.rows.size) + (planned.rows.size == 1 ? " row inserted" : " rows inserted"));
}

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::Select& select) {
  QueryPlan plan = LV_TRY(planner(script).select(select));
  plan.follow = false;  // an answer has an end; select() is for those who follow
  Answer answer = head_of(plan);
  std::uint64_t failed = LV_TRY(read_rows(plan, log_, clock_, {}, [&](std::vector<std::optional<std::string>> row) {
    answer.rows.push_back(std::move(row));
    return true;
  }));
  if (failed > 0)
    answer.message = std::to_string(failed) + (failed == 1 ? " row" : " rows") + " could not be read or computed";
  return answer;
}

Result<void> Session::select(const Script& script, std::stop_token stop,
                             const std::function<bool(const Answer& head, std::size_t row)>& row) {
  Parser parser(script);
  auto statement = LV_TRY(parser.next(variables_));
  const auto* select = statement ? std::get_if<ast::Select>(&statement->body) : nullptr;
  if (!select) return Error(ErrorKind::usage, "this is not a SELECT");
  QueryPlan plan = LV_TRY(planner(script).select(*select));
  Answer answer = head_of(plan);
  answer.rows.resize(1);
  LV_TRY(read_rows(plan, log_, clock_, std::move(stop), [&](std::vector<std::optional<std::string>> values) {
    answer.rows[0] = std::move(values);
    return row(answer, 0);
  }));
  return {};
}

Result<Answer> Session::run(const Script& script, const ast::Statement&, const ast::Print& print) {
  TopicPrinter printer(log_, catalog_);
  Answer answer{.columns = {"partition", "offset", "time", "key", "value"},
                .types = {"INTEGER", "BIGINT", "TIMESTAMP", "STRING", "STRING"}};
  std::int64_t left = print.limit.value_or(INT64_MAX), at = 0;
  auto printed = printer.print(print.topic, {.from_beginning = true}, {}, [&](const PrintedRecord& record) {
    if (at++ % print.interval == 0) {
      answer.rows.push_back(
          {std::to_string(record.partition), std::to_string(record.offset), record.time, record.key, record.value});
      --left;
    }
    return left > 0;
  });
  if (!printed) return std::move(printed).error().where(statement_error(script, print.span, "").where());
  return answer;
}

}  // namespace levada
