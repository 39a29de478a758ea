#include "connectors/jsonfile/sink.h"

#include "connectors/jsonfile/test_desk.h"

namespace levada {
namespace {

using namespace jsonfile_test;

const TopicPartition orders0{"orders", 0}, orders1{"orders", 1}, users{"users", 0};

// The error of what ought to fail.
std::string refusal(const Result<void>& done) {
  if (done) FAIL("went well");
  return done.error().text();
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("connectors") {
  TEST_CASE("jsonfile: a file for each partition, open while it is written, under its name when it is finished") {
    SinkDesk desk;
    desk.add(orders0, 3), desk.add(orders1, 1), desk.add(users, 3, true);
    desk.deliver();
    CHECK(desk.names() == Strings{"levada.lock", "levada.manifest", file("orders", 0, 0) + ".open",
                                  file("orders", 1, 0) + ".open", file("users", 0, 0) + ".open"});
    desk.close();
    CHECK(desk.names() ==
          Strings{"levada.lock", "levada.manifest", file("orders", 0, 0), file("orders", 1, 0), file("users", 0, 0)});
    CHECK(desk.read("/out/" + file("orders", 0, 0)) == R"({"ID":0,"NAME":"orders0"})"
                                                       "\n"
                                                       R"({"ID":1,"NAME":"orders1"})"
                                                       "\n"
                                                       R"({"ID":2,"NAME":"orders2"})"
                                                       "\n");
    CHECK(desk.read("/out/" + file("users", 0, 0)) == R"({"ID":0,"NAME":"users0"})"
                                                      "\n"
                                                      R"({"ID":1,"NAME":"users1"})"
                                                      "\n"
                                                      R"({"ID":2,"__deleted":true})"
                                                      "\n");
    CHECK(desk.told.empty());

    desk.add(orders0, 2);
    desk.deliver();
    desk.close();
    CHECK(desk.names() == Strings{"levada.lock", "levada.manifest", file("orders", 0, 0), file("orders", 0, 3),
                                  file("orders", 1, 0), file("users", 0, 0)});
    CHECK(desk.read("/out/" + file("orders", 0, 3)) ==
          "{\"ID\":3,\"NAME\":\"orders3\"}\n{\"ID\":4,\"NAME\":\"orders4\"}\n");
  }

  TEST_CASE("jsonfile: files that are not finished at the end are written on by the next start") {
    SinkDesk desk;
    desk.set("finish.on.close", "false");
    desk.add(orders0, 2);
    desk.deliver();
    desk.close();
    CHECK(desk.names() == Strings{"levada.lock", "levada.manifest", file("orders", 0, 0) + ".open"});
    desk.add(orders0, 1);
    desk.deliver();
    desk.close();
    CHECK(desk.names() == Strings{"levada.lock", "levada.manifest", file("orders", 0, 0) + ".open"});
    CHECK(desk.read("/out/" + file("orders", 0, 0) + ".open") ==
          "{\"ID\":0,\"NAME\":\"orders0\"}\n{\"ID\":1,\"NAME\":\"orders1\"}\n{\"ID\":2,\"NAME\":\"orders2\"}\n");
  }

  TEST_CASE("jsonfile: a file is finished at the end of the round that brings it to its rows, bytes or age") {
    SinkDesk desk;
    auto finished = [&] {
      Strings names = desk.names();
      std::erase_if(names, [](const std::string& name) { return !name.ends_with(".jsonl"); });
      return names;
    };
    SUBCASE("rows") {
      desk.set("rotate.rows", "4");
      desk.add(orders0, 11);
      desk.deliver(3);
      CHECK(finished() == Strings{file("orders", 0, 0), file("orders", 0, 6)});
      desk.close();
      CHECK(finished() == Strings{file("orders", 0, 0), file("orders", 0, 6)});
      desk.add(orders0, 1);
      desk.deliver(3);
      desk.close();
      CHECK(finished() == Strings{file("orders", 0, 0), file("orders", 0, 6), file("orders", 0, 11)});
    }
    SUBCASE("bytes: a line has 26") {
      desk.set("rotate.bytes", "52");
      desk.add(orders0, 5);
      desk.deliver(1);
      CHECK(finished() == Strings{file("orders", 0, 0), file("orders", 0, 2)});
    }
    SUBCASE("age, though nothing comes") {
      desk.set("rotate.interval.ms", "1000");
      desk.add(orders0, 1);
      desk.deliver();
      CHECK(desk.sink->due_ms() == desk.clock.now_ms() + 1000);
      desk.clock.advance_us(999'000);
      desk.must(desk.sink->commit({}));
      CHECK(finished().empty());
      desk.clock.advance_us(1'000);
      desk.must(desk.sink->commit({}));
      CHECK(finished() == Strings{file("orders", 0, 0)});
      CHECK(!desk.sink->due_ms());
      desk.add(orders1, 1);
      desk.deliver();
      CHECK(finished() == Strings{file("orders", 0, 0)});
      CHECK(desk.sink->due_ms() == desk.clock.now_ms() + 1000);
    }
    SUBCASE("a clock that was set back makes nothing old") {
      desk.set("rotate.interval.ms", "1000");
      desk.add(orders0, 1);
      desk.deliver();
      desk.clock.step_wall_us(-3'600'000'000);
      desk.must(desk.sink->commit({}));
      CHECK(finished().empty());
    }
    SUBCASE("0 is no bound") {
      desk.set("rotate.bytes", "0");
      desk.add(orders0, 100);
      desk.deliver(1);
      CHECK(finished().empty());
      CHECK(!desk.sink->due_ms());
    }
  }

  TEST_CASE("jsonfile: lines say of their record what they are asked to say") {
    SinkDesk desk;
    desk.set("metadata", "topic,partition,offset,timestamp");
    desk.set("delete.marker", "gone");
    desk.add(users, 3, true);
    desk.deliver();
    desk.close();
    std::string text = desk.read("/out/" + file("users", 0, 0));
    CHECK(has(text, R"({"__topic":"users","__partition":0,"__offset":0,"__timestamp":1700000000000,"ID":0,)"
                    R"("NAME":"users0"})"
                    "\n"));
    CHECK(has(text, R"("__offset":2,"__timestamp":1700000000002,"ID":2,"gone":true})"
                    "\n"));
  }

  TEST_CASE("jsonfile: deletions that leave no line are still behind us") {
    SinkDesk desk;
    desk.set("delete.enabled", "false");
    desk.add(users, 3, true);
    desk.deliver();
    CHECK(desk.positions.at(users) == Offset(3));
    desk.close();
    CHECK(desk.read("/out/" + file("users", 0, 0)) ==
          "{\"ID\":0,\"NAME\":\"users0\"}\n{\"ID\":1,\"NAME\":\"users1\"}\n");
    desk.must(desk.start());
    CHECK(desk.positions.at(users) == Offset(3));
  }

  TEST_CASE("jsonfile: only rows that count are written") {
    SinkDesk desk;
    desk.must(desk.start());
    Batch batch = batch_of(orders0, {{10, 1, "a"}, {12, 2, "b"}, {15, 3, "c"}, {17, 4, "d"}});
    batch.selection = Selection(std::vector<std::uint32_t>{0, 2, 3});
    desk.must(desk.sink->write(batch, desk.rejected));
    std::vector<PartitionOffset> next = {{orders0, Offset(20)}};
    desk.must(desk.sink->commit(next));
    desk.close();
    CHECK(desk.read("/out/" + file("orders", 0, 10)) ==
          "{\"ID\":1,\"NAME\":\"a\"}\n{\"ID\":3,\"NAME\":\"c\"}\n{\"ID\":4,\"NAME\":\"d\"}\n");
    CHECK(desk.rejected.empty());
  }

  TEST_CASE("jsonfile: a value without a form in JSON is refused alone") {
    Type map = Type::map(TypeKind::string, TypeKind::int32);
    SchemaRef schema = std::make_shared<Schema>(Schema{.value = {{"M", map}}});
    auto column = std::make_shared<Column>(map);
    column->append(Value(ValueList{Value(), Value(std::int64_t{2})}));
    column->append(Value(ValueList{Value(std::string("k")), Value(std::int64_t{1})}));
    column->append(Value(ValueList{Value(std::string("l")), Value(std::int64_t{3})}));
    Batch batch{.schema = schema, .size = 3};
    batch.after = {column};
    batch.timestamps_ms = std::make_shared<const std::vector<std::int64_t>>(3, 0);
    batch.origin = std::make_shared<Origin>(Origin{.topic = "m", .offsets = {0, 1, 2}});
    batch.selection = Selection::all(3);
    SinkDesk desk;
    SinkContext context{.name = "s", .pipeline = "p", .properties = desk.properties};
    context.topics = {{"m", "M", 1, schema, false}};
    context.files = desk.files.get(), context.clock = &desk.clock, context.logger = &desk.logger;
    auto make = [&] { desk.sink = make_jsonfile_sink(context).value(); };
    make();
    desk.must(desk.start());
    desk.must(desk.sink->write(batch, desk.rejected));
    REQUIRE(desk.rejected.size() == 1);
    CHECK(desk.rejected[0].row == 0);
    CHECK(has(desk.rejected[0].why, "field M"));
    std::vector<PartitionOffset> next = {{{"m", 0}, Offset(3)}};
    desk.must(desk.sink->commit(next));
    desk.close();
    CHECK(desk.read("/out/" + file("m", 0, 1)) == "{\"M\":{\"k\":1}}\n{\"M\":{\"l\":3}}\n");

    // Repaired, it comes in a round of its own that moves no offset, and gets a file of its own.
    make();
    desk.must(desk.start());
    auto repaired = std::make_shared<Column>(map);
    repaired->append(Value(ValueList{Value(std::string("j")), Value(std::int64_t{2})}));
    batch.size = 1;
    batch.after = {repaired};
    batch.selection = Selection::all(1);
    desk.rejected.clear();
    desk.must(desk.sink->write(batch, desk.rejected));
    CHECK(desk.rejected.empty());
    desk.must(desk.sink->commit({}));
    desk.close();
    CHECK(desk.read("/out/" + file("m", 0, 0)) == "{\"M\":{\"j\":2}}\n");
    make();
    desk.must(desk.start());
    CHECK(desk.positions.at({"m", 0}) == Offset(3));
  }

  TEST_CASE("jsonfile: a round that is cut short by the end of the program leaves no line") {
    SinkDesk desk;
    desk.add(orders0, 2);
    desk.deliver();
    desk.add(orders0, 3), desk.add(orders1, 1);
    REQUIRE(desk.round(SIZE_MAX, false));
    desk.close();
    CHECK(desk.names() == Strings{"levada.lock", "levada.manifest", file("orders", 0, 0)});
    CHECK(desk.read("/out/" + file("orders", 0, 0)) ==
          "{\"ID\":0,\"NAME\":\"orders0\"}\n{\"ID\":1,\"NAME\":\"orders1\"}\n");
    desk.deliver();
    desk.close();
    CHECK(desk.names() ==
          Strings{"levada.lock", "levada.manifest", file("orders", 0, 0), file("orders", 0, 2), file("orders", 1, 0)});
  }

  TEST_CASE("jsonfile: lines behind what was committed are cut off, files begun behind it removed") {
    SinkDesk desk;
    desk.add(orders0, 2);
    desk.deliver();
    desk.kill();
    std::string open = "/out/" + file("orders", 0, 0) + ".open", whole = desk.read(open);
    desk.write(open, whole + "{\"ID\":2,\"NA");
    desk.write("/out/" + file("orders", 1, 0) + ".open", "{\"ID\":0,\"NAME\":\"orders0\"}\n");
    desk.write("/out/" + file("others", 1, 0) + ".open", "not ours");
    desk.must(desk.start());
    CHECK(desk.read(open) == whole);
    CHECK(desk.names() ==
          Strings{"levada.lock", "levada.manifest", file("orders", 0, 0) + ".open", file("others", 1, 0) + ".open"});
  }

  TEST_CASE("jsonfile: what was written and is no longer there stops the sink, and says how to go on") {
    SinkDesk desk;
    desk.add(orders0, 2);
    desk.deliver();
    desk.kill();
    std::string open = "/out/" + file("orders", 0, 0) + ".open";
    std::string whole = desk.read(open);
    SUBCASE("shorter") {
      desk.write(open, whole.substr(0, 30));
      CHECK(has(refusal(desk.start()), "it has 30 bytes instead of 52"));
    }
    SUBCASE("other bytes") {
      desk.disk.damage(open, 10);
      CHECK(has(refusal(desk.start()), "the checksum of its first 52 bytes is another one"));
    }
    SUBCASE("gone") {
      REQUIRE(desk.files->remove(open));
      CHECK(has(refusal(desk.start()), open + " is gone"));
    }
    SUBCASE("the manifest is gone") {
      REQUIRE(desk.files->remove("/out/levada.manifest"));
      desk.write("/out/" + file("users", 0, 0), "");
      CHECK(has(refusal(desk.start()), "there is no /out/levada.manifest, but there is " + file("users", 0, 0)));
    }
    SUBCASE("the first line of the manifest is damaged") {
      desk.disk.damage("/out/levada.manifest", 20);
      CHECK(has(refusal(desk.start()), "is damaged before its line 2"));
    }
    SUBCASE("the only line of the manifest is damaged") {
      desk.must(desk.start());
      desk.kill();
      desk.disk.damage("/out/levada.manifest", 20);
      CHECK(has(refusal(desk.start()), "has no good line"));
    }
  }

  TEST_CASE("jsonfile: finished files may be taken away") {
    SinkDesk desk;
    desk.set("rotate.rows", "1");
    desk.add(orders0, 3);
    desk.deliver(1);
    desk.kill();
    for (int i = 0; i < 3; ++i) REQUIRE(desk.files->remove("/out/" + file("orders", 0, i)));
    desk.add(orders0, 1);
    desk.deliver(1);
    CHECK(desk.names() == Strings{"levada.lock", "levada.manifest", file("orders", 0, 3)});
  }

  TEST_CASE("jsonfile: a file in the way is not written over") {
    SinkDesk desk;
    desk.add(orders0, 1);
    desk.deliver();
    desk.write("/out/" + file("orders", 0, 0), "somebody else's");
    desk.write("/out/" + file("orders", 1, 0), "somebody else's");
    SUBCASE("when a file is begun") {
      desk.add(orders1, 1);
      auto moved = desk.round();
      REQUIRE(!moved);
      CHECK(has(moved.error().text(), "exists, and is not of this sink's manifest"));
    }
    SUBCASE("when a file is finished") {
      desk.close();
      CHECK(has(desk.told, "not to be written over"));
    }
    CHECK(desk.read("/out/" + file("orders", 0, 0)) == "somebody else's");
    CHECK(desk.read("/out/" + file("orders", 1, 0)) == "somebody else's");
  }

  TEST_CASE("jsonfile: a directory belongs to one sink of one pipeline") {
    SinkDesk desk;
    desk.add(orders0, 1);
    desk.deliver();
    MemoryFiles second(desk.disk);
    auto other = [&](const std::string& name, const std::string& pipeline) {
      SinkContext context{.name = name, .pipeline = pipeline, .properties = desk.properties};
      context.topics = {{"orders", "ORDERS", 2, people, false}};
      context.files = &second, context.clock = &desk.clock, context.logger = &desk.logger;
      return make_jsonfile_sink(std::move(context)).value();
    };
    CHECK(has(other("archive", "p")->start().error().text(), "held by connector archive of pipeline p"));
    CHECK(desk.sink->preflight().value().empty());
    desk.close();
    CHECK(other("archive", "p")->start());
    CHECK(has(other("other", "p")->start().error().text(), "belongs to connector archive of pipeline p"));
    CHECK(has(other("archive", "q")->start().error().text(), "belongs to connector archive of pipeline p"));
    auto found = other("archive", "q")->preflight().value();
    REQUIRE(found.size() == 1);
    CHECK(has(found[0].text(), "belongs to connector archive of pipeline p"));
  }

  TEST_CASE("jsonfile: where locks do not hold, whoever finds the other's manifest ends") {
    SinkDesk desk;
    desk.add(orders0, 1);
    desk.deliver();
    std::string manifest = desk.read("/out/levada.manifest");
    desk.add(orders0, 1);
    SUBCASE("written anew") {
      REQUIRE(desk.files->remove("/out/levada.manifest"));
      desk.write("/out/levada.manifest", manifest);
    }
    SUBCASE("grown") { desk.write("/out/levada.manifest", manifest + "x"); }
    SUBCASE("gone") { REQUIRE(desk.files->remove("/out/levada.manifest")); }
    auto moved = desk.round();
    REQUIRE(!moved);
    CHECK(moved.error().kind() == ErrorKind::fenced);
    CHECK(has(moved.error().text(), "is not as this sink left it"));
  }

  TEST_CASE("jsonfile: the manifest is written anew when it has grown long, and nothing of it is lost") {
    SinkDesk desk;
    desk.add(orders0, 9000), desk.add(users, 9000, true);
    desk.deliver(1);
    std::size_t size = desk.read("/out/levada.manifest").size();
    CHECK(size < (1 << 20));
    desk.kill();
    desk.must(desk.start());
    CHECK(desk.positions == std::map<TopicPartition, Offset>{{orders0, Offset(9000)}, {users, Offset(9000)}});
    CHECK(desk.read("/out/levada.manifest").size() < 1000);
  }

  TEST_CASE("jsonfile: one file for all, behind what stood there") {
    SinkDesk desk;
    desk.properties = {{"file", "/out/all.jsonl", ""}, {"metadata", "topic,offset", ""}};
    REQUIRE(desk.files->create_directories("/out"));
    desk.write("/out/all.jsonl", "{\"before\":true}\n");
    desk.add(orders0, 2), desk.add(users, 1);
    desk.deliver(1);
    desk.close();
    std::string all =
        "{\"before\":true}\n"
        "{\"__topic\":\"orders\",\"__offset\":0,\"ID\":0,\"NAME\":\"orders0\"}\n"
        "{\"__topic\":\"users\",\"__offset\":0,\"ID\":0,\"NAME\":\"users0\"}\n"
        "{\"__topic\":\"orders\",\"__offset\":1,\"ID\":1,\"NAME\":\"orders1\"}\n";
    CHECK(desk.read("/out/all.jsonl") == all);
    CHECK(desk.names() == Strings{"all.jsonl", "all.jsonl.lock", "all.jsonl.manifest"});
    desk.write("/out/all.jsonl", all + "{\"__topic\":\"users\",\"__of");
    desk.add(users, 1);
    desk.deliver();
    CHECK(desk.read("/out/all.jsonl") == all + "{\"__topic\":\"users\",\"__offset\":1,\"ID\":1,\"NAME\":\"users1\"}\n");
  }

  TEST_CASE("jsonfile: no line is put behind half a line of somebody else") {
    SinkDesk desk;
    desk.properties = {{"file", "/out/all.jsonl", ""}};
    REQUIRE(desk.files->create_directories("/out"));
    desk.write("/out/all.jsonl", "{\"before\":tr");
    CHECK(has(refusal(desk.start()), "the last line of file /out/all.jsonl has no end"));
    CHECK(desk.read("/out/all.jsonl") == "{\"before\":tr");
  }

  TEST_CASE("jsonfile: a file that cannot be read is not taken for one that is not there") {
    SinkDesk desk;
    desk.properties = {{"file", "/out/all.jsonl", ""}};
    REQUIRE(desk.files->create_directories("/out"));
    desk.write("/out/all.jsonl", "{\"before\":true}\n");
    desk.files->fail_at(1, file_calls::read, ErrorKind::io);
    CHECK(has(refusal(desk.start()), "cannot read"));
    CHECK(desk.read("/out/all.jsonl") == "{\"before\":true}\n");
  }

  TEST_CASE("jsonfile: bad properties are refused before anything is written") {
    SinkDesk desk;
    auto wrong = [&](Properties properties) {
      desk.properties = std::move(properties);
      auto made = desk.make();
      if (made) return std::string();
      CHECK(worth_retrying(made.error().kind()) == false);
      return made.error().text();
    };
    CHECK(has(wrong({}), "a jsonfile sink needs 'path' or 'file'"));
    CHECK(has(wrong({{"path", "a", ""}, {"file", "b", ""}}), "'path' and 'file' are both given"));
    CHECK(has(wrong({{"path", "a", ""}, {"rotate.row", "5", ""}}), "rotate.rows"));
    CHECK(has(wrong({{"path", "a", ""}, {"rotate.rows", "-1", ""}}), "rotate.rows"));
    CHECK(has(wrong({{"path", "a", ""}, {"metadata", "offset,key", ""}}), "'metadata' has 'key'"));
    CHECK(has(wrong({{"path", "a", ""}, {"delete.marker", "ID", ""}}), "two fields ID"));
    CHECK(has(wrong({{"path", "a", ""}, {"metadata", "offset,offset", ""}}), "two fields __offset"));
    CHECK(wrong({{"path", "a", ""}, {"delete.marker", "ID", ""}, {"delete.enabled", "false", ""}}).empty());
    CHECK(!desk.files->exists("a"));
  }

  TEST_CASE("jsonfile: preflight says what is in the way and changes nothing") {
    SinkDesk desk;
    auto sink = desk.make().value();
    CHECK(sink->preflight().value().empty());
    CHECK(desk.disk.paths().empty());
    desk.write("/out", "");
    auto found = sink->preflight().value();
    REQUIRE(!found.empty());
    CHECK(has(found[0].text(), "/out is not a directory"));
  }
}

}  // namespace levada
