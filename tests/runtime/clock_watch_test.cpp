#include "runtime/observe/clock_watch.hpp"

#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp noon{1'764'158'400'000};

/// A machine that was on for `awake`, slept for `asleep`, and whose wall clock
/// somebody set forward by `moved`.
clock_watch::reading after(milliseconds awake, milliseconds asleep,
                           milliseconds moved = 0ms) {
  return {std::chrono::steady_clock::time_point{1h} + awake,
          std::chrono::nanoseconds{5h} + awake + asleep,
          noon + awake + asleep + moved};
}

struct fixture {
  clock_watch watch{after(0ms, 0ms)};

  timestamp now(milliseconds awake) const {
    return watch.clock().at(after(awake, 0ms).steady);
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "the time of a machine's sleep has passed",
                 "[clock]") {
  CHECK(now(10s) == noon + 10s);
  CHECK_FALSE(watch.look(after(10s, 8h)));
  CHECK(now(10s) == noon + 10s + 8h);
  CHECK_FALSE(watch.look(after(20s, 9h)));
  CHECK(now(20s) == noon + 20s + 9h);
}

TEST_CASE_METHOD(fixture, "clocks read one after the other are no sleep",
                 "[clock]") {
  for (const auto x : {1ms, 99ms, -1ms, -99ms}) {
    CHECK_FALSE(watch.look(after(10s, x)));
    CHECK(now(10s) == noon + 10s);
  }
}

TEST_CASE_METHOD(fixture, "a wall clock that is set moves nothing and is told"
                          " once",
                 "[clock]") {
  CHECK_FALSE(watch.look(after(1s, 0ms, 59s)));
  CHECK(watch.look(after(2s, 0ms, 3h)) == milliseconds{3h});
  CHECK(now(2s) == noon + 2s);
  CHECK_FALSE(watch.look(after(3s, 0ms, 3h)));
  CHECK_FALSE(watch.look(after(4s, 1h, 3h + 30s)));
  CHECK(watch.look(after(5s, 1h, -2h)) == milliseconds{-2h});
}

TEST_CASE_METHOD(fixture, "a wall clock that is right again is told", "[clock]") {
  CHECK(watch.look(after(2s, 0ms, 3h)) == milliseconds{3h});
  CHECK(watch.look(after(3s, 0ms, 1s)) == milliseconds{1s});
  CHECK_FALSE(watch.look(after(4s, 0ms, 2s)));
}

TEST_CASE("the machine's clocks agree with themselves", "[clock]") {
  clock_watch watch{clock_watch::read()};
  CHECK_FALSE(watch.look(clock_watch::read()));
}
