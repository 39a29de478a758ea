// Runs a bound expression over the rows of a batch: columns in, one column out, by one call of a kernel for each
// function. Literals stay one value (Argument::constant) until a kernel or the caller wants a column.
//
// What only some rows need (a branch of CASE, the right side of AND) is computed for the list of these rows, unless it
// is so cheap that making the list costs more.
#include <algorithm>

#include "batch/kernels.h"
#include "functions/expression.h"

namespace levada {
namespace {

// A column, or one value for all rows.
struct Operand {
  ColumnRef column;
  bool constant = false;

  std::uint32_t at(std::uint32_t row) const { return constant ? 0 : row; }
  bool has_nulls() const { return column->has_nulls(); }
  bool is_null(std::uint32_t row) const { return column->is_null(at(row)); }
  bool is_true(std::uint32_t row) const { return column->values<std::uint8_t>()[at(row)] != 0; }  // false for null
};

// Those of the rows for which `keep` is true.
template <class F>
std::vector<std::uint32_t> rows_where(Rows rows, F keep) {
  std::vector<std::uint32_t> out(rows.size());
  std::uint32_t* to = out.data();
  rows.for_each([&](std::uint32_t row) {
    *to = row;
    to += keep(row) ? 1 : 0;
  });
  out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

void and_validity(Column& result, const Column& argument) {
  Bits& bits = result.mutable_validity();
  const Bits& other = argument.validity();
  for (std::size_t i = 0; i < bits.word_count(); ++i) bits.words()[i] &= other.words()[i];
}

// Kernels of strict functions compute over nulls without looking; here their values become zero again.
void clear_nulls(Column& column) {
  if (!column.has_nulls() || column.type().nested()) return;
  with_physical(column.type().kind(), [&]<class T>() {
    T* values = column.values<T>();
    const Bits& bits = column.validity();
    for (std::size_t w = 0; w < bits.word_count(); ++w) {
      std::size_t first = w * 64, count = std::min<std::size_t>(64, column.size() - first);
      std::uint64_t all = count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
      for (std::uint64_t nulls = ~bits.words()[w] & all; nulls != 0; nulls &= nulls - 1)
        values[first + static_cast<std::size_t>(__builtin_ctzll(nulls))] = T();
    }
  });
}

// A result that comes together from several operands, each for some of the rows.
class Assembly {
 public:
  Assembly(const Type& type, std::uint32_t size) : result_(std::make_shared<Column>(type)), size_(size) {
    if (type.nested())
      sources_.resize(size);
    else
      result_->resize_zeroed(size);
  }

  void take(const Operand& from, Rows rows) {
    if (rows.empty()) return;
    if (!sources_.empty()) {
      from_.push_back(from);
      rows.for_each([&](std::uint32_t row) { sources_[row] = static_cast<std::uint32_t>(from_.size()); });
      return;
    }
    with_physical(result_->type().kind(), [&]<class T>() {
      T* to = result_->values<T>();
      const T* values = from.column->values<T>();
      if (from.constant)
        rows.for_each([to, v = values[0]](std::uint32_t row) { to[row] = v; });
      else
        rows.for_each([=](std::uint32_t row) { to[row] = values[row]; });
    });
    if (result_->type().textual()) result_->hold_memory_of(*from.column);
    if (!from.has_nulls()) return;
    rows.for_each([&](std::uint32_t row) {
      if (from.is_null(row)) result_->set_null(row);
    });
  }

  // Values of fixed width without nulls, for the rows where the condition is true.
  void blend(const Operand& condition, const Operand& from, Rows rows) {
    with_physical(result_->type().kind(), [&]<class T>() {
      T* __restrict to = result_->values<T>();
      const T* values = from.column->values<T>();
      const std::uint8_t* chosen = condition.column->values<std::uint8_t>();
      if (condition.constant) {
        if (chosen[0]) take(from, rows);
      } else if (from.constant) {
        rows.for_each([=, v = values[0]](std::uint32_t row) { to[row] = chosen[row] ? v : to[row]; });
      } else {
        rows.for_each([=](std::uint32_t row) { to[row] = chosen[row] ? values[row] : to[row]; });
      }
    });
  }

  Operand finish() {
    for (std::uint32_t row = 0; row < sources_.size(); ++row) {
      if (sources_[row] == 0) {
        result_->append_null();
      } else {
        const Operand& from = from_[sources_[row] - 1];
        result_->append_from(*from.column, from.at(row));
      }
    }
    return {std::move(result_), false};
  }

 private:
  std::shared_ptr<Column> result_;
  std::uint32_t size_;
  // Nested values cannot be put into the middle of a column: which operand (from 1) gives each row, until finish().
  std::vector<std::uint32_t> sources_;
  std::vector<Operand> from_;
};

class Evaluation {
 public:
  Evaluation(const Batch& batch, const Surroundings& surroundings, RowFailures& failures)
      : batch_(batch), surroundings_(surroundings), failures_(failures) {}

  Operand compute(const Expression& e, Rows rows) {
    switch (e.kind) {
      case ExpressionKind::literal: return {e.constant, true};
      case ExpressionKind::column: return {batch_.column(e.column), false};
      case ExpressionKind::before: {
        std::size_t keys = batch_.key.size();
        return {e.column < keys ? batch_.key[e.column] : batch_.before[e.column - keys], false};
      }
      case ExpressionKind::row_time:
        return {numbers(batch_.timestamps_ms ? batch_.timestamps_ms->data() : nullptr), false};
      case ExpressionKind::row_offset: {
        bool known = batch_.origin && !batch_.origin->offsets.empty();
        return {numbers(known ? batch_.origin->offsets.data() : nullptr), false};
      }
      case ExpressionKind::row_partition: {
        auto column = std::make_shared<Column>(TypeKind::int32);
        column->append(batch_.origin ? batch_.origin->partition : 0);
        return {std::move(column), true};
      }
      case ExpressionKind::field: return field(e, rows);
      case ExpressionKind::call: return call(e, rows);
      case ExpressionKind::logical_and: return logical(e, rows, false);
      case ExpressionKind::logical_or: return logical(e, rows, true);
      case ExpressionKind::case_: return choose(e, rows);
      case ExpressionKind::coalesce: return coalesce(e, rows);
    }
    LV_UNREACHABLE();
  }

 private:
  ColumnRef numbers(const std::int64_t* values) {
    auto column = std::make_shared<Column>(TypeKind::int64);
    column->resize_zeroed(batch_.size);
    if (values)
      std::copy_n(values, batch_.size, column->values<std::int64_t>());
    else
      column->mutable_validity().assign(batch_.size, false);
    return column;
  }

  Operand field(const Expression& e, Rows rows) {
    Operand structure = compute(*e.arguments[0], rows);
    const Column& child = structure.column->child(e.column);
    if (!structure.has_nulls()) return {ColumnRef(structure.column, &child), structure.constant};
    auto copy = std::make_shared<Column>(e.type);
    copy->append_from(child, Rows::all(child.size()));
    and_validity(*copy, *structure.column);
    clear_nulls(*copy);
    return {std::move(copy), structure.constant};
  }

  Operand call(const Expression& e, Rows rows) {
    std::vector<Operand> operands;
    operands.reserve(e.arguments.size());
    for (const ExpressionRef& argument : e.arguments) operands.push_back(compute(*argument, rows));
    if (e.strict)
      for (const Operand& o : operands)
        if (o.constant && o.is_null(0)) return null_of(e.type);

    auto result = std::make_shared<Column>(e.type);
    result->resize_zeroed(batch_.size);
    std::vector<Argument> arguments;
    arguments.reserve(operands.size());
    for (const Operand& o : operands) {
      arguments.push_back({o.column.get(), o.constant});
      if (e.strict && !o.constant && o.has_nulls()) and_validity(*result, *o.column);
    }
    e.kernel(Call{arguments, rows, *result, failures_, surroundings_});
    if (e.strict) clear_nulls(*result);
    return {std::move(result), false};
  }

  static Operand null_of(const Type& type) {
    auto column = std::make_shared<Column>(type);
    column->append_null();
    return {std::move(column), true};
  }

  // AND where `decides` is false, OR where it is true: a side that has this value decides, whatever the other one is.
  Operand logical(const Expression& e, Rows rows, bool decides) {
    Operand left = compute(*e.arguments[0], rows);
    if (left.constant && !left.is_null(0)) return left.is_true(0) == decides ? left : compute(*e.arguments[1], rows);
    bool eager = e.arguments[1]->cheap && !left.constant;
    if (eager) {
      Operand right = compute(*e.arguments[1], rows);
      if (!left.has_nulls() && !right.has_nulls() && !right.constant) return combined(left, right, rows, decides);
      return combined_with_nulls(left, right, rows, rows, decides);
    }
    std::vector<std::uint32_t> open =
        rows_where(rows, [&](std::uint32_t row) { return left.is_null(row) || left.is_true(row) != decides; });
    if (open.empty()) return left;
    Rows needed = open.size() == rows.size() ? rows : Rows(open);
    return combined_with_nulls(left, compute(*e.arguments[1], needed), rows, needed, decides);
  }

  Operand combined(const Operand& left, const Operand& right, Rows rows, bool decides) {
    auto result = std::make_shared<Column>(TypeKind::boolean);
    result->resize_zeroed(batch_.size);
    const std::uint8_t* __restrict a = left.column->values<std::uint8_t>();
    const std::uint8_t* __restrict b = right.column->values<std::uint8_t>();
    std::uint8_t* __restrict to = result->values<std::uint8_t>();
    if (decides)
      rows.for_each([=](std::uint32_t row) { to[row] = a[row] | b[row]; });
    else
      rows.for_each([=](std::uint32_t row) { to[row] = a[row] & b[row]; });
    return {std::move(result), false};
  }

  // The left side decides all rows that are not in `open`.
  Operand combined_with_nulls(const Operand& left, const Operand& right, Rows rows, Rows open, bool decides) {
    auto result = std::make_shared<Column>(TypeKind::boolean);
    result->resize_zeroed(batch_.size);
    std::uint8_t* to = result->values<std::uint8_t>();
    if (decides) rows.for_each([=](std::uint32_t row) { to[row] = 1; });
    open.for_each([&](std::uint32_t row) {
      bool a_null = left.is_null(row), b_null = right.is_null(row);
      bool decided = (!a_null && left.is_true(row) == decides) || (!b_null && right.is_true(row) == decides);
      if (decided || !(a_null || b_null))
        to[row] = decided == decides;
      else
        result->set_null(row);
    });
    return {std::move(result), false};
  }

  // Of cheap parts without nulls everything is computed for all rows, from the else backwards.
  std::optional<Operand> choose_eagerly(const Expression& e, Rows rows) {
    if (e.type.nested() || e.type.textual()) return std::nullopt;
    for (const ExpressionRef& part : e.arguments)
      if (!part->cheap) return std::nullopt;
    std::vector<Operand> parts;
    for (const ExpressionRef& part : e.arguments) {
      parts.push_back(compute(*part, rows));
      if (parts.back().has_nulls()) return std::nullopt;
    }
    Assembly result(e.type, batch_.size);
    result.take(parts.back(), rows);
    for (std::size_t i = parts.size() - 1; i >= 2; i -= 2) result.blend(parts[i - 2], parts[i - 1], rows);
    return result.finish();
  }

  Operand choose(const Expression& e, Rows rows) {
    if (auto eager = choose_eagerly(e, rows)) return *eager;
    Assembly result(e.type, batch_.size);
    std::vector<std::uint32_t> left_over;
    Rows left = rows;
    for (std::size_t i = 0; i + 1 < e.arguments.size() && !left.empty(); i += 2) {
      Operand condition = compute(*e.arguments[i], left);
      std::vector<std::uint32_t> taken = rows_where(left, [&](std::uint32_t row) { return condition.is_true(row); });
      if (taken.empty()) continue;
      Rows chosen = taken.size() == left.size() ? left : Rows(taken);
      result.take(compute(*e.arguments[i + 1], chosen), chosen);
      left_over = rows_where(left, [&](std::uint32_t row) { return !condition.is_true(row); });
      left = Rows(left_over);
    }
    if (!left.empty()) result.take(compute(*e.arguments.back(), left), left);
    return result.finish();
  }

  Operand coalesce(const Expression& e, Rows rows) {
    Operand value = compute(*e.arguments[0], rows);
    if (!value.has_nulls()) return value;
    Assembly result(e.type, batch_.size);
    std::vector<std::uint32_t> left_over;
    Rows left = rows;
    for (std::size_t i = 0; !left.empty(); ++i) {
      if (i > 0) value = compute(*e.arguments[i], left);
      if (i + 1 == e.arguments.size()) {
        result.take(value, left);
        break;
      }
      std::vector<std::uint32_t> there = rows_where(left, [&](std::uint32_t row) { return !value.is_null(row); });
      result.take(value, Rows(there));
      left_over = rows_where(left, [&](std::uint32_t row) { return value.is_null(row); });
      left = Rows(left_over);
    }
    return result.finish();
  }

  const Batch& batch_;
  const Surroundings& surroundings_;
  RowFailures& failures_;
};

}  // namespace

ColumnRef evaluate(const Expression& e, const Batch& batch, Rows rows, const Surroundings& surroundings,
                   RowFailures& failures) {
  Operand result = Evaluation(batch, surroundings, failures).compute(e, rows);
  if (!result.constant) return result.column;
  std::vector<std::uint32_t> zeros(batch.size, 0);
  return gather(*result.column, Rows(zeros));
}

}  // namespace levada
