#include "log/record_batch.h"

#include <doctest/doctest.h>
#include <lz4frame.h>

#include <string>

#include "base/random.h"
#include "log/codec.h"

using namespace levada;

namespace {

// Written by tests/wire/record_batch.py, which knows the format only from its description.
constexpr const char* plain_vector =
    "0000000000000000000000d4ffffffff0262e22b750000000000030000018bcfe568000000018bcfe56805ffffffffffffff"
    "ffffffffffffff0000000416000000046b31066f6e65001a000a0201000402680278026e010e00cf0f04000100fe01000206"
    "286b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc801767676767676767676767676767676767676767676767676767676"
    "7676767676767676767676767676767676767676767676767676767676767676767676767676767676767676767676767676"
    "767676767676767676767676767676767676767676767600";
constexpr const char* at_offset_vector =
    "00000001020304050000003dffffffff021367acb20000000000000000018bcfe568000000018bcfe56800ffffffffffffff"
    "ffffffffffffff0000000116000000046b31066f6e6500";
constexpr const char* lz4_vector =
    "0000000000000000000000e3ffffffff02a78cd9fc0003000000030000018bcfe568000000018bcfe56805ffffffffffffff"
    "ffffffffffffff0000000404224d18604082a300008016000000046b31066f6e65001a000a0201000402680278026e010e00"
    "cf0f04000100fe01000206286b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc80176767676767676767676767676767676"
    "7676767676767676767676767676767676767676767676767676767676767676767676767676767676767676767676767676"
    "767676767676767676767676767676767676767676767676767676767676767676760000000000";
constexpr const char* zstd_vector =
    "0000000000000000000000ddffffffff02ff4d45450004000000030000018bcfe568000000018bcfe56805ffffffffffffff"
    "ffffffffffffff0000000428b52ffd20a319050016000000046b31066f6e65001a000a0201000402680278026e010e00cf0f"
    "04000100fe01000206286b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc801767676767676767676767676767676767676"
    "7676767676767676767676767676767676767676767676767676767676767676767676767676767676767676767676767676"
    "767676767676767676767676767676767676767676767676767676767676767600";

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::string headers_of(std::vector<Header> headers) {
  std::string bytes;
  append_headers(bytes, headers);
  return bytes;
}

void add_vector_records(RecordBatchBuilder& builder) {
  std::string k(20, 'k'), v(100, 'v');
  builder.add(1700000000000, Text("k1"), Text("one"));
  builder.add(1700000000005, {}, Text(""), headers_of({{"h", Text("x")}, {"n", {}}}));
  builder.add(1699999999000, Text(""), {});
  builder.add(1700000000001, Text(k), Text(v));
}

void check_vector_records(std::string_view batch) {
  REQUIRE(checksum_agrees(batch));
  Records records;
  auto read = records.append(batch);
  REQUIRE_MESSAGE(read, (read ? "" : read.error().text()));
  auto all = records.all();
  REQUIRE(all.size() == 4);
  CHECK(all[0].key.view() == "k1");
  CHECK(all[0].value.view() == "one");
  CHECK(all[0].timestamp_ms == 1700000000000);
  CHECK(all[0].headers == std::string_view("\0", 1));
  CHECK(all[1].key.is_null());
  CHECK(!all[1].value.is_null());
  CHECK(all[1].value.view().empty());
  CHECK(all[1].offset == Offset(1));
  auto headers = parse_headers(all[1].headers);
  REQUIRE(headers);
  REQUIRE(headers->size() == 2);
  CHECK((*headers)[0].name == "h");
  CHECK((*headers)[0].value.view() == "x");
  CHECK((*headers)[1].name == "n");
  CHECK((*headers)[1].value.is_null());
  CHECK(!all[2].key.is_null());
  CHECK(all[2].value.is_null());
  CHECK(all[2].timestamp_ms == 1699999999000);
  CHECK(all[3].key.view() == std::string(20, 'k'));
  CHECK(all[3].value.view() == std::string(100, 'v'));
}

// Puts the right checksum into a batch that was changed.
std::string resealed(std::string batch) {
  store_big(batch.data() + 17, crc32c(std::string_view(batch).substr(21)));
  return batch;
}

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("a record batch has the bytes of another writer") {
    RecordBatchBuilder builder;
    add_vector_records(builder);
    CHECK(builder.count() == 4);
    CHECK(builder.finish() == bytes_of(plain_vector));
    check_vector_records(builder.finish());
    builder.clear();
    CHECK(builder.empty());

    builder.add(1700000000000, Text("k1"), Text("one"));
    std::string batch(builder.finish());
    set_base_offset(batch.data(), Offset(0x0102030405));
    CHECK(batch == bytes_of(at_offset_vector));
    CHECK(checksum_agrees(batch));
    Records records;
    REQUIRE(records.append(batch));
    CHECK(records.all()[0].offset == Offset(0x0102030405));
  }

  // From the tests of kafka-python, where it was captured from a Java broker.
  TEST_CASE("a record batch of a Java broker is read") {
    std::string batch = bytes_of(
        "00000000000000000000003b000000010203"
        "18a270000000000000"
        "0000015dff7b063c0000015dff7b063cffffffffffffffffffffffffffff00000001120000000106313233"
        "00");
    REQUIRE(checksum_agrees(batch));
    Records records;
    REQUIRE(records.append(batch));
    REQUIRE(records.all().size() == 1);
    CHECK(records.all()[0].value.view() == "123");
    CHECK(records.all()[0].key.is_null());
    CHECK(records.all()[0].timestamp_ms == 1503229838908);
  }

  TEST_CASE("compressed record batches of another writer are read") {
    check_vector_records(bytes_of(plain_vector));
    check_vector_records(bytes_of(lz4_vector));
    check_vector_records(bytes_of(zstd_vector));
  }

  TEST_CASE("compression: what goes in comes out, small and large, and is kept only where it helps") {
    Random random(1);
    for (Compression compression : {Compression::lz4, Compression::zstd})
      for (std::int32_t count : {1, 3, 1000, 20000}) {
        RecordBatchBuilder builder(compression);
        for (std::int32_t i = 0; i < count; ++i)
          builder.add(i, Text(std::to_string(i)), Text("value number " + std::to_string(i)));
        std::string batch(builder.finish());
        auto header = parse_header(batch);
        REQUIRE(header);
        CHECK(header->size == batch.size());
        CHECK(header->compression() == (count >= 1000 ? compression : header->compression()));
        CHECK(batch.size() <= builder.bytes());
        Records records;
        REQUIRE(records.append(batch));
        REQUIRE(records.all().size() == static_cast<std::size_t>(count));
        for (std::int32_t i = 0; i < count; ++i) {
          const Record& record = records.all()[static_cast<std::size_t>(i)];
          REQUIRE(record.key.view() == std::to_string(i));
          REQUIRE(record.value.view() == "value number " + std::to_string(i));
          REQUIRE(record.timestamp_ms == i);
          REQUIRE(record.offset == Offset(i));
        }
      }
    // Noise does not compress: it is stored plain.
    RecordBatchBuilder builder(Compression::zstd);
    std::string noise;
    for (int i = 0; i < 1000; ++i) noise += static_cast<char>(random());
    builder.add(0, {}, Text(noise));
    CHECK(parse_header(builder.finish())->compression() == Compression::none);
  }

  TEST_CASE("records: several batches in a row, control batches and empty ones passed over") {
    RecordBatchBuilder builder;
    builder.add(1, Text("a"), Text("1"));
    std::string first(builder.finish());
    builder.clear();
    builder.add(2, Text("b"), Text("2"));
    std::string second(builder.finish()), control = second, empty = second.substr(0, record_batch_header_size);
    set_base_offset(second.data(), Offset(10));
    control[22] = 32;
    store_big<std::int32_t>(empty.data() + 8, record_batch_header_size - 12);
    store_big<std::int32_t>(empty.data() + 57, 0);
    Records records;
    REQUIRE(records.append(first + resealed(control) + resealed(empty) + second));
    REQUIRE(records.all().size() == 2);
    CHECK(records.all()[1].offset == Offset(10));
    CHECK(records.memory() == nullptr);
    REQUIRE(records.append(first));
    CHECK(records.all().size() == 3);
    records.clear();
    CHECK(records.all().empty());
  }

  TEST_CASE("records: numbers at their limits") {
    RecordBatchBuilder builder;
    std::string large(70000, 'x');
    builder.add(0, Text("min"), Text(large));
    builder.add(INT64_MAX / 2, Text("max"), {});
    builder.add(-62135596800000, {}, {});
    std::string batch(builder.finish());
    auto header = parse_header(batch);
    REQUIRE(header);
    CHECK(header->base_timestamp_ms == 0);
    CHECK(header->max_timestamp_ms == INT64_MAX / 2);
    CHECK(header->last_offset_delta == 2);
    CHECK(header->record_count == 3);
    Records records;
    REQUIRE(records.append(batch));
    CHECK(records.all()[0].value.view() == large);
    CHECK(records.all()[1].timestamp_ms == INT64_MAX / 2);
    CHECK(records.all()[2].timestamp_ms == -62135596800000);
  }

  TEST_CASE("records: the widest times there are; offsets beyond what the header says are none") {
    for (std::int64_t first : {INT64_MIN, INT64_MAX}) {
      RecordBatchBuilder builder;
      for (std::int64_t time : {first, INT64_MAX, INT64_MIN, std::int64_t{0}}) builder.add(time, {}, {});
      Records records;
      REQUIRE(records.append(builder.finish()));
      CHECK(records.all()[0].timestamp_ms == first);
      CHECK(records.all()[1].timestamp_ms == INT64_MAX);
      CHECK(records.all()[2].timestamp_ms == INT64_MIN);
      CHECK(records.all()[3].timestamp_ms == 0);
    }
    RecordBatchBuilder builder;
    for (int i = 0; i < 3; ++i) builder.add(0, {}, {});
    std::string batch(builder.finish());
    batch[26] = 1;  // the last offset delta
    Records records;
    CHECK(!records.append(batch));
    set_base_offset(batch.data(), Offset(INT64_MAX - 1));
    CHECK(!parse_header(batch));
  }

  TEST_CASE("compression: bytes that do not decompress leave nothing behind for those that do") {
    std::string plain(1000, 'x');
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.contentSize = plain.size();
    std::string with_size(2000, 0);
    with_size.resize(LZ4F_compressFrame(with_size.data(), with_size.size(), plain.data(), plain.size(), &preferences));
    for (Compression how : {Compression::lz4, Compression::zstd}) {
      Buffer good;
      compress(how, plain, good);
      for (std::size_t size = 1; size < with_size.size(); ++size) {
        Buffer out;
        CHECK(!decompress(static_cast<int>(Compression::lz4), std::string_view(with_size).substr(0, size), out));
        out.clear();
        CHECK(!decompress(static_cast<int>(how), good.view().substr(0, good.size() - 1), out));
        out.clear();
        CHECK(decompress(static_cast<int>(how), good.view(), out));
        CHECK(out.view() == plain);
      }
    }
  }

  TEST_CASE("a turned over bit anywhere behind the checksum is noticed") {
    std::string batch = bytes_of(plain_vector);
    for (std::size_t at = 17; at < batch.size(); ++at) {
      batch[at] ^= 4;
      CHECK(!checksum_agrees(batch));
      batch[at] ^= 4;
    }
    CHECK(checksum_agrees(batch));
  }

  TEST_CASE("bytes that are no record batch are an error, never a crash") {
    std::string batch = bytes_of(plain_vector);
    for (std::size_t size = 0; size < batch.size(); ++size) {
      // A string of exactly this size, so that reading beyond it is seen by the sanitizer.
      std::string cut = batch.substr(0, size);
      cut.shrink_to_fit();
      Records records;
      auto read = records.append(cut);
      CHECK(!read == (size > 0));
      if (!read) CHECK(read.error().kind() == ErrorKind::damaged);
    }
    CHECK(parse_header(batch)->size == batch.size());
    std::string magic = batch;
    magic[16] = 1;
    CHECK(parse_header(magic).error().what() == "record batches of version 1 are not known, only 2");
    std::string negative = batch;
    negative[8] = '\xff';
    CHECK(!parse_header(negative));
    std::string gzip = batch;
    gzip[22] = 1;
    Records records;
    auto read = records.append(gzip);
    REQUIRE(!read);
    CHECK(read.error().kind() == ErrorKind::unsupported);

    // Noise in every place, sealed again so that only the parser stands in its way.
    Random random(7);
    for (const char* vector : {plain_vector, lz4_vector, zstd_vector})
      for (int round = 0; round < 3000; ++round) {
        std::string changed = bytes_of(vector);
        for (std::uint64_t i = 0; i <= random.below(3); ++i)
          changed[random.below(changed.size())] = static_cast<char>(random());
        Records noise;
        if (!noise.append(changed)) CHECK(noise.all().empty());
        for (const Record& record : noise.all()) (void)parse_headers(record.headers);
      }
  }

  TEST_CASE("headers: bytes that are none are an error") {
    CHECK(parse_headers(std::string_view("\0", 1))->empty());
    CHECK(!parse_headers(""));
    CHECK(!parse_headers("\x02"));
    CHECK(!parse_headers(std::string_view("\0\0", 2)));
    CHECK(!parse_headers(std::string_view("\x02\x01\x00", 3)));
    CHECK(!parse_headers(std::string_view("\xff\xff\xff\xff\x0f", 5)));
    std::string many = headers_of(std::vector<Header>(100, {"name", Text("value")}));
    CHECK(parse_headers(many)->size() == 100);
    for (std::size_t size = 0; size < many.size(); ++size) CHECK(!parse_headers(many.substr(0, size)));
  }
}
