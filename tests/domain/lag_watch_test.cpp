// The posting lag that is learnt: money that came and went was late. A provider
// with books of its own says what an account's books make of it.

#include "actors/domain/ledger.hpp"
#include "tests/support/catch.hpp"

#include <random>
#include <vector>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr timestamp start{1'000'000'000};
constexpr money cent{dollar / 100};
/// How far the way back over charges may be off.
constexpr milliseconds slot = 40s;

/// An account and its provider, whose charges show up after `lag`.
struct fixture {
  milliseconds configured = 120s;
  milliseconds lag = 300s;
  ledger books{account_id{7}, "a", ledger_rules{configured, cent}};
  timestamp now = start;
  money truth{1'000 * dollar};
  std::vector<std::pair<timestamp, money>> charges;
  uint64_t next = 0;

  fixture() {
    REQUIRE(books.open(truth, start) == ec::ok);
  }

  void charge(money cost, timestamp shown_at) {
    truth -= cost;
    charges.emplace_back(shown_at, cost);
  }

  void spend(money cost) {
    const hold_id id{{batch_id{1}, next++}, 257};
    REQUIRE(books.hold(id, cost, {}, now + 1h, now) == ec::ok);
    REQUIRE(books.settle(id, cost, now) == ec::ok);
    charge(cost, now + lag);
  }

  money shown() const {
    auto result = truth;
    for (const auto& [at, cost] : charges)
      if (at > now)
        result += cost;
    return money{result.nanos - result.nanos % cent.nanos};
  }

  reading_result read() {
    return books.reading(shown(), books.cut(now), now);
  }

  void wait(milliseconds x) {
    now = now + x;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "money that came and went was late", "[lag]") {
  spend(money{3 * dollar});
  wait(200s);
  REQUIRE(read() == reading_result::adjusted);
  CHECK(books.lag().value() == 120s);
  wait(200s);
  REQUIRE(read() == reading_result::unexplained);
  CHECK(books.lag().value() >= 200s);
  CHECK(books.lag().value() <= 200s + slot);
  CHECK(books.head().balance == truth);

  SECTION("it is kept, within what is configured") {
    const auto learnt = books.lag().learnt();
    const auto again = [this, learnt](milliseconds lag) {
      return ledger{books.snapshot(), {lag, cent}, {}, learnt}.lag().value();
    };
    CHECK(learnt == books.lag().value());
    CHECK(again(120s) == learnt);
    CHECK(again(15min) == 15min);
    books.rules({15min, cent});
    CHECK(books.lag().value() == 15min);
    books.rules({120s, cent});
    CHECK(books.lag().value() == learnt);
  }
  SECTION("it counts from the reading that showed it") {
    CHECK(books.head().spent_since_reading == money{});
    const auto entries = books.take_entries();
    CHECK(entries.back().in_window == money{});
  }
  SECTION("within it, a figure explains itself") {
    spend(money{3 * dollar});
    wait(190s);
    CHECK(read() == reading_result::consistent);
    wait(250s);
    CHECK(read() == reading_result::consistent);
  }
  SECTION("it grows, and never shrinks") {
    spend(money{3 * dollar});
    wait(290s);
    REQUIRE(read() == reading_result::adjusted);
    wait(60s);
    REQUIRE(read() == reading_result::unexplained);
    const auto longer = books.lag().value();
    CHECK(longer >= 290s);
    CHECK(longer <= 290s + slot);
    wait(1h);
    read();
    CHECK(books.lag().value() == longer);
  }
}

TEST_CASE_METHOD(fixture, "steady traffic hides a lag until it ends", "[lag]") {
  for (int i = 0; i < 60; ++i) {
    spend(money{dollar / 4});
    wait(20s);
    if (i % 5 == 4)
      read();
  }
  wait(10min);
  CHECK(read() == reading_result::unexplained);
  CHECK(books.head().balance == truth);
  CHECK(books.lag().value() > 120s);
  CHECK(books.lag().value() <= lag + slot);
}

TEST_CASE_METHOD(fixture, "what comes in and stays is new money", "[lag]") {
  spend(money{3 * dollar});
  SECTION("as much as was spent") {
    truth += money{3 * dollar};
    lag = 0s;
    charges.clear();
    wait(200s);
    REQUIRE(read() == reading_result::adjusted);
    wait(1h); // Nothing can be late any more.
    REQUIRE(read() == reading_result::consistent);
    charge(money{3 * dollar}, now);
    REQUIRE(read() == reading_result::unexplained);
  }
  SECTION("more than all that was spent") {
    truth += money{30 * dollar};
    wait(200s);
    REQUIRE(read() == reading_result::topped_up);
    charge(money{30 * dollar}, now);
    REQUIRE(read() == reading_result::unexplained);
  }
  SECTION("and somebody else spends more") {
    wait(200s);
    REQUIRE(read() == reading_result::adjusted);
    wait(200s);
    charge(money{dollar}, now);
    REQUIRE(read() == reading_result::unexplained);
  }
  SECTION("or an operator corrected the books meanwhile") {
    wait(200s);
    REQUIRE(read() == reading_result::adjusted);
    books.adjust(cent, now);
    truth += cent;
    wait(200s);
    REQUIRE(read() == reading_result::unexplained);
  }
  CHECK(books.lag().value() == 120s);
}

TEST_CASE_METHOD(fixture, "no lag is learnt beyond its bound", "[lag]") {
  lag = 3h;
  spend(money{3 * dollar});
  wait(19min);
  REQUIRE(read() == reading_result::adjusted);
  wait(3h);
  REQUIRE(read() == reading_result::unexplained);
  CHECK(books.lag().value() > 18min);
  CHECK(books.lag().value() <= 20min);
  // A charge from before the bound is not remembered: that looks like money.
  spend(money{3 * dollar});
  wait(25min);
  REQUIRE(read() == reading_result::adjusted);
  wait(3h);
  REQUIRE(read() == reading_result::unexplained);
  CHECK(books.lag().value() <= 20min);
}

TEST_CASE("a lag within what is configured teaches nothing", "[lag]") {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    std::minstd_rand random{seed + 1};
    fixture on;
    for (int i = 0; i < 300; ++i) {
      on.lag = milliseconds{random() % 120'000};
      on.spend(money{static_cast<int64_t>(random() % 100'000'000)});
      on.wait(milliseconds{random() % 60'000});
      if (random() % 3 == 0)
        on.read();
      if (random() % 40 == 0)
        on.truth += money{static_cast<int64_t>(random() % 4) * dollar};
    }
    REQUIRE(on.books.lag().value() == 120s);
  }
}

TEST_CASE("a longer lag is learnt and never overdone", "[lag]") {
  size_t learnt = 0;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    std::minstd_rand random{seed + 1};
    fixture on;
    const auto longest = milliseconds{200'000 + random() % 600'000};
    for (int burst = 0; burst < 40; ++burst) {
      for (auto calls = random() % 10 + 1; calls > 0; --calls) {
        on.lag = longest - milliseconds{random() % 20'000};
        on.spend(money{static_cast<int64_t>(random() % 900'000'000)});
        on.wait(milliseconds{random() % 5'000});
      }
      for (auto probes = random() % 4; probes > 0; --probes) {
        on.wait(milliseconds{random() % 300'000});
        on.read();
      }
      on.wait(40min);
      on.read();
      REQUIRE(on.books.head().balance.nanos - on.truth.nanos <= cent.nanos);
    }
    learnt += on.books.lag().value() > 120s;
    REQUIRE(on.books.lag().value() <= longest + slot);
  }
  CHECK(learnt > 190);
}
