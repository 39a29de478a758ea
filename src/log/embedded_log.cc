#include "log/embedded_log.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "log/embedded_reader.h"
#include "log/embedded_transaction.h"
#include "log/follower.h"
#include "log/maintenance.h"
#include "log/recovery.h"

namespace levada {
namespace {

constexpr std::size_t most_name = 249;  // as in Kafka
constexpr std::int32_t most_partitions = 10'000;

Result<void> check_topic(const std::string& name, const TopicConfig& config) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.empty() || name.size() > most_name || name == "." || name == ".." || !std::ranges::all_of(name, allowed))
    return Error(ErrorKind::usage, "\"" + name + "\" cannot be the name of a topic")
        .remedy("Use up to 249 letters, digits, dots, underscores and dashes.");
  if (config.partitions < 1 || config.partitions > most_partitions)
    return Error(ErrorKind::usage,
                 "topic " + name + " cannot have " + std::to_string(config.partitions) + " partitions")
        .remedy("Choose 1 to 10000 partitions.");
  if (config.segment_bytes < 1)
    return Error(ErrorKind::usage,
                 "topic " + name + " cannot have segments of " + std::to_string(config.segment_bytes) + " bytes");
  return {};
}

// What reading is like, for the writer and for others.
class OpenLog : public EmbeddedLog {
 public:
  OpenLog(Files& files, const std::string& directory, const EmbeddedLogOptions& options)
      : core_(files, directory, options) {}

  std::optional<Topic> topic(const std::string& name) const override {
    (void)refresh();
    std::lock_guard lock(core_.catalog.mutex);
    TopicRef topic = core_.catalog.topic(name);
    if (!topic) return std::nullopt;
    return topic->topic;
  }
  std::vector<Topic> topics() const override {
    (void)refresh();
    std::lock_guard lock(core_.catalog.mutex);
    std::vector<Topic> topics;
    for (const auto& [name, topic] : core_.catalog.topics()) topics.push_back(topic->topic);
    return topics;
  }

  Result<OffsetRange> offsets(const TopicPartition& of) const override {
    LV_TRY(core_.fail_stop.check());
    LV_TRY(refresh());
    PartitionRef partition = LV_TRY(find(of));
    std::lock_guard lock(core_.catalog.mutex);
    return OffsetRange{partition->first(), partition->end};
  }
  Result<std::unique_ptr<Reader>> open_reader(const TopicPartition& of, Offset from) override {
    LV_TRY(core_.fail_stop.check());
    LV_TRY(refresh());
    PartitionRef partition = LV_TRY(find(of));
    return std::unique_ptr<Reader>(new EmbeddedReader(core_, follower(), std::move(partition), from));
  }
  Result<std::vector<Offset>> cut(std::span<const TopicPartition> of, std::span<const Offset> from,
                                  std::size_t max_bytes) const override {
    LV_TRY(core_.fail_stop.check());
    LV_TRY(refresh());
    std::lock_guard lock(core_.catalog.mutex);
    return core_.catalog.cut(of, from, max_bytes);
  }
  std::optional<Offset> group_offset(const std::string& group, const TopicPartition& of) const override {
    (void)refresh();
    std::lock_guard lock(core_.catalog.mutex);
    return core_.catalog.group_offset(group, of);
  }
  std::optional<std::string> position(const std::string& source) const override {
    (void)refresh();
    std::lock_guard lock(core_.catalog.mutex);
    return core_.catalog.position(source);
  }
  std::uint64_t commit_number() const override {
    (void)refresh();
    std::lock_guard lock(core_.catalog.mutex);
    return core_.catalog.number();
  }
  void watch(Wakeup& wakeup, std::span<const TopicPartition> partitions) override {
    core_.watchers.watch(wakeup, partitions);
  }
  void unwatch(Wakeup& wakeup) override { core_.watchers.unwatch(wakeup); }

 protected:
  virtual Result<void> refresh() const { return {}; }
  virtual Follower* follower() { return nullptr; }

  Result<PartitionRef> find(const TopicPartition& of) const {
    std::lock_guard lock(core_.catalog.mutex);
    PartitionRef partition = core_.catalog.partition(of);
    if (!partition) return Error(ErrorKind::not_found, "there is no partition " + text_of(of) + " in the log");
    return partition;
  }

  mutable LogCore core_;
};

class WritableLog : public OpenLog {
 public:
  using OpenLog::OpenLog;

  Result<void> open() {
    Files& files = core_.directory.files();
    LV_TRY(files.create_directories(core_.directory.path()));
    lock_ = LV_TRY(files.lock(core_.directory.lock(), holder()));
    auto journal = LV_TRY(recover(core_));
    auto published = LV_TRY(files.open(core_.directory.published(), OpenMode::write));
    LV_TRY(write_published(*published, {journal->place(), false}));
    committer_ = std::make_unique<Committer>(core_, std::move(journal), std::move(published));
    maintenance_ = std::make_unique<Maintenance>(core_, *committer_);
    return {};
  }
  ~WritableLog() override {
    core_.closing = true;
    maintenance_.reset();
    committer_.reset();
  }

  Result<void> create_topic(const std::string& name, const TopicConfig& config) override {
    LV_TRY(check_topic(name, config));
    return committer_->change([&](const LogCatalog& catalog) -> Result<std::vector<Change>> {
      TopicRef known = catalog.topic(name);
      if (!known) return std::vector<Change>{TopicCreated{catalog.counters().next_topic, name, config}};
      if (known->topic.config.partitions == config.partitions) return std::vector<Change>{};
      return Error(ErrorKind::refused, "topic " + name + " has " + std::to_string(known->topic.config.partitions) +
                                           " partitions, not " + std::to_string(config.partitions))
          .remedy("Keep the number it has, or use another name: records stay where their keys once went.");
    });
  }
  Result<void> delete_topic(const std::string& name) override {
    LV_TRY(committer_->change([&](const LogCatalog& catalog) -> Result<std::vector<Change>> {
      TopicRef known = catalog.topic(name);
      if (!known) return Error(ErrorKind::not_found, "there is no topic " + name);
      return std::vector<Change>{TopicDeleted{known->id}};
    }));
    maintenance_->wake();
    return {};
  }
  Result<std::unique_ptr<Transaction>> begin(const std::string& transactional_id) override {
    auto holder = std::make_shared<Holder>();
    holder->transactional_id = transactional_id;
    LV_TRY(committer_->change([&](const LogCatalog& catalog) -> Result<std::vector<Change>> {
      holder->epoch = catalog.epoch(transactional_id) + 1;
      return std::vector<Change>{HolderBegun{transactional_id, holder->epoch}};
    }));
    return std::unique_ptr<Transaction>(new EmbeddedTransaction(core_, *committer_, std::move(holder)));
  }
  Result<void> maintain() override { return maintenance_->run_now(); }

 private:
  // "pid 4711 since 2026-11-21 12:00:00 UTC"
  std::string holder() const {
    std::time_t now = static_cast<std::time_t>(core_.options.clock->now_us() / 1'000'000);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    return "pid " + std::to_string(::getpid()) + " since " + text;
  }

  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Maintenance> maintenance_;
};

class ReadOnlyLog : public OpenLog {
 public:
  ReadOnlyLog(Files& files, const std::string& directory, const EmbeddedLogOptions& options)
      : OpenLog(files, directory, options), follower_(core_) {}

  Result<void> open() {
    Files& files = core_.directory.files();
    if (!files.exists(core_.directory.journals()))
      return Error(ErrorKind::not_found, "there is no log in " + core_.directory.path())
          .remedy("Name the directory that `levada run` writes to.");
    return follower_.refresh();
  }

  Result<void> create_topic(const std::string&, const TopicConfig&) override { return refused(); }
  Result<void> delete_topic(const std::string&) override { return refused(); }
  Result<std::unique_ptr<Transaction>> begin(const std::string&) override { return refused(); }
  Result<void> maintain() override { return {}; }
  void watch(Wakeup& wakeup, std::span<const TopicPartition> partitions) override {
    OpenLog::watch(wakeup, partitions);
    follower_.look_by_itself();
  }

 private:
  Result<void> refresh() const override { return follower_.refresh(); }
  Follower* follower() override { return &follower_; }
  Error refused() const {
    return Error(ErrorKind::refused, "the log in " + core_.directory.path() + " is open for reading only");
  }

  mutable Follower follower_;
};

}  // namespace

Result<std::unique_ptr<EmbeddedLog>> open_embedded_log(Files& files, const std::string& directory,
                                                       const EmbeddedLogOptions& options) {
  if (options.access == LogAccess::read_only) {
    auto log = std::make_unique<ReadOnlyLog>(files, directory, options);
    LV_TRY(log->open());
    return log;
  }
  auto log = std::make_unique<WritableLog>(files, directory, options);
  LV_TRY(log->open());
  return log;
}

}  // namespace levada
