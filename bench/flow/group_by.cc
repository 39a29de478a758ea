// B9: GROUP BY from log to log, a hundred thousand keys, with a changelog:
//
//   CREATE TABLE totals AS SELECT `user`, COUNT(*) AS `n`, SUM(`amount`) AS `total` FROM orders GROUP BY `user`;
//
//   group_by_key     the user is the key of the orders' records
//   group_by_column  it is a column of the value
//
// Ours is the whole engine on one core, as in B6; the updates of a user are merged within a transaction, about 8 MB of
// input, and go to the table's topic as JSON and to the changelog. The limit (bench/limits/group_by.h) does that for
// this one query with simdjson on demand, merging within the same amount of input; its input is in memory, and it waits
// for no disk. There is one partition: nothing needs to be sent to the partition of its user.
//
// What is compared is what the two topics say in the end, and that about as many updates were written.
#include "bench/limits/group_by.h"

#include <cmath>

#include "bench/flow/line.h"
#include "bench/orders.h"

using namespace levada;

namespace {

// The input of one transaction of ours.
constexpr std::size_t merged_bytes = 8 << 20;

std::string output_of(std::string_view table, std::string_view changelog) {
  if (bench::count_records(table) != bench::count_records(changelog)) bench::die("table and changelog differ in size");
  return bench::table_digest(table) + "; " + bench::table_digest(changelog);
}

// The number behind "user": in an order.
std::int64_t user_of(std::string_view order) {
  return std::atoll(order.data() + order.find("\"user\":") + std::string_view("\"user\":").size());
}

}  // namespace

int main(int argc, char** argv) {
  bench::Pairs pairs(argc, argv);
  std::size_t count = pairs.smoke() ? 50'000 : 2'000'000;
  bench::Line line;
  limits::GroupByFiles files{line.file("totals"), line.file("changelog")};
  bench::Orders orders = bench::make_orders(count);
  std::size_t updates = 0;  // of ours

  auto compare = [&](const std::string& name, const std::string& user, bool keyed, auto kernel) {
    if (!pairs.wants(name)) return;
    line.execute("CREATE STREAM " + name + " (" + user + ", `amount` DOUBLE) WITH (KAFKA_TOPIC = '" + name +
                 "', PARTITIONS = 1, VALUE_FORMAT = 'JSON');");
    line.write(name, count, [&](std::size_t i, RecordBatchBuilder& batch) {
      char key[8];
      store_big(key, user_of(orders.texts[i].view()));
      batch.add(1'700'000'000'000 + static_cast<std::int64_t>(i), keyed ? Text({key, 8}) : Text(), orders.texts[i]);
    });
    Buffer input = line.stored(name);
    pairs.compare(
        {.id = "B9",
         .name = name,
         .unit = "records/s",
         .ours = {"levada",
                  [&] {
                    return line.run(static_cast<double>(count),
                                    "DROP TABLE IF EXISTS totals DELETE TOPIC; CREATE TABLE totals WITH (KAFKA_TOPIC = "
                                    "'totals') AS SELECT `user`, COUNT(*) AS `n`, SUM(`amount`) AS `total` FROM " +
                                        name + " GROUP BY `user`;");
                  },
                  [&] {
                    Buffer table = line.stored("totals");
                    updates = bench::count_records(table.view());
                    return output_of(table.view(), line.stored(line.topic_that_ends("-changelog")).view());
                  }},
         .limit = {"simdjson kernel",
                   [&] {
                     return bench::rate(static_cast<double>(count), [&] { kernel(input.view(), merged_bytes, files); });
                   },
                   [&] {
                     Buffer table = bench::read_whole(files.table);
                     std::size_t limits_updates = bench::count_records(table.view());
                     std::fprintf(stderr, "B9: %s: %zu updates, the limit %zu\n", name.c_str(), updates,
                                  limits_updates);
                     if (std::fabs(static_cast<double>(updates) / static_cast<double>(limits_updates) - 1) > 0.05)
                       bench::die("they merge differently");
                     return output_of(table.view(), bench::read_whole(files.changelog).view());
                   }}});
    line.execute("DROP TABLE IF EXISTS totals DELETE TOPIC; DROP STREAM " + name + " DELETE TOPIC;");
  };
  compare("group_by_key", "`user` BIGINT KEY", true, limits::group_by_key);
  compare("group_by_column", "`user` BIGINT", false, limits::group_by_column);
  std::fprintf(stderr, "B9: the engine took up to %.1f MB beyond what this program holds\n", line.most_mb());
  return pairs.exit_code();
}
