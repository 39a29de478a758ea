// WHERE, and HAVING on what an aggregation gives.
//
// For a stream it is a shorter selection; rows without a value are none for which it could be true. For a table it must
// also answer what follows for those who hold the old row: a row that passed before and does not now is a deletion; one
// that never passed is nothing at all. Where what was there before is not known, every row that does not pass is a
// deletion.
#include "batch/kernels.h"
#include "operators/absent.h"
#include "operators/operators.h"

namespace levada {
namespace {

class Filter : public Operator {
 public:
  Filter(FilterSpec spec, const Surroundings& surroundings) : spec_(std::move(spec)), surroundings_(surroundings) {}

  void push(std::size_t, const Batch& given, Output& out) override {
    Batch batch = without_absent(given, *spec_.condition, out);
    Batch passed = spec_.table ? filter_changes(batch, out) : filter_rows(batch, out);
    if (!passed.empty()) out.batches.push_back(std::move(passed));
  }

 private:
  std::vector<std::uint32_t> passing(const Batch& batch, Rows rows, Output& out) {
    RowFailures failures;
    ColumnRef condition = evaluate(*spec_.condition, batch, rows, surroundings_, failures);
    out.fail(batch, failures, spec_.condition->text, true);
    return select_true(*condition, rows);
  }

  Batch filter_rows(const Batch& batch, Output& out) {
    Batch passed = batch;
    std::vector<std::uint32_t> present;
    if (!batch.deleted.empty())
      batch.rows().for_each([&](std::uint32_t row) {
        if (!batch.deleted[row]) present.push_back(row);
      });
    passed.selection = Selection(passing(batch, batch.deleted.empty() ? batch.rows() : Rows(present), out));
    passed.deleted.clear();
    return passed;
  }

  Batch filter_changes(const Batch& batch, Output& out) {
    std::vector<std::uint32_t> present, had;
    batch.rows().for_each([&](std::uint32_t row) {
      if (!batch.is_deletion(row)) present.push_back(row);
      if (!batch.has_before.empty() && batch.has_before[row]) had.push_back(row);
    });
    Bits passes(batch.size, false), passed_before(batch.size, false);
    for (std::uint32_t row : passing(batch, Rows(present), out)) passes.set(row);
    bool known = !batch.before.empty();
    if (known) {
      Batch old = batch;
      old.after = batch.before;
      Output ignored;  // what failed then was told then
      for (std::uint32_t row : passing(old, Rows(had), ignored)) passed_before.set(row);
    }
    Batch result = batch;
    result.deleted.assign(batch.size, false);
    result.has_before = passed_before;
    std::vector<std::uint32_t> rows;
    batch.rows().for_each([&](std::uint32_t row) {
      if (passes[row]) {
        rows.push_back(row);
      } else if (!known || passed_before[row]) {
        result.deleted.set(row);
        rows.push_back(row);
      }
    });
    if (result.deleted.count() == 0) result.deleted.clear();
    if (!known) result.has_before.clear();
    result.selection = Selection(std::move(rows));
    return result;
  }

  const FilterSpec spec_;
  const Surroundings& surroundings_;
};

}  // namespace

std::unique_ptr<Operator> make_filter(FilterSpec spec, const Surroundings& surroundings) {
  return std::make_unique<Filter>(std::move(spec), surroundings);
}

}  // namespace levada
