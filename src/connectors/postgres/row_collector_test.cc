#include "connectors/postgres/row_collector.h"

#include <doctest/doctest.h>

#include "connectors/postgres/captured_samples.h"

namespace levada {
namespace {

CapturedTable keyed() {
  return captured_table("keyed", {captured_column("id", "integer"), captured_column("name", "text"),
                                  captured_column("qty", "numeric(10,2)")});
}

// Changes of one table, collected.
struct Collection {
  explicit Collection(CapturedTable of) : table(std::make_shared<const CapturedTable>(std::move(of))) {}

  Collection& add(char op, const std::vector<std::string>& before, const std::vector<std::string>& after) {
    auto b = texts.row(before), a = texts.row(after);
    RowChange change{.op = op, .before = b, .after = a};
    change.place = {.lsn = 100 + ordinal, .commit_lsn = 200, .xid = 7, .commit_us = 1'500'000, .ordinal = ordinal};
    ++ordinal;
    collector.add(table, change);
    return *this;
  }
  SourceRead take() {
    SourceRead out;
    collector.take(out);
    CHECK(collector.bytes() == 0);
    CHECK(collector.changes() == 0);
    return out;
  }

  SampleTexts texts;
  CapturedTableRef table;
  RowCollector collector{ValueModes()};
  std::uint64_t ordinal = 0;
};

std::string text(const Batch& batch) {
  std::string out;
  if (batch.truncates) return "truncate";
  batch.rows().for_each([&](std::uint32_t row) {
    if (!out.empty()) out += "; ";
    for (std::size_t i = 0; i < batch.schema->size(); ++i) {
      if (i == batch.schema->key.size()) out += " ->";
      if (i == batch.schema->key.size() && batch.is_deletion(row)) {
        out += " deleted";
        break;
      }
      bool absent = i >= batch.key.size() && batch.is_absent(i - batch.key.size(), row);
      out += absent ? " …" : " " + text_of(batch.column(i)->value(row), batch.column(i)->type());
    }
  });
  return out;
}

std::string text(const SourceRead& read) {
  std::string out;
  for (const SourceRead::Part& part : read.parts) out += (out.empty() ? "" : " | ") + text(part.batch);
  return out;
}

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("row collector: every kind of change as a state of its key") {
    Collection c(keyed());
    c.add('r', {}, {"1", "one", "1.50"}).add('c', {}, {"2", "~", "~"}).add('u', {}, {"2", "two", "2.00"});
    c.add('u', {"1", "~", "~"}, {"10", "one", "1.50"}).add('d', {"2", "~", "~"}, {});
    SourceRead read = c.take();
    CHECK(text(read) ==
          " 1 -> one 1.50;  2 -> null null;  2 -> two 2.00;  1 -> deleted;  10 -> one 1.50;  2 -> deleted");
    CHECK(read.rejected.empty());
    const Batch& batch = read.parts[0].batch;
    CHECK(read.parts[0].topic == "shop.inventory.keyed");
    CHECK(batch.origin->topic == "inventory.keyed");
    CHECK(batch.origin->partition == -1);
    CHECK(batch.origin->offsets == std::vector<std::int64_t>{100, 101, 102, 103, 103, 104});
    CHECK(batch.origin->text(1) == "inventory.keyed LSN 0/65");
    CHECK(batch.timestamp_ms(5) == 1500);
    CHECK(batch.schema->key == std::vector<Field>{{"id", TypeKind::int32}});
    CHECK(batch.schema->origin->columns == std::vector<ColumnOrigin>{{"integer", true}, {"text"}, {"numeric(10,2)"}});
    CHECK(batch.schema->origin->order == std::vector<std::uint32_t>{0, 1, 2});
    CHECK(c.take().parts.empty());
    c.add('c', {}, {"3", "x", "1.00"});
    CHECK(c.take().parts[0].batch.schema == batch.schema);
  }

  TEST_CASE("row collector: key columns come first in the key's order, the table's order is kept beside") {
    CapturedTable table = captured_table("composite",
                                         {captured_column("note", "domain(character varying(12))"),
                                          captured_column("num", "bigint"), captured_column("region", "text")},
                                         0);
    table.key = {2, 1};
    table.columns[1].in_identity = table.columns[2].in_identity = true;
    Collection c(table);
    c.add('u', {"~", "1", "Madeira"}, {"first", "9", "Madeira"})
        .add('u', {"~", "9", "Madeira"}, {"second", "9", "Madeira"});
    SourceRead read = c.take();
    CHECK(text(read) == " Madeira 1 -> deleted;  Madeira 9 -> first;  Madeira 9 -> second");
    CHECK(read.parts[0].batch.schema->origin->order == std::vector<std::uint32_t>{2, 1, 0});
    CHECK(read.parts[0].batch.schema->origin->columns[2].type == "character varying(12)");
  }

  TEST_CASE("row collector: unchanged values come from the row before, or are absent") {
    CapturedTable table = keyed();
    Collection without(table);
    without.add('u', {}, {"1", "…", "2.00"}).add('u', {}, {"1", "b", "3.00"}).add('d', {"1", "~", "~"}, {});
    SourceRead read = without.take();
    CHECK(text(read) == " 1 -> … 2.00;  1 -> b 3.00;  1 -> deleted");
    CHECK_FALSE(read.parts[0].batch.is_absent(0, 2));
    CHECK(read.parts[0].batch.absent[1].empty());

    table.identity = 'f';
    for (CapturedColumn& column : table.columns) column.in_identity = true;
    Collection full(table);
    full.add('u', {"1", "long", "1.00"}, {"1", "…", "2.00"}).add('u', {"1", "long", "2.00"}, {"5", "…", "2.00"});
    full.add('d', {"5", "long", "2.00"}, {});
    CHECK(text(full.take()) == " 1 -> long 2.00;  1 -> deleted;  5 -> long 2.00;  5 -> deleted");
  }

  TEST_CASE("row collector: an identity by another index is the key") {
    CapturedTable table = captured_table("by_index", {captured_column("id", "integer"), captured_column("code", "text"),
                                                      captured_column("note", "text")});
    table.identity = 'i';
    table.columns[0].in_identity = false;
    table.columns[1].in_identity = true;
    Collection c(table);
    c.add('c', {}, {"3", "C", "c"}).add('u', {}, {"33", "C", "c"}).add('u', {"~", "B", "~"}, {"2", "BB", "b"});
    c.add('d', {"~", "A", "~"}, {});
    CHECK(text(c.take()) == " C -> 3 c;  C -> 33 c;  B -> deleted;  BB -> 2 b;  A -> deleted");
  }

  TEST_CASE("row collector: a deletion whose key the log does not hold is a dead letter, never a wrong key") {
    CapturedTable table = keyed();
    table.key = {1};  // message.key.columns
    Collection c(table);
    c.add('d', {"4", "~", "~"}, {}).add('d', {}, {}).add('c', {}, {"4", "four", "~"});
    SourceRead read = c.take();
    CHECK(text(read) == " four -> 4 null");
    REQUIRE(read.rejected.size() == 2);
    CHECK(read.rejected[0].cause ==
          "the log does not hold the key's column name of the row that is gone; ALTER TABLE inventory.keyed REPLICA "
          "IDENTITY FULL writes it");
    CHECK(read.rejected[0].origin == "inventory.keyed LSN 0/64, transaction 7");
    CHECK(read.rejected[0].topic == "shop.inventory.keyed");
    CHECK(read.rejected[0].value == R"({"op":"d","before":{"id":"4","name":null,"qty":null}})");

    CapturedTable keyless = keyed();
    keyless.key.clear();
    keyless.identity = 'f';
    Collection none(keyless);
    none.add('c', {}, {"1", "a", "~"}).add('u', {"1", "a", "~"}, {"1", "b", "~"}).add('d', {"1", "b", "~"}, {});
    read = none.take();
    CHECK(text(read) == " -> 1 a null;  -> 1 b null");
    REQUIRE(read.rejected.size() == 1);
    CHECK(read.rejected[0].cause.starts_with("the table has no primary key"));
  }

  TEST_CASE("row collector: what no column can hold becomes a dead letter, its neighbours stay") {
    Collection c(keyed());
    c.add('c', {}, {"1", "a", "1.00"}).add('c', {}, {"2", "b", "NaN"}).add('c', {}, {"x", "…", "Infinity"});
    c.add('d', {"y", "~", "~"}, {}).add('c', {}, {"5", "e", "5.00"});
    SourceRead read = c.take();
    CHECK(text(read) == " 1 -> a 1.00;  5 -> e 5.00");
    REQUIRE(read.rejected.size() == 3);
    CHECK(read.rejected[0].cause == "qty: 'NaN' is not a number that fits DECIMAL(10, 2)");
    CHECK(read.rejected[0].value == R"({"op":"c","after":{"id":"2","name":"b","qty":"NaN"}})");
    CHECK(read.rejected[1].cause.starts_with("id: 'x' is not a value of type int4; qty: "));
    CHECK(read.rejected[1].value == R"({"op":"c","after":{"id":"x","qty":"Infinity"}})");
    CHECK(read.rejected[2].value == R"({"op":"d","before":{"id":"y"}})");
  }

  TEST_CASE("row collector: truncations and altered tables part the batches, in order") {
    Collection c(keyed());
    c.add('c', {}, {"1", "a", "~"}).add('t', {}, {}).add('t', {}, {}).add('c', {}, {"2", "b", "~"});
    CapturedTableRef old = c.table;
    CapturedTable wider = keyed();
    wider.columns.push_back(captured_column("more", "boolean"));
    c.table = std::make_shared<const CapturedTable>(wider);
    c.add('c', {}, {"3", "c", "~", "t"}).add('c', {}, {"4", "d", "~", "f"});
    c.table = old;
    c.add('c', {}, {"5", "e", "~"});
    SourceRead read = c.take();
    CHECK(text(read) ==
          " 1 -> a null | truncate | truncate |  2 -> b null |  3 -> c null true;  4 -> d null false |  5 -> e null");
    CHECK(read.parts[1].batch.size == 0);
    CHECK(read.parts[1].batch.timestamp_ms(0) == 1500);
    CHECK(read.parts[1].batch.origin->offsets.size() == 1);
  }

  TEST_CASE("row collector: tables that take turns have one batch each, of bounded size") {
    Collection a(keyed());
    CapturedTable second = keyed();
    second.oid = 1001;
    second.name = "other";
    second.topic = "shop.inventory.other";
    auto other = std::make_shared<const CapturedTable>(second);
    CapturedTableRef first = a.table;
    for (int i = 0; i < 6000; ++i) {
      a.table = i % 2 == 0 ? first : other;
      a.add('c', {}, {std::to_string(i), "n", "~"});
    }
    CHECK(a.collector.changes() == 6000);
    CHECK(a.collector.bytes() > 6000 * 4);
    SourceRead read = a.take();
    REQUIRE(read.parts.size() == 2);
    CHECK(read.parts[0].batch.size == 3000);
    CHECK(read.parts[1].topic == "shop.inventory.other");

    a.table = first;
    for (int i = 0; i < 10000; ++i) a.add('c', {}, {std::to_string(i), "n", "~"});
    read = a.take();
    REQUIRE(read.parts.size() == 3);
    std::uint32_t rows = 0;
    for (const auto& part : read.parts) {
      CHECK(part.batch.size <= batch_rows);
      CHECK(part.batch.key[0]->values<std::int32_t>()[0] == static_cast<std::int32_t>(rows));
      rows += part.batch.size;
    }
    CHECK(rows == 10000);
  }

  TEST_CASE("row collector: rows of a snapshot are read where they are, between the changes of their table") {
    Collection c(keyed());
    c.add('c', {}, {"1", "a", "~"});
    auto values = std::make_shared<std::vector<FieldText>>();
    for (int i = 0; i < 5000; ++i)
      for (const FieldText& field :
           c.texts.row({std::to_string(i), i % 7 == 0 ? "~" : "n", i == 4999 ? "NaN" : "1.50"}))
        values->push_back(field);
    SnapshotRows rows{.values = *values, .rows = 5000, .memory = values, .place = {.lsn = 9, .commit_us = 5000}};
    c.collector.add_rows(c.table, rows);
    CHECK(c.collector.changes() == 5001);
    c.add('d', {"1", "~", "~"}, {});
    values.reset();
    rows.memory.reset();
    SourceRead read = c.take();
    REQUIRE(read.parts.size() == 4);
    CHECK(text(read.parts[0].batch) == " 1 -> a null");
    CHECK(read.parts[1].batch.size == 4096);
    CHECK(read.parts[1].batch.timestamp_ms(0) == 5);
    CHECK(read.parts[1].batch.after[0]->is_null(7));
    CHECK(read.parts[1].batch.after[0]->string(8) == "n");
    CHECK(read.parts[2].batch.size == 904);
    CHECK(read.parts[2].batch.selection.size() == 903);
    CHECK(read.parts[2].batch.key[0]->values<std::int32_t>()[0] == 4096);
    CHECK(text(read.parts[3].batch) == " 1 -> deleted");
    REQUIRE(read.rejected.size() == 1);
    CHECK(read.rejected[0].value == R"({"op":"r","after":{"id":"4999","name":"n","qty":"NaN"}})");
  }

  TEST_CASE("row collector: generated columns that the log does not hold are left out") {
    CapturedTable table = keyed();
    table.columns[2].generated = true;
    table.columns[2].in_log = false;
    Collection c(table);
    c.add('r', {}, {"1", "a", "42.00"}).add('u', {}, {"1", "b", "~"});
    CHECK(text(c.take()) == " 1 -> a;  1 -> b");
  }

}  // TEST_SUITE

}  // namespace levada
