#include "actors/domain/wake_timer.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <random>
#include <vector>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'000'000};

} // namespace

TEST_CASE("only a call that is wanted before all others is sent", "[wake]") {
  wake_timer it;
  CHECK_FALSE(it.arm({}, start));
  CHECK(it.arm(start + 10s, start) == 10s);
  CHECK_FALSE(it.arm(start + 10s, start));
  CHECK_FALSE(it.arm(start + 1h, start));
  CHECK(it.arm(start + 3s, start) == 3s);
  // The one after three seconds has come; that after ten still is to.
  it.fired(start + 3s);
  CHECK_FALSE(it.arm(start + 10s, start + 3s));
  CHECK(it.arm(start + 9s, start + 3s) == 6s);
  it.fired(start + 20s);
  CHECK(it.arm(start + 30s, start + 20s) == 10s);
}

TEST_CASE("a call that nobody waits for changes nothing", "[wake]") {
  wake_timer it;
  CHECK(it.arm(start + 10s, start) == 10s);
  it.fired(start + 5s);
  CHECK_FALSE(it.arm(start + 10s, start + 5s));
}

TEST_CASE("what is due already is called for at once", "[wake]") {
  wake_timer it;
  CHECK(it.arm(start - 1h, start) == 1ms);
  CHECK_FALSE(it.arm(start, start));
}

TEST_CASE("whoever is to be woken is, and calls do not gather", "[wake]") {
  std::minstd_rand random{1};
  for (int round = 0; round < 200; ++round) {
    wake_timer it;
    std::vector<timestamp> coming;
    auto t = start;
    timestamp wish;
    for (int step = 0; step < 2'000; ++step) {
      wish = t + milliseconds{1 + random() % (random() % 2 ? 50 : 3'600'000)};
      if (const auto wait = it.arm(wish, t))
        coming.push_back(t + *wait);
      REQUIRE(std::any_of(coming.begin(), coming.end(),
                          [&](auto x) { return x > t && x <= wish; }));
      REQUIRE(coming.size() < 100);
      t = t + milliseconds{random() % 100};
      if (std::erase_if(coming, [t](auto x) { return x <= t; }) > 0)
        it.fired(t);
    }
  }
}
