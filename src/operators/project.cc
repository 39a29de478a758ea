// SELECT's columns, and the new key of PARTITION BY or of a repartition.
#include "operators/absent.h"
#include "operators/operators.h"

namespace levada {
namespace {

class Project : public Operator {
 public:
  Project(ProjectSpec spec, const Surroundings& surroundings) : spec_(std::move(spec)), surroundings_(surroundings) {
    LV_ASSERT(spec_.key.size() == spec_.schema->key.size() && spec_.value.size() == spec_.schema->value.size());
  }

  void push(std::size_t, const Batch& given, Output& out) override {
    Batch batch = given;
    for (const ExpressionRef& e : spec_.key) batch = without_absent(batch, *e, out);
    Batch result = batch;
    result.schema = spec_.schema;
    result.absent.clear();
    result.key.clear();
    for (const ExpressionRef& e : spec_.key) result.key.push_back(compute_key(*e, batch, result, out));
    if (result.empty()) return;
    Selection rows = present(batch, result.rows());
    result.after = compute(batch, rows, out);
    if (!batch.absent.empty()) mark_absent(batch, rows.rows(), result, out);
    if (!batch.before.empty()) {
      Batch old = batch;
      old.after = batch.before;
      old.absent.clear();
      Output ignored;  // what fails for the old row was told when it was new
      result.before = compute(old, had_before(batch, result.rows()), ignored);
    }
    out.batches.push_back(std::move(result));
  }

 private:
  // Rows whose key fails leave the result's selection.
  ColumnRef compute_key(const Expression& e, const Batch& batch, Batch& result, Output& out) {
    RowFailures failures;
    ColumnRef column = evaluate(e, batch, result.rows(), surroundings_, failures);
    if (failures.empty()) return column;
    out.fail(batch, failures, e.text, true);
    Bits failed(batch.size, false);
    for (const RowFailure& f : failures) failed.set(f.row);
    std::vector<std::uint32_t> rows;
    result.rows().for_each([&](std::uint32_t row) {
      if (!failed[row]) rows.push_back(row);
    });
    result.selection = Selection(std::move(rows));
    return column;
  }

  Columns compute(const Batch& batch, const Selection& selection, Output& out) {
    Columns columns;
    for (const ExpressionRef& e : spec_.value) {
      RowFailures failures;
      columns.push_back(evaluate(*e, batch, selection.rows(), surroundings_, failures));
      if (!failures.empty()) out.fail(batch, failures, e->text, false);
    }
    return columns;
  }

  // What is computed of values that were not sent was not sent either, to the reader of the result.
  void mark_absent(const Batch& batch, Rows rows, Batch& result, Output& out) {
    for (std::size_t i = 0; i < spec_.value.size(); ++i) {
      Bits absent = reads_absent(*spec_.value[i], batch), only = reads_only_absent(*spec_.value[i], batch);
      if (absent.empty()) continue;
      auto column = std::make_shared<Column>(result.after[i]->type());
      column->append_from(*result.after[i], Selection::all(batch.size).rows());
      RowFailures failures;
      rows.for_each([&](std::uint32_t row) {
        if (!absent[row]) return;
        column->set_null(row);
        if (only.empty() || !only[row])
          failures.push_back(
              {row, "it reads a value that the source did not send, as it has not changed: left as it was"});
      });
      out.fail(batch, failures, spec_.value[i]->text, false);
      result.after[i] = std::move(column);
      result.absent.resize(spec_.value.size());
      result.absent[i] = std::move(absent);
    }
  }

  static Selection present(const Batch& batch, Rows rows) {
    if (batch.deleted.empty())
      return rows.is_all() ? Selection::all(rows.size()) : select(rows, [](std::uint32_t) { return true; });
    return select(rows, [&](std::uint32_t row) { return !batch.deleted[row]; });
  }
  static Selection had_before(const Batch& batch, Rows rows) {
    return select(rows, [&](std::uint32_t row) { return !batch.has_before.empty() && batch.has_before[row]; });
  }
  template <class Predicate>
  static Selection select(Rows rows, Predicate predicate) {
    std::vector<std::uint32_t> list;
    rows.for_each([&](std::uint32_t row) {
      if (predicate(row)) list.push_back(row);
    });
    return Selection(std::move(list));
  }

  const ProjectSpec spec_;
  const Surroundings& surroundings_;
};

}  // namespace

std::unique_ptr<Operator> make_project(ProjectSpec spec, const Surroundings& surroundings) {
  return std::make_unique<Project>(std::move(spec), surroundings);
}

}  // namespace levada
