// Records of requests in the store: found, listed, bounded, never in the way.

#include "runtime/storage/check.hpp"
#include "tests/runtime/raw_store.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

timestamp wall_now() {
  return {std::chrono::duration_cast<milliseconds>(
            std::chrono::system_clock::now().time_since_epoch())
            .count()};
}

commit_ptr noting(uint64_t item, timestamp at, uint32_t run = 1) {
  auto record = std::make_shared<usage_record>(sample_record());
  record->id = {run, item};
  record->at = at;
  auto x = std::make_shared<commit>();
  x->record = std::move(record);
  return x;
}

std::vector<uint64_t> items(const store& disk) {
  std::vector<uint64_t> result;
  CHECK(disk.for_each_record([&result](const usage_record& x) {
    result.push_back(x.id.item);
    return true;
  }));
  return result;
}

bool is_due(const store& disk) {
  const auto at = disk.due();
  return at && *at <= std::chrono::steady_clock::now();
}

/// Removes what is too much, however many steps that takes.
void tend(store& disk) {
  for (auto before = disk.records() + 1; disk.records() < before;) {
    before = disk.records();
    REQUIRE(disk.tend() == "");
  }
}

} // namespace

TEST_CASE_METHOD(store_fixture, "records are found and listed", "[storage]") {
  CHECK(items(*disk).empty());
  for (const uint64_t item : {3, 1, 256, 2})
    REQUIRE(disk->write({noting(item, wall_now())}) == "");
  CHECK(items(*disk) == std::vector<uint64_t>{256, 3, 2, 1});
  CHECK(disk->records() == 4);
  CHECK(disk->find_record({1, 256})->model == sample_record().model);
  CHECK_FALSE(disk->find_record({1, 4}).has_value());
  CHECK_FALSE(disk->find_record({2, 3}).has_value());
  REQUIRE(open() == "");
  CHECK(items(*disk) == std::vector<uint64_t>{256, 3, 2, 1});
  CHECK(disk->records() == 4);
  REQUIRE(disk->write({noting(1, wall_now(), 2)}) == "");
  CHECK(items(*disk) == std::vector<uint64_t>{1, 256, 3, 2, 1});
  disk.reset();
  const auto report = check_store({path(), dir / "batches"});
  CHECK(report.records == 5);
  CHECK(report.finding_count == 0);
}

TEST_CASE_METHOD(store_fixture, "a reader may stop early", "[storage]") {
  for (uint64_t item = 1; item <= 5; ++item)
    REQUIRE(disk->write({noting(item, wall_now())}) == "");
  size_t seen = 0;
  CHECK(disk->for_each_record([&seen](const usage_record&) {
    return ++seen < 2;
  }));
  CHECK(seen == 2);
}

TEST_CASE_METHOD(store_fixture, "records that are too old go", "[storage]") {
  const auto day = std::chrono::hours{24};
  disk->keep_records({milliseconds{2 * day}, 1'000});
  for (uint64_t item = 1; item <= 6; ++item)
    REQUIRE(disk->write({noting(item, wall_now() - day * (7 - item))}) == "");
  REQUIRE(open() == ""); // The next run looks at once.
  disk->keep_records({milliseconds{2 * day}, 1'000});
  tend(*disk);
  CHECK(items(*disk) == std::vector<uint64_t>{6});
  CHECK(disk->records() == 1);
  CHECK_FALSE(disk->find_record({1, 1}).has_value());
  REQUIRE(disk->write({noting(7, wall_now())}) == "");
  CHECK(items(*disk) == std::vector<uint64_t>{7, 6});
  REQUIRE(open() == "");
  CHECK(items(*disk) == std::vector<uint64_t>{7, 6});
  CHECK(disk->records() == 2);
  disk.reset();
  CHECK(check_store({path(), dir / "batches"}).finding_count == 0);
}

TEST_CASE_METHOD(store_fixture, "the oldest go where there are too many",
                 "[storage]") {
  disk->keep_records({std::chrono::hours{24}, 100});
  std::vector<commit_ptr> group;
  for (uint64_t item = 1; item <= 25'000; ++item)
    group.push_back(noting(item, wall_now()));
  REQUIRE(disk->write(group) == "");
  tend(*disk);
  CHECK(disk->records() == 100);
  const auto found = items(*disk);
  REQUIRE(found.size() == 100);
  CHECK(found.front() == 25'000);
  CHECK(found.back() == 24'901);
  // One more may stay for a while, but not many.
  for (uint64_t item = 25'001; item <= 25'050; ++item) {
    REQUIRE(disk->write({noting(item, wall_now())}) == "");
    tend(*disk);
    CHECK(disk->records() <= 101);
  }
  CHECK(items(*disk).front() == 25'050);
}

TEST_CASE_METHOD(store_fixture, "a slow request's record is not lost",
                 "[storage]") {
  disk->keep_records({std::chrono::hours{24}, 4});
  for (uint64_t item = 10; item <= 20; ++item)
    REQUIRE(disk->write({noting(item, wall_now())}) == "");
  tend(*disk);
  REQUIRE(items(*disk) == std::vector<uint64_t>{20, 19, 18, 17});
  // It began before all of them, and ends now.
  for (uint64_t item = 1; item <= 6; ++item) {
    REQUIRE(disk->write({noting(item, wall_now())}) == "");
    CHECK(items(*disk).size() == disk->records());
    tend(*disk);
    CHECK(items(*disk).size() == disk->records());
    CHECK_FALSE(is_due(*disk));
  }
  CHECK(items(*disk) == std::vector<uint64_t>{20, 19, 18, 17});
}

TEST_CASE_METHOD(store_fixture, "records that were counted wrong are no work",
                 "[storage]") {
  disk->keep_records({std::chrono::hours{24}, 4});
  REQUIRE(disk->write({noting(1, wall_now())}) == "");
  disk.reset();
  put(path(), "meta", "records", record(9));
  REQUIRE(open() == "");
  disk->keep_records({std::chrono::hours{24}, 4});
  REQUIRE(disk->records() == 9);
  tend(*disk);
  CHECK(disk->records() == 0);
  CHECK_FALSE(is_due(*disk));
  REQUIRE(disk->write({noting(2, wall_now())}) == "");
  CHECK(items(*disk) == std::vector<uint64_t>{2});
}

TEST_CASE_METHOD(store_fixture, "none are left where none are wanted",
                 "[storage]") {
  REQUIRE(disk->write({noting(1, wall_now()), noting(2, wall_now())}) == "");
  disk->keep_records({std::chrono::hours{24}, 0});
  tend(*disk);
  CHECK(items(*disk).empty());
  CHECK(disk->records() == 0);
  disk.reset();
  CHECK(check_store({path(), dir / "batches"}).finding_count == 0);
}

TEST_CASE_METHOD(store_fixture, "a record alone waits for the next sync",
                 "[storage]") {
  REQUIRE(disk->write({booking({})}) == "");
  tend(*disk);
  const auto before = disk->due();
  REQUIRE(disk->write({noting(1, wall_now())}) == "");
  const auto due = disk->due();
  REQUIRE(due.has_value());
  // Nothing is to be synced within milliseconds for its sake.
  CHECK(*due > std::chrono::steady_clock::now() + std::chrono::seconds{1});
  CHECK((!before || *before <= *due));
}
