#include "tests/cases/avro_record.h"

#include <algorithm>

#include "base/bytes.h"
#include "batch/decimal.h"
#include "batch/decimal_bytes.h"
#include "formats/base64.h"
#include "sql/words.h"

namespace levada::cases {
namespace {

using Kind = AvroNode::Kind;

class Writer {
 public:
  explicit Writer(const AvroSchema& schema) : schema_(schema) {}

  std::string take() { return std::string(out_.view()); }

  Result<void> put(std::uint32_t n, const Json& written) {
    const AvroNode& node = schema_[n];
    Json json = written;
    bool numeric = node.meaning == AvroMeaning::decimal || (node.kind >= Kind::int32 && node.kind <= Kind::float64);
    if (numeric && json.string()) json = JsonNumber{*json.string()};
    if (node.kind == Kind::string && json.number()) json = std::string(json.number()->text);
    auto wrong = [&] { return Error(ErrorKind::data, json.text() + " is no " + std::string(name_of(node.kind))); };
    if (node.meaning == AvroMeaning::decimal) {
      auto unscaled = json.number() ? parse_decimal(json.number()->text, 38, node.scale) : std::nullopt;
      if (!unscaled) return wrong();
      char bytes[16];
      return sized({bytes, static_cast<std::size_t>(put_unscaled_bytes(bytes, *unscaled) - bytes)});
    }
    switch (node.kind) {
      case Kind::null:
        if (!json.is_null()) return wrong();
        return {};
      case Kind::boolean:
        if (!json.boolean()) return wrong();
        out_.append(*json.boolean() ? '\1' : '\0');
        return {};
      case Kind::int32:
      case Kind::int64:
        if (!json.integer()) return wrong();
        if (node.meaning == AvroMeaning::time_us || node.meaning == AvroMeaning::timestamp_us)
          return number(*json.integer() * 1000);
        return number(*json.integer());
      case Kind::float32:
      case Kind::float64:
        if (!json.real()) return wrong();
        if (node.kind == Kind::float32)
          ByteWriter(out_).little(static_cast<float>(*json.real()));
        else
          ByteWriter(out_).little(*json.real());
        return {};
      case Kind::string:
        if (!json.string()) return wrong();
        return sized(*json.string());
      case Kind::bytes:
      case Kind::fixed: {
        Buffer bytes, padded;
        if (!json.string()) return wrong();
        padded.append(*json.string());
        char* end = get_base64(bytes.room(json.string()->size()), padded.view());
        if (!end) return wrong();
        bytes.commit(end);
        if (node.kind == Kind::bytes) return sized(bytes.view());
        out_.append(bytes.view());
        return {};
      }
      case Kind::enumeration: {
        auto symbol = json.string() ? std::ranges::find(node.symbols, *json.string()) : node.symbols.end();
        if (symbol == node.symbols.end()) return wrong();
        return number(symbol - node.symbols.begin());
      }
      case Kind::array:
        if (json.object()) return entries(node, *json.object());
        if (!json.array()) return wrong();
        for (const Json& element : *json.array()) {
          LV_TRY(number(1));
          LV_TRY(put(node.children[0], element));
        }
        return number(0);
      case Kind::map:
        if (!json.object()) return wrong();
        for (const Json::Member& member : *json.object()) {
          LV_TRY(number(1));
          LV_TRY(sized(member.first));
          LV_TRY(put(node.children[0], member.second));
        }
        return number(0);
      case Kind::record:
        if (!json.object()) return wrong();
        for (const AvroField& field : node.fields) {
          auto member = std::ranges::find(*json.object(), in_capitals(field.name),
                                          [](const Json::Member& m) { return in_capitals(m.first); });
          bool there = member != json.object()->end();
          LV_TRY(put(field.type, there ? member->second : field.fallback.value_or(Json())));
        }
        return {};
      case Kind::choice: return choice(node, json);
    }
    return {};
  }

 private:
  Result<void> number(std::int64_t v) {
    ByteWriter(out_).varint(v);
    return {};
  }
  Result<void> sized(std::string_view bytes) {
    LV_TRY(number(static_cast<std::int64_t>(bytes.size())));
    out_.append(bytes);
    return {};
  }
  // A map as an array of records {key, value}.
  Result<void> entries(const AvroNode& node, const Json::Object& members) {
    for (const auto& [key, value] : members) {
      LV_TRY(number(1));
      LV_TRY(put(node.children[0], Json().set("key", key).set("value", value)));
    }
    return number(0);
  }
  // The first branch that takes it.
  Result<void> choice(const AvroNode& node, const Json& json) {
    std::size_t before = out_.size();
    for (std::size_t b = 0; b < node.children.size(); ++b) {
      LV_TRY(number(static_cast<std::int64_t>(b)));
      if (put(node.children[b], json)) return {};
      out_.resize(before);
    }
    return Error(ErrorKind::data, json.text() + " is none of a union's branches");
  }

  const AvroSchema& schema_;
  Buffer out_;
};

}  // namespace

Result<std::string> avro_record(const AvroSchema& schema, const Json& json) {
  Writer writer(schema);
  LV_TRY(writer.put(0, json));
  return writer.take();
}

}  // namespace levada::cases
