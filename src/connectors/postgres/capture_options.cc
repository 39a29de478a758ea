#include "connectors/postgres/capture_options.h"

#include "base/logging.h"
#include "connectors/postgres/column_mask.h"
#include "connectors/postgres/connection.h"
#include "connectors/postgres/names.h"

namespace levada {

std::span<const std::string_view> names_of_values(ValueModes::Decimal) {
  static constexpr std::array<std::string_view, 3> names = {"precise", "double", "string"};
  return names;
}
std::span<const std::string_view> names_of_values(ValueModes::Time) {
  static constexpr std::array<std::string_view, 6> names = {
      "adaptive", "adaptive_time_microseconds", "connect", "isostring", "microseconds", "nanoseconds"};
  return names;
}
std::span<const std::string_view> names_of_values(ValueModes::Binary) {
  static constexpr std::array<std::string_view, 4> names = {"bytes", "base64", "base64-url-safe", "hex"};
  return names;
}
std::span<const std::string_view> names_of_values(ValueModes::Hstore) {
  static constexpr std::array<std::string_view, 2> names = {"json", "map"};
  return names;
}
std::span<const std::string_view> names_of_values(ValueModes::Interval) {
  static constexpr std::array<std::string_view, 2> names = {"numeric", "string"};
  return names;
}

static Result<PostgresAddress> read_address(const CaptureProperties& properties, const CaptureWritten& written) {
  PostgresAddress address;
  if (!written.url.empty()) {
    auto parsed = parse_postgres_url(written.url.reveal());
    if (!parsed) return std::move(parsed).error().where(find_property(properties.known, "connection.url")->where);
    address = *std::move(parsed);
  }
  if (!written.host.empty()) address.set("host", written.host);
  if (!written.port.empty()) address.set("port", written.port);
  if (!written.database.empty()) address.set("dbname", written.database);
  if (!written.user.empty()) address.set("user", written.user);
  if (!written.password.empty()) address.password = written.password;
  for (const Property& p : properties.driver)
    if (auto set = set_postgres_parameter(address, std::string_view(p.name).substr(p.name.find('.') + 1), p.value);
        !set)
      return std::move(set).error().within("'" + p.name + "'").where(p.where);
  if (address.get("host").empty() && address.get("hostaddr").empty() && written.url.empty())
    return Error(ErrorKind::usage, "the connector does not say where the database is")
        .remedy("Give 'database.hostname', or 'connection.url' = 'postgresql://USER@HOST:PORT/DATABASE'.");
  if (address.get("dbname").empty())
    return Error(ErrorKind::usage, "the connector does not name a database")
        .remedy("Give 'database.dbname', or 'connection.url' = 'postgresql://USER@HOST:PORT/DATABASE'.");
  return address;
}

CaptureProperties part_driver(std::span<const Option> table, const Properties& properties) {
  CaptureProperties parted;
  for (const Property& p : properties) {
    bool prefixed = p.name.starts_with("database.") || p.name.starts_with("connection.");
    bool named = std::ranges::find(table, p.name, &Option::name) != table.end();
    (prefixed && !named ? parted.driver : parted.known).push_back(p);
  }
  return parted;
}

Result<CaptureOptions> read_capture_options(const CaptureProperties& properties, const CaptureWritten& written,
                                            const std::string& connector, RecordForm form, OptionNotes& notes) {
  CaptureOptions options{.address = LV_TRY(read_address(properties, written))};
  notes.insert(notes.end(), options.address.notes.begin(), options.address.notes.end());
  options.topic_prefix = written.topic_prefix.empty() ? lower_case(connector) : written.topic_prefix;
  options.values = {.form = form,
                    .decimal = written.decimal,
                    .time = written.time,
                    .binary = written.binary,
                    .hstore = written.hstore,
                    .interval = written.interval,
                    .money_fraction_digits = static_cast<int>(written.money_digits),
                    .unknown_types = written.unknown_types};
  options.tombstones = written.tombstones;
  options.heartbeat_ms = written.heartbeat_ms;
  const std::string& older = written.older_heartbeat_prefix;
  options.heartbeat_topic = (older.empty() ? written.heartbeat_prefix : older) + "." + options.topic_prefix;
  options.heartbeat_query = written.heartbeat_query;
  if (!options.heartbeat_query.empty() && options.heartbeat_ms == 0)
    return Error(ErrorKind::usage, "'heartbeat.action.query' cannot be used")
        .why("there are no heartbeats")
        .where(find_property(properties.known, "heartbeat.action.query")->where)
        .remedy("Set 'heartbeat.interval.ms'.");
  if (!written.masks.empty() || !written.cuts.empty())
    options.masks = std::make_shared<const ColumnMasks>(LV_TRY(ColumnMasks::compile(written.masks, written.cuts)));
  return options;
}

Result<void> run_heartbeat_query(PostgresConnection& connection, const std::string& query, Logger& logger) {
  if (query.empty()) return {};
  auto done = connection.execute(query);
  if (done) return {};
  if (done.error().kind() == ErrorKind::unreachable) return done;
  logger.warning("heartbeat.action.query failed", {{"why", done.error().line()}});
  return {};
}

}  // namespace levada
