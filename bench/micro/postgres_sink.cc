// B15: the Postgres sink beside the fastest that libpq and the server can do. Both write the same rows, 8,192 in a
// transaction, into tables of their own on one server:
//
//   append   a table with a primary key that is empty at first; the limit is COPY of rows in a plain struct
//   upsert   random keys onto a million rows; the limit is the better of ON CONFLICT DO UPDATE and UPDATE … FROM, with
//            sorted keys in binary arrays
//
// The server is the one in LEVADA_POSTGRES_URL (./services up postgres).
#include <libpq-fe.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "base/bytes.h"
#include "base/random.h"
#include "bench/pairs.h"
#include "connectors/postgres/sink.h"

using namespace levada;

namespace {

constexpr std::uint32_t rows_of_commit = 2 * batch_rows;

struct Order {
  std::int64_t id, user;
  std::string_view item;
  double amount;
  std::int64_t ts;
};

constexpr std::string_view items[] = {"tea",    "coffee",   "bread", "butter", "apples",     "oranges",
                                      "cheese", "potatoes", "rice",  "pasta",  "chocolate",  "milk",
                                      "sugar",  "salt",     "flour", "honey",  "sunflowers", "marmalade"};

Order order_of(std::int64_t id, std::int64_t round) {
  Random random(static_cast<std::uint64_t>(id * 1000 + round));
  return {id, static_cast<std::int64_t>(random.below(100'000)), items[random.below(std::size(items))],
          static_cast<double>(random.below(1'000'000)) / 100, 1'700'000'000'000 + id * 7};
}

const SchemaRef schema = std::make_shared<Schema>(Schema{
    {{"ID", TypeKind::int64}},
    {{"USR", TypeKind::int64}, {"ITEM", TypeKind::string}, {"AMOUNT", TypeKind::float64}, {"TS", TypeKind::int64}}});

Batch batch_of(std::span<const Order> orders) {
  auto id = std::make_shared<Column>(TypeKind::int64), user = std::make_shared<Column>(TypeKind::int64),
       item = std::make_shared<Column>(TypeKind::string), amount = std::make_shared<Column>(TypeKind::float64),
       ts = std::make_shared<Column>(TypeKind::int64);
  auto origin = std::make_shared<Origin>(Origin{.topic = "orders"});
  for (const Order& o : orders) {
    id->append(o.id);
    user->append(o.user);
    item->append_string(o.item);
    amount->append(o.amount);
    ts->append(o.ts);
    origin->offsets.push_back(o.id);
  }
  Batch batch{.schema = schema, .size = static_cast<std::uint32_t>(orders.size())};
  batch.key = {id};
  batch.after = {user, item, amount, ts};
  batch.origin = origin;
  batch.selection = Selection::all(batch.size);
  return batch;
}

// ---- plain libpq ----

PGconn* db;

[[noreturn]] void fail(const char* words) {
  std::fprintf(stderr, "postgres_sink: %s\n", words);
  std::exit(1);
}

std::string sql(const std::string& statement) {
  PGresult* r = PQexec(db, statement.c_str());
  ExecStatusType status = PQresultStatus(r);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) fail(PQerrorMessage(db));
  std::string value = PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "";
  PQclear(r);
  return value;
}

// Rows and a checksum that does not depend on their order.
std::string table_digest(const std::string& table) {
  return sql("SELECT count(*) || ' ' || coalesce(sum(hashtextextended((t.*)::text, 0)), 0) FROM " + table + " t");
}

constexpr const char* columns = "(id bigint PRIMARY KEY, usr bigint, item text, amount double precision, ts bigint)";

template <class T>
char* put_field(char* p, T v) {
  store_big(p, static_cast<std::int32_t>(sizeof v));
  store_big(p + 4, v);
  return p + 4 + sizeof v;
}
char* put_field(char* p, std::string_view v) {
  store_big(p, static_cast<std::int32_t>(v.size()));
  std::memcpy(p + 4, v.data(), v.size());
  return p + 4 + v.size();
}
std::uint64_t bits_of(double v) {
  std::uint64_t bits;
  std::memcpy(&bits, &v, 8);
  return bits;
}

void end_copy() {
  if (PQputCopyEnd(db, nullptr) != 1) fail(PQerrorMessage(db));
  while (PGresult* r = PQgetResult(db)) {
    if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(PQerrorMessage(db));
    PQclear(r);
  }
}

void raw_copy(const std::string& table, std::span<const Order> orders) {
  std::vector<char> bytes(rows_of_commit * 128);
  while (!orders.empty()) {
    auto part = orders.first(std::min<std::size_t>(orders.size(), rows_of_commit));
    orders = orders.subspan(part.size());
    sql("COPY " + table + " FROM STDIN (FORMAT binary)");
    char* p = bytes.data();
    std::memcpy(p, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    p += 19;
    for (const Order& o : part) {
      store_big(p, std::int16_t{5});
      p = put_field(p + 2, o.id);
      p = put_field(p, o.user);
      p = put_field(p, o.item);
      p = put_field(p, bits_of(o.amount));
      p = put_field(p, o.ts);
    }
    std::memcpy(p, "\377\377", 2);
    p += 2;
    if (PQputCopyData(db, bytes.data(), static_cast<int>(p - bytes.data())) != 1) fail(PQerrorMessage(db));
    end_copy();
  }
}

// Sorts, takes the last order of each id, and runs the prepared statement with five arrays.
void raw_merge(const char* statement, std::span<const Order> orders) {
  static std::vector<char> arrays[5];
  static std::vector<std::pair<std::int64_t, std::uint32_t>> keys;
  for (auto& a : arrays) a.resize(rows_of_commit * 32);
  while (!orders.empty()) {
    auto part = orders.first(std::min<std::size_t>(orders.size(), rows_of_commit));
    orders = orders.subspan(part.size());
    keys.clear();
    for (std::uint32_t i = 0; i < part.size(); ++i) keys.emplace_back(part[i].id, i);
    std::sort(keys.begin(), keys.end());
    char* at[5];
    std::int32_t count = 0;
    constexpr std::uint32_t types[5] = {20, 20, 25, 701, 20};
    for (int c = 0; c < 5; ++c) at[c] = arrays[c].data() + 20;
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (k + 1 < keys.size() && keys[k + 1].first == keys[k].first) continue;
      const Order& o = part[keys[k].second];
      at[0] = put_field(at[0], o.id);
      at[1] = put_field(at[1], o.user);
      at[2] = put_field(at[2], o.item);
      at[3] = put_field(at[3], bits_of(o.amount));
      at[4] = put_field(at[4], o.ts);
      ++count;
    }
    const char* values[5];
    int sizes[5], formats[5];
    for (int c = 0; c < 5; ++c) {
      char* p = arrays[c].data();
      for (std::uint32_t word : {1u, 0u, types[c], static_cast<std::uint32_t>(count), 1u}) store_big(p, word), p += 4;
      values[c] = arrays[c].data();
      sizes[c] = static_cast<int>(at[c] - arrays[c].data());
      formats[c] = 1;
    }
    PGresult* r = PQexecPrepared(db, statement, 5, values, sizes, formats, 1);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(PQerrorMessage(db));
    if (std::atoi(PQcmdTuples(r)) != count) fail("not all rows were taken");
    PQclear(r);
  }
}

void prepare(const char* name, const char* statement) {
  PGresult* r = PQprepare(db, name, statement, 0, nullptr);
  if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(PQerrorMessage(db));
  PQclear(r);
}

// ---- ours ----

class Ours {
 public:
  Ours(const char* url, const std::string& table, const char* mode) {
    SinkContext context{.name = "bench_" + table, .pipeline = "bench", .logger = &silent_logger()};
    context.properties = {{"connection.url", url}, {"insert.mode", mode}, {"table.name.format", table}};
    context.topics = {{.topic = "orders", .object = "ORDERS", .schema = schema}};
    auto made = make_postgres_sink(std::move(context));
    if (!made) fail(made.error().text().c_str());
    sink_ = *std::move(made);
    if (auto started = sink_->start(); !started) fail(started.error().text().c_str());
  }
  void write(std::span<const Batch> batches) {
    RowFailures rejected;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      if (auto written = sink_->write(batches[i], rejected); !written) fail(written.error().text().c_str());
      if (i % 2 == 0 && i + 1 < batches.size()) continue;
      std::vector<RejectedRecord> refused;
      if (auto flushed = sink_->flush(refused); !flushed) fail(flushed.error().text().c_str());
      if (!refused.empty()) fail(refused[0].why.c_str());
      PartitionOffset next{{"orders", 0}, Offset(++commits_)};
      if (auto committed = sink_->commit(std::span(&next, 1)); !committed) fail(committed.error().text().c_str());
    }
    if (!rejected.empty()) fail(rejected[0].why.c_str());
  }

 private:
  std::unique_ptr<Sink> sink_;
  std::int64_t commits_ = 0;
};

std::vector<Batch> batches_of(std::span<const Order> orders) {
  std::vector<Batch> batches;
  for (; !orders.empty(); orders = orders.subspan(std::min<std::size_t>(orders.size(), batch_rows)))
    batches.push_back(batch_of(orders.first(std::min<std::size_t>(orders.size(), batch_rows))));
  return batches;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  const char* url = std::getenv("LEVADA_POSTGRES_URL");
  if (!url) fail("LEVADA_POSTGRES_URL is not set");
  db = PQconnectdb(url);
  if (PQstatus(db) != CONNECTION_OK) fail(PQerrorMessage(db));
  sql("SET client_min_messages = warning");
  sql("DROP TABLE IF EXISTS bench_ours, bench_limit, levada_positions");
  const Json versions = Json::Object{{"postgres", sql("SHOW server_version")}, {"fsync", sql("SHOW fsync")}};
  const std::int64_t there = pairs.smoke() ? 20'000 : 1'000'000;

  std::vector<Order> orders;
  for (std::int64_t id = 0; id < there; ++id) orders.push_back(order_of(id, 0));
  for (const char* table : {"bench_ours", "bench_limit"}) sql(std::string("CREATE TABLE ") + table + columns);

  if (pairs.wants("append")) {
    auto batches = batches_of(orders);
    Ours ours(url, "bench_ours", "insert");
    auto run = [&](const char* table, const std::function<void()>& work) {
      sql(std::string("TRUNCATE ") + table);
      sql("CHECKPOINT");
      return bench::rate(static_cast<double>(orders.size()), work);
    };
    pairs.compare({.id = "B15",
                   .name = "append",
                   .unit = "rows/s",
                   .ours = {"levada", [&] { return run("bench_ours", [&] { ours.write(batches); }); },
                            [] { return table_digest("bench_ours"); }},
                   .limit = {"COPY", [&] { return run("bench_limit", [&] { raw_copy("bench_limit", orders); }); },
                             [] { return table_digest("bench_limit"); }},
                   .versions = versions});
  }
  if (pairs.wants("upsert")) {
    for (const char* table : {"bench_ours", "bench_limit"}) {
      sql(std::string("DROP TABLE ") + table);
      sql(std::string("CREATE TABLE ") + table + columns + " WITH (fillfactor = 50, autovacuum_enabled = off)");
      raw_copy(table, orders);
      sql(std::string("VACUUM ANALYZE ") + table);
    }
    prepare("upsert",
            "INSERT INTO bench_limit SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::float8[], "
            "$5::bigint[]) ON CONFLICT (id) DO UPDATE SET usr = excluded.usr, item = excluded.item, "
            "amount = excluded.amount, ts = excluded.ts");
    prepare("update",
            "UPDATE bench_limit t SET usr = v.usr, item = v.item, amount = v.amount, ts = v.ts FROM "
            "unnest($1::bigint[], $2::bigint[], $3::text[], $4::float8[], $5::bigint[]) v(id, usr, item, amount, ts) "
            "WHERE t.id = v.id");
    Ours ours(url, "bench_ours", "upsert");
    // Changes are made before they are timed; every run has its own, the same ones for both sides.
    auto changes_of = [&](std::int64_t round) {
      Random random(static_cast<std::uint64_t>(round));
      std::vector<Order> changes;
      for (std::int64_t i = 0; i < there / 4; ++i)
        changes.push_back(order_of(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(there))), round));
      return changes;
    };
    auto run = [&](const char* table, const std::function<void()>& work) {
      sql(std::string("VACUUM ") + table);
      sql("CHECKPOINT");
      return bench::rate(static_cast<double>(there / 4), work);
    };
    for (const char* statement : {"upsert", "update"}) {
      std::int64_t ours_round = statement[2] * 100, limit_round = ours_round;
      pairs.compare({.id = "B15",
                     .name = statement[2] == 's' ? "upsert" : "upsert_update_from",
                     .unit = "rows/s",
                     .ours = {"levada",
                              [&] {
                                auto batches = batches_of(changes_of(++ours_round));
                                return run("bench_ours", [&] { ours.write(batches); });
                              },
                              [] { return table_digest("bench_ours"); }},
                     .limit = {statement[2] == 's' ? "ON CONFLICT" : "UPDATE FROM",
                               [&] {
                                 auto changes = changes_of(++limit_round);
                                 return run("bench_limit", [&] { raw_merge(statement, changes); });
                               },
                               [] { return table_digest("bench_limit"); }},
                     .versions = versions});
    }
  }
  PQfinish(db);
  return pairs.exit_code();
}
