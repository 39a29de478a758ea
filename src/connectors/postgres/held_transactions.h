// Transactions that the server sends while they are in progress, held back until it says how they end: in memory, and
// what is more than that in a file.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"

namespace levada {

// One thread. Files go with this object, and when the process dies.
class HeldTransactions {
 public:
  struct Message {
    std::uint64_t lsn = 0;
    std::string_view bytes;  // until the next call; 16 bytes behind them may be read
  };

  // At most `memory` bytes, of all transactions together, are held in memory.
  HeldTransactions(Files& files, std::string directory, std::uint64_t memory)
      : files_(files), directory_(std::move(directory)), budget_(memory) {}

  // A message of pgoutput between stream start and stream stop, of this transaction.
  Result<void> add(std::uint32_t xid, std::uint64_t lsn, std::string_view message);
  // What this subtransaction has done counts for nothing.
  void abort(std::uint32_t xid, std::uint32_t subtransaction);
  void drop(std::uint32_t xid);
  void clear();

  // The transaction's messages in their order, without those of subtransactions that were aborted; nullptr: there are
  // no more. Descriptions of tables and types stay, whoever sent them: the server does not send them twice.
  Result<const Message*> next(std::uint32_t xid);

  std::uint64_t memory() const { return memory_; }
  std::uint64_t spilled() const { return spilled_; }  // bytes ever written to files

 private:
  struct Transaction {
    std::vector<Buffer> pieces;  // behind what is in the file
    std::unique_ptr<File> file;
    std::uint64_t file_size = 0, memory = 0;
    std::set<std::uint32_t> aborted;
    // Reading: first the file, by blocks, then the pieces.
    Buffer block;
    std::uint64_t file_read = 0;
    std::size_t at = 0, piece = 0;
  };
  Result<void> spill(std::uint32_t xid, Transaction& transaction);
  Result<bool> fill(Transaction& transaction);
  bool take(std::string_view bytes, std::size_t& at);

  Files& files_;
  const std::string directory_;
  const std::uint64_t budget_;
  std::map<std::uint32_t, Transaction> held_;
  std::uint64_t memory_ = 0, spilled_ = 0;
  Message message_;
};

}  // namespace levada
