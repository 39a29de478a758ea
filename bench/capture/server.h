// The PostgreSQL that a benchmark captures from: the one in LEVADA_POSTGRES_URL, with wal_level = logical.
#pragma once
#include <string>

#include "bench/pairs.h"

namespace levada::bench {

class Server {
 public:
  // Ends the program, loudly, where there is none; with 0, as nothing has failed.
  explicit Server(std::string id);
  // Everything by the name of levada_bench goes.
  ~Server();
  Server(const Server&) = delete;

  const std::string& url() const { return url_; }
  // Runs statements; the first value of the last one's first row.
  std::string sql(const std::string& statements) const;
  Json versions() const;

  // The rows that B3 and Debezium read: 8 columns, about 60 bytes. `per_transaction` 0: in a single one.
  void make_table() const;
  void fill_table(std::int64_t rows, std::int64_t per_transaction) const;

  // A side whose runs also say on standard error what its process and this server have spent on each of `amount`.
  Side watched(const std::string& name, Side side, double amount);

  [[noreturn]] void fail(const std::string& why) const;

 private:
  double cpu_seconds() const;  // of all its processes, also of those that have ended; 0 on another machine

  const std::string id_, url_;
};

}  // namespace levada::bench
