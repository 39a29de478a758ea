#include "connectors/csv/recognition.h"

#include <algorithm>
#include <array>

namespace levada {
namespace {

using Kind = Recognition::Kind;

class Recogniser {
 public:
  Recogniser(const FoundFile& found, const File& file, const std::vector<FoundFile>& listing,
             const RecognitionRules& rules, KnownFiles& known)
      : found_(found), file_(file), listing_(listing), rules_(rules), known_(known) {}

  Result<Recognition> answer() {
    if (KnownFile* same = known_.by_inode(found_.inode)) {
      Recognition by_inode = LV_TRY(grown(*same));
      if (by_inode.kind != Kind::fresh) return by_inode;
      same->gone = true;  // its inode serves another file now
    }
    Recognition by_content = LV_TRY(same_content());
    if (by_content.kind != Kind::fresh) return by_content;
    KnownFile* namesake = known_.by_name(found_.name);
    if (namesake && namesake->place.rows > 0 && !rules_.load_changed) {
      if (rules_.young) return wait("it has taken the place of a file that was read, and may not be complete");
      return changed(*namesake, "another file has taken its name, and does not begin with the " +
                                    std::to_string(namesake->place.bytes) + " bytes that were read");
    }
    if (rules_.young && LV_TRY(may_be_half_a_copy())) return wait("so far it agrees with a file that was read");
    if (namesake) namesake->gone = true;
    return fresh();
  }

 private:
  Recognition wait(std::string why) { return {.kind = Kind::wait, .why = std::move(why)}; }
  Recognition changed(KnownFile& file, std::string why) {
    return {.kind = Kind::changed, .known = &file, .why = std::move(why)};
  }
  Recognition fresh() {
    known_.files.push_back(
        {.name = found_.name, .inode = found_.inode, .size = found_.size, .modified_us = found_.modified_us});
    return {.kind = Kind::fresh, .known = &known_.files.back()};
  }

  bool is_listed(const KnownFile& file) const {
    return !file.gone && std::ranges::find(listing_, file.inode, &FoundFile::inode) != listing_.end();
  }

  // The same inode. fresh: it is another file nevertheless.
  Result<Recognition> grown(KnownFile& file) {
    const CsvPlace& place = file.place;
    std::string why = "it is shorter than the " + std::to_string(place.bytes) + " bytes that were read of it";
    if (found_.size >= place.bytes) {
      // While a file grows, the last block vouches for those before; one that had ended is looked at as a whole.
      CsvFingerprint print;
      if (!file.ended) print = CsvFingerprint(ContentHash(place.bytes, file.link), file.marks);
      LV_TRY(print.update_from(file_, place.bytes));
      if (print.content().digest() == file.digest) return LV_TRY(go_on(file, std::move(print)));
      why = "the " + std::to_string(place.bytes) + " bytes that were read of it are no longer the same";
    }
    if (file.name != found_.name) return Recognition{.kind = Kind::fresh};
    if (rules_.young) return wait("it is being written anew");
    if (rules_.load_changed) return Recognition{.kind = Kind::fresh};
    return changed(file, why);
  }

  // The file begins with all that was read of the known one.
  Result<Recognition> go_on(KnownFile& file, CsvFingerprint print) {
    if (file.open_end && found_.size > file.place.bytes) {
      std::array<char, 1> next{};
      LV_TRY(file_.read_exactly_at(file.place.bytes, next));
      if (next[0] != '\n' && next[0] != '\r')
        return changed(file, "row " + std::to_string(file.place.rows) +
                                 " was taken as complete without a line end, and has been continued");
    }
    return Recognition{.kind = Kind::known, .known = &file, .fingerprint = std::move(print)};
  }

  struct Match {
    KnownFile* file = nullptr;
    CsvFingerprint print;
  };

  // Known files with which this one begins, or that it equals.
  Result<Recognition> same_content() {
    std::vector<KnownFile*> candidates;
    for (KnownFile& file : known_.files)
      if (file.place.rows > 0 && file.place.bytes <= found_.size && LV_TRY(first_piece_agrees(file)))
        candidates.push_back(&file);
    std::ranges::stable_sort(candidates, {}, [](const KnownFile* f) { return f->place.bytes; });
    std::vector<Match> matches;
    CsvFingerprint print;
    for (KnownFile* file : candidates) {
      LV_TRY(print.update_from(file_, file->place.bytes));
      if (print.content().digest() == file->digest) matches.push_back({file, print});
    }
    // The longest match says most; among equals those that are still there.
    std::ranges::stable_sort(matches, [&](const Match& a, const Match& b) {
      if (a.file->place.bytes != b.file->place.bytes) return a.file->place.bytes > b.file->place.bytes;
      return is_listed(*a.file) > is_listed(*b.file);
    });
    for (Match& match : matches) {
      KnownFile& file = *match.file;
      if (!is_listed(file)) return LV_TRY(take_over(file, std::move(match.print)));
      if (!file.ended) return wait("it begins like " + file.name + ", which has not been read to its end");
      if (file.place.bytes == found_.size) return second_copy(file, std::move(match.print));
    }
    return Recognition{.kind = Kind::fresh};  // begins like files that are still there: another file
  }

  Result<Recognition> take_over(KnownFile& file, CsvFingerprint print) {
    Recognition r = LV_TRY(go_on(file, std::move(print)));
    if (r.kind != Kind::known) return r;
    file.gone = false;
    file.refused = false;
    file.name = found_.name;
    file.inode = found_.inode;
    return r;
  }

  Recognition second_copy(const KnownFile& file, CsvFingerprint print) {
    KnownFile copy = file;
    copy.name = found_.name;
    copy.inode = found_.inode;
    copy.size = found_.size;
    copy.modified_us = found_.modified_us;
    copy.settled_by = 0;
    known_.files.push_back(std::move(copy));
    return {.kind = Kind::known, .known = &known_.files.back(), .fingerprint = std::move(print)};
  }

  // Spares reading whole files: most differ in their first KiB.
  Result<bool> first_piece_agrees(const KnownFile& file) {
    if (file.place.bytes < CsvMarks::first || file.marks.values.empty()) return true;
    return LV_TRY(mark(0)) == file.marks.values[0];
  }

  // As far as the marks tell: of the first bytes there is none, so that they may be anybody's.
  Result<bool> may_be_half_a_copy() {
    for (const KnownFile& file : known_.files) {
      if (file.place.bytes <= found_.size) continue;
      std::size_t shared = std::min(CsvMarks::count(found_.size), file.marks.values.size());
      if (shared == 0 || LV_TRY(mark(shared - 1)) == file.marks.values[shared - 1]) return true;
    }
    return false;
  }

  // This file's mark i, which it is long enough for.
  Result<std::uint64_t> mark(std::size_t i) {
    if (begin_.marks().values.size() <= i) LV_TRY(begin_.update_from(file_, CsvMarks::size(i)));
    return begin_.marks().values[i];
  }

  const FoundFile& found_;
  const File& file_;
  const std::vector<FoundFile>& listing_;
  const RecognitionRules& rules_;
  KnownFiles& known_;
  CsvFingerprint begin_;
};

}  // namespace

Result<Recognition> recognise(const FoundFile& found, const File& file, const std::vector<FoundFile>& listing,
                              const RecognitionRules& rules, KnownFiles& known) {
  return Recogniser(found, file, listing, rules, known).answer();
}

}  // namespace levada
