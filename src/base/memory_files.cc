#include "base/memory_files.h"

#include <algorithm>

#include "base/assert.h"

namespace levada {

static constexpr std::uint64_t sector = 512;

// ---- the disk ----

MemoryDisk::MemoryDisk() {
  for (const char* root : {"/", "."}) {
    auto node = std::make_shared<Node>();
    node->directory = true;
    node->identity = next_identity_++;
    names_[root] = durable_names_[root] = node;
  }
}
MemoryDisk::~MemoryDisk() = default;

void MemoryDisk::apply(std::string& bytes, const Change& change) {
  if (change.truncation) return bytes.resize(change.at);
  if (bytes.size() < change.at + change.bytes.size()) bytes.resize(change.at + change.bytes.size());
  bytes.replace(change.at, change.bytes.size(), change.bytes);
}

void MemoryDisk::apply(Names& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.node;
}

void MemoryDisk::rename(NameChange change) {
  apply(names_, change);
  unsynced_names_.push_back(std::move(change));
}

// Changes of the same name or file keep their order, and those of a directory and of what is in it.
bool MemoryDisk::depends(const NameChange& later, const NameChange& earlier) const {
  if (later.node == earlier.node) return true;
  for (const std::string* a : {&later.from, &later.to})
    for (const std::string* b : {&earlier.from, &earlier.to}) {
      if (a->empty() || b->empty()) continue;
      if (*a == *b) return true;
      if (earlier.node->directory && a->starts_with(*b + "/")) return true;
      if (later.node->directory && b->starts_with(*a + "/")) return true;
    }
  return false;
}

// Makes the kept changes durable, and those that they build upon.
void MemoryDisk::settle_names(std::vector<bool> kept) {
  for (std::size_t later = kept.size(); later-- > 0;) {
    if (!kept[later]) continue;
    for (std::size_t earlier = 0; earlier < later; ++earlier)
      if (!kept[earlier] && depends(unsynced_names_[later], unsynced_names_[earlier])) kept[earlier] = true;
  }
  std::vector<NameChange> left;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i])
      apply(durable_names_, unsynced_names_[i]);
    else
      left.push_back(std::move(unsynced_names_[i]));
  }
  unsynced_names_ = std::move(left);
}

void MemoryDisk::crash(Node& node, Random& random) {
  std::uint64_t mood = random.below(4);  // 0: all is kept, 1: all is lost
  for (const Change& change : node.unsynced) {
    std::uint64_t fate = mood == 0 ? 0 : mood == 1 ? 1 : random.below(3);
    if (fate == 0) apply(node.durable, change);
    if (fate != 2) continue;
    if (change.truncation) {
      if (random.one_in(2)) apply(node.durable, change);
      continue;
    }
    // Each sector of it by itself. The file may have grown although the bytes are missing.
    std::uint64_t end = change.at + change.bytes.size();
    if (random.one_in(2) && node.durable.size() < end) node.durable.resize(end);
    for (std::uint64_t at = change.at; at < end;) {
      std::uint64_t stop = std::min(end, (at / sector + 1) * sector);
      if (random.one_in(2)) apply(node.durable, {at, change.bytes.substr(at - change.at, stop - at), false});
      at = stop;
    }
  }
  node.unsynced.clear();
  node.current = node.durable;
}

void MemoryDisk::crash(std::uint64_t seed) {
  std::lock_guard lock(mutex_);
  Random random(seed);
  std::uint64_t mood = random.below(4);
  std::vector<bool> kept(unsynced_names_.size());
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = mood == 0 || (mood > 1 && random.one_in(2));
  settle_names(std::move(kept));
  unsynced_names_.clear();
  names_ = durable_names_;
  used_ = 0;
  for (auto& [path, node] : names_) {
    crash(*node, random);
    used_ += node->current.size();
  }
  locks_.clear();
  for (std::uint64_t process = 1; process < next_process_; ++process) dead_.insert(process);
}

std::uint64_t MemoryDisk::new_process() {
  std::lock_guard lock(mutex_);
  return next_process_++;
}

void MemoryDisk::set_capacity(std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  capacity_ = bytes;
}
std::uint64_t MemoryDisk::used() const {
  std::lock_guard lock(mutex_);
  return used_;
}

void MemoryDisk::damage(const std::string& path, std::uint64_t position, unsigned char mask) {
  std::lock_guard lock(mutex_);
  Node& node = *names_.at(path);
  for (std::string* bytes : {&node.current, &node.durable})
    if (position < bytes->size()) (*bytes)[position] = static_cast<char>((*bytes)[position] ^ mask);
}

std::string MemoryDisk::content(const std::string& path) const {
  std::lock_guard lock(mutex_);
  return names_.at(path)->current;
}

std::vector<std::string> MemoryDisk::paths() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, node] : names_)
    if (!node->directory) paths.push_back(path);
  return paths;
}

// ---- files ----

class MemoryFile : public File {
 public:
  MemoryFile(MemoryFiles& files, MemoryDisk::NodeRef node, std::string path, OpenMode mode)
      : files_(files), disk_(files.disk_), node_(std::move(node)), path_(std::move(path)), mode_(mode) {}

  Result<std::size_t> read_at(std::uint64_t at, std::span<char> into) const override {
    std::lock_guard lock(disk_.mutex_);
    auto verdict = LV_TRY(files_.enter(file_calls::read, path_));
    if (verdict.bad()) return files_.failure(verdict, "cannot read " + path_);
    const std::string& bytes = node_->current;
    if (at >= bytes.size()) return std::size_t{0};
    return bytes.copy(into.data(), into.size(), at);
  }

  Result<void> write_at(std::uint64_t at, std::span<const std::string_view> pieces) override {
    MemoryDisk::Change change{at, {}, false};
    for (std::string_view piece : pieces) change.bytes += piece;
    std::lock_guard lock(disk_.mutex_);
    auto verdict = LV_TRY(files_.enter(file_calls::write, path_));
    if (mode_ != OpenMode::write) return Error(ErrorKind::io, "cannot write " + path_).why("open for reading");
    std::uint64_t end = at + change.bytes.size(), size = node_->current.size();
    std::uint64_t room = disk_.capacity_ - std::min(disk_.capacity_, disk_.used_);
    bool full = end > size && end - size > room;
    if (full) {
      end = size + room;
      change.bytes.resize(end > at ? end - at : 0);
    } else if (verdict.fault == MemoryFiles::Fault::fail) {
      // None of it, half of it or all of it.
      change.bytes.resize(change.bytes.size() * files_.random_.below(3) / 2);
    }
    if (!change.bytes.empty()) {
      MemoryDisk::apply(node_->current, change);
      node_->unsynced.push_back(std::move(change));
      touch(size);
    }
    if (verdict.bad()) return files_.failure(verdict, "cannot write " + path_);
    if (full) return Error(ErrorKind::disk_full, "cannot write " + path_).why("No space left on device");
    return {};
  }

  Result<void> sync() override {
    std::lock_guard lock(disk_.mutex_);
    auto verdict = LV_TRY(files_.enter(file_calls::sync, path_));
    if (verdict.fault == MemoryFiles::Fault::fail || verdict.fault == MemoryFiles::Fault::fail_and_lie)
      node_->unsynced.clear();  // the pages count as clean now, but never reached the disk
    if (verdict.bad()) return files_.failure(verdict, "cannot sync " + path_);
    for (const MemoryDisk::Change& change : node_->unsynced) MemoryDisk::apply(node_->durable, change);
    node_->unsynced.clear();
    return {};
  }

  Result<std::uint64_t> size() const override {
    std::lock_guard lock(disk_.mutex_);
    LV_TRY(files_.enter(0, path_));
    return std::uint64_t{node_->current.size()};
  }

  Result<void> truncate(std::uint64_t to) override {
    std::lock_guard lock(disk_.mutex_);
    auto verdict = LV_TRY(files_.enter(file_calls::truncate, path_));
    std::uint64_t size = node_->current.size();
    if (to > size && to - size > disk_.capacity_ - std::min(disk_.capacity_, disk_.used_))
      return Error(ErrorKind::disk_full, "cannot truncate " + path_).why("No space left on device");
    MemoryDisk::Change change{to, {}, true};
    MemoryDisk::apply(node_->current, change);
    node_->unsynced.push_back(std::move(change));
    touch(size);
    if (verdict.bad()) return files_.failure(verdict, "cannot truncate " + path_);
    return {};
  }

  std::uint64_t identity() const override { return node_->identity; }

 private:
  void touch(std::uint64_t size_before) {
    disk_.used_ += node_->current.size() - size_before;
    node_->modified_us = ++disk_.time_us_;
  }

  MemoryFiles& files_;
  MemoryDisk& disk_;
  MemoryDisk::NodeRef node_;
  const std::string path_;
  const OpenMode mode_;
};

class MemoryFileLock : public FileLock {
 public:
  MemoryFileLock(MemoryDisk& disk, std::string path, std::uint64_t process)
      : disk_(disk), path_(std::move(path)), process_(process) {}
  ~MemoryFileLock() override {
    std::lock_guard lock(disk_.mutex_);
    auto at = disk_.locks_.find(path_);
    if (at != disk_.locks_.end() && at->second.first == process_) disk_.locks_.erase(at);
  }
  MemoryFileLock(const MemoryFileLock&) = delete;
  MemoryFileLock& operator=(const MemoryFileLock&) = delete;

 private:
  MemoryDisk& disk_;
  const std::string path_;
  const std::uint64_t process_;
};

// ---- a process ----

MemoryFiles::MemoryFiles(MemoryDisk& disk) : disk_(disk), process_(disk.new_process()), random_(process_) {}
MemoryFiles::~MemoryFiles() = default;

void MemoryFiles::set_fault(Fault fault, std::uint64_t n, unsigned kinds, ErrorKind error) {
  std::lock_guard lock(disk_.mutex_);
  fault_ = fault;
  fault_at_ = n;
  fault_kinds_ = kinds;
  fault_error_ = error;
  calls_.clear();
}
void MemoryFiles::fail_at(std::uint64_t n, unsigned kinds, ErrorKind error) { set_fault(Fault::fail, n, kinds, error); }
void MemoryFiles::crash_at(std::uint64_t n, unsigned kinds) { set_fault(Fault::crash, n, kinds, ErrorKind::io); }
void MemoryFiles::fail_sync_and_lie_at(std::uint64_t n) {
  set_fault(Fault::fail_and_lie, n, file_calls::sync, ErrorKind::io);
}

std::uint64_t MemoryFiles::calls(unsigned kinds) const {
  std::lock_guard lock(disk_.mutex_);
  std::uint64_t sum = 0;
  for (auto [kind, count] : calls_)
    if (kind & kinds) sum += count;
  return sum;
}

bool MemoryFiles::crashed() const {
  std::lock_guard lock(disk_.mutex_);
  return crashed_;
}

void MemoryFiles::die() {
  disk_.dead_.insert(process_);
  std::erase_if(disk_.locks_, [&](const auto& lock) { return lock.second.first == process_; });
}
void MemoryFiles::kill() {
  std::lock_guard lock(disk_.mutex_);
  die();
}

Result<MemoryFiles::Verdict> MemoryFiles::enter(unsigned kind, const std::string& what) {
  if (disk_.dead_.contains(process_)) return Error(ErrorKind::io, "cannot reach " + what).why("this process is dead");
  if (kind) ++calls_[kind];
  if (fault_ == Fault::none || !(kind & fault_kinds_)) return Verdict{};
  std::uint64_t sum = 0;
  for (auto [each, count] : calls_)
    if (each & fault_kinds_) sum += count;
  if (sum != fault_at_) return Verdict{};
  Verdict verdict{fault_, fault_error_};
  if (fault_ == Fault::crash) {
    crashed_ = true;
    die();
  }
  fault_ = Fault::none;
  return verdict;
}

Error MemoryFiles::failure(Verdict verdict, const std::string& what) {
  if (verdict.fault == Fault::crash) return Error(ErrorKind::io, what).why("the machine has stopped");
  return Error(verdict.error, what).why("made to fail by the test");
}

Result<std::unique_ptr<File>> MemoryFiles::open(const std::string& path, OpenMode mode) {
  std::lock_guard lock(disk_.mutex_);
  auto at = disk_.names_.find(path);
  bool make = at == disk_.names_.end() && mode == OpenMode::write;
  auto verdict = LV_TRY(enter(make ? file_calls::make : file_calls::open, path));
  if (verdict.fault == Fault::fail || (verdict.bad() && !make)) return failure(verdict, "cannot open " + path);
  if (make) {
    auto directory = disk_.names_.find(directory_of(path));
    if (directory == disk_.names_.end() || !directory->second->directory)
      return Error(ErrorKind::not_found, "cannot open " + path).why("No such file or directory");
    auto node = std::make_shared<MemoryDisk::Node>();
    node->identity = disk_.next_identity_++;
    node->modified_us = ++disk_.time_us_;
    disk_.rename({"", path, node});
    at = disk_.names_.find(path);
  }
  if (verdict.bad()) return failure(verdict, "cannot open " + path);
  if (at == disk_.names_.end())
    return Error(ErrorKind::not_found, "cannot open " + path).why("No such file or directory");
  if (at->second->directory) return Error(ErrorKind::io, "cannot open " + path).why("Is a directory");
  return std::unique_ptr<File>(new MemoryFile(*this, at->second, path, mode));
}

Result<void> MemoryFiles::create_directories(const std::string& path) {
  std::lock_guard lock(disk_.mutex_);
  for (std::size_t at = 0; at != std::string::npos;) {
    at = path.find('/', at + 1);
    std::string part = path.substr(0, at);
    auto there = disk_.names_.find(part);
    if (there != disk_.names_.end() && there->second->directory) continue;
    auto verdict = LV_TRY(enter(file_calls::make, part));
    if (there != disk_.names_.end()) return Error(ErrorKind::io, "cannot create directory " + part).why("File exists");
    if (verdict.fault != Fault::fail) {
      auto node = std::make_shared<MemoryDisk::Node>();
      node->directory = true;
      node->identity = disk_.next_identity_++;
      disk_.rename({"", part, node});
    }
    if (verdict.bad()) return failure(verdict, "cannot create directory " + part);
  }
  return {};
}

Result<std::vector<DirectoryEntry>> MemoryFiles::list(const std::string& directory) {
  std::lock_guard lock(disk_.mutex_);
  auto verdict = LV_TRY(enter(file_calls::list, directory));
  if (verdict.bad()) return failure(verdict, "cannot list " + directory);
  auto at = disk_.names_.find(directory);
  if (at == disk_.names_.end())
    return Error(ErrorKind::not_found, "cannot list " + directory).why("No such file or directory");
  std::vector<DirectoryEntry> entries;
  for (const auto& [path, node] : disk_.names_)
    if (path != directory && directory_of(path) == directory && path != "/" && path != ".")
      entries.push_back({file_name_of(path), node->directory, node->current.size(), node->identity, node->modified_us});
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

Result<DirectoryEntry> MemoryFiles::entry(const std::string& path) {
  std::lock_guard lock(disk_.mutex_);
  LV_TRY(enter(0, path));
  auto at = disk_.names_.find(path);
  if (at == disk_.names_.end())
    return Error(ErrorKind::not_found, "cannot find " + path).why("No such file or directory");
  const MemoryDisk::Node& node = *at->second;
  return DirectoryEntry{file_name_of(path), node.directory, node.current.size(), node.identity, node.modified_us};
}

Result<void> MemoryFiles::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(disk_.mutex_);
  auto verdict = LV_TRY(enter(file_calls::rename, from));
  if (verdict.fault == Fault::fail) return failure(verdict, "cannot rename " + from + " to " + to);
  auto at = disk_.names_.find(from), directory = disk_.names_.find(directory_of(to));
  if (at == disk_.names_.end() || directory == disk_.names_.end())
    return Error(ErrorKind::not_found, "cannot rename " + from + " to " + to).why("No such file or directory");
  LV_ASSERT(!at->second->directory);  // nobody needs it yet
  auto replaced = disk_.names_.find(to);
  if (replaced != disk_.names_.end() && replaced->second != at->second) disk_.used_ -= replaced->second->current.size();
  disk_.rename({from, to, at->second});
  if (verdict.bad()) return failure(verdict, "cannot rename " + from + " to " + to);
  return {};
}

Result<void> MemoryFiles::remove(const std::string& path) {
  std::lock_guard lock(disk_.mutex_);
  auto verdict = LV_TRY(enter(file_calls::remove, path));
  if (verdict.fault == Fault::fail) return failure(verdict, "cannot remove " + path);
  auto at = disk_.names_.find(path);
  if (at == disk_.names_.end())
    return Error(ErrorKind::not_found, "cannot remove " + path).why("No such file or directory");
  auto below = disk_.names_.lower_bound(path + "/");
  if (below != disk_.names_.end() && below->first.starts_with(path + "/"))
    return Error(ErrorKind::io, "cannot remove " + path).why("Directory not empty");
  disk_.used_ -= at->second->current.size();
  disk_.rename({path, "", at->second});
  if (verdict.bad()) return failure(verdict, "cannot remove " + path);
  return {};
}

Result<void> MemoryFiles::sync_directory(const std::string& path) {
  std::lock_guard lock(disk_.mutex_);
  auto verdict = LV_TRY(enter(file_calls::sync_directory, path));
  if (verdict.bad()) return failure(verdict, "cannot sync directory " + path);
  if (!disk_.names_.contains(path))
    return Error(ErrorKind::not_found, "cannot open directory " + path).why("No such file or directory");
  std::vector<bool> kept;
  for (const MemoryDisk::NameChange& change : disk_.unsynced_names_)
    kept.push_back((!change.from.empty() && directory_of(change.from) == path) ||
                   (!change.to.empty() && directory_of(change.to) == path));
  disk_.settle_names(std::move(kept));
  return {};
}

Result<std::unique_ptr<FileLock>> MemoryFiles::lock(const std::string& path, std::string_view holder) {
  std::lock_guard lock(disk_.mutex_);
  auto verdict = LV_TRY(enter(file_calls::lock, path));
  if (verdict.bad()) return failure(verdict, "cannot lock " + path);
  if (auto at = disk_.locks_.find(path); at != disk_.locks_.end())
    return Error(ErrorKind::refused, path + " is held by another process").why("held by " + at->second.second);
  if (!disk_.names_.contains(path)) {
    auto node = std::make_shared<MemoryDisk::Node>();
    node->identity = disk_.next_identity_++;
    disk_.rename({"", path, node});
  }
  disk_.locks_[path] = {process_, std::string(holder)};
  return std::unique_ptr<FileLock>(new MemoryFileLock(disk_, path, process_));
}

Result<std::optional<std::string>> MemoryFiles::lock_holder(const std::string& path) {
  std::lock_guard lock(disk_.mutex_);
  LV_TRY(enter(0, path));
  auto at = disk_.locks_.find(path);
  if (at == disk_.locks_.end()) return std::nullopt;
  return std::optional(at->second.second);
}

Result<std::uint64_t> MemoryFiles::free_bytes(const std::string& path) {
  std::lock_guard lock(disk_.mutex_);
  LV_TRY(enter(0, path));
  return disk_.capacity_ - std::min(disk_.capacity_, disk_.used_);
}

}  // namespace levada
