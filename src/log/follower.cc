#include "log/follower.h"

#include <fmt/core.h>

#include <algorithm>

#include "log/recovery.h"

namespace levada {

// So often the journal may move on under us before we say that something else is wrong.
static constexpr int most_attempts = 100;
static constexpr std::int64_t ask_again_us = 1'000'000;
static constexpr std::chrono::milliseconds shortest_look{1}, longest_look{16};

Follower::~Follower() {
  {
    std::lock_guard lock(thread_mutex_);
    closing_ = true;
    closing_changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Result<std::optional<Published>> Follower::published() {
  if (!published_) {
    auto file = core_.directory.files().open(core_.directory.published(), OpenMode::read);
    if (!file && file.error().kind() == ErrorKind::not_found) return std::nullopt;
    published_ = LV_TRY(std::move(file));
  }
  return read_published(*published_);
}

Result<void> Follower::refresh() {
  std::lock_guard lock(mutex_);
  return refresh_locked();
}

Result<void> Follower::refresh_locked() {
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    // Without a writer the journal itself says what is committed. One that starts meanwhile publishes no less.
    std::int64_t now_us = core_.options.clock->steady_us();
    auto told = LV_TRY(published());
    auto news = [&] { return told && told->place > place_; };
    if (place_.generation == 0 || (!news() && now_us - asked_us_ >= ask_again_us)) {
      asked_us_ = now_us;
      if (LV_TRY(core_.directory.files().lock_holder(core_.directory.lock()))) {
        complete_ = false;
      } else if (!complete_) {
        auto read = read_all();
        // What looks like damage may be a writer that has started meanwhile.
        if (!read && LV_TRY(core_.directory.files().lock_holder(core_.directory.lock()))) continue;
        LV_TRY(std::move(read));
        complete_ = true;
      }
    }
    if (!news()) return {};
    if (place_.generation == told->place.generation ? LV_TRY(read_on(*told)) : LV_TRY(read_anew(*told))) return {};
  }
  return Error(ErrorKind::damaged, "the journal of the log does not hold what is published")
      .where(core_.directory.journals())
      .remedy("Keep the directory as it is; restore it from a backup.");
}

// False: the generation is gone, or what is there is not yet what was published.
Result<bool> Follower::read_on(const Published& told) {
  Effects effects;
  journaled_.clear();
  while (journal_ && place_ < told.place) {
    auto record = LV_TRY(journal_->next(false));
    if (!record) {
      show(effects);
      place_ = {};
      return false;
    }
    std::lock_guard lock(core_.catalog.mutex);
    LV_TRY(core_.catalog.apply(record->commit, effects));
    place_ = {place_.generation, journal_->position(), record->commit.number};
  }
  show(effects);
  return journal_.has_value();
}

Result<bool> Follower::read_anew(const Published& told) {
  std::uint64_t generation = told.place.generation;
  auto opened = JournalReader::open(core_.directory.files(), core_.directory.journal(generation), generation);
  if (!opened && opened.error().kind() == ErrorKind::not_found) return false;
  JournalReader reader = LV_TRY(std::move(opened));
  LogCatalog fresh;
  Effects effects;
  while (reader.position() < told.place.position) {
    auto record = LV_TRY(reader.next(false));
    if (!record) return false;
    LV_TRY(fresh.apply(record->commit, effects));
  }
  effects = {};
  {
    std::lock_guard lock(core_.catalog.mutex);
    core_.catalog.replace_by(fresh, effects);
  }
  journal_ = std::move(reader);
  journaled_.clear();
  place_ = told.place;
  show(effects);
  return true;
}

Result<void> Follower::read_all() {
  auto loaded = LV_TRY(load_journal(core_.directory));
  if (!loaded || loaded->place <= place_) return {};
  auto reader = JournalReader::open(core_.directory.files(), core_.directory.journal(loaded->place.generation),
                                    loaded->place.generation);
  journal_.reset();
  if (reader) {
    journal_ = *std::move(reader);
    journal_->seek(loaded->place);
  }
  journaled_.clear();
  if (!loaded->closed_well) journaled_ = LV_TRY(find_journaled(core_.directory, *loaded));
  Effects effects;
  {
    std::lock_guard lock(core_.catalog.mutex);
    core_.catalog.replace_by(*loaded->catalog, effects);
  }
  place_ = loaded->place;
  show(effects);
  return {};
}

Result<std::unique_ptr<File>> Follower::open_segment(const std::string& path, std::uint64_t file_number) {
  auto file = core_.directory.files().open(path, OpenMode::read);
  std::lock_guard lock(mutex_);
  auto journaled = journaled_.find(file_number);
  if (journaled == journaled_.end()) return file;
  if (!file && file.error().kind() != ErrorKind::not_found) return file;
  return std::make_unique<RedoneFile>(file ? *std::move(file) : nullptr, journaled->second);
}

bool Follower::still_there(const std::string& path, std::uint64_t file_number, std::uint64_t identity) {
  auto entry = core_.directory.files().entry(path);
  if (entry && entry->identity == identity) return true;
  std::lock_guard lock(mutex_);
  return journaled_.contains(file_number);
}

Result<bool> Follower::changed_since(std::uint64_t generation) {
  std::lock_guard lock(mutex_);
  LV_TRY(refresh_locked());
  if (place_.generation != generation) return true;
  if (journaled_.empty() || !LV_TRY(core_.directory.files().lock_holder(core_.directory.lock()))) return false;
  // A writer has come back and is about to publish.
  std::this_thread::sleep_for(longest_look);
  return true;
}

std::uint64_t Follower::generation() const {
  std::lock_guard lock(mutex_);
  return place_.generation;
}

void Follower::show(Effects& effects) {
  core_.watchers.notify(effects.grown);
  effects = {};
}

void Follower::look_by_itself() {
  std::lock_guard lock(thread_mutex_);
  if (!thread_.joinable() && !closing_) thread_ = std::thread([this] { run(); });
}

void Follower::run() {
  std::unique_lock lock(thread_mutex_);
  std::uint64_t number = 0;
  bool failed = false;
  for (auto look = shortest_look; !closing_; look = std::min(look * 2, longest_look)) {
    closing_changed_.wait_for(lock, look, [&] { return closing_; });
    if (closing_ || !core_.watchers.any()) continue;
    lock.unlock();
    auto done = refresh();
    if (!done && !failed) core_.options.logger->warning("cannot follow the log", {{"what", done.error().what()}});
    failed = !done;
    std::uint64_t now = 0;
    {
      std::lock_guard catalog_lock(core_.catalog.mutex);
      now = core_.catalog.number();
    }
    lock.lock();
    if (now != number) look = shortest_look / 2;
    number = now;
  }
}

}  // namespace levada
