#pragma once

#include "actors/domain/health.hpp"

#include "tests/support/catch.hpp"

// What happens to an account in the tests of its health.
namespace rota::health_cases {

using namespace std::chrono_literals;

inline constexpr timestamp start{1'000'000'000};

using cls = failure_class;
using scope = failure_scope;
using action = account_action;
using state = health_state;

inline attempt_report report(cls c, scope s, action a,
                             const std::string& model = "m",
                             std::optional<milliseconds> wait = {}) {
  attempt_report x;
  x.judged.cls = c;
  x.judged.scope = s;
  x.judged.action = a;
  x.judged.cooldown = wait;
  x.model = model;
  x.first_byte = 100ms;
  return x;
}

inline attempt_report good(const std::string& model = "m") {
  return report(cls::none, scope::request, action::none, model);
}

inline attempt_report bad() {
  return report(cls::upstream_error, scope::account, action::penalty);
}

inline attempt_report throttled(scope s,
                                std::optional<milliseconds> wait = {}) {
  return report(cls::rate_limited, s, action::cooldown, "m", wait);
}

inline attempt_report refused_key() {
  return report(cls::auth_invalid, scope::account, action::disabled);
}

inline attempt_report banned() {
  return report(cls::account_banned, scope::account, action::disabled);
}

/// More than any ramp lets through in these tests.
inline constexpr uint32_t limit = 100;

/// eject_after 3, 10 s to 60 s; cooldowns 5 s to 40 s.
inline health_options limits() {
  health_options x;
  x.eject_after = 3;
  x.eject_base = 10s;
  x.eject_max = 60s;
  x.cooldown_base = 5s;
  x.cooldown_max = 40s;
  x.ramp = 10s;
  x.last_resort = 1s;
  return x;
}

struct fixture {
  health it{limits()};
  timestamp now = start;

  attempt_serial begin(const std::string& model = "m") {
    return it.begin(model, now + 1h, now);
  }

  void end(attempt_serial id, attempt_report x, double jitter = 0) {
    x.serial = id;
    it.on_attempt(x, now, jitter);
  }

  /// Begins and ends an attempt; one that may not begin now is late.
  void take(const attempt_report& x, double jitter = 0) {
    const auto may = it.check(x.model, limit, now) == ec::ok;
    end(may ? begin(x.model) : attempt_serial{}, x, jitter);
  }

  /// Its key is refused twice, half a minute apart.
  void disable() {
    take(refused_key());
    now = now + 30s;
    take(refused_key());
    REQUIRE(it.cooldown_until(now) == timestamp{});
  }

  void eject() {
    for (int i = 0; i < 3; ++i)
      take(bad());
    REQUIRE(it.state(now) == state::ejected);
  }

  /// One of its models fails so often that it cools down.
  void cool_model() {
    for (int i = 0; i < 3; ++i)
      take(report(cls::upstream_error, scope::account_model, action::penalty));
    REQUIRE(it.check("m", limit, now) == ec::cooling);
  }

  /// Brings it into a state at `now`.
  void enter(state x) {
    if (x == state::degraded)
      take(bad());
    if (x == state::ejected || x == state::probing)
      eject();
    if (x == state::probing)
      now = now + 10s;
    REQUIRE(it.state(now) == x);
  }
};

} // namespace rota::health_cases
