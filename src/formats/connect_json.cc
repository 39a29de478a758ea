#include "formats/connect_json.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "batch/decimal_bytes.h"
#include "batch/number_text.h"
#include "formats/base64.h"
#include "formats/connect_schema_json.h"
#include "formats/json_string.h"

namespace levada {
namespace {

using Kind = ConnectType::Kind;

constexpr std::string_view decimal_name = "org.apache.kafka.connect.data.Decimal";

int scale_of(const ConnectType& type) { return static_cast<int>(parse_integer(parameter(type, "scale")).value_or(0)); }

template <class T>
void append_real(Buffer& out, T v) {
  char* p = out.room(max_double_text + 2);
  bool quoted = !std::isfinite(v);
  if (quoted) *p++ = '"';
  if constexpr (std::is_same_v<T, float>)
    p = put_float(p, v);
  else
    p = put_double(p, v);
  if (quoted) *p++ = '"';
  out.commit(p);
}

void append_base64(Buffer& out, std::string_view bytes) {
  char* p = out.room(base64_size(bytes.size()) + 2);
  *p++ = '"';
  p = put_base64(p, bytes);
  *p++ = '"';
  out.commit(p);
}

void append_string(Buffer& out, std::string_view text) {
  out.commit(put_json_string(out.room(json_string_room(text.size())), text));
}

}  // namespace

// ---- to JSON ----

struct ConnectJsonWriter::Node {
  Kind kind;
  bool number = false;             // a Decimal as a number
  int scale = 0;                   // of it
  std::string null;                // what a null is written as
  bool object = false;             // a map with string keys
  std::vector<std::string> leads;  // of a structure's fields: {"id":  ,"name":
  std::vector<Node> children;

  Node(const ConnectType& type, const ConverterSpec& spec) : kind(type.kind), null("null") {
    if (spec.nulls_become_defaults && type.fallback) null = *type.fallback;
    if (kind == Kind::bytes && type.name == decimal_name && spec.decimals == ConverterSpec::Decimals::numeric) {
      number = true;
      scale = scale_of(type);
    }
    if (kind == Kind::map) {
      object = type.key->kind == Kind::string;
      children.emplace_back(*type.key, spec);
    }
    if (type.element) children.emplace_back(*type.element, spec);
    for (const ConnectField& field : type.fields) {
      std::string lead = leads.empty() ? "{" : ",";
      append_json_string(lead, field.name);
      leads.push_back(lead + ":");
      children.emplace_back(*field.type, spec);
    }
  }

  bool append(Buffer& out, const Column& column, std::uint32_t row) const {
    if (column.is_null(row)) {
      out.append(null);
      return true;
    }
    switch (kind) {
      case Kind::int8:
      case Kind::int16:
      case Kind::int32: out.commit(put_integer(out.room(max_integer_text), column.values<std::int32_t>()[row])); break;
      case Kind::int64: out.commit(put_integer(out.room(max_integer_text), column.values<std::int64_t>()[row])); break;
      case Kind::float32: append_real(out, static_cast<float>(column.values<double>()[row])); break;
      case Kind::float64: append_real(out, column.values<double>()[row]); break;
      case Kind::boolean: out.append(column.values<std::uint8_t>()[row] ? "true" : "false"); break;
      case Kind::string: append_string(out, column.string(row)); break;
      case Kind::bytes: append_bytes(out, column.string(row)); break;
      case Kind::array: return append_array(out, column, row);
      case Kind::map: return append_map(out, column, row);
      case Kind::structure:
        if (leads.empty()) out.append('{');
        for (std::size_t i = 0; i < leads.size(); ++i) {
          out.append(leads[i]);
          if (!children[i].append(out, column.child(i), row)) return false;
        }
        out.append('}');
        break;
    }
    return true;
  }

  void append_bytes(Buffer& out, std::string_view bytes) const {
    if (!number) return append_base64(out, bytes);
    std::string text;
    append_decimal_text(text, bytes, scale);
    out.append(text);
  }

  bool append_array(Buffer& out, const Column& column, std::uint32_t row) const {
    out.append('[');
    for (std::uint32_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
      if (i > column.offsets()[row]) out.append(',');
      if (!children[0].append(out, column.child(0), i)) return false;
    }
    out.append(']');
    return true;
  }

  bool append_map(Buffer& out, const Column& column, std::uint32_t row) const {
    out.append(object ? '{' : '[');
    for (std::uint32_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
      if (i > column.offsets()[row]) out.append(',');
      if (object && column.child(0).is_null(i)) return false;
      if (!object) out.append('[');
      if (!children[0].append(out, column.child(0), i)) return false;
      out.append(object ? ':' : ',');
      if (!children[1].append(out, column.child(1), i)) return false;
      if (!object) out.append(']');
    }
    out.append(object ? '}' : ']');
    return true;
  }
};

ConnectJsonWriter::ConnectJsonWriter(const ConnectType& type, const ConverterSpec& spec)
    : node_(std::make_unique<Node>(type, spec)) {
  if (!spec.schemas) return;
  front_ = "{\"schema\":" + connect_schema_text(type) + ",\"payload\":";
  back_ = "}";
}

ConnectJsonWriter::~ConnectJsonWriter() = default;

bool ConnectJsonWriter::append(Buffer& out, const Column& column, std::uint32_t row) const {
  out.append(front_);
  if (!node_->append(out, column, row)) return false;
  out.append(back_);
  return true;
}

namespace {

class JsonConverter : public ConnectConverter {
 public:
  explicit JsonConverter(const ConverterSpec& spec) : spec_(spec) {}

  Result<void> encode(const std::string& /*topic*/, const ConnectTypeRef& type, const Column& column, Rows rows,
                      Texts& out, RowFailures& failures) override {
    const ConnectJsonWriter& writer = writer_of(type);
    rows.for_each([&](std::uint32_t row) {
      std::size_t begin = out.bytes.size();
      if (!column.is_null(row) && !writer.append(out.bytes, column, row)) {
        out.bytes.resize(begin);
        failures.push_back({row, "JSON has no null keys in a map"});
      }
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    });
    return {};
  }

 private:
  static constexpr std::size_t most_writers = 4096;  // types come and go when tables are altered

  const ConnectJsonWriter& writer_of(const ConnectTypeRef& type) {
    if (auto found = writers_.find(type); found != writers_.end()) return found->second;
    if (writers_.size() >= most_writers) writers_.clear();
    return writers_.try_emplace(type, *type, spec_).first->second;
  }

  const ConverterSpec spec_;
  std::map<ConnectTypeRef, ConnectJsonWriter> writers_;  // by address; the type is kept, so the address is its own
};

}  // namespace

std::unique_ptr<ConnectConverter> make_connect_json(const ConverterSpec& spec) {
  return std::make_unique<JsonConverter>(spec);
}

// ---- from JSON ----

Result<ConnectTypeRef> ConnectJsonReader::type_of(std::string_view schema) {
  if (schema == "null") return nullptr;
  if (auto known = types_.find(schema); known != types_.end()) return known->second;
  if (types_.size() >= most_types) types_.clear();
  ConnectTypeRef type = LV_TRY(read_connect_schema(schema));
  types_.emplace(schema, type);
  return type;
}

Result<ConnectJsonReader::Parts> ConnectJsonReader::split(std::string_view text) {
  if (!front_.empty() && text.size() > front_.size() && text.starts_with(front_) && text.back() == '}')
    return Parts{type_, text.substr(front_.size(), text.size() - front_.size() - 1)};
  if (!index_.build(text)) return Error(ErrorKind::data, index_.explain());
  if (index_[0] != '{') return Parts{nullptr, text};
  std::string_view schema, payload;
  bool has_schema = false, has_payload = false, payload_last = false;
  JsonIndex::Token at = 1;
  while (index_[at] == '"' && index_[at + 1] == ':') {
    std::string_view name = index_.text(at);
    JsonIndex::Token first = at + 2, last = first;
    for (std::size_t depth = 0; last < index_.size(); ++last) {
      char c = index_[last];
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
      if (depth == 0) break;
    }
    if (last >= index_.size()) break;
    if (name == "\"schema\"") {
      schema = index_.text(first, last);
      has_schema = true;
    } else if (name == "\"payload\"") {
      payload = index_.text(first, last);
      has_payload = true;
      payload_last = index_[last + 1] == '}' && last + 2 == index_.size();
    } else {
      return Parts{nullptr, text};
    }
    at = last + 1;
    if (index_[at] != ',') break;
    ++at;
  }
  if (!has_schema || !has_payload || (schema != "null" && !schema.starts_with('{'))) return Parts{nullptr, text};
  front_.clear();
  type_ = LV_TRY(type_of(schema));
  auto begin = static_cast<std::size_t>(payload.data() - text.data());
  if (payload_last && begin + payload.size() + 1 == text.size()) front_ = text.substr(0, begin);
  return Parts{type_, payload};
}

namespace {

Error no_such(const ConnectType& type, const Json& payload) {
  std::string what = payload.text();
  if (what.size() > 40) what = what.substr(0, 40) + "…";
  return Error(ErrorKind::data, what + " is no value of this type" + (type.name.empty() ? "" : " (" + type.name + ")"));
}

Result<void> append_bytes(Column& column, const ConnectType& type, const Json& payload) {
  if (const std::string* text = payload.string()) {
    std::string bytes(base64_room(text->size()) + 16, '\0');
    char* end = get_base64(bytes.data(), *text);
    if (!end) return no_such(type, payload);
    column.append_string({bytes.data(), static_cast<std::size_t>(end - bytes.data())});
    return {};
  }
  std::string bytes;
  if (type.name != decimal_name || !payload.number() ||
      !append_decimal_bytes(bytes, payload.number()->text, scale_of(type)))
    return no_such(type, payload);
  column.append_string(bytes);
  return {};
}

Result<void> append_list(Column& column, const ConnectType& type, const Json& payload) {
  if (type.kind == Kind::array) {
    if (!payload.array()) return no_such(type, payload);
    for (const Json& element : *payload.array()) LV_TRY(append_connect_value(column.child(0), *type.element, element));
  } else if (const Json::Object* object = payload.object(); object && type.key->kind == Kind::string) {
    for (const auto& [key, value] : *object) {
      column.child(0).append_string(key);
      LV_TRY(append_connect_value(column.child(1), *type.element, value));
    }
  } else {
    if (!payload.array()) return no_such(type, payload);
    for (const Json& entry : *payload.array()) {
      if (!entry.array() || entry.array()->size() != 2) return no_such(type, payload);
      LV_TRY(append_connect_value(column.child(0), *type.key, (*entry.array())[0]));
      LV_TRY(append_connect_value(column.child(1), *type.element, (*entry.array())[1]));
    }
  }
  column.append_list();
  return {};
}

Result<void> append_structure(Column& column, const ConnectType& type, const Json& payload) {
  if (!payload.object()) return no_such(type, payload);
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const ConnectField& field = type.fields[i];
    const Json* member = payload.find(field.name);
    Json fallback;
    if (!member && field.type->fallback) fallback = LV_TRY(Json::parse(*field.type->fallback));
    auto appended = append_connect_value(column.child(i), *field.type, member ? *member : fallback);
    if (!appended) return std::move(appended).error().within("field " + field.name);
  }
  column.append_structure();
  return {};
}

}  // namespace

Result<void> append_connect_value(Column& column, const ConnectType& type, const Json& payload) {
  if (payload.is_null()) {
    column.append_null();
    return {};
  }
  switch (type.kind) {
    case Kind::int8:
    case Kind::int16:
    case Kind::int32:
    case Kind::int64: {
      auto number = payload.integer();
      if (!number) return no_such(type, payload);
      if (type.kind == Kind::int64) return column.append(*number), Result<void>();
      if (*number != static_cast<std::int32_t>(*number)) return no_such(type, payload);
      return column.append(static_cast<std::int32_t>(*number)), Result<void>();
    }
    case Kind::float32:
    case Kind::float64: {
      auto number = payload.string() ? parse_double(*payload.string()) : payload.real();
      if (!number) return no_such(type, payload);
      return column.append(*number), Result<void>();
    }
    case Kind::boolean:
      if (!payload.boolean()) return no_such(type, payload);
      return column.append(static_cast<std::uint8_t>(*payload.boolean())), Result<void>();
    case Kind::string:
      if (!payload.string()) return no_such(type, payload);
      return column.append_string(*payload.string()), Result<void>();
    case Kind::bytes: return append_bytes(column, type, payload);
    case Kind::array:
    case Kind::map: return append_list(column, type, payload);
    case Kind::structure: return append_structure(column, type, payload);
  }
  LV_UNREACHABLE();
}

}  // namespace levada
