// What a start reads from the ledger before anything else happens: how holds
// ended, and which lines must not be sent again.

#include "runtime/doubtful_items.hpp"
#include "actors/domain/doubtful_lines.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

constexpr timestamp now{1'795'000'000'000};

hold_id id(uint64_t batch, uint64_t item) {
  return {{{batch}, item}, 0x101}; // The first try of the first run.
}

/// Money is held for some lines of batches 1 to 4.
struct fixture : store_fixture {
  account_id account = disk->id_of("a");
  ledger books{account, "a", {}};

  fixture() {
    REQUIRE(books.open({1'000'000}, now) == ec::ok);
    for (const uint64_t batch : {1u, 2u, 3u, 4u})
      for (const uint64_t item : {30u, 4u, 17u})
        REQUIRE(books.hold(id(batch, item), {100}, {},
                           now + milliseconds{1'000}, now)
                == ec::ok);
    REQUIRE(books.doubt(id(1, 17), now + milliseconds{1'000}, now) == ec::ok);
    REQUIRE(books.release(id(2, 17), now) == ec::ok);
    REQUIRE(disk->write({booking(books.take_entries())}) == "");
    REQUIRE(open() == ""); // The second run.
  }

  void add(uint64_t batch, delivery policy, batch_state state,
           uint64_t cursor = 0, std::vector<uint64_t> doubtful = {}) {
    auto x = std::make_shared<commit>();
    auto& row = x->batch.emplace();
    row.id = {batch};
    row.total = 100;
    row.options.policy = policy;
    row.state = state;
    row.cursor = cursor;
    row.doubtful = std::move(doubtful);
    REQUIRE(disk->write({x}) == "");
  }

  std::vector<uint64_t> doubtful(uint64_t batch) {
    return disk->batch({batch}).value().doubtful;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "lines with open holds are noted, durably",
                 "[storage]") {
  using list = std::vector<uint64_t>;
  add(1, delivery::at_most_once, batch_state::running);
  add(2, delivery::at_most_once, batch_state::paused, 5, {50});
  add(3, delivery::at_least_once, batch_state::running);
  add(4, delivery::at_most_once, batch_state::cancelled);
  add(5, delivery::at_most_once, batch_state::running);
  REQUIRE(note_doubtful_items(*disk) == "");
  CHECK(doubtful(1) == list{4, 17, 30});
  CHECK(doubtful(2) == list{30, 50}); // One lies before the cursor.
  CHECK(doubtful(3) == list{4, 17, 30}); // Once each, so far.
  CHECK(doubtful(4).empty());
  CHECK(doubtful(5).empty());
  // The holds end, and the daemon dies again: the note stays.
  CHECK(books.expire(now + milliseconds{1'000}) == 11);
  REQUIRE(disk->write({booking(books.take_entries())}) == "");
  REQUIRE(open() == "");
  REQUIRE(note_doubtful_items(*disk) == "");
  CHECK(doubtful(1) == list{4, 17, 30});
  CHECK(doubtful(2) == list{30, 50});
}

TEST_CASE_METHOD(fixture, "each end of the daemon under a call is noted",
                 "[storage]") {
  using list = std::vector<uint64_t>;
  add(1, delivery::at_least_once, batch_state::running);
  add(3, delivery::at_least_once, batch_state::running, 17);
  REQUIRE(note_doubtful_items(*disk) == "");
  CHECK(doubtful(1) == list{4, 30}); // That of 17 had ended, without an answer.
  CHECK(doubtful(3) == list{17, 30});
  // A start that breaks off counts for nothing.
  REQUIRE(open() == "");
  REQUIRE(note_doubtful_items(*disk) == "");
  CHECK(doubtful(1) == list{4, 30});
  // Line 4 is sent again, and the daemon dies again.
  const hold_id again{{{1}, 4}, disk->run() << 8 | 1};
  REQUIRE(books.hold(again, {100}, {}, now + milliseconds{1'000}, now)
          == ec::ok);
  REQUIRE(disk->write({booking(books.take_entries())}) == "");
  REQUIRE(open() == "");
  REQUIRE(note_doubtful_items(*disk) == "");
  CHECK(doubtful(1) == list{4, 4, 30});
  CHECK(doubtful(3) == list{17, 30});
  const auto open_holds = doubts_of({1}, disk->heads());
  CHECK(open_holds.at(4) == 2);
  CHECK(open_holds.at(17) == 1);
}

TEST_CASE_METHOD(fixture, "the end of the ledger is read in order",
                 "[storage]") {
  for (uint64_t item = 0; item < 50; ++item) {
    const auto at = id(9, item);
    REQUIRE(books.hold(at, {10}, {}, now + milliseconds{1'000}, now)
            == ec::ok);
    REQUIRE(books.settle(at, {5}, now) == ec::ok);
    REQUIRE(disk->write({booking(books.take_entries())}) == "");
  }
  const auto last = books.head().seq;
  for (int i = 0; i < 2; ++i) {
    const auto tail = disk->ledger_tail(31);
    CHECK(tail.size() == 32); // Whole segments.
    CHECK(tail.back().seq == last);
    for (size_t n = 1; n < tail.size(); ++n)
      CHECK(tail[n].seq == tail[n - 1].seq + 1);
    CHECK(disk->ledger_tail(10'000).size() == last);
    CHECK(disk->ledger_tail(0).empty());
    REQUIRE(open() == "");
  }
}
