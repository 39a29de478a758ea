// The loop that all readers of scalars share: many texts to many values of one C++ type.
#pragma once
#include <string>
#include <utility>

#include "connectors/postgres/value_reader.h"

namespace levada {

// "'abc' is not a date": what failures say. Long texts are cut.
std::string wrong_text(const FieldText& text, std::string_view what);

// put(text, value, column) writes the value and says whether there was one; memory it needs is the column's arena.
// `unchanged` stands for values that were not sent; a null there is null.
template <class T, class Read>
class ScalarReader : public ValueReader {
 public:
  ScalarReader(Read put, std::string_view what, std::string_view unchanged)
      : put_(std::move(put)), what_(what), unchanged_(unchanged) {}

  void read(const FieldText* values, std::size_t stride, std::uint32_t rows, Column& out,
            RowFailures& failures) const override {
    std::uint32_t first = out.size();
    out.extend(rows);
    T* to = out.values<T>() + first;
    Bits* valid = nullptr;
    auto put_null = [&](std::uint32_t row) {
      if (!valid) valid = &out.mutable_validity();
      valid->reset(first + row);
      to[row] = T();
    };
    for (std::uint32_t row = 0; row < rows; ++row, values += stride) {
      if (values->kind == FieldText::Kind::text) [[likely]] {
        if (put_(*values, to[row], out)) [[likely]]
          continue;
        failures.push_back({row, wrong_text(*values, what_)});
        put_null(row);
        continue;
      }
      if constexpr (std::is_same_v<T, StringView>) {
        if (values->kind == FieldText::Kind::unchanged && !unchanged_.empty()) {
          to[row] = out.keep(unchanged_);
          continue;
        }
      }
      put_null(row);
    }
  }

 private:
  const Read put_;
  const std::string what_, unchanged_;
};

template <class T, class Read>
std::shared_ptr<const ValueReader> scalar_reader(Read put, std::string_view what, std::string_view unchanged = {}) {
  return std::make_shared<ScalarReader<T, Read>>(std::move(put), what, unchanged);
}

}  // namespace levada
