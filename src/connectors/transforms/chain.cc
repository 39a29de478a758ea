#include "connectors/transforms/chain.h"

#include <algorithm>
#include <map>

#include "base/near_name.h"
#include "connectors/transforms/predicate.h"
#include "connectors/transforms/records.h"
#include "connectors/transforms/transforms.h"
#include "formats/connect_json.h"

namespace levada {

struct TransformChain::Step {
  std::string name;
  std::unique_ptr<Transform> transform;
  std::shared_ptr<const Predicate> predicate;  // null: all records
  bool negate = false;

  void apply(const ConnectRecords& records, std::vector<ConnectRecords>& out, std::vector<DeadLetter>& rejected);
  void apply_all(const ConnectRecords& records, std::vector<ConnectRecords>& out, std::vector<DeadLetter>& rejected);
};

namespace {

// The properties 'FRONT.*', without that.
Properties below(const Properties& properties, const std::string& front) {
  Properties result;
  for (const Property& property : properties)
    if (property.name.starts_with(front + "."))
      result.push_back({property.name.substr(front.size() + 1), property.value, property.where});
  return result;
}

Property taken(Properties& properties, std::string_view name) {
  auto found = std::ranges::find(properties, name, &Property::name);
  if (found == properties.end()) return {};
  Property property = std::move(*found);
  properties.erase(found);
  return property;
}

// 'transforms' or 'predicates': names, each once.
Result<std::vector<std::string>> names_in(const Properties& properties, std::string_view list) {
  std::vector<std::string> names;
  const Property* property = find_property(properties, list);
  if (!property) return names;
  LV_TRY(read_option(property->value, names));
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i))
      return Error(ErrorKind::usage, "'" + std::string(list) + "' names " + names[i] + " twice").where(property->where);
  return names;
}

// Properties of a name that is not in the list would have no effect.
Result<void> check_named(const Properties& properties, std::string_view list, const std::vector<std::string>& names) {
  std::string front = std::string(list) + ".";
  for (const Property& property : properties) {
    if (!property.name.starts_with(front)) continue;
    std::string_view rest = std::string_view(property.name).substr(front.size());
    if (std::ranges::any_of(names, [&](const std::string& name) { return rest.starts_with(name + "."); })) continue;
    std::string near = did_you_mean(rest.substr(0, rest.find('.')), names);
    return Error(ErrorKind::usage, "'" + property.name + "' is of a name that is not in '" + std::string(list) + "'")
        .where(property.where)
        .remedy(near.empty() ? "Name it in '" + std::string(list) + "', or remove the property." : near);
  }
  return {};
}

Error unknown_type(const Property& type, std::string_view what, std::vector<std::string> names) {
  std::string near = did_you_mean(type.value, names), list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name.substr(name.rfind('.') + 1);
  return Error(ErrorKind::usage, "there is no " + std::string(what) + " '" + type.value + "'")
      .where(type.where)
      .remedy((near.empty() ? "" : near + " ") + "There are " + list + ".");
}

bool is_type(std::string_view written, std::string_view type) {
  return written == type || written == type.substr(type.rfind('.') + 1);
}

Result<std::unique_ptr<Transform>> make_transform(const Property& type, const Properties& own, OptionNotes& notes) {
  std::vector<std::string> names;
  for (const TransformKind* kind : transform_kinds()) {
    if (!kind->sided) {
      if (is_type(type.value, kind->type)) return kind->make(own, Side::value, notes);
      names.emplace_back(kind->type);
      continue;
    }
    for (Side side : {Side::key, Side::value}) {
      std::string name = std::string(kind->type) + (side == Side::key ? "$Key" : "$Value");
      if (is_type(type.value, name)) return kind->make(own, side, notes);
      names.push_back(std::move(name));
    }
    if (is_type(type.value, kind->type))
      return Error(ErrorKind::usage, "'" + type.value + "' is for keys or values")
          .where(type.where)
          .remedy("Write " + type.value + "$Key or " + type.value + "$Value.");
  }
  return unknown_type(type, "transform", std::move(names));
}

using Predicates = std::map<std::string, std::shared_ptr<const Predicate>>;

Result<Predicates> make_predicates(const Properties& properties, const std::vector<std::string>& names) {
  Predicates predicates;
  for (const std::string& name : names) {
    Properties own = below(properties, "predicates." + name);
    Property type = taken(own, "type");
    std::string front = "predicates." + name;
    if (type.name.empty()) return Error(ErrorKind::usage, "property '" + front + ".type' is missing");
    auto kinds = predicate_kinds();
    auto kind = std::ranges::find_if(kinds, [&](const PredicateKind& k) { return is_type(type.value, k.type); });
    if (kind == kinds.end()) {
      std::vector<std::string> known;
      for (const PredicateKind& k : kinds) known.emplace_back(k.type);
      return unknown_type(type, "predicate", std::move(known)).within("'" + front + ".type'");
    }
    auto predicate = kind->make(own);
    if (!predicate) return std::move(predicate).error().within("'" + front + ".*'");
    predicates[name] = *std::move(predicate);
  }
  return predicates;
}

Result<std::shared_ptr<const Predicate>> predicate_of(const Property& named, const Predicates& predicates) {
  if (named.name.empty()) return nullptr;
  if (auto found = predicates.find(named.value); found != predicates.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, predicate] : predicates) names.push_back(name);
  std::string near = did_you_mean(named.value, names);
  return Error(ErrorKind::usage, "there is no predicate " + named.value)
      .where(named.where)
      .remedy(near.empty() ? "Name it in 'predicates'." : near);
}

DeadLetter dead_letter(const ConnectRecords& records, const RowFailure& failure, const std::string& step) {
  auto json = [&](const ConnectTypeRef& type, const ColumnRef& column) -> std::optional<std::string> {
    if (!type || !column || column->is_null(failure.row)) return std::nullopt;
    Buffer out;
    ConnectJsonWriter(*type, {.schemas = false}).append(out, *column, failure.row);
    return std::string(out.view());
  };
  return {.stage = "transform",
          .cause = "transform " + step + ": " + failure.why,
          .origin = "for topic " + records.topic,
          .timestamp_ms = records.timestamps_ms[failure.row],
          .key = json(records.key_type, records.key),
          .value = json(records.value_type, records.value)};
}

}  // namespace

TransformChain::TransformChain() = default;
TransformChain::TransformChain(TransformChain&&) noexcept = default;
TransformChain& TransformChain::operator=(TransformChain&&) noexcept = default;
TransformChain::~TransformChain() = default;

Result<TransformChain> TransformChain::make(const Properties& properties, OptionNotes& notes) {
  auto names = LV_TRY(names_in(properties, "transforms"));
  auto predicate_names = LV_TRY(names_in(properties, "predicates"));
  LV_TRY(check_named(properties, "transforms", names));
  LV_TRY(check_named(properties, "predicates", predicate_names));
  Predicates predicates = LV_TRY(make_predicates(properties, predicate_names));
  TransformChain chain;
  for (const std::string& name : names) {
    std::string front = "transforms." + name;
    Properties own = below(properties, front);
    Property type = taken(own, "type"), predicate = taken(own, "predicate"), negate = taken(own, "negate");
    if (type.name.empty()) return Error(ErrorKind::usage, "property '" + front + ".type' is missing");
    auto step = std::make_unique<Step>();
    step->name = name;
    auto chosen = predicate_of(predicate, predicates);
    if (!chosen) return std::move(chosen).error().within("'" + front + ".predicate'");
    step->predicate = *std::move(chosen);
    if (!negate.name.empty())
      if (auto read = read_option(negate.value, step->negate); !read)
        return std::move(read).error().within("'" + front + ".negate'").where(negate.where);
    OptionNotes own_notes;
    auto transform = make_transform(type, own, own_notes);
    if (!transform) return std::move(transform).error().within("'" + front + ".*'");
    for (const std::string& note : own_notes) notes.push_back("'" + front + "." + note.substr(1));
    step->transform = *std::move(transform);
    if (step->transform->drops_all() && !step->predicate)
      return Error(ErrorKind::usage, "'" + front + ".*': without a predicate it would drop every record")
          .where(type.where)
          .remedy("Give '" + front + ".predicate'.");
    chain.steps_.push_back(std::move(step));
  }
  return chain;
}

void TransformChain::apply(std::vector<ConnectRecords>& records, std::vector<DeadLetter>& rejected) {
  std::vector<ConnectRecords> next;
  for (auto& step : steps_) {
    next.clear();
    for (const ConnectRecords& some : records)
      if (some.size > 0) step->apply(some, next, rejected);
    records.swap(next);
  }
}

void TransformChain::Step::apply(const ConnectRecords& records, std::vector<ConnectRecords>& out,
                                 std::vector<DeadLetter>& rejected) {
  if (!predicate) return apply_all(records, out, rejected);
  Bits chosen = predicate->test(records);
  std::size_t count = chosen.count();
  if (negate) count = records.size - count;
  if (count == 0) return out.push_back(records);
  if (count == records.size) return apply_all(records, out, rejected);
  std::vector<std::uint32_t> rows;
  if (transform->drops_all()) {
    for (std::uint32_t row = 0; row < records.size; ++row)
      if (chosen[row] == negate) rows.push_back(row);
    return out.push_back(select(records, rows));
  }
  // Runs of records that are changed and that are not, so that their order stays.
  for (std::uint32_t row = 0; row < records.size;) {
    bool here = chosen[row] != negate;
    rows.clear();
    for (; row < records.size && (chosen[row] != negate) == here; ++row) rows.push_back(row);
    ConnectRecords run = select(records, rows);
    if (here)
      apply_all(run, out, rejected);
    else
      out.push_back(std::move(run));
  }
}

void TransformChain::Step::apply_all(const ConnectRecords& records, std::vector<ConnectRecords>& out,
                                     std::vector<DeadLetter>& rejected) {
  if (transform->drops_all()) return;
  RowFailures failures;
  transform->apply(records, out, failures);
  for (const RowFailure& failure : failures) rejected.push_back(dead_letter(records, failure, name));
}

}  // namespace levada
