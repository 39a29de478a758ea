#include "bench/limits/group_by.h"

#include <simdjson.h>

#include <vector>

#include "batch/number_text.h"
#include "bench/limits/batch_file.h"

namespace levada::limits {
namespace {

namespace ondemand = simdjson::ondemand;

struct Input {
  std::int64_t user, timestamp_ms;
  double amount;
};

struct Slot {
  std::int64_t user;  // 0: free
  std::int64_t n, timestamp_ms;
  double total;
  bool changed;
};

template <std::size_t size>
char* put(char* p, const char (&text)[size]) {
  std::memcpy(p, text, size - 1);
  return p + size - 1;
}

class Table {
 public:
  explicit Table(const GroupByFiles& to) : table_(to.table), changelog_(to.changelog) {}

  // Where each user's slot is, then what it says, then the sums: so that memory is waited for once for a batch.
  void add(const std::vector<Input>& inputs) {
    homes_.resize(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      homes_[i] = static_cast<std::uint64_t>(inputs[i].user) * 0x9e3779b97f4a7c15u >> (64 - bits);
      __builtin_prefetch(&slots_[homes_[i]], 1);
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Input& in = inputs[i];
      std::size_t at = homes_[i];
      while (slots_[at].user != in.user && slots_[at].user != 0) at = (at + 1) & (slots_.size() - 1);
      Slot& s = slots_[at];
      s.user = in.user;
      ++s.n;
      s.total += in.amount;
      s.timestamp_ms = std::max(s.timestamp_ms, in.timestamp_ms);
      if (s.changed) continue;
      s.changed = true;
      changed_.push_back(&s);
    }
  }

  void give() {
    for (std::size_t i = 0; i < changed_.size(); ++i) {
      if (i + 16 < changed_.size()) __builtin_prefetch(changed_[i + 16], 1);
      Slot& s = *changed_[i];
      s.changed = false;
      char key[9];
      store_big(key, s.user);
      char* p = put(table_.begin(s.timestamp_ms, {key, 8}), "{\"n\":");
      p = put_integer(p, s.n);
      p = put_double(put(p, ",\"total\":"), s.total);
      *p++ = '}';
      table_.end(p);
      key[0] = 1;  // not null
      store(key + 1, s.user);
      p = put_varint(changelog_.begin(s.timestamp_ms, {key, 9}), s.n);
      store(p, s.total);
      changelog_.end(p + 8);
    }
    changed_.clear();
  }
  void finish() {
    give();
    table_.finish();
    changelog_.finish();
  }

 private:
  static constexpr int bits = 18;

  BatchFile table_, changelog_;
  std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << bits);
  std::vector<Slot*> changed_;
  std::vector<std::uint64_t> homes_;
};

template <class Read>
void group_by(std::string_view batches, std::size_t merged_bytes, const GroupByFiles& to, Read read) {
  Table table(to);
  std::vector<Input> inputs;
  ondemand::parser parser;
  std::size_t bytes = 0;
  walk(
      batches,
      [&](const LogRecord& record) {
        ondemand::document document;
        ondemand::object object;
        Input in{.user = 0, .timestamp_ms = record.timestamp_ms, .amount = 0};
        if (parser.iterate(record.value.data(), record.value.size(), record.value.size() + simdjson::SIMDJSON_PADDING)
                .get(document) ||
            document.get_object().get(object) || !read(record, object, in) || in.user == 0)
          give_up("a text that is no order");
        inputs.push_back(in);
        bytes += record.value.size() + 16;
      },
      [&] {
        table.add(inputs);
        inputs.clear();
        if (bytes < merged_bytes) return;
        table.give();
        bytes = 0;
      });
  table.finish();
}

}  // namespace

void group_by_key(std::string_view record_batches, std::size_t merged_bytes, const GroupByFiles& to) {
  group_by(record_batches, merged_bytes, to, [](const LogRecord& record, ondemand::object& object, Input& in) {
    in.user = load_big<std::int64_t>(record.key.data());
    return !object["amount"].get_double().get(in.amount);
  });
}

void group_by_column(std::string_view record_batches, std::size_t merged_bytes, const GroupByFiles& to) {
  group_by(record_batches, merged_bytes, to, [](const LogRecord&, ondemand::object& object, Input& in) {
    return !object["user"].get_int64().get(in.user) && !object["amount"].get_double().get(in.amount);
  });
}

}  // namespace levada::limits
