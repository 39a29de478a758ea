#include "connectors/postgres/nested_text.h"

#include <array>
#include <cmath>

#include "base/json.h"
#include "batch/decimal.h"
#include "batch/number_text.h"

namespace levada {
namespace {

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += j <= n ? letters[group >> (18 - 6 * j) & 63] : '=';
  }
}

void append_hexadecimal(std::string& out, std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  out += "\\x";
  for (unsigned char c : bytes) {
    out += digits[c >> 4];
    out += digits[c & 15];
  }
}

template <class Put>
void append_number(std::string& out, Put put) {
  std::array<char, 48> text;
  out.append(text.data(), static_cast<std::size_t>(put(text.data()) - text.data()));
}

}  // namespace

void append_postgres_text(std::string& out, const Column& column, std::uint32_t row) {
  switch (column.type().kind()) {
    case TypeKind::boolean: out += column.values<std::uint8_t>()[row] ? "true" : "false"; break;
    case TypeKind::int32:
      append_number(out, [&](char* p) { return put_integer(p, column.values<std::int32_t>()[row]); });
      break;
    case TypeKind::int64:
      append_number(out, [&](char* p) { return put_integer(p, column.values<std::int64_t>()[row]); });
      break;
    case TypeKind::float64:
      append_number(out, [&](char* p) { return put_double(p, column.values<double>()[row]); });
      break;
    case TypeKind::decimal:
      append_number(out, [&](char* p) { return put_decimal(p, column.values<Int128>()[row], column.type().scale()); });
      break;
    case TypeKind::string: out += column.string(row); break;
    case TypeKind::bytes: append_hexadecimal(out, column.string(row)); break;
    case TypeKind::date: {
      std::int32_t days = column.values<std::int32_t>()[row];
      out += days == INT32_MAX ? "infinity" : days == INT32_MIN ? "-infinity" : date_text(days);
      break;
    }
    case TypeKind::time: out += time_text(column.values<std::int64_t>()[row]); break;
    case TypeKind::timestamp: {
      std::int64_t micros = column.values<std::int64_t>()[row];
      out += micros == INT64_MAX ? "infinity" : micros == INT64_MIN ? "-infinity" : timestamp_text(micros);
      break;
    }
    case TypeKind::array:
    case TypeKind::map:
    case TypeKind::structure: append_postgres_json(out, column, row); break;
  }
}

void append_postgres_json(std::string& out, const Column& column, std::uint32_t row) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type().kind()) {
    case TypeKind::boolean:
    case TypeKind::int32:
    case TypeKind::int64:
    case TypeKind::decimal: append_postgres_text(out, column, row); break;
    case TypeKind::float64: {
      bool number = std::isfinite(column.values<double>()[row]);
      if (!number) out += '"';
      append_postgres_text(out, column, row);
      if (!number) out += '"';
      break;
    }
    case TypeKind::string: append_json_string(out, column.string(row)); break;
    case TypeKind::bytes:
      out += '"';
      append_base64(out, column.string(row));
      out += '"';
      break;
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::timestamp:
      out += '"';
      append_postgres_text(out, column, row);
      out += '"';
      break;
    case TypeKind::array:
      out += '[';
      for (std::uint32_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
        if (i != column.offsets()[row]) out += ',';
        append_postgres_json(out, column.child(0), i);
      }
      out += ']';
      break;
    case TypeKind::map:
      out += '{';
      for (std::uint32_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
        if (i != column.offsets()[row]) out += ',';
        std::string key;
        append_postgres_text(key, column.child(0), i);
        append_json_string(out, key);
        out += ':';
        append_postgres_json(out, column.child(1), i);
      }
      out += '}';
      break;
    case TypeKind::structure:
      out += '{';
      for (std::size_t f = 0; f < column.type().fields().size(); ++f) {
        if (f != 0) out += ',';
        append_json_string(out, column.type().fields()[f].name);
        out += ':';
        append_postgres_json(out, column.child(f), row);
      }
      out += '}';
      break;
  }
}

void append_postgres_array(std::string& out, const Column& column, std::uint32_t row) {
  const Column& elements = column.child(0);
  out += '{';
  std::string text;
  for (std::uint32_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
    if (i != column.offsets()[row]) out += ',';
    if (elements.is_null(i)) {
      out += "NULL";
      continue;
    }
    text.clear();
    append_postgres_text(text, elements, i);
    out += '"';
    for (char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  out += '}';
}

}  // namespace levada
