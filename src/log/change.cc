#include "log/change.h"

namespace levada {
namespace {

enum class Kind : std::uint8_t { counters = 1, topic, no_topic, opened, extended, replaced, group, position, holder };

class ChangeWriter {
 public:
  explicit ChangeWriter(Buffer& out) : out_(out) {}

  void operator()(const CountersSet& c) {
    kind(Kind::counters);
    numbers(c.next_topic, c.next_file, c.redo_from);
  }
  void operator()(const TopicCreated& c) {
    kind(Kind::topic);
    number(c.id);
    out_.sized_bytes(c.name);
    number(static_cast<std::uint64_t>(c.config.partitions));
    number(c.config.compact ? 1 : 0);
    out_.varint(c.config.retention_ms);
    out_.varint(c.config.retention_bytes);
    out_.varint(c.config.segment_bytes);
    out_.varint(c.config.delete_retention_ms);
    number(static_cast<std::uint64_t>(c.config.compression));
  }
  void operator()(const TopicDeleted& c) {
    kind(Kind::no_topic);
    number(c.id);
  }
  void operator()(const SegmentOpened& c) {
    kind(Kind::opened);
    partition(c.of);
    number(c.file_number);
    offset(c.base);
  }
  void operator()(const SegmentExtended& c) {
    kind(Kind::extended);
    partition(c.of);
    numbers(c.file_number, c.position, c.bytes);
    offset(c.next);
    number(c.in_journal ? 1 : 0);
    points(c.points);
  }
  void operator()(const SegmentsReplaced& c) {
    kind(Kind::replaced);
    partition(c.of);
    number(c.removed.size());
    for (std::uint64_t file_number : c.removed) number(file_number);
    number(c.added.size());
    for (const SegmentEntry& s : c.added) {
      number(s.file_number);
      offset(s.base);
      number(static_cast<std::uint64_t>(s.next - s.base));
      number(s.bytes);
      out_.varint(s.appended_ms);
      number(s.compacted ? 1 : 0);
      out_.varint(s.tombstones_until_ms);
      points(s.index.points());
    }
  }
  void operator()(const GroupAdvanced& c) {
    kind(Kind::group);
    out_.sized_bytes(c.group);
    partition(c.of);
    offset(c.next);
  }
  void operator()(const PositionPut& c) {
    kind(Kind::position);
    out_.sized_bytes(c.source);
    out_.sized_bytes(c.position);
  }
  void operator()(const HolderBegun& c) {
    kind(Kind::holder);
    out_.sized_bytes(c.transactional_id);
    number(c.epoch);
  }

 private:
  void kind(Kind k) { out_.little(static_cast<std::uint8_t>(k)); }
  void number(std::uint64_t v) { out_.unsigned_varint(v); }
  void numbers(auto... v) { (number(v), ...); }
  void offset(Offset o) { number(static_cast<std::uint64_t>(o.value())); }
  void partition(PartitionId id) { numbers(id.topic, static_cast<std::uint64_t>(id.partition)); }
  void points(std::span<const IndexPoint> all) {
    number(all.size());
    IndexPoint last;
    for (const IndexPoint& p : all) {
      numbers(static_cast<std::uint64_t>(p.offset - last.offset), p.position - last.position);
      last = p;
    }
  }

  ByteWriter out_;
};

class ChangeReader {
 public:
  explicit ChangeReader(std::string_view bytes) : in_(bytes) {}

  bool ok() const { return ok_ && in_.ok(); }
  bool at_end() const { return in_.at_end(); }
  std::uint64_t number() { return in_.unsigned_varint(); }
  // A count of things that take a byte each at least.
  std::uint64_t count() {
    std::uint64_t n = number();
    if (n > in_.left()) ok_ = false, n = 0;
    return n;
  }

  Change change() {
    switch (static_cast<Kind>(in_.little<std::uint8_t>())) {
      case Kind::counters: {
        CountersSet c;
        c.next_topic = small();
        c.next_file = number();
        c.redo_from = number();
        return c;
      }
      case Kind::topic: return topic();
      case Kind::no_topic: return TopicDeleted{small()};
      case Kind::opened: {
        SegmentOpened c{partition(), number(), {}};
        c.base = offset();
        return c;
      }
      case Kind::extended: {
        SegmentExtended c;
        c.of = partition();
        c.file_number = number();
        c.position = number();
        c.bytes = number();
        c.next = offset();
        c.in_journal = number() & 1;
        c.points = points();
        return c;
      }
      case Kind::replaced: return replaced();
      case Kind::group: {
        GroupAdvanced c{text(), partition(), {}};
        c.next = offset();
        return c;
      }
      case Kind::position: {
        PositionPut c;
        c.source = text();
        c.position = text();
        return c;
      }
      case Kind::holder: {
        HolderBegun c;
        c.transactional_id = text();
        c.epoch = number();
        return c;
      }
    }
    ok_ = false;
    return CountersSet{};
  }

 private:
  Change topic() {
    TopicCreated c;
    c.id = small();
    c.name = text();
    c.config.partitions = static_cast<std::int32_t>(small());
    c.config.compact = number() & 1;
    c.config.retention_ms = in_.varint();
    c.config.retention_bytes = in_.varint();
    c.config.segment_bytes = in_.varint();
    c.config.delete_retention_ms = in_.varint();
    c.config.compression = static_cast<Compression>(number());
    return c;
  }
  Change replaced() {
    SegmentsReplaced c;
    c.of = partition();
    for (std::uint64_t n = count(); n > 0 && ok(); --n) c.removed.push_back(number());
    for (std::uint64_t n = count(); n > 0 && ok(); --n) {
      SegmentEntry& s = c.added.emplace_back();
      s.file_number = number();
      s.base = offset();
      s.next = s.base + static_cast<std::int64_t>(number());
      s.bytes = number();
      s.appended_ms = in_.varint();
      s.compacted = number() & 1;
      s.tombstones_until_ms = in_.varint();
      for (const IndexPoint& p : points()) s.index.add(p);
    }
    return c;
  }
  std::uint32_t small() {
    std::uint64_t v = number();
    if (v > INT32_MAX) ok_ = false;
    return static_cast<std::uint32_t>(v);
  }
  Offset offset() {
    auto v = static_cast<std::int64_t>(number());
    if (v < 0) ok_ = false;
    return Offset(v);
  }
  std::string text() { return std::string(in_.sized_bytes()); }
  PartitionId partition() {
    std::uint32_t topic = small();
    return {topic, static_cast<std::int32_t>(small())};
  }
  std::vector<IndexPoint> points() {
    std::vector<IndexPoint> all;
    IndexPoint last;
    for (std::uint64_t n = count(); n > 0 && ok(); --n) {
      last.offset = last.offset + static_cast<std::int64_t>(number());
      last.position += number();
      all.push_back(last);
    }
    return all;
  }

  ByteReader in_;
  bool ok_ = true;
};

}  // namespace

void put_changes(Buffer& out, std::span<const Change> changes) {
  ByteWriter(out).unsigned_varint(changes.size());
  ChangeWriter writer(out);
  for (const Change& change : changes) std::visit(writer, change);
}

Result<std::vector<Change>> parse_changes(std::string_view bytes) {
  ChangeReader reader(bytes);
  std::vector<Change> changes;
  for (std::uint64_t n = reader.count(); n > 0 && reader.ok(); --n) changes.push_back(reader.change());
  if (!reader.ok() || !reader.at_end()) return Error(ErrorKind::damaged, "bytes that are no changes of the catalog");
  return changes;
}

}  // namespace levada
