#include "actors/domain/limiter.hpp"

#include "tests/support/catch.hpp"

#include <random>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'000'000'000};

limiter make(uint32_t in_flight, uint32_t requests = 0, uint32_t tokens = 0) {
  return limiter{{in_flight, requests, tokens}};
}

} // namespace

TEST_CASE("so many requests are in flight and no more", "[limiter]") {
  auto it = make(2);
  CHECK(it.limit() == 2);
  REQUIRE(it.check(1, start) == ec::ok);
  it.acquire(1, start);
  REQUIRE(it.check(1, start) == ec::ok);
  it.acquire(1, start);
  CHECK(it.in_flight() == 2);
  CHECK(it.check(1, start) == ec::at_limit);
  CHECK(it.next_refill(1, start) == timestamp{}); // By an answer, not by time.
  it.release();
  CHECK(it.check(1, start) == ec::ok);
  it.release();
  it.release();
  CHECK(it.in_flight() == 0);
}

TEST_CASE("the window shrinks by parts and grows by one per window",
          "[limiter]") {
  auto it = make(10);
  it.on_throttle();
  CHECK(it.limit() == 7);
  it.on_timeout();
  CHECK(it.limit() == 6); // 6.3
  for (int i = 0; i < 7; ++i)
    it.on_success();
  CHECK(it.limit() == 7);
  for (int i = 0; i < 1'000; ++i)
    it.on_success();
  CHECK(it.limit() == 10);
  for (int i = 0; i < 1'000; ++i)
    it.on_throttle();
  CHECK(it.limit() == 1);
  for (int i = 0; i < 1'000; ++i)
    it.on_timeout();
  CHECK(it.limit() == 1);
}

TEST_CASE("requests per minute come back evenly", "[limiter]") {
  auto it = make(100, 6);
  for (int i = 0; i < 6; ++i) {
    REQUIRE(it.check(0, start) == ec::ok);
    it.acquire(0, start);
  }
  CHECK(it.check(0, start) == ec::at_limit);
  CHECK(it.check(0, start + 9'999ms) == ec::at_limit);
  CHECK(it.check(0, start + 10s) == ec::ok);
  const auto next = it.next_refill(0, start);
  CHECK(next >= start + 10s);
  CHECK(next <= start + 10s + 2ms);
  it.acquire(0, start + 10s);
  CHECK(it.check(0, start + 10s) == ec::at_limit);
  CHECK(it.check(0, start + 1h) == ec::ok);
  CHECK(it.next_refill(0, start + 1h) == timestamp{});
}

TEST_CASE("tokens per minute count, and a great request leaves a debt",
          "[limiter]") {
  auto it = make(100, 0, 600);
  CHECK(it.check(600, start) == ec::ok);
  CHECK(it.check(1'000'000, start) == ec::ok); // On a full bucket only.
  it.acquire(100, start);
  CHECK(it.check(500, start) == ec::ok);
  CHECK(it.check(501, start) == ec::at_limit);
  CHECK(it.check(1'000'000, start) == ec::at_limit);
  const auto full = it.next_refill(1'000'000, start);
  CHECK(it.check(1'000'000, full) == ec::ok);
  it.acquire(1'800, full);
  CHECK(it.check(1, full + 119s) == ec::at_limit);
  CHECK(it.check(1, full + 121s) == ec::ok);
}

TEST_CASE("limits change while requests are in flight", "[limiter]") {
  auto it = make(4, 0, 0);
  for (int i = 0; i < 4; ++i)
    it.acquire(1'000, start);
  SECTION("fewer in flight: the rest ends in peace") {
    it.options({2, 0, 0});
    CHECK(it.limit() == 2);
    it.release();
    it.release();
    CHECK(it.check(1, start) == ec::at_limit);
    it.release();
    CHECK(it.check(1, start) == ec::ok);
  }
  SECTION("more in flight count at once") {
    it.on_throttle();
    it.options({9, 0, 0});
    CHECK(it.limit() == 9);
  }
  SECTION("the same number leaves a shrunk window alone") {
    it.on_throttle();
    it.options({4, 5, 0});
    CHECK(it.limit() == 2);
  }
  SECTION("a new rate begins with a full minute") {
    it.options({9, 3, 500});
    CHECK(it.check(500, start) == ec::ok);
    CHECK(it.check(501, start) == ec::ok);
    it.acquire(500, start);
    CHECK(it.check(1, start) == ec::at_limit);
    CHECK(it.check(1, start + 20s) == ec::ok);
  }
  SECTION("a rate that is lifted holds nobody back") {
    it.options({9, 1, 1});
    it.acquire(99, start);
    REQUIRE(it.check(1, start) == ec::at_limit);
    it.options({9, 0, 0});
    CHECK(it.check(1'000'000, start) == ec::ok);
  }
}

TEST_CASE("a raised limit of which nothing was taken is full", "[limiter]") {
  auto it = make(9, 0, 100);
  it.options({9, 0, 10'000});
  CHECK(it.check(10'000, start) == ec::ok);
}

TEST_CASE("what was not used is given back, but no more than fits",
          "[limiter]") {
  auto it = make(9, 0, 100);
  it.acquire(90, start);
  it.give_back(80, start);
  CHECK(it.check(90, start) == ec::ok);
  CHECK(it.check(91, start) == ec::at_limit);
  it.give_back(1'000, start);
  it.acquire(100, start);
  CHECK(it.check(1, start) == ec::at_limit);
}

TEST_CASE("an earlier time refills nothing", "[limiter]") {
  auto it = make(9, 1);
  it.acquire(0, start);
  CHECK(it.check(0, start - 1h) == ec::at_limit);
  it.acquire(0, start - 1h);
  CHECK(it.check(0, start + 60s) == ec::at_limit);
  CHECK(it.check(0, start + 120s) == ec::ok);
}

TEST_CASE("no minute sees more than its limits allow",
          "[limiter][property]") {
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&random](int64_t n) {
      return std::uniform_int_distribution<int64_t>{0, n - 1}(random);
    };
    const auto requests = static_cast<uint32_t>(1 + below(30));
    const auto tokens = static_cast<uint32_t>(1 + below(3'000));
    const auto window = static_cast<uint32_t>(1 + below(8));
    limiter it{{window, requests, tokens}};
    auto now = start;
    int64_t granted = 0;
    int64_t spent = 0;
    for (int i = 0; i < 200; ++i) {
      now = now + milliseconds{below(1'500)};
      const auto size = below(tokens) + 1;
      if (it.check(size, now) == ec::ok) {
        it.acquire(size, now);
        ++granted;
        spent += size;
      } else if (const auto next = it.next_refill(size, now);
                 next.millis != 0) {
        REQUIRE(next > now);
        REQUIRE(it.check(size, next) == ec::ok);
      }
      REQUIRE(it.in_flight() <= window);
      REQUIRE(it.limit() >= 1);
      REQUIRE(it.limit() <= window);
      switch (below(6)) {
        case 0:
          it.on_throttle();
          break;
        case 1:
          it.on_timeout();
          break;
        default:
          it.on_success();
      }
      if (below(2) == 0)
        it.release();
      // A full bucket at the start, and what came back since.
      const auto minutes = static_cast<double>((now - start).count()) / 60'000;
      REQUIRE(static_cast<double>(granted) <= requests * (1 + minutes) + 1e-6);
      REQUIRE(static_cast<double>(spent) <= tokens * (1 + minutes) + 1e-6);
    }
  }
}
