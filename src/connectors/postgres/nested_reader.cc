#include "connectors/postgres/nested_reader.h"

#include <algorithm>

#include "connectors/postgres/array_text.h"
#include "connectors/postgres/scalar_reader.h"

namespace levada {
namespace {

FieldText text_of(std::string_view text) {
  return {FieldText::Kind::text, static_cast<std::uint32_t>(text.size()), text.data()};
}

class ArrayReader : public ValueReader {
 public:
  ArrayReader(std::shared_ptr<const ValueReader> element, char delimiter, bool nested, std::string_view unchanged)
      : element_(std::move(element)), delimiter_(delimiter), nested_(nested), unchanged_(unchanged) {}

  void read(const FieldText* values, std::size_t stride, std::uint32_t rows, Column& out,
            RowFailures& failures) const override {
    std::uint32_t first = out.size();
    Column& child = out.child(0);
    std::uint32_t first_element = child.size();
    out.extend(rows);
    std::span<std::uint32_t> offsets = out.offsets();
    std::vector<FieldText> elements;
    for (std::uint32_t row = 0; row < rows; ++row, values += stride) {
      std::size_t before = elements.size();
      bool there = values->kind == FieldText::Kind::text;
      if (there && !split_array(values->view(), delimiter_, nested_, child.arena(), elements)) {
        elements.resize(before);
        failures.push_back({row, wrong_text(*values, nested_ ? "an array of arrays" : "an array of one dimension")});
        there = false;
      } else if (values->kind == FieldText::Kind::unchanged && !unchanged_.empty()) {
        elements.push_back(text_of(child.arena().copy(unchanged_)));
        there = true;
      }
      offsets[first + row + 1] = first_element + static_cast<std::uint32_t>(elements.size());
      if (!there) out.mutable_validity().reset(first + row);
    }
    RowFailures wrong;
    element_->read(elements.data(), 1, static_cast<std::uint32_t>(elements.size()), child, wrong);
    for (RowFailure& failure : wrong) {
      auto end = std::upper_bound(offsets.begin() + first + 1, offsets.end(), first_element + failure.row);
      auto row = static_cast<std::uint32_t>(end - offsets.begin()) - 1 - first;
      failures.push_back({row, "element: " + failure.why});
    }
  }

 private:
  const std::shared_ptr<const ValueReader> element_;
  const char delimiter_;
  const bool nested_;
  const std::string unchanged_;
};

class HstoreReader : public ValueReader {
 public:
  explicit HstoreReader(std::string_view unchanged) : unchanged_(unchanged) {}

  void read(const FieldText* values, std::size_t stride, std::uint32_t rows, Column& out,
            RowFailures& failures) const override {
    std::uint32_t first = out.size();
    out.extend(rows);
    std::span<std::uint32_t> offsets = out.offsets();
    Column &keys = out.child(0), &items = out.child(1);
    std::uint32_t first_entry = keys.size();
    std::vector<FieldText> key_texts, item_texts;
    for (std::uint32_t row = 0; row < rows; ++row, values += stride) {
      std::size_t before = key_texts.size();
      bool there = values->kind == FieldText::Kind::text;
      if (there && !split_hstore(values->view(), keys.arena(), key_texts, item_texts)) {
        key_texts.resize(before);
        item_texts.resize(before);
        failures.push_back({row, wrong_text(*values, "an hstore")});
        there = false;
      } else if (values->kind == FieldText::Kind::unchanged && !unchanged_.empty()) {
        key_texts.push_back(text_of(keys.arena().copy(unchanged_)));
        item_texts.push_back(key_texts.back());
        there = true;
      }
      offsets[first + row + 1] = first_entry + static_cast<std::uint32_t>(key_texts.size());
      if (!there) out.mutable_validity().reset(first + row);
    }
    items.hold_memory_of(keys);  // texts of both were unescaped into the memory of the keys
    put(keys, key_texts);
    put(items, item_texts);
  }

 private:
  static void put(Column& column, const std::vector<FieldText>& texts) {
    for (const FieldText& text : texts) {
      if (text.kind == FieldText::Kind::text)
        column.append(StringView(text.data, text.size));
      else
        column.append_null();
    }
  }

  const std::string unchanged_;
};

}  // namespace

std::shared_ptr<const ValueReader> array_reader(std::shared_ptr<const ValueReader> element, char delimiter, bool nested,
                                                std::string_view unchanged) {
  return std::make_shared<ArrayReader>(std::move(element), delimiter, nested, unchanged);
}

std::shared_ptr<const ValueReader> hstore_reader(std::string_view unchanged) {
  return std::make_shared<HstoreReader>(unchanged);
}

}  // namespace levada
