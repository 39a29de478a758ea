#include "pipeline/connector_import.h"

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/near_name.h"
#include "connectors/connectors.h"
#include "connectors/transforms/chain.h"
#include "pipeline/connector_properties.h"
#include "sql/sql_text.h"

namespace levada {
namespace {

// ---- reading ----

std::string_view trim_front(std::string_view text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t' || text[0] == '\f')) text.remove_prefix(1);
  return text;
}

bool ends_in_open_backslash(std::string_view line) {
  std::size_t count = 0;
  while (count < line.size() && line[line.size() - 1 - count] == '\\') ++count;
  return count % 2 == 1;
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// \t \n \r \f, \uXXXX, and any other character by itself.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at];
      continue;
    }
    char c = text[++at];
    if (c == 'u' && at + 4 < text.size() &&
        std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                    text.begin() + static_cast<std::ptrdiff_t>(at) + 5,
                    [](unsigned char d) { return std::isxdigit(d); })) {
      append_utf8(out, static_cast<unsigned>(std::stoul(std::string(text.substr(at + 1, 4)), nullptr, 16)));
      at += 4;
    } else {
      out += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
    }
  }
  return out;
}

// Java's properties files.
Properties read_properties_file(std::string_view text, const std::string& where) {
  Properties properties;
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::string line;
    int first = number + 1;
    for (bool more = true; more && at < text.size();) {
      std::size_t end = std::min(text.find('\n', at), text.size());
      std::string_view piece = text.substr(at, end - at);
      if (piece.ends_with('\r')) piece.remove_suffix(1);
      at = end + 1;
      ++number;
      piece = trim_front(piece);
      bool comment = line.empty() && (piece.starts_with('#') || piece.starts_with('!'));
      more = !comment && ends_in_open_backslash(piece);
      if (more) piece.remove_suffix(1);
      if (!comment) line += piece;
    }
    if (line.empty()) continue;
    std::size_t end = 0;
    while (end < line.size() && line[end] != '=' && line[end] != ':' && line[end] != ' ' && line[end] != '\t')
      end += line[end] == '\\' ? 2 : 1;
    end = std::min(end, line.size());
    std::string_view value = trim_front(std::string_view(line).substr(end));
    if (value.starts_with('=') || value.starts_with(':')) value = trim_front(value.substr(1));
    properties.push_back(
        {unescaped(std::string_view(line).substr(0, end)), unescaped(value), where + ":" + std::to_string(first)});
  }
  return properties;
}

Result<ConnectorConfiguration> read_json_configuration(std::string_view text, const std::string& where) {
  auto json = Json::parse(text);
  if (!json)
    return Error(ErrorKind::usage, json.error().what()).where(where + json.error().where()).why(json.error().why());
  ConnectorConfiguration configuration;
  const Json* config = json->find("config");
  if (config && !config->object()) return Error(ErrorKind::usage, "'config' is no object").where(where);
  if (config) configuration.name = json->text_of("name");
  for (const auto& [name, value] : *(config ? config : &*json)->object()) {
    if (value.array() || value.object())
      return Error(ErrorKind::usage, "'" + name + "' is neither a text nor a number").where(where);
    if (value.is_null()) continue;
    configuration.properties.push_back({name, value.string() ? *value.string() : value.text(), where});
  }
  return configuration;
}

// ---- writing ----

bool is_secret(const Property& property, const Option* option) {
  auto holds = [](const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; };
  if (holds(property.value, "${")) return false;  // it is a reference already
  if (holds(property.name, "url") || holds(property.name, "uri"))
    return holds(property.value, "password=") || holds(property.value, "@");
  if (option && option->field.type == "secret") return true;
  return property.name.ends_with("password") || property.name.ends_with("secret") || property.name.ends_with("token");
}

std::string environment_name(const std::string& property) {
  std::string name;
  for (unsigned char c : property) name += std::isalnum(c) ? static_cast<char>(std::toupper(c)) : '_';
  return name;
}

const Option* option_of(const Connector* connector, std::string_view name) {
  if (!connector) return nullptr;
  for (const Option& option : connector->options) {
    bool family = option.name.ends_with(".*") && name.starts_with(option.name.substr(0, option.name.size() - 1));
    if (option.name == name || family) return &option;
  }
  return nullptr;
}

// A comment behind each property that needs one.
struct Remarks {
  std::vector<std::pair<std::string, std::string>> of_property;  // name, what is said
  std::vector<std::string> problems;

  void note(const std::string& note) {  // "'name' has no effect: why"
    std::size_t end = note.find('\'', 1);
    if (end != std::string::npos) of_property.emplace_back(note.substr(1, end - 1), note.substr(end + 2));
  }
  std::string of(const std::string& name) const {
    std::string text;
    for (const auto& [property, said] : of_property)
      if (property == name) text += (text.empty() ? "" : "; ") + said;
    return text;
  }
};

// References cannot be followed here, and need not be.
bool is_reference(const Property& property) {
  return property.value.find("${env:") != std::string::npos || property.value.find("${file:") != std::string::npos;
}

void check_properties(const ConnectorConfiguration& configuration, const Connector* connector, bool sink,
                      Remarks& remarks) {
  auto problem = [&](const Error& error) {
    remarks.problems.push_back(error.what() + (error.remedy().empty() ? "" : " - " + error.remedy()));
  };
  Properties properties = configuration.properties;
  std::erase_if(properties, is_reference);
  auto read = read_connector_properties(properties, sink, real_files());
  if (!read) return problem(read.error());
  for (const std::string& note : read->notes) remarks.note(note);
  OptionNotes notes;
  if (auto chain = TransformChain::make(read->writing.transforms, notes); !chain) problem(chain.error());
  for (const std::string& note : notes) remarks.note(note);
  if (!connector) return;
  for (const Property& property : read->own) {
    const Option* option = option_of(connector, property.name);
    if (option && (option->field.set || option->field.add)) continue;
    if (option) {
      remarks.of_property.emplace_back(property.name, "has no effect: " + std::string(option->doc));
      continue;
    }
    std::vector<std::string> names;
    for (const Option& known : connector->options) names.emplace_back(known.name);
    std::string near = did_you_mean(property.name, names);
    remarks.problems.push_back("unknown property '" + property.name + "'" + (near.empty() ? "" : " - " + near));
    remarks.of_property.emplace_back(property.name, "unknown. " + near);
  }
}

}  // namespace

Result<ConnectorConfiguration> read_connector_configuration(std::string_view text, const std::string& where) {
  std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first == std::string_view::npos) return Error(ErrorKind::usage, "the file is empty").where(where);
  ConnectorConfiguration configuration;
  if (text[first] == '{')
    configuration = LV_TRY(read_json_configuration(text.substr(first), where));
  else
    configuration.properties = read_properties_file(text.substr(first), where);
  auto name = std::ranges::find(configuration.properties, "name", &Property::name);
  if (name != configuration.properties.end()) {
    if (configuration.name.empty()) configuration.name = name->value;
    configuration.properties.erase(name);
  }
  if (!find_property(configuration.properties, "connector.class"))
    return Error(ErrorKind::usage, "there is no 'connector.class'")
        .where(where)
        .remedy("Give a connector's configuration: {\"name\": …, \"config\": {…}}, or a properties file.");
  if (configuration.name.empty()) configuration.name = "connector";
  return configuration;
}

ImportedConnector import_connector(const ConnectorConfiguration& configuration, bool secrets_from_environment) {
  const std::string& connector_class = find_property(configuration.properties, "connector.class")->value;
  auto source = find_source(connector_class), sink = find_sink(connector_class);
  const Connector* connector = source ? *source : sink ? *sink : nullptr;
  const bool is_sink =
      !source && (sink || connector_class.ends_with("Sink") || connector_class.ends_with("SinkConnector"));
  Remarks remarks;
  if (connector) {
    check_properties(configuration, connector, is_sink, remarks);
  } else {
    const Error& error = is_sink ? sink.error() : source.error();
    remarks.problems.push_back(error.what() + (error.remedy().empty() ? "" : " - " + error.remedy()));
  }

  ImportedConnector imported;
  for (const std::string& problem : remarks.problems) imported.sql += "-- error: " + problem + "\n";
  SqlText head;
  head << (is_sink ? "CREATE SINK CONNECTOR " : "CREATE SOURCE CONNECTOR ")
       << ast::Name{.text = configuration.name, .quoted = true};
  imported.sql += head.take() + " WITH (\n";
  for (std::size_t i = 0; i < configuration.properties.size(); ++i) {
    const Property& property = configuration.properties[i];
    std::string value = property.value;
    if (secrets_from_environment && is_secret(property, option_of(connector, property.name)))
      value = "${env:" + environment_name(property.name) + "}";
    SqlText line;
    line << "  ";
    line.string(property.name) << " = ";
    line.string(value);
    imported.sql += line.take() + (i + 1 < configuration.properties.size() ? "," : "");
    if (std::string remark = remarks.of(property.name); !remark.empty()) imported.sql += "  -- " + remark;
    imported.sql += "\n";
  }
  imported.sql += ");\n";
  imported.problems = std::move(remarks.problems);
  return imported;
}

}  // namespace levada
