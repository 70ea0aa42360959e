#include "tests/domain/health_cases.hpp"

using namespace rota;
using namespace rota::health_cases;

TEST_CASE_METHOD(fixture, "failures in a row eject", "[health]") {
  CHECK(it.state(now) == state::healthy);
  CHECK(it.check(limit, now) == ec::ok);
  take(bad());
  CHECK(it.state(now) == state::degraded);
  CHECK(it.check(limit, now) == ec::ok);
  take(good());
  CHECK(it.state(now) == state::healthy);
  take(bad());
  take(bad());
  CHECK(it.state(now) == state::degraded);
  take(bad());
  CHECK(it.state(now) == state::ejected);
  CHECK(it.check(limit, now) == ec::ejected);
  CHECK(it.check("m", limit, now) == ec::ejected);
  CHECK(it.cooldown_until(now) == start + 10s);
  CHECK(it.next_change(limit, now) == start + 1s); // As the last resort.
  CHECK(it.next_change(limit, start + 1s) == start + 10s);
  CHECK(it.reason() == "upstream_error");
}

TEST_CASE("every event in every state", "[health]") {
  struct row {
    const char* name;
    attempt_report event;
    state healthy, degraded, ejected, probing;
  };
  const auto same = [](const char* name, attempt_report x) {
    return row{name,           x,
               state::healthy, state::degraded,
               state::ejected, state::probing};
  };
  const auto out = state::ejected;
  const std::vector<row> table{
    {"success", good(), state::healthy, state::healthy, out, state::healthy},
    {"penalty", bad(), state::degraded, state::degraded, out, out},
    {"bad key", refused_key(), out, out, out, out},
    {"ban", banned(), out, out, out, out},
    same("no right to a model", report(cls::auth_forbidden,
                                       scope::account_model, action::disabled)),
    same("429 of the account", throttled(scope::account)),
    same("429 of the model", throttled(scope::account_model)),
    same("529", report(cls::overloaded, scope::account_model,
                       action::cooldown)),
    same("402", report(cls::quota_exhausted, scope::account,
                       action::exhausted)),
    same("quota of a key", report(cls::key_quota_exhausted, scope::account,
                                  action::exhausted)),
    same("too little money", report(cls::low_balance, scope::account,
                                    action::low_balance)),
    same("no such model", report(cls::model_unavailable, scope::account_model,
                                 action::none)),
    same("a channel of a relay", report(cls::upstream_error,
                                        scope::account_model, action::penalty)),
    same("the caller's fault", report(cls::client_error, scope::request,
                                      action::none)),
    same("whatever it does, the request's", report(cls::upstream_error,
                                                   scope::request,
                                                   action::penalty)),
    same("its host", report(cls::waf_challenge, scope::host,
                            action::cooldown)),
  };
  for (const auto& x : table)
    for (const auto before : {state::healthy, state::degraded, state::ejected,
                              state::probing}) {
      INFO(x.name << " while " << to_string(before));
      fixture f;
      f.enter(before);
      f.take(x.event);
      const auto expected = before == state::healthy    ? x.healthy
                            : before == state::degraded ? x.degraded
                            : before == state::ejected  ? x.ejected
                                                        : x.probing;
      CHECK(to_string(f.it.state(f.now)) == to_string(expected));
    }
}

TEST_CASE_METHOD(fixture, "late answers do not judge an ejected account",
                 "[health]") {
  eject();
  for (int i = 0; i < 50; ++i)
    take(bad());
  CHECK(it.cooldown_until(now) == start + 10s);
  take(good());
  CHECK(it.state(now) == state::ejected);
  now = start + 10s;
  take(bad());
  CHECK(it.cooldown_until(now) == now + 20s); // Not more: one ejection before.
}

TEST_CASE_METHOD(fixture, "a refused key waits for a person", "[health]") {
  disable();
  CHECK(it.check(limit, now) == ec::ejected);
  CHECK(it.next_change(limit, now) == timestamp{});
  now = now + 24h * 365;
  CHECK(it.state(now) == state::ejected);
  take(good());
  it.refunded();
  CHECK(it.state(now) == state::ejected);
  it.reset();
  CHECK(it.state(now) == state::healthy);
  CHECK(it.check(limit, now) == ec::ok);
}

TEST_CASE_METHOD(fixture, "no money until somebody says so", "[health]") {
  take(report(cls::quota_exhausted, scope::account, action::exhausted));
  CHECK(it.exhausted());
  CHECK(it.check(limit, now) == ec::ok); // Money is judged by the account.
  take(good());
  CHECK(it.exhausted());
  const auto before = it.revision();
  it.refunded();
  CHECK_FALSE(it.exhausted());
  CHECK(it.revision() > before);
  it.refunded();
  CHECK(it.revision() == before + 1);
}

TEST_CASE_METHOD(fixture, "a quota that comes back cools until then",
                 "[health]") {
  auto x = report(cls::quota_exhausted, scope::account, action::exhausted, "m",
                  9h);
  SECTION("the account's") {
    take(x);
    CHECK_FALSE(it.exhausted());
    CHECK(it.check(limit, now) == ec::cooling);
    CHECK(it.cooldown_until(now) == start + 9h);
    CHECK(it.check(limit, start + 9h) == ec::ok);
  }
  SECTION("a model's") {
    x.judged.scope = scope::account_model;
    take(x);
    CHECK_FALSE(it.exhausted());
    CHECK(it.check("m", limit, now) == ec::cooling);
    CHECK(it.check("n", limit, now) == ec::ok);
    CHECK(it.check("m", limit, start + 9h) == ec::ok);
  }
}

TEST_CASE_METHOD(fixture, "a cooldown lasts as long as the provider says",
                 "[health]") {
  take(throttled(scope::account, 7s));
  CHECK(it.check(limit, now) == ec::cooling);
  CHECK(it.cooldown_until(now) == start + 7s);
  CHECK(it.next_change(limit, now) == start + 7s);
  take(throttled(scope::account, 2s)); // Never shorter.
  CHECK(it.cooldown_until(now) == start + 7s);
  take(throttled(scope::account, 9s));
  CHECK(it.cooldown_until(now) == start + 9s);
  CHECK(it.check(limit, start + 9s - 1ms) == ec::cooling);
  CHECK(it.check(limit, start + 9s) == ec::ok);
  take(throttled(scope::account, -5s));
  CHECK(it.cooldown_until(now) == start + 9s);
}

TEST_CASE_METHOD(fixture, "without a word cooldowns double", "[health]") {
  for (const auto span : {5s, 10s, 20s, 40s, 40s}) {
    take(throttled(scope::account_model));
    // Others that were under way are refused as well: one reason, not many.
    for (int i = 0; i < 20; ++i)
      take(throttled(scope::account_model));
    CHECK(it.check("m", limit, now + span - 1ms) == ec::cooling);
    CHECK(it.check("m", limit, now + span) == ec::ok);
    CHECK(it.check("n", limit, now) == ec::ok);
    now = now + span;
  }
  take(good());
  take(throttled(scope::account_model)); // It was not back for good.
  CHECK(it.check("m", limit, now + 40s - 1ms) == ec::cooling);
  now = now + 40s;
  take(good());
  now = now + 10s;
  take(good());
  take(throttled(scope::account_model));
  CHECK(it.check("m", limit, now + 5s) == ec::ok);
}

TEST_CASE_METHOD(fixture, "an overload cools twice as long", "[health]") {
  for (const auto span : {10s, 20s, 40s, 80s, 80s}) {
    take(report(cls::overloaded, scope::account_model, action::cooldown));
    CHECK(it.check("m", limit, now + span - 1ms) == ec::cooling);
    CHECK(it.check("m", limit, now + span) == ec::ok);
    now = now + span;
  }
}

TEST_CASE_METHOD(fixture, "success ends only what has passed", "[health]") {
  take(throttled(scope::account_model, 10s));
  take(throttled(scope::account, 10s));
  take(good());
  CHECK(it.check(limit, now) == ec::cooling);
  now = now + 10s;
  take(good("n"));
  take(throttled(scope::account_model));
  CHECK(it.check("m", limit, now + 10s - 1ms) == ec::cooling); // m: second time.
}

TEST_CASE_METHOD(fixture, "a success may be the last for a while",
                 "[health]") {
  auto last = good();
  last.judged.scope = scope::account_model;
  last.judged.cooldown = 20s;
  take(last);
  CHECK(it.check("m", limit, now) == ec::cooling);
  CHECK(it.check("n", limit, now) == ec::ok);
  CHECK(it.state(now) == state::healthy);
  CHECK(it.failures() == 0);
  REQUIRE(it.cooling_models(now).size() == 1);
  CHECK(it.cooling_models(now)[0].until == start + 20s);
  CHECK(it.cooling_models(now)[0].reason == "its rate limit is used up");
  last.judged.cooldown = 5s; // Never shorter.
  take(last);
  CHECK(it.check("m", limit, start + 20s - 1ms) == ec::cooling);
  CHECK(it.check("m", limit, start + 20s) == ec::ok);
}

TEST_CASE_METHOD(fixture, "models cool on their own, sorted", "[health]") {
  for (const auto* name : {"zeta", "alpha", "mid"})
    take(report(cls::model_unavailable, scope::account_model, action::none,
                name));
  std::vector<std::string> names;
  for (const auto& x : it.cooling_models(now)) {
    names.push_back(x.model);
    CHECK(x.until == now + 40s);
    CHECK_FALSE(x.reason.empty());
  }
  CHECK(names == std::vector<std::string>{"alpha", "mid", "zeta"});
  CHECK(it.reason().empty()); // Nothing is wrong with the account.
  CHECK(it.check("mid", limit, now) == ec::cooling);
  CHECK(it.check("other", limit, now) == ec::ok);
  CHECK(it.cooldown_until(now) == timestamp{});
  CHECK(it.cooling_models(now + 40s).empty());
}

TEST_CASE_METHOD(fixture, "any number of model names stays bounded",
                 "[health]") {
  for (int i = 0; i < 5'000; ++i)
    take(report(cls::model_unavailable, scope::account_model, action::none,
                "m" + std::to_string(i), milliseconds{1'000 + i}));
  const auto list = it.cooling_models(now);
  CHECK(list.size() == 256);
  CHECK(std::any_of(list.begin(), list.end(),
                    [](const auto& x) { return x.model == "m4999"; }));
}

TEST_CASE_METHOD(fixture, "a host's cooldown only lengthens", "[health]") {
  it.cool(start + 30s, "its host fails");
  CHECK(it.check(limit, now) == ec::cooling);
  CHECK(it.reason() == "its host fails");
  it.cool(start + 10s, "shorter");
  CHECK(it.cooldown_until(now) == start + 30s);
  CHECK(it.reason() == "its host fails");
  CHECK(it.state(now) == state::healthy);
}

TEST_CASE_METHOD(fixture, "jitter lengthens by at most a fifth", "[health]") {
  take(throttled(scope::account, 100s), 0.999);
  CHECK(it.cooldown_until(now) > start + 119s);
  CHECK(it.cooldown_until(now) <= start + 120s);
  it.reset();
  take(throttled(scope::account, 24h * 30), 0.999);
  CHECK(it.cooldown_until(now) <= start + 24h * 30 + 5min);
  it.reset();
  for (int i = 0; i < 3; ++i)
    take(bad(), 0.5);
  CHECK(it.early_at(now) == start + 1'100ms);
  CHECK(it.state(start + 11s - 1ms) == state::ejected);
  CHECK(it.state(start + 11s) == state::probing);
}

TEST_CASE_METHOD(fixture, "time never runs backwards", "[health]") {
  eject();
  now = start + 10s;
  take(report(cls::client_error, scope::request, action::none));
  CHECK(it.state(start) == state::probing);
  CHECK(it.check(limit, start) == ec::ok);
  CHECK(it.cooldown_until(start) == timestamp{});
  now = start;
  take(throttled(scope::account, 5s));
  CHECK(it.cooldown_until(start) == start + 15s);
}

TEST_CASE_METHOD(fixture, "only what concerns the account counts",
                 "[health]") {
  take(report(cls::client_error, scope::request, action::none));
  CHECK(it.failures() == 0);
  take(bad());
  take(throttled(scope::account_model));
  CHECK(it.failures() == 2);
}

TEST_CASE_METHOD(fixture, "the slowest answer counts at once and decays",
                 "[health]") {
  const auto seen = [this](milliseconds first_byte) {
    auto x = good();
    x.first_byte = first_byte;
    take(x);
    return it.latency_us();
  };
  CHECK(it.latency_us() == 0);
  CHECK(seen(0ms) == 1);
  CHECK(seen(200ms) == 200'000);
  CHECK(seen(900ms) == 900'000);
  now = now + 10s; // One tau: 37 % is kept.
  const auto after = seen(100ms);
  CHECK(after > 100'000 + 800'000 / 100 * 36);
  CHECK(after < 100'000 + 800'000 / 100 * 38);
  const auto at_once = seen(100ms);
  CHECK(at_once < after);
  CHECK(at_once > after * 9 / 10);
  auto failed = bad();
  failed.first_byte = 60s;
  take(failed);
  CHECK(it.latency_us() == at_once);
}

TEST_CASE_METHOD(fixture, "a restart goes on where it stopped", "[health]") {
  const auto restored = [this] {
    account_row row;
    it.store(row);
    return health{limits(), row};
  };
  SECTION("ejected") {
    eject();
    auto next = restored();
    CHECK(next.state(now) == state::ejected);
    CHECK(next.state(start + 10s) == state::probing);
    auto probe = bad();
    probe.serial = next.begin("m", start + 20s, start + 10s);
    next.on_attempt(probe, start + 10s, 0);
    CHECK(next.cooldown_until(start + 10s) == start + 30s);
    CHECK(next.failures() == 4);
    CHECK(next.reason() == "upstream_error");
  }
  SECTION("probing") {
    eject();
    now = start + 11s;
    auto next = restored();
    CHECK(next.state(now) == state::probing);
    next.begin("m", now + 1h, now);
    CHECK(next.check(limit, now) == ec::at_limit);
  }
  SECTION("disabled") {
    disable();
    CHECK(restored().state(now + 24h) == state::ejected);
  }
  SECTION("refused once") {
    take(refused_key());
    auto next = restored();
    CHECK(next.state(start + 30s - 1ms) == state::ejected);
    CHECK(next.state(start + 30s) == state::probing);
    CHECK_FALSE(next.is_key_doubted()); // It starts anew.
  }
  SECTION("cooling") {
    take(throttled(scope::account, 9s));
    CHECK(restored().check(limit, now) == ec::cooling);
    CHECK(restored().check(limit, start + 9s) == ec::ok);
    CHECK(restored().room(limit, start + 9s) == 1);
  }
  SECTION("exhausted") {
    take(report(cls::quota_exhausted, scope::account, action::exhausted));
    CHECK(restored().exhausted());
  }
  SECTION("healthy") {
    CHECK(restored().check(limit, now) == ec::ok);
    CHECK(restored().state(now) == state::healthy);
  }
}
