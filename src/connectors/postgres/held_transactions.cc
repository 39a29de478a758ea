#include "connectors/postgres/held_transactions.h"

#include <unistd.h>

#include <algorithm>

namespace levada {
namespace {

constexpr std::size_t piece_bytes = 1 << 20;
constexpr std::size_t head_bytes = 12;  // lsn and size in front of each message

}  // namespace

Result<void> HeldTransactions::add(std::uint32_t xid, std::uint64_t lsn, std::string_view message) {
  Transaction& transaction = held_[xid];
  std::size_t size = head_bytes + message.size();
  if (transaction.pieces.empty() || transaction.pieces.back().size() + size > transaction.pieces.back().capacity())
    transaction.pieces.emplace_back(std::max(piece_bytes, size));
  char head[head_bytes];
  store(head, lsn);
  store(head + 8, static_cast<std::uint32_t>(message.size()));
  transaction.pieces.back().append({head, head_bytes});
  transaction.pieces.back().append(message);
  transaction.memory += size;
  memory_ += size;
  while (memory_ > budget_) {
    auto largest = std::ranges::max_element(held_, {}, [](const auto& held) { return held.second.memory; });
    LV_TRY(spill(largest->first, largest->second));
  }
  return {};
}

Result<void> HeldTransactions::spill(std::uint32_t xid, Transaction& transaction) {
  if (!transaction.file) {
    std::string path = join_path(directory_, "levada-" + std::to_string(::getpid()) + "-" +
                                                 std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "-" +
                                                 std::to_string(xid) + ".held");
    auto file = files_.open(path, OpenMode::write);
    if (!file) return std::move(file).error().within("a large transaction cannot be held back");
    transaction.file = *std::move(file);
    // Nobody else needs its name.
    if (auto removed = files_.remove(path); !removed) return std::move(removed).error();
    if (auto emptied = transaction.file->truncate(0); !emptied) return std::move(emptied).error();
  }
  std::vector<std::string_view> bytes;
  for (const Buffer& piece : transaction.pieces) bytes.push_back(piece.view());
  if (auto written = transaction.file->write_at(transaction.file_size, bytes); !written)
    return std::move(written)
        .error()
        .within("a large transaction cannot be held back in " + directory_)
        .remedy("Make room, or set 'streaming.spill.directory'; with 'streaming' = 'false' the server holds it back.");
  transaction.file_size += transaction.memory;
  spilled_ += transaction.memory;
  memory_ -= transaction.memory;
  transaction.memory = 0;
  transaction.pieces.clear();
  return {};
}

void HeldTransactions::abort(std::uint32_t xid, std::uint32_t subtransaction) {
  if (auto at = held_.find(xid); at != held_.end()) at->second.aborted.insert(subtransaction);
}

void HeldTransactions::drop(std::uint32_t xid) {
  auto at = held_.find(xid);
  if (at == held_.end()) return;
  memory_ -= at->second.memory;
  held_.erase(at);
}

void HeldTransactions::clear() {
  held_.clear();
  memory_ = 0;
}

// The message at `at`, which is moved behind it; false: it is cut off there.
bool HeldTransactions::take(std::string_view bytes, std::size_t& at) {
  if (bytes.size() - at < head_bytes) return false;
  auto size = load<std::uint32_t>(bytes.data() + at + 8);
  if (bytes.size() - at - head_bytes < size) return false;
  message_ = {load<std::uint64_t>(bytes.data() + at), bytes.substr(at + head_bytes, size)};
  at += head_bytes + size;
  return true;
}

// More of the file behind what of the block has not been taken; false: there is no more.
Result<bool> HeldTransactions::fill(Transaction& transaction) {
  transaction.block.remove_front(transaction.at);
  transaction.at = 0;
  std::uint64_t left = transaction.file_size - transaction.file_read;
  if (left == 0) return false;
  std::size_t old = transaction.block.size(), wanted = piece_bytes;
  if (old >= head_bytes)  // a message larger than a block
    wanted = std::max<std::size_t>(wanted, head_bytes + load<std::uint32_t>(transaction.block.data() + 8) - old);
  wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, left));
  transaction.block.resize(old + wanted);
  LV_TRY(transaction.file->read_exactly_at(transaction.file_read, {transaction.block.data() + old, wanted}));
  transaction.file_read += wanted;
  return true;
}

Result<const HeldTransactions::Message*> HeldTransactions::next(std::uint32_t xid) {
  auto held = held_.find(xid);
  if (held == held_.end()) return nullptr;
  Transaction& transaction = held->second;
  while (true) {
    if (transaction.file_read < transaction.file_size || transaction.at < transaction.block.size()) {
      if (!take(transaction.block.view(), transaction.at)) {
        if (!LV_TRY(fill(transaction))) return Error(ErrorKind::damaged, "a held transaction's file is cut off");
        continue;
      }
    } else {
      if (transaction.block.capacity() > 0) {
        transaction.block = Buffer();
        transaction.at = 0;
      }
      if (transaction.piece == transaction.pieces.size()) return nullptr;
      Buffer& piece = transaction.pieces[transaction.piece];
      if (transaction.at == piece.size()) {
        piece = Buffer();  // its memory is not needed any more
        ++transaction.piece;
        transaction.at = 0;
        continue;
      }
      take(piece.view(), transaction.at);
    }
    char kind = message_.bytes.empty() ? '\0' : message_.bytes[0];
    if (!transaction.aborted.empty() && kind != 'R' && kind != 'Y' && message_.bytes.size() >= 5 &&
        transaction.aborted.contains(load_big<std::uint32_t>(message_.bytes.data() + 1)))
      continue;
    return &message_;
  }
}

}  // namespace levada
