// Keys that are refused, and accounts that are closed.

#include "tests/domain/health_cases.hpp"

using namespace rota;
using namespace rota::health_cases;

TEST_CASE_METHOD(fixture, "a key that is refused once is tried once more",
                 "[health]") {
  auto refused = refused_key();
  refused.judged.reason = "HTTP 401";
  const auto other = begin();
  take(refused);
  CHECK(it.is_key_doubted());
  CHECK(it.state(now) == state::ejected);
  CHECK(it.cooldown_until(now) == start + 30s);
  CHECK(it.early_at(now) == timestamp{}); // Not even as the last resort.
  CHECK(it.reason() == "HTTP 401; one more try after 30 s decides");
  now = now + 30s;
  SECTION("what was under way does not count") {
    end(other, refused);
    CHECK(it.state(now) == state::probing);
    CHECK(it.room(limit, now) == 1);
  }
  SECTION("refused again: it is bad") {
    take(refused);
    CHECK_FALSE(it.is_key_doubted());
    CHECK(it.state(now + 24h) == state::ejected);
    CHECK(it.cooldown_until(now) == timestamp{});
  }
  SECTION("failing otherwise: still in doubt") {
    for (int i = 0; i < 3; ++i)
      take(bad());
    CHECK(it.cooldown_until(now) == now + 10s);
    now = now + 10s;
    take(refused);
    CHECK(it.cooldown_until(now) == timestamp{});
    CHECK(it.check(limit, now + 24h) == ec::ejected);
  }
  SECTION("served: it is good") {
    take(good());
    CHECK_FALSE(it.is_key_doubted());
    CHECK(it.state(now) == state::healthy);
    now = now + 1h;
    take(refused); // The first again.
    CHECK(it.cooldown_until(now) == now + 30s);
  }
  SECTION("a probe agrees") {
    const auto before = it.revision();
    it.disable(cls::auth_invalid, "The site refuses it.");
    CHECK(it.revision() > before);
    CHECK(it.check(limit, now + 24h) == ec::ejected);
    CHECK(it.reason()
          == "The site refuses it: replace its key, then run `rota reload`");
  }
  SECTION("another key: it starts anew, at once") {
    it.rekeyed();
    CHECK(it.check(limit, now) == ec::ok);
    CHECK(it.state(now) == state::probing);
    take(refused);
    CHECK(it.cooldown_until(now) == now + 30s);
  }
}

TEST_CASE("who holds a bad account learns what to do", "[health]") {
  struct row {
    cls why;
    const char* advice;
  };
  const row rows[] = {
    {cls::auth_invalid, "HTTP 401: replace its key, then run `rota reload`"},
    {cls::account_banned,
     "HTTP 401: its provider closed it and a new key of it does not help; "
     "take it out, or have it opened again, then run `rota reload`"},
    {cls::auth_forbidden,
     "HTTP 401: it is not the key but the address, the region or a right that "
     "is refused; settle that, then run `rota reload`"},
    {cls::overloaded, "HTTP 401: settle that, then run `rota reload`"},
  };
  for (const auto& x : rows) {
    INFO(to_string(x.why));
    fixture f;
    auto refused = report(x.why, scope::account, action::disabled);
    refused.judged.reason = "HTTP 401";
    f.take(refused);
    if (x.why == cls::auth_invalid) {
      f.now = f.now + 30s;
      f.take(refused);
    }
    CHECK(f.it.reason() == x.advice);
    CHECK(f.it.check(limit, f.now + 24h) == ec::ejected);
    const auto before = f.it.revision();
    f.it.rekeyed();
    CHECK(f.it.revision() > before);
    CHECK(f.it.check(limit, f.now) == ec::ok);
    f.take(refused); // Nothing has changed.
    CHECK(f.it.check(limit, f.now) == ec::ejected);
  }
}

TEST_CASE_METHOD(fixture, "another key ends no other pause", "[health]") {
  take(refused_key());
  now = now + 30s;
  take(throttled(scope::account, 1h)); // The second look: it says when.
  it.rekeyed();
  CHECK(it.check(limit, now + 59min) == ec::cooling);
  CHECK(it.cooldown_until(now) == now + 1h);
}

TEST_CASE_METHOD(fixture, "another key heals nothing else", "[health]") {
  eject();
  it.rekeyed();
  CHECK(it.state(now) == state::ejected);
  take(report(cls::quota_exhausted, scope::account, action::exhausted));
  it.rekeyed();
  CHECK(it.exhausted());
}
