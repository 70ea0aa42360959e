#include "tests/domain/health_cases.hpp"

#include <array>
#include <map>
#include <random>
#include <set>

using namespace rota;
using namespace rota::health_cases;

TEST_CASE("only legal edges are ever taken", "[health][property]") {
  const std::set<std::pair<state, state>> legal{
    {state::healthy, state::degraded}, {state::degraded, state::healthy},
    {state::degraded, state::ejected}, {state::ejected, state::probing},
    {state::probing, state::healthy},  {state::probing, state::ejected},
    // It cools down again.
    {state::probing, state::degraded},
    // By a refused key, a person, or time while nobody looked.
    {state::healthy, state::ejected},  {state::ejected, state::healthy},
  };
  // By time: an ejection or a cooldown has passed.
  const auto ages = [](state from, state to) {
    return from == to || to == state::probing;
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
      REQUIRE(ages(before, aged));
      if (aged != before)
        ++taken[{before, aged}];
      account_row row;
      it.store(row);
      const auto revision = it.revision();
      const auto dice = below(100);
      const auto jitter = below(100) / 100.0;
      const auto take = [&](attempt_report x) {
        if (it.check("m", limit, now) == ec::ok)
          x.serial = it.begin("m", now + 1h, now);
        it.on_attempt(x, now, jitter);
      };
      if (dice < 30)
        take(good());
      else if (dice < 75)
        take(bad());
      else if (dice < 85)
        take(throttled(scope::account));
      else if (dice < 95)
        take(throttled(scope::account_model));
      else if (dice < 97)
        take(refused_key());
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
      REQUIRE((it.check(limit, now) == ec::ejected)
              == (after == state::ejected));
      if (const auto until = it.cooldown_until(now); until.millis != 0) {
        REQUIRE(until > now);
        REQUIRE(it.check(limit, now) != ec::ok);
        REQUIRE(it.check(limit, until) == ec::ok);
        REQUIRE(it.next_change(limit, now).millis != 0);
        REQUIRE(it.next_change(limit, now) <= until);
      }
      before = after;
    }
  }
  // Each edge was really taken.
  CHECK(taken.size() == 9);
  for (const auto& [edge, times] : taken)
    CHECK(times >= 100);
}

namespace {

/// Attempts on one account and two models, some of which never end.
struct history {
  struct attempt {
    attempt_serial id;
    std::string model;
    timestamp lost_at;
  };

  explicit history(uint64_t seed) : random{seed} {
    // nop
  }

  int below(int n) {
    return std::uniform_int_distribution<int>{0, n - 1}(random);
  }

  std::vector<attempt> current(const attempt_serial& since,
                               const std::string& model = {}) {
    std::vector<attempt> result;
    for (const auto& x : live)
      if (x.id > since && x.lost_at > now
          && (model.empty() || x.model == model))
        result.push_back(x);
    return result;
  }

  bool is_cooling(const std::string& model) {
    for (const auto& x : it.cooling_models(now))
      if (x.model == model)
        return true;
    return false;
  }

  /// Notes what is closed now, and that whatever has begun is late.
  void look() {
    if (it.cooldown_until(now).millis != 0)
      account_since = last;
    for (const auto* model : {"m", "n"})
      if (is_cooling(model))
        model_since[model] = last;
  }

  void begin(bool early) {
    const auto model = std::string{below(2) == 0 ? "m" : "n"};
    const auto whole = it.cooldown_until(now).millis == 0;
    const auto cool = is_cooling(model);
    if (it.check(model, limit, now, early) != ec::ok)
      return;
    REQUIRE((early || (whole && !cool)));
    if (it.state(now) == state::probing || !whole)
      REQUIRE(current(account_since).empty());
    if (cool)
      REQUIRE(current(model_since[model], model).empty());
    const auto lost_at = now + milliseconds{1'000 + below(20'000)};
    last = it.begin(model, lost_at, now);
    live.push_back({last, model, lost_at});
    ++probes[it.state(now) == state::probing ? 0 : !whole ? 1 : cool ? 2 : 3];
  }

  void end() {
    if (live.empty())
      return;
    const auto i = live.begin() + below(static_cast<int>(live.size()));
    attempt_report x = below(4) == 0   ? good()
                       : below(2) == 0 ? bad()
                                       : throttled(below(2) == 0
                                                     ? scope::account
                                                     : scope::account_model);
    if (below(5) == 0)
      x.judged.cooldown = milliseconds{below(9'000)};
    x.serial = i->id;
    x.model = i->model;
    if (i->lost_at > now)
      it.on_attempt(x, now, below(100) / 100.0);
    live.erase(i);
  }

  std::mt19937_64 random;
  health it{limits()};
  timestamp now = start;
  std::vector<attempt> live;
  attempt_serial last;
  attempt_serial account_since;
  std::map<std::string, attempt_serial> model_since;
  std::array<int, 4> probes{};
};

} // namespace

TEST_CASE("never more than one probe is out, and none wedges an account",
          "[health][property]") {
  std::array<int, 4> probes{};
  for (uint64_t seed = 1; seed <= 5'000; ++seed) {
    INFO("seed " << seed);
    history x{seed};
    for (int i = 0; i < 60; ++i) {
      x.now = x.now + milliseconds{x.below(2'000)};
      x.look();
      if (x.below(3) != 0)
        x.begin(x.below(4) == 0);
      else
        x.end();
      x.look();
    }
    // Nothing more is heard of what is under way.
    x.now = x.now + 24h;
    for (const auto* model : {"m", "n"})
      REQUIRE(x.it.check(model, limit, x.now) == ec::ok);
    for (size_t i = 0; i < probes.size(); ++i)
      probes[i] += x.probes[i];
  }
  for (const auto n : probes) // Each kind was really tried.
    CHECK(n >= 1'000);
}
