#include "connectors/postgres/wal_changes.h"

#include <doctest/doctest.h>

#include <array>

#include "connectors/postgres/captured_samples.h"
#include "tests/temporary_directory.h"

namespace levada {
namespace {

// Messages of pgoutput, with where they stand.
class Script {
 public:
  struct Step {
    std::uint64_t lsn;
    std::string bytes;
  };
  std::vector<Step> steps;
  std::uint64_t lsn = 1000;

  Script& begin(std::uint64_t commit, std::uint32_t xid) {
    return put("B", [&] { big(commit), big<std::int64_t>(0), big(xid); });
  }
  Script& commit(std::uint64_t at) {
    return put("C", [&] { big<std::uint8_t>(0), big(at), big(at + 10), big<std::int64_t>(0); });
  }
  Script& table(std::uint32_t oid, const std::string& name, std::uint32_t xid = 0) {
    return put("R", [&] {
      if (xid) big(xid);
      big(oid), text("inventory"), text(name), big('d'), big<std::uint16_t>(1);
      big<std::uint8_t>(1), text("id"), big<std::uint32_t>(23), big<std::int32_t>(-1);
    });
  }
  Script& insert(std::uint32_t oid, const std::string& id, std::uint32_t xid = 0) {
    return put("I", [&] {
      if (xid) big(xid);
      big(oid), big('N'), row(id);
    });
  }
  Script& truncate(std::vector<std::uint32_t> oids) {
    return put("T", [&] {
      big(static_cast<std::uint32_t>(oids.size())), big<std::uint8_t>(0);
      for (std::uint32_t oid : oids) big(oid);
    });
  }
  Script& message(std::uint64_t at, bool transactional, const std::string& content) {
    return put("M", [&] {
      big<std::uint8_t>(transactional), big(at), text("p"), big(static_cast<std::uint32_t>(content.size()));
      bytes_ += content;
    });
  }
  Script& stream(std::uint32_t xid) {
    return put("S", [&] { big(xid), big<std::uint8_t>(1); });
  }
  Script& stop() {
    return put("E", [] {});
  }
  Script& stream_commit(std::uint32_t xid, std::uint64_t at) {
    return put("c", [&] { big(xid), big<std::uint8_t>(0), big(at), big(at + 10), big<std::int64_t>(0); });
  }
  Script& abort(std::uint32_t xid, std::uint32_t sub) {
    return put("A", [&] { big(xid), big(sub); });
  }

 private:
  template <class Write>
  Script& put(const char* kind, Write write) {
    bytes_ = kind;
    write();
    steps.push_back({++lsn, bytes_});
    return *this;
  }
  template <class T>
  void big(T v) {
    char raw[sizeof v];
    store_big(raw, v);
    bytes_.append(raw, sizeof v);
  }
  void text(const std::string& t) { bytes_ += t + '\0'; }
  void row(const std::string& id) {
    big<std::uint16_t>(1), big('t'), big(static_cast<std::uint32_t>(id.size()));
    bytes_ += id;
  }
  std::string bytes_;
};

class Recorder : public ChangeCollector {
 public:
  std::vector<std::string> lines;
  std::vector<std::string> ended;  // transactions, and how many changes they were told of
  void add(const CapturedTableRef& table, const RowChange& change) override {
    ++events_;
    std::string id = change.after.empty() ? "" : std::string(change.after[0].view());
    lines.push_back(std::string(1, change.op) + " " + table->name + " " + id + " " + place(change.place));
  }
  void add_message(std::string_view, std::string_view content, bool transactional, const ChangePlace& at) override {
    events_ += transactional;
    lines.push_back("m " + std::string(content) + " " + place(at));
  }
  void pass(const CapturedTableRef&, const RowChange&) override { ++events_; }
  void pass_message() override { ++events_; }
  void begin(const ChangePlace&, bool) override { events_ = 0; }
  void commit(const ChangePlace& at) override {
    ended.push_back(std::to_string(at.commit_lsn) + ": " + std::to_string(events_));
  }
  std::size_t bytes() const override { return 0; }
  std::uint64_t changes() const override { return lines.size(); }
  void take(SourceRead&) override {}

 private:
  static std::string place(const ChangePlace& place) {
    return std::to_string(place.commit_lsn) + "." + std::to_string(place.ordinal);
  }
  int events_ = 0;
};

// Asks the stream to wait once at each change of table a.
class Hesitant : public WalSnapshot {
 public:
  Result<void> start(std::span<const CapturedTableRef>, const Json&, const std::optional<ExportedSnapshot>&) override {
    return {};
  }
  SnapshotVerdict saw(const CapturedTableRef& table, const RowChange&) override {
    ++asked;
    if (table->name == "b") return SnapshotVerdict::skip;
    waited = !waited;
    return waited ? SnapshotVerdict::wait : SnapshotVerdict::take;
  }
  void passed(std::uint64_t lsn) override { last_passed = lsn; }
  Result<void> read(SourceRead&, std::size_t, std::chrono::milliseconds) override { return {}; }
  Json position() const override { return {}; }
  bool done() const override { return false; }
  Progress progress() const override { return {}; }
  bool waited = false;
  int asked = 0;
  std::uint64_t last_passed = 0;
};

struct Stage {
  explicit Stage(WalPoint from, WalSnapshot* snapshot = nullptr, std::string skipped = "")
      : changes({.relations = &relations,
                 .held = &held,
                 .collector = &recorder,
                 .snapshot = snapshot,
                 .skipped = std::move(skipped)},
                from) {
    std::vector<CapturedTableRef> tables;
    for (std::uint32_t oid : {1u, 2u}) {
      CapturedColumn column{.name = "id", .not_null = true, .in_identity = true};
      column.type.oid = 23;
      column.type.name = "int4";
      tables.push_back(std::make_shared<CapturedTable>(CapturedTable{
          .oid = oid, .schema = "inventory", .name = oid == 1 ? "a" : "b", .columns = {column}, .key = {0}}));
    }
    relations.know(tables);
  }
  // The points behind each step that handed something on.
  std::vector<WalPoint> run(const Script& script) {
    std::vector<WalPoint> points;
    for (const Script::Step& step : script.steps) {
      Buffer padded;
      padded.append(step.bytes);
      while (true) {
        auto taken = changes.take(step.lsn, padded.view());
        REQUIRE_MESSAGE(taken, taken.error().text());
        waits += !*taken;
        if (*taken) break;
      }
      points.resize(recorder.lines.size(), changes.point());
      while (changes.holding()) {
        auto advanced = changes.advance_held();
        REQUIRE_MESSAGE(advanced, advanced.error().text());
        waits += !*advanced;
        points.resize(recorder.lines.size(), changes.point());
      }
    }
    return points;
  }

  TemporaryDirectory directory;
  CaptureFilter filter = *CaptureFilter::compile({.without_tables = {"inventory.other"}});
  Catalogue catalogue{{.filter = &filter, .topic_prefix = "t"}};
  WalRelations relations{catalogue, nullptr};
  HeldTransactions held{real_files(), directory.path(), 50};
  Recorder recorder;
  WalChanges changes;
  int waits = 0;
};

Script workload() {
  Script s;
  s.begin(2000, 1).table(1, "a").table(3, "other").insert(1, "1").insert(3, "x").insert(1, "2").commit(2000);
  s.stream(5).table(2, "b", 5).insert(2, "50", 5).insert(1, "51", 6).stop();
  s.begin(2100, 2).insert(1, "3").truncate({1, 3}).message(2090, true, "in").insert(1, "4").commit(2100);
  s.stream(7).insert(1, "70", 7).stop().stream(5).insert(1, "52", 5).stop().abort(5, 6).abort(7, 7);
  s.message(2150, false, "now");
  s.stream_commit(5, 2200).begin(2300, 3).table(2, "b").insert(2, "5").commit(2300);
  return s;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("wal changes: transactions in the order of their commits, numbered within") {
    Stage stage({});
    stage.run(workload());
    CHECK(stage.recorder.lines == std::vector<std::string>{"c a 1 2000.0", "c a 2 2000.2", "c a 3 2100.0",
                                                           "t a  2100.1", "m in 2100.3", "c a 4 2100.4", "m now 0.0",
                                                           "c b 50 2200.0", "c a 52 2200.1", "c b 5 2300.0"});
    CHECK(stage.recorder.ended == std::vector<std::string>{"2000: 2", "2100: 4", "2200: 2", "2300: 1"});
    CHECK(stage.changes.point() == WalPoint{2310, 0});
    CHECK(stage.changes.changes() == 8);
    CHECK_FALSE(stage.changes.within());
    CHECK(stage.held.memory() == 0);
  }

  TEST_CASE("wal changes: from every point the rest comes, no more and no less") {
    Stage whole({});
    auto points = whole.run(workload());
    const auto& lines = whole.recorder.lines;
    REQUIRE(points.size() == lines.size());
    for (std::size_t done = 0; done < points.size(); ++done) {
      CAPTURE(lines[done]);
      Stage rest(points[done]);
      rest.run(workload());
      CHECK(rest.recorder.lines ==
            std::vector<std::string>(lines.begin() + static_cast<std::ptrdiff_t>(done) + 1, lines.end()));
      CHECK(rest.changes.point() == whole.changes.point());
      // A transaction that goes on has all of its changes counted.
      const auto &all = whole.recorder.ended, &ended = rest.recorder.ended;
      REQUIRE(ended.size() <= all.size());
      CHECK(std::equal(ended.rbegin(), ended.rend(), all.rbegin()));
      CHECK(ended.size() >= 1);
    }
  }

  TEST_CASE("wal changes: where the snapshot asks to wait nothing is lost or comes twice") {
    Stage plain({});
    plain.run(workload());
    std::vector<std::string> expected = plain.recorder.lines;
    std::erase_if(expected, [](const std::string& line) { return line.find(" b ") != line.npos; });
    Hesitant snapshot;
    Stage stage({}, &snapshot);
    auto points = stage.run(workload());
    CHECK(stage.recorder.lines == expected);
    CHECK(stage.waits == 6);  // a change of table a each
    CHECK(snapshot.last_passed == 2310);
  }

  TEST_CASE("wal changes: operations that are skipped count all the same") {
    Stage stage({}, nullptr, "c");
    stage.run(workload());
    CHECK(stage.recorder.lines == std::vector<std::string>{"t a  2100.1", "m in 2100.3", "m now 0.0"});
    CHECK(stage.changes.point() == WalPoint{2310, 0});
  }

  TEST_CASE("wal changes: a keep-alive moves the point between transactions only") {
    Script s;
    s.begin(2000, 1).table(1, "a").insert(1, "1");
    Stage stage({});
    stage.run(s);
    CHECK(stage.changes.within());
    stage.changes.pass(5000);
    CHECK(stage.changes.point() == WalPoint{2000, 1});
    Script end;
    end.commit(2000);
    stage.run(end);
    stage.changes.pass(5000);
    CHECK(stage.changes.point() == WalPoint{5000, 0});
    stage.changes.pass(4000);
    CHECK(stage.changes.point() == WalPoint{5000, 0});
  }

  TEST_CASE("wal changes: a row of a table that was not described, or of another width, is an error") {
    Script s;
    s.begin(2000, 1).insert(1, "1");
    Stage stage({});
    Buffer padded;
    REQUIRE(stage.changes.take(1, s.steps[0].bytes));
    padded.append(s.steps[1].bytes);
    auto taken = stage.changes.take(2, padded.view());
    REQUIRE_FALSE(taken);
    CHECK(taken.error().kind() == ErrorKind::data);
  }

  TEST_CASE("wal position: what is written is read") {
    WalPosition position{.point = {0x16'B374'D848, 5}, .system = "7345", .timeline = 3, .database = "d", .slot = "s"};
    auto same = WalPosition::parse(position.text());
    REQUIRE(same);
    CHECK(same->text() == position.text());
    CHECK(same->point == position.point);
    CHECK(position.text() ==
          R"({"lsn":"16/B374D848","ordinal":5,"system":"7345","timeline":3,"database":"d","slot":"s"})");
    for (const char* text : {"", "[]", "{}", R"({"lsn":"x"})", R"({"lsn":"0/1","ordinal":"x"})"}) {
      auto wrong = WalPosition::parse(text);
      REQUIRE_FALSE(wrong);
      CHECK(wrong.error().kind() == ErrorKind::damaged);
    }
  }
}

}  // namespace levada
