// The simplest store there is, for the tests of what writes stores down.
#pragma once
#include <map>
#include <set>
#include <string>

#include "state/store.h"

namespace levada {

class MapStore : public Store {
 public:
  struct Entry {
    std::string value;
    std::int64_t timestamp_ms = 0;
    bool operator==(const Entry&) const = default;
  };

  void put(const std::string& key, std::string value, std::int64_t timestamp_ms = 1) {
    entries[key] = {std::move(value), timestamp_ms};
    changed_.insert(key);
  }
  void remove(const std::string& key) {
    entries.erase(key);
    changed_.insert(key);
  }

  const std::string& name() const override { return name_; }
  void take_changes(const Visit& visit) override {
    for (const std::string& key : changed_) {
      auto entry = entries.find(key);
      if (entry == entries.end())
        visit(key, {}, 0);
      else
        visit(key, entry->second.value, entry->second.timestamp_ms);
    }
    changed_.clear();
  }
  void visit_all(const Visit& visit) const override {
    for (const auto& [key, entry] : entries) visit(key, entry.value, entry.timestamp_ms);
  }
  Result<void> restore(std::string_view key, std::string_view value, std::int64_t timestamp_ms) override {
    if (value == "unreadable") return Error(ErrorKind::damaged, "unreadable");
    if (value.data() == nullptr)
      entries.erase(std::string(key));
    else
      entries[std::string(key)] = {std::string(value), timestamp_ms};
    return {};
  }
  void clear() override { entries.clear(); }
  std::uint64_t keys() const override { return entries.size(); }
  std::uint64_t bytes() const override { return 0; }

  std::map<std::string, Entry> entries;

 private:
  std::string name_ = "map";
  std::set<std::string> changed_;
};

}  // namespace levada
