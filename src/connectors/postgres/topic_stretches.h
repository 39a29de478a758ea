// Changes gathered by table, in stretches that become one batch each, without losing the order within a topic: a table
// has one stretch that grows, until that is full or another table of the same topic (which may be the same table after
// an ALTER TABLE) begins one.
//
//   Stretch   has full(): nothing more goes in. It keeps its table alive, by whose address it is found.
//
// One thread. References are good until the next stretch begins.
#pragma once
#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

#include "connectors/postgres/captured_table.h"

namespace levada {

template <class Stretch>
class TopicStretches {
 public:
  // The one that grows; null: there is none.
  Stretch* growing(const CapturedTable& table) {
    if (last_table_ == &table && !all_[last_].full()) [[likely]]
      return &all_[last_];
    auto found = growing_.find(&table);
    if (found == growing_.end() || all_[found->second].full()) return nullptr;
    last_table_ = &table;
    last_ = found->second;
    return &all_[last_];
  }

  Stretch& begin(const CapturedTable& table, Stretch stretch) {
    close(table);
    last_table_ = &table;
    last_ = all_.size();
    growing_.emplace(&table, last_);
    all_.push_back(std::move(stretch));
    return all_.back();
  }

  // What comes next of the table's topic is another stretch.
  void close(const CapturedTable& table) {
    std::erase_if(growing_, [&](const auto& growing) { return growing.first->topic == table.topic; });
    last_table_ = nullptr;
  }

  // In the order of their beginnings.
  std::vector<Stretch> take() {
    growing_.clear();
    last_table_ = nullptr;
    return std::exchange(all_, {});
  }

 private:
  std::vector<Stretch> all_;
  std::unordered_map<const CapturedTable*, std::size_t> growing_;  // position in all_
  const CapturedTable* last_table_ = nullptr;                      // that grew last, and its stretch
  std::size_t last_ = 0;
};

}  // namespace levada
