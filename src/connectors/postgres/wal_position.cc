#include "connectors/postgres/wal_position.h"

#include "connectors/postgres/pgoutput.h"

namespace levada {

std::string WalPosition::text() const {
  Json json;
  json.set("lsn", lsn_text(point.lsn));
  if (point.ordinal > 0) json.set("ordinal", point.ordinal);
  json.set("system", system);
  json.set("timeline", static_cast<std::int64_t>(timeline));
  json.set("database", database);
  json.set("slot", slot);
  if (!snapshot.is_null()) json.set("snapshot", snapshot);
  return json.text();
}

Result<WalPosition> WalPosition::parse(const std::string& text) {
  auto json = Json::parse(text);
  auto damaged = [&](std::string why) {
    return Error(ErrorKind::damaged, "the stored position is none of the log of a PostgreSQL server")
        .where(text)
        .why(std::move(why))
        .remedy("Has the connector been another one? Then give it another name.");
  };
  if (!json) return damaged(json.error().what());
  WalPosition position;
  auto lsn = parse_lsn(json->text_of("lsn"));
  if (!lsn) return damaged("it has no lsn");
  position.point.lsn = *lsn;
  auto number = [&](std::string_view name) -> std::int64_t {
    const Json* member = json->find(name);
    return member ? member->integer().value_or(-1) : 0;
  };
  if (number("ordinal") < 0) return damaged("its ordinal is no number");
  if (number("timeline") < 0) return damaged("its timeline is no number");
  position.point.ordinal = static_cast<std::uint64_t>(number("ordinal"));
  position.timeline = static_cast<std::uint32_t>(number("timeline"));
  position.system = json->text_of("system");
  position.database = json->text_of("database");
  position.slot = json->text_of("slot");
  if (const Json* snapshot = json->find("snapshot")) position.snapshot = *snapshot;
  return position;
}

}  // namespace levada
