#include "tests/domain/health_cases.hpp"

#include <random>
#include <set>

using namespace rota;
using namespace rota::health_cases;

TEST_CASE("only legal edges are ever taken", "[health][property]") {
  const std::set<std::pair<state, state>> legal{
    {state::healthy, state::degraded}, {state::degraded, state::healthy},
    {state::degraded, state::ejected}, {state::ejected, state::probing},
    {state::probing, state::healthy},  {state::probing, state::ejected},
    // By a refused key, a person, or time while nobody looked.
    {state::healthy, state::ejected},  {state::ejected, state::healthy},
  };
  std::map<std::pair<state, state>, int> taken;
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&random](int n) {
      return std::uniform_int_distribution<int>{0, n - 1}(random);
    };
    health it{limits()};
    auto now = start;
    auto before = it.state(now);
    for (int i = 0; i < 40; ++i) {
      const auto aged = it.state(now = now + milliseconds{below(4'000)});
      REQUIRE((aged == before
               || (before == state::ejected && aged == state::probing)));
      if (aged != before)
        ++taken[{before, aged}];
      account_row row;
      it.store(row);
      const auto revision = it.revision();
      const auto dice = below(100);
      const auto jitter = below(100) / 100.0;
      if (dice < 30)
        it.on_attempt(good(), now, jitter);
      else if (dice < 75)
        it.on_attempt(bad(), now, jitter);
      else if (dice < 85)
        it.on_attempt(throttled(scope::account), now, jitter);
      else if (dice < 95)
        it.on_attempt(throttled(scope::account_model), now, jitter);
      else if (dice < 97)
        it.on_attempt(refused_key(), now, jitter);
      else if (dice < 98)
        it.reset();
      else
        it.cool(now + milliseconds{below(9'000)}, "host");
      const auto after = it.state(now);
      if (after != aged) {
        REQUIRE(legal.contains({aged, after}));
        if (dice < 95)
          ++taken[{aged, after}];
      }
      account_row next;
      it.store(next);
      if (next.health != row.health || next.cooldown_until > row.cooldown_until
          || next.exhausted != row.exhausted
          || next.ejections != row.ejections)
        REQUIRE(it.revision() > revision);
      REQUIRE((it.check(0, now) == ec::ejected)
              == (after == state::ejected));
      if (const auto until = it.cooldown_until(now); until.millis != 0) {
        REQUIRE(until > now);
        REQUIRE(it.check(0, now) != ec::ok);
        REQUIRE(it.check(0, until) == ec::ok);
        REQUIRE(it.next_change(now).millis != 0);
        REQUIRE(it.next_change(now) <= until);
      }
      before = after;
    }
  }
  // Each edge was really taken.
  CHECK(taken.size() == 6);
  for (const auto& [edge, times] : taken)
    CHECK(times >= 100);
}
