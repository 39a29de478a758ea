#include "formats/avro_plan.h"

#include <algorithm>
#include <map>
#include <optional>

#include "formats/avro_fields.h"
#include "formats/avro_value_step.h"

namespace levada {
namespace {

using Kind = AvroNode::Kind;
using Op = AvroStep::Op;

constexpr std::size_t max_steps = 1 << 16;

bool same_but_for_case(std::string_view a, std::string_view b) {
  auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, small, small);
}

class Maker {
 public:
  Maker(const AvroSchema& writer, AvroPlan& plan) : writer_(writer), plan_(plan), open_(writer.nodes.size(), false) {}

  void make(const std::vector<Field>& fields, const std::vector<bool>& wanted, bool bare) {
    enter("");
    std::uint32_t root = 0;
    std::optional<AvroSchema::Optional> optional = writer_.optional(0);
    if (optional) root = optional->node;
    bool record = writer_[root].kind == Kind::record;
    if (bare && record && fields[0].type.kind() != TypeKind::structure) bare = false;
    if (!bare && !record && fields.size() == 1) bare = true;
    if (bare) {
      if (wanted[0])
        read_at(0, 0, fields[0].type, fields[0].name);
      else
        skip(0);
    } else if (!record) {
      fail("a record was expected, the writer's schema is " + described(0));
    } else if (optional) {
      auto entries = begin_branches(2);
      start_branch(entries + optional->null_branch);
      null_fields(fields, wanted);
      auto done = jump();
      start_branch(entries + 1 - optional->null_branch);
      record_fields(writer_[root], fields, wanted, 0);
      land(done);
    } else {
      record_fields(writer_[root], fields, wanted, 0);
    }
    plan_.end = here();
    for (std::size_t i = 0; i < routines_.size(); ++i) {  // grows meanwhile
      std::uint32_t routine = routines_[i];
      starts_[i] = here();
      open_[routine] = true;
      skip_fields(writer_[routine]);
      open_[routine] = false;
      add({.op = Op::back});
    }
    for (AvroStep& step : plan_.steps)
      if (step.op == Op::call) step.other = starts_[step.other];
  }

 private:
  std::uint32_t here() const { return static_cast<std::uint32_t>(plan_.steps.size()); }

  std::uint32_t add(AvroStep step) {
    step.path = path_;
    if (here() < max_steps) plan_.steps.push_back(step);
    return here() - 1;
  }
  // A schema that needs too many steps: what there is begins with a failure.
  bool full() const { return plan_.steps.size() >= max_steps; }

  void fail(std::string reason) {
    plan_.reasons.push_back(std::move(reason));
    add({.op = Op::fail, .other = static_cast<std::uint32_t>(plan_.reasons.size() - 1)});
  }

  void enter(const std::string& path) {
    plan_.paths.push_back(path);
    path_ = static_cast<std::uint32_t>(plan_.paths.size() - 1);
  }

  // ---- unions ----

  std::uint32_t begin_branches(std::size_t count) {
    auto entries = static_cast<std::uint32_t>(plan_.targets.size());
    plan_.targets.resize(plan_.targets.size() + count);
    add({.op = Op::branch, .other = entries, .size = static_cast<std::uint32_t>(count)});
    return entries;
  }
  void start_branch(std::uint32_t entry) { plan_.targets[entry] = here(); }
  std::uint32_t jump() { return add({.op = Op::jump}); }
  void land(std::uint32_t jump) { plan_.steps[jump].other = here(); }

  std::string described(std::uint32_t n) const {
    if (auto optional = writer_.optional(n)) n = optional->node;
    const AvroNode& node = writer_[n];
    std::string text(name_of(node.kind));
    if (node.meaning != AvroMeaning::plain) {
      std::string logical = node.properties.text_of("logicalType");
      text += " (" + (logical.empty() ? node.properties.text_of("connect.name") : logical) + ")";
    }
    return text;
  }

  // ---- into columns ----

  void read_at(std::uint32_t n, std::uint32_t slot, const Type& type, const std::string& path) {
    std::uint32_t before = path_;
    enter(path);
    read(n, slot, type);
    path_ = before;
  }

  void read(std::uint32_t n, std::uint32_t slot, const Type& type) {
    if (full()) return;
    const AvroNode& node = writer_[n];
    if (node.kind == Kind::choice) return read_choice(n, slot, type);
    if (node.kind == Kind::null) {
      add({.op = Op::null, .slot = slot});
    } else if (!read_value(node, slot, type, -1) && !read_nested(node, slot, type)) {
      fail("the writer has " + described(n) + ", which is no " + type.text());
    }
  }

  bool read_value(const AvroNode& node, std::uint32_t slot, const Type& type, std::int8_t null_branch) {
    auto step = avro_value_step(node, type);
    if (!step) return false;
    step->slot = slot;
    step->null_branch = null_branch;
    if (step->op == Op::symbol) {
      step->other = static_cast<std::uint32_t>(plan_.symbols.size());
      step->size = static_cast<std::uint32_t>(node.symbols.size());
      for (const std::string& symbol : node.symbols) {
        std::string_view kept = plan_.symbol_memory.copy(symbol);
        plan_.symbols.emplace_back(kept.data(), static_cast<std::uint32_t>(kept.size()));
      }
    }
    add(*step);
    return true;
  }

  bool read_nested(const AvroNode& node, std::uint32_t slot, const Type& type) {
    if (node.kind == Kind::record && type.kind() == TypeKind::structure) {
      record_fields(node, type.fields(), std::vector<bool>(type.fields().size(), true), slot + 1);
      return true;
    }
    if (node.kind == Kind::array && type.kind() == TypeKind::array) {
      std::uint32_t list = add({.op = Op::list, .slot = slot});
      read(node.children[0], slot + 1, type.element());
      land(list);
      return true;
    }
    if (type.kind() != TypeKind::map) return false;
    std::uint32_t value_slot = slot + 1 + avro_slots(type.key());
    if (node.kind == Kind::map && type.key().kind() == TypeKind::string) {
      std::uint32_t list = add({.op = Op::list, .slot = slot});
      add({.op = Op::string, .slot = slot + 1});
      read(node.children[0], value_slot, type.value());
      land(list);
      return true;
    }
    if (node.kind != Kind::array) return false;
    const AvroNode& entry = writer_[node.children[0]];
    if (entry.kind != Kind::record || entry.fields.size() != 2) return false;
    if (entry.fields[0].name != "key" || entry.fields[1].name != "value") return false;
    std::uint32_t list = add({.op = Op::list, .slot = slot});
    read(entry.fields[0].type, slot + 1, type.key());
    read(entry.fields[1].type, value_slot, type.value());
    land(list);
    return true;
  }

  void read_choice(std::uint32_t n, std::uint32_t slot, const Type& type) {
    if (auto optional = writer_.optional(n))
      if (read_value(writer_[optional->node], slot, type, static_cast<std::int8_t>(optional->null_branch))) return;
    const std::vector<std::uint32_t>& branches = writer_[n].children;
    bool spread = is_spread(n, type);
    std::uint32_t entries = begin_branches(branches.size());
    std::vector<std::uint32_t> jumps;
    for (std::uint32_t b = 0; b < branches.size() && !full(); ++b) {
      start_branch(entries + b);
      if (spread && writer_[branches[b]].kind != Kind::null)
        read_member(branches[b], slot, type);
      else
        read(branches[b], slot, type);
      jumps.push_back(jump());
    }
    for (std::uint32_t j : jumps) land(j);
  }

  // A union of several is a structure with a field for each branch, as Connect has it.
  bool is_spread(std::uint32_t n, const Type& type) const {
    const AvroNode& node = writer_[n];
    if (type.kind() != TypeKind::structure || writer_.optional(n)) return false;
    return std::ranges::any_of(node.children, [&](std::uint32_t branch) { return member_of(type, branch) != nullptr; });
  }
  const Field* member_of(const Type& type, std::uint32_t branch) const {
    for (const Field& field : type.fields())
      if (same_but_for_case(field.name, writer_[branch].branch_name())) return &field;
    return nullptr;
  }
  void read_member(std::uint32_t branch, std::uint32_t slot, const Type& type) {
    const Field* member = member_of(type, branch);
    std::uint32_t at = slot + 1;
    for (const Field& field : type.fields()) {
      if (&field == member)
        read(branch, at, field.type);
      else
        add({.op = Op::null, .slot = at});
      at += avro_slots(field.type);
    }
    if (!member) skip(branch);
  }

  void record_fields(const AvroNode& record, const std::vector<Field>& fields, const std::vector<bool>& wanted,
                     std::uint32_t first_slot) {
    std::vector<std::uint32_t> slots, reader(record.fields.size(), AvroStep::no_slot);
    for (const Field& field : fields) {
      slots.push_back(first_slot);
      first_slot += avro_slots(field.type);
    }
    std::vector<bool> found(fields.size(), false);
    for (std::uint32_t i = 0; i < fields.size(); ++i) {
      const AvroField* field = wanted[i] ? find_avro_field(record, fields[i].name) : nullptr;
      if (!field) continue;
      std::uint32_t& taken = reader[static_cast<std::size_t>(field - record.fields.data())];
      if (taken != AvroStep::no_slot) continue;  // two columns that differ in case: the first one has it
      taken = i;
      found[i] = true;
    }
    std::string above = plan_.paths[path_];
    if (!above.empty()) above += "->";
    for (std::size_t f = 0; f < record.fields.size() && !full(); ++f) {
      std::uint32_t i = reader[f];
      if (i == AvroStep::no_slot)
        skip(record.fields[f].type);
      else
        read_at(record.fields[f].type, slots[i], fields[i].type, above + fields[i].name);
    }
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (wanted[i] && !found[i]) add({.op = Op::null, .slot = slots[i]});
  }

  void null_fields(const std::vector<Field>& fields, const std::vector<bool>& wanted) {
    std::uint32_t slot = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (wanted[i]) add({.op = Op::null, .slot = slot});
      slot += avro_slots(fields[i].type);
    }
  }

  // ---- for nobody ----

  void skip_fields(const AvroNode& record) {
    for (const AvroField& field : record.fields) skip(field.type);
  }

  void skip(std::uint32_t n) {
    if (full()) return;
    const AvroNode& node = writer_[n];
    if (auto step = avro_skip_step(node)) {
      add(*step);
    } else if (node.kind == Kind::record) {
      skip_record(n, node);
    } else if (node.kind == Kind::array || node.kind == Kind::map) {
      std::uint32_t list = add({.op = Op::skip_list});
      if (node.kind == Kind::map) add({.op = Op::skip_bytes});
      skip(node.children[0]);
      land(list);
    } else if (node.kind == Kind::choice) {
      skip_choice(n, node);
    }
  }

  void skip_record(std::uint32_t n, const AvroNode& node) {
    if (open_[n]) {
      auto known = std::ranges::find(routines_, n);
      add({.op = Op::call, .other = static_cast<std::uint32_t>(known - routines_.begin())});
      if (known == routines_.end()) {
        routines_.push_back(n);
        starts_.push_back(0);
      }
      return;
    }
    open_[n] = true;
    skip_fields(node);
    open_[n] = false;
  }

  void skip_choice(std::uint32_t n, const AvroNode& node) {
    if (auto optional = writer_.optional(n))
      if (auto step = avro_skip_step(writer_[optional->node])) {
        step->null_branch = static_cast<std::int8_t>(optional->null_branch);
        add(*step);
        return;
      }
    std::uint32_t entries = begin_branches(node.children.size());
    std::vector<std::uint32_t> jumps;
    for (std::uint32_t b = 0; b < node.children.size() && !full(); ++b) {
      start_branch(entries + b);
      skip(node.children[b]);
      jumps.push_back(jump());
    }
    for (std::uint32_t j : jumps) land(j);
  }

  const AvroSchema& writer_;
  AvroPlan& plan_;
  std::uint32_t path_ = 0;
  std::vector<bool> open_;                        // records that are being skipped
  std::vector<std::uint32_t> routines_, starts_;  // records within themselves, and where their steps begin
};

}  // namespace

std::uint32_t avro_slots(const Type& type) {
  std::uint32_t slots = 1;
  if (type.nested())
    for (const Field& child : type.children()) slots += avro_slots(child.type);
  return slots;
}

const AvroField* find_avro_field(const AvroNode& record, std::string_view name) {
  for (const AvroField& field : record.fields)
    if (true_name(field) == name) return &field;
  for (const AvroField& field : record.fields)
    if (std::ranges::find(field.aliases, name) != field.aliases.end()) return &field;
  const AvroField* found = nullptr;
  for (const AvroField& field : record.fields) {
    if (!same_but_for_case(true_name(field), name)) continue;
    if (found) return nullptr;
    found = &field;
  }
  return found;
}

std::shared_ptr<const AvroPlan> make_avro_plan(const AvroSchema& writer, const std::vector<Field>& fields,
                                               const std::vector<bool>& wanted, bool bare) {
  auto plan = std::make_shared<AvroPlan>();
  Maker(writer, *plan).make(fields, wanted, bare);
  if (plan->steps.size() < max_steps) return plan;
  auto refusal = std::make_shared<AvroPlan>();
  refusal->paths = {""};
  refusal->reasons = {"the writer's schema is too large"};
  refusal->steps = {{.op = Op::fail}};
  refusal->end = 1;
  return refusal;
}

}  // namespace levada
