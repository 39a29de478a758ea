// What an operator remembers, seen from outside: something whose changes since the last commit can be written down, and
// which can be built again from what was written. The pipeline puts the changes into a changelog topic, in the
// transaction of the outputs and offsets they belong to, and now and then the whole into a snapshot file
// (state/snapshot.h).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace levada {

class Store {
 public:
  // A key and what stands there now; an empty optional-like null value (data() == nullptr) says that the key is gone.
  using Visit = std::function<void(std::string_view key, std::string_view value, std::int64_t timestamp_ms)>;

  virtual ~Store() = default;

  virtual const std::string& name() const = 0;
  // Every key changed since the last call, once, with its value as it is now.
  virtual void take_changes(const Visit& visit) = 0;
  // Every key.
  virtual void visit_all(const Visit& visit) const = 0;
  // Puts a key back as it was told by one of the two above; value.data() == nullptr removes it. Not a change. damaged:
  // bytes that this store has not written.
  virtual Result<void> restore(std::string_view key, std::string_view value, std::int64_t timestamp_ms) = 0;
  virtual void clear() = 0;

  virtual std::uint64_t keys() const = 0;
  virtual std::uint64_t bytes() const = 0;  // of memory, about
};

}  // namespace levada
