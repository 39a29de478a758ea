#include "connectors/csv/source.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "base/assert.h"
#include "connectors/csv/cleanup.h"
#include "connectors/csv/folder.h"
#include "connectors/csv/known_files.h"
#include "connectors/csv/letter.h"
#include "connectors/csv/reader.h"
#include "connectors/csv/recognition.h"
#include "connectors/csv/rules.h"
#include "connectors/csv/standstill.h"
#include "connectors/source_target.h"

namespace levada {
namespace {

class CsvSource : public Source {
 public:
  CsvSource(SourceContext context, CsvOptions options, CsvReadRules rules, std::unique_ptr<CsvFolder> folder,
            CsvCleaner cleaner)
      : context_(std::move(context)),
        options_(std::move(options)),
        rules_(std::move(rules)),
        folder_(std::move(folder)),
        cleaner_(std::move(cleaner)),
        standstill_(*context_.clock, options_.minimum_age_ms * 1000) {}

  Result<std::vector<Error>> preflight() override {
    std::vector<Error> found;
    auto listing = folder_->list();
    if (!listing)
      found.push_back(std::move(listing).error());
    else if (!options_.path.empty() && listing->empty())
      found.push_back(Error(ErrorKind::not_found, "there is no file " + options_.path)
                          .where(find_property(context_.properties, "path")->where));
    return found;
  }

  Result<void> start(const std::optional<std::string>& position) override {
    known_ = KnownFiles();
    readers_.clear();
    standstill_.forget();
    queue_.clear();
    current_.reset();
    exhausted_.clear();
    to_clean_.clear();
    serial_ = 0;
    dirty_ = listed_ = false;
    if (position) serial_ = LV_TRY(known_.decode(*position));
    LV_TRY(cleaner_.start(known_));
    for (KnownFile& file : known_.files)
      if (!file.gone && (file.ended || file.refused)) to_clean_.push_back(&file);
    return clean_up_to(serial_);
  }

  Result<SourceRead> read(std::stop_token stop, std::chrono::milliseconds wait) override {
    std::int64_t deadline_us = context_.clock->steady_us() + std::chrono::microseconds(wait).count();
    SourceRead out;
    bool looked = false;  // and nothing has come of it
    while (!stop.stop_requested()) {
      if (current_) {
        if (LV_TRY(read_current(out))) return finish(std::move(out));
      } else if (!queue_.empty()) {
        FoundFile next = std::move(queue_.front());
        queue_.pop_front();
        LV_TRY(open(next, out));
        if (!out.rejected.empty()) return finish(std::move(out));
      } else if (dirty_) {
        return finish(std::move(out));
      } else if (!context_.follow && listed_ && left_.empty()) {
        out.end = true;
        return out;
      } else if (!looked) {
        LV_TRY(look());
        looked = true;
      } else {
        std::int64_t left_us = deadline_us - context_.clock->steady_us();
        if (left_us <= 0) return out;
        sleep(stop, std::chrono::microseconds(std::min(left_us, options_.empty_poll_wait_ms * 1000)));
        looked = false;
      }
    }
    return out;
  }

  Result<void> acknowledge(const std::string& position) override {
    auto serial = KnownFiles::serial_of(position);
    LV_ASSERT(serial);
    return clean_up_to(*serial);
  }

  Result<SourceRead> read_again(const DeadLetter& letter) override { return read_csv_letter(rules_, letter); }

  Progress progress() const override {
    std::lock_guard lock(progress_mutex_);
    return progress_;
  }

 private:
  struct Current {
    FoundFile found;
    KnownFile* known;
    CsvReader* reader;
    bool whole;
  };

  // Files whose end is durable with this position are cleaned up.
  Result<void> clean_up_to(std::uint64_t serial) {
    for (std::size_t i = 0; i < to_clean_.size();) {
      KnownFile& file = *to_clean_[i];
      if (file.settled_by > serial && !file.gone) {
        ++i;
        continue;
      }
      to_clean_.erase(to_clean_.begin() + static_cast<std::ptrdiff_t>(i));
      if (!file.gone && LV_TRY(cleaner_.clean(file, *folder_, context_.clock->now_us()))) file.gone = dirty_ = true;
    }
    return {};
  }

  // ---- looking at the directory ----

  Result<void> look() {
    std::vector<FoundFile> listing = LV_TRY(folder_->list());
    if (!options_.path.empty() && listing.empty() && !context_.follow && !listed_)
      return Error(ErrorKind::not_found, "there is no file " + options_.path);
    standstill_.see(listing);
    notice_gone(listing);
    std::set<std::string> left;
    std::uint64_t done = 0, total = 0;
    for (const FoundFile& found : listing) {
      const KnownFile* known = known_.by_inode(found.inode);
      total += found.size;
      done += known ? std::min(known->place.bytes, found.size) : 0;
      if (!context_.follow && listed_ && !left_.contains(found.name)) continue;
      if (is_settled(known, found) || (!context_.follow && exhausted_.contains(found.inode))) continue;
      left.insert(found.name);
      if (!known || !waits(*known, found)) queue_.push_back(found);
    }
    left_ = std::move(left);
    listing_ = std::move(listing);
    listed_ = true;
    report(done, total, "");
    return {};
  }

  // Everything about this file is known and durable, or will be.
  static bool is_settled(const KnownFile* known, const FoundFile& found) {
    return known && (known->ended || known->refused) && known->name == found.name && known->size == found.size &&
           known->modified_us == found.modified_us;
  }
  // All that there is has been read, and only time can tell whether more will come.
  bool waits(const KnownFile& known, const FoundFile& found) const {
    return known.name == found.name && known.size == found.size && known.modified_us == found.modified_us &&
           exhausted_.contains(found.inode) && !standstill_.is_old(found);
  }

  // Without follow nobody waits for a file longer than it takes to be old.
  bool may_still_change(const FoundFile& found) const {
    return (context_.follow || !standstill_.waited_long()) && !standstill_.is_old(found);
  }

  void notice_gone(const std::vector<FoundFile>& listing) {
    std::set<std::uint64_t> inodes;
    std::set<std::string_view> names;
    for (const FoundFile& found : listing) inodes.insert(found.inode), names.insert(found.name);
    for (KnownFile& file : known_.files) {
      // A name that another file has taken is for recognise() to judge.
      if (file.gone || inodes.contains(file.inode) || names.contains(file.name)) continue;
      file.gone = dirty_ = true;
    }
    std::size_t present = static_cast<std::size_t>(std::ranges::count(known_.files, false, &KnownFile::gone));
    if (present > many_files && !std::exchange(told_many_, true))
      context_.logger->warning("many read files in the directory make positions large: set 'finished.path'",
                               {{"connector", context_.name}, {"files", present}});
  }

  // ---- one file ----

  Result<void> open(const FoundFile& found, SourceRead& out) {
    auto file = context_.files->open(found.path, OpenMode::read);
    if (!file && file.error().kind() == ErrorKind::not_found) return {};  // gone since it was listed
    std::unique_ptr<File> opened = LV_TRY(std::move(file));
    if (opened->identity() != found.inode) return {};  // another one by now
    RecognitionRules rules{.young = may_still_change(found), .load_changed = options_.changed_file == CsvChanged::load};
    auto recognised = recognise(found, *opened, listing_, rules, known_);
    if (!recognised && recognised.error().kind() == ErrorKind::not_found) return {};  // shrinks while we look
    Recognition recognition = LV_TRY(std::move(recognised));
    switch (recognition.kind) {
      case Recognition::Kind::wait:
        context_.logger->debug("file waits",
                               {{"connector", context_.name}, {"file", found.path}, {"why", recognition.why}});
        return {};
      case Recognition::Kind::changed:
        return refuse(
            *recognition.known, found,
            Error(ErrorKind::refused, "file " + found.path + " is not the one that was read")
                .where(found.path)
                .why(recognition.why)
                .remedy("If it is a new file, give it a name of its own, or set 'changed.file' = 'load': then "
                        "all its rows count."),
            out);
      case Recognition::Kind::fresh:
      case Recognition::Kind::known: break;
    }
    KnownFile& known = *recognition.known;
    tell(known, found, recognition);
    known.name = found.name;
    known.size = found.size;
    known.modified_us = found.modified_us;
    known.refused = false;
    if (known.ended && known.place.bytes == found.size) {  // another name or copy of what has been read
      settle(known);
      return {};
    }
    known.ended = false;
    known.take(known.place, recognition.fingerprint);
    std::unique_ptr<CsvReader>& reader = readers_[&known];
    if (!reader || reader->file().identity() != found.inode || reader->place() != known.place) {
      reader = std::make_unique<CsvReader>(rules_, std::move(opened), found.path);
      reader->go_to(known.place, std::move(recognition.fingerprint), known.open_end);
    }
    exhausted_.erase(found.inode);
    current_ = Current{found, &known, reader.get(), !context_.follow || standstill_.is_old(found)};
    return {};
  }

  void tell(const KnownFile& known, const FoundFile& found, const Recognition& recognition) {
    if (recognition.kind == Recognition::Kind::fresh) {
      context_.logger->info("file found", {{"connector", context_.name}, {"file", found.path}, {"bytes", found.size}});
    } else if (known.name != found.name || known.inode != found.inode) {
      context_.logger->info(
          "file is known under another name",
          {{"connector", context_.name}, {"file", found.path}, {"known_as", known.name}, {"rows", known.place.rows}});
    } else if (known.ended && known.size != found.size) {
      context_.logger->info("file has grown",
                            {{"connector", context_.name}, {"file", found.path}, {"bytes", found.size}});
    }
  }

  // True: there is something in `out` to hand on.
  Result<bool> read_current(SourceRead& out) {
    Current& c = *current_;
    CsvReader::Times times{context_.clock->now_ms(), c.found.modified_us / 1000};
    bool laid_out = c.reader->layout().has_value();
    CsvPlace before = c.reader->place();
    auto more = c.reader->read(static_cast<std::uint32_t>(options_.batch_size), c.whole, times, out);
    if (!more) return refuse_current(std::move(more).error(), out);
    if (!laid_out && c.reader->layout()) tell_layout(*c.reader->layout(), c.found);
    if (c.reader->place() != before) {
      c.known->take(c.reader->place(), c.reader->fingerprint());
      c.known->open_end = c.reader->open_end();
      dirty_ = true;
      add_progress(c.reader->place().bytes - before.bytes, c.found.path);
    }
    if (*more) return true;
    exhausted_.insert(c.found.inode);
    if (c.whole) {
      c.known->ended = true;
      readers_.erase(c.known);
      settle(*c.known);
      context_.logger->info("file read",
                            {{"connector", context_.name}, {"file", c.found.path}, {"rows", c.known->place.rows}});
    }
    current_.reset();
    return !out.parts.empty() || !out.rejected.empty();
  }

  void tell_layout(const CsvLayout& layout, const FoundFile& found) {
    if (layout.ignored.empty() || !std::exchange(told_ignored_, layout.ignored).empty()) return;
    std::string names;
    for (const std::string& name : layout.ignored) names += (names.empty() ? "" : ", ") + name;
    context_.logger->info("columns of the file that the topic does not declare are left out",
                          {{"connector", context_.name}, {"file", found.path}, {"columns", names}});
  }

  // The file cannot be read as it is. With an error.path it goes there, told in the dead letters; without, all stops.
  Result<bool> refuse_current(Error error, SourceRead& out) {
    bool of_the_file = error.kind() == ErrorKind::data || error.kind() == ErrorKind::refused;
    if (!of_the_file) return error;
    Current c = *current_;
    current_.reset();
    readers_.erase(c.known);
    LV_TRY(refuse(*c.known, c.found, std::move(error), out));
    return true;
  }

  Result<void> refuse(KnownFile& known, const FoundFile& found, Error error, SourceRead& out) {
    if (options_.error_path.empty() || options_.halt_on_error) return error;
    context_.logger->warning("file refused",
                             {{"connector", context_.name}, {"file", found.path}, {"why", error.line()}});
    out.rejected.push_back({.stage = "read",
                            .cause = error.what() + (error.why().empty() ? "" : ": " + error.why()),
                            .origin = found.path,
                            .timestamp_ms = context_.clock->now_ms(),
                            .key = std::nullopt,
                            .value = std::nullopt});
    known.refused = true;
    known.inode = found.inode;
    known.name = found.name;
    known.size = found.size;
    known.modified_us = found.modified_us;
    settle(known);
    return {};
  }

  // From the next position on this file is done with.
  void settle(KnownFile& known) {
    known.settled_by = serial_ + 1;
    if (std::ranges::find(to_clean_, &known) == to_clean_.end()) to_clean_.push_back(&known);
    dirty_ = true;
  }

  // ---- positions, progress, sleep ----

  SourceRead finish(SourceRead out) {
    if (dirty_) {
      std::erase_if(readers_, [](const auto& reader) { return reader.first->gone; });
      std::erase_if(to_clean_, [](const KnownFile* file) { return file->gone; });
      known_.forget_surplus();
      out.position = known_.encode(++serial_);
      dirty_ = false;
    }
    return out;
  }

  void report(std::uint64_t done, std::uint64_t total, const std::string& detail) {
    std::lock_guard lock(progress_mutex_);
    progress_ = {.done = done, .total = total, .unit = "bytes", .detail = detail};
  }
  void add_progress(std::uint64_t bytes, const std::string& detail) {
    std::lock_guard lock(progress_mutex_);
    progress_.done = std::min(progress_.done + bytes, progress_.total);
    if (progress_.detail != detail) progress_.detail = detail;
  }

  void sleep(const std::stop_token& stop, std::chrono::microseconds time) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any stopped;
    stopped.wait_for(lock, stop, time, [] { return false; });
  }

  static constexpr std::size_t many_files = 10'000;

  const SourceContext context_;
  const CsvOptions options_;
  const CsvReadRules rules_;
  const std::unique_ptr<CsvFolder> folder_;
  CsvCleaner cleaner_;
  CsvStandstill standstill_;

  KnownFiles known_;
  std::map<const KnownFile*, std::unique_ptr<CsvReader>> readers_;  // of files that have not ended
  std::set<std::uint64_t> exhausted_;  // inodes of files that were read to their end, which was not yet final
  std::vector<FoundFile> listing_;
  std::deque<FoundFile> queue_;       // to be opened
  std::vector<KnownFile*> to_clean_;  // that have ended or were refused
  std::set<std::string> left_;        // names that are not settled; if !follow these are all that will be read
  std::optional<Current> current_;
  std::uint64_t serial_ = 0;
  bool dirty_ = false;   // the position is not what finish() last gave
  bool listed_ = false;  // since start()
  bool told_many_ = false;
  std::vector<std::string> told_ignored_;

  mutable std::mutex progress_mutex_;
  Progress progress_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_csv_source(SourceContext context) {
  auto options = LV_TRY(parse_options<CsvOptions>(csv_options(), context.properties, context.notes));
  if (options.path.empty() == options.input_path.empty())
    return Error(ErrorKind::usage, options.path.empty() ? "a csv source needs 'input.path' or 'path'"
                                                        : "'path' and 'input.path' are both given")
        .remedy("Give 'path' for one file, 'input.path' for the files of a directory.");
  const SourceTarget* target = LV_TRY(find_target(context, options.topic));
  CsvReadRules rules = LV_TRY(csv_read_rules(options, *target));
  CsvCleaner cleaner = LV_TRY(CsvCleaner::make(*context.files, options));
  CsvFolderRules folder{.path = options.input_path,
                        .pattern = options.input_file_pattern,
                        .walk = options.walk_recursively,
                        .sort = options.sort_attributes,
                        .other_paths = {options.finished_path, options.error_path}};
  if (!options.path.empty()) folder.path = directory_of(options.path), folder.only = file_name_of(options.path);
  auto opened = LV_TRY(CsvFolder::open(*context.files, std::move(folder)));
  return std::unique_ptr<Source>(
      new CsvSource(std::move(context), std::move(options), std::move(rules), std::move(opened), std::move(cleaner)));
}

}  // namespace levada
