// Who tries what has failed, and when.

#include "tests/domain/health_cases.hpp"

using namespace rota;
using namespace rota::health_cases;

TEST_CASE_METHOD(fixture, "one probe at a time decides", "[health]") {
  const auto old = begin();
  eject();
  CHECK(it.state(start + 10s - 1ms) == state::ejected);
  now = start + 10s;
  CHECK(it.state(now) == state::probing);
  CHECK(it.check(limit, now) == ec::ok);
  CHECK(it.room(limit, now) == 1); // What is still under way does not count.
  const auto probe = begin();
  CHECK(it.check(limit, now) == ec::at_limit);
  CHECK(it.check("m", limit, now) == ec::at_limit);
  CHECK(it.room(limit, now) == 0);
  SECTION("success readmits") {
    end(probe, good());
    CHECK(it.state(now) == state::healthy);
    CHECK(it.check(limit, now) == ec::ok);
  }
  SECTION("failure ejects for twice as long, up to the most") {
    auto next = probe;
    for (const auto span : {20s, 40s, 60s, 60s}) {
      end(next, bad());
      CHECK(it.state(now) == state::ejected);
      CHECK(it.cooldown_until(now) == now + span);
      now = now + span;
      CHECK(it.state(now) == state::probing);
      next = begin();
    }
  }
  SECTION("how others end that began before decides nothing") {
    end(old, bad());
    CHECK(it.state(now) == state::probing);
    CHECK(it.check(limit, now) == ec::at_limit);
    end(probe, good());
    CHECK(it.state(now) == state::healthy);
  }
  SECTION("their success neither") {
    end(old, good());
    CHECK(it.state(now) == state::probing);
    CHECK(it.check(limit, now) == ec::at_limit);
    end(probe, bad());
    CHECK(it.cooldown_until(now) == now + 20s);
  }
  SECTION("the caller's own fault makes place for another probe") {
    end(probe, report(cls::client_error, scope::request, action::none));
    CHECK(it.state(now) == state::probing);
    CHECK(it.room(limit, now) == 1);
  }
  SECTION("one that never ends is lost after its time") {
    CHECK(it.next_change(limit, now) == now + 1h);
    now = now + 1h;
    CHECK(it.state(now) == state::probing);
    CHECK(it.room(limit, now) == 1);
    end(begin(), good());
    CHECK(it.state(now) == state::healthy);
  }
}

TEST_CASE_METHOD(fixture, "what is back gets its load by and by",
                 "[health]") {
  std::vector<attempt_serial> under_way;
  const auto fill = [&] {
    while (it.check(20, now) == ec::ok)
      under_way.push_back(begin());
    return under_way.size();
  };
  const auto readmit = [&] {
    now = it.cooldown_until(now);
    end(begin(), good());
  };
  eject();
  readmit();
  CHECK(fill() == 2); // A tenth at first.
  CHECK(it.check(20, now) == ec::at_limit);
  SECTION("up to the limit") {
    CHECK(it.next_change(20, now) == now + 1'500ms);
    now = now + 1'500ms;
    CHECK(fill() == 3);
    now = now + 3'500ms;
    CHECK(fill() == 10);
    end(under_way.back(), good());
    CHECK(it.room(20, now) == 1);
    now = now + 5s;
    CHECK(it.check(20, now) == ec::ok);
    CHECK(it.room(20, now) == 20);
    CHECK(it.next_change(20, now) == timestamp{});
  }
  SECTION("what fails on the way was never well") {
    for (size_t i = 0; i < 3; ++i) {
      if (i == 2)
        fill();
      end(begin(), bad());
    }
    CHECK(it.cooldown_until(now) == now + 20s);
    for (const auto x : under_way)
      end(x, good());
    CHECK(it.state(now) == state::ejected);
  }
  SECTION("and what fails behind it was") {
    now = now + 10s;
    take(good());
    eject();
    CHECK(it.cooldown_until(now) == now + 10s);
  }
}

TEST_CASE_METHOD(fixture, "a model on an account has its own probe and ramp",
                 "[health]") {
  const auto old = begin();
  cool_model();
  now = now + 5s;
  CHECK(it.state(now) == state::healthy);
  CHECK(it.check("m", limit, now) == ec::ok);
  CHECK(it.barred_models(limit, now).empty());
  const auto probe = begin();
  CHECK(it.check("m", limit, now) == ec::at_limit);
  CHECK(it.check("n", limit, now) == ec::ok);
  REQUIRE(it.barred_models(limit, now).size() == 1);
  CHECK(it.barred_models(limit, now)[0].is_tried);
  CHECK(it.cooling_models(now).empty());
  end(old, report(cls::upstream_error, scope::account_model, action::penalty));
  CHECK(it.check("m", limit, now) == ec::at_limit);
  SECTION("failure cools it for twice as long") {
    end(probe, throttled(scope::account_model));
    CHECK(it.check("m", limit, now + 10s - 1ms) == ec::cooling);
    CHECK(it.check("m", limit, now + 10s) == ec::ok);
  }
  SECTION("success ramps") {
    end(probe, good());
    for (int i = 0; i < 10; ++i) {
      REQUIRE(it.check("m", limit, now) == ec::ok);
      begin();
    }
    CHECK(it.check("m", limit, now) == ec::at_limit);
    CHECK(it.check("n", limit, now) == ec::ok);
    CHECK(it.check("m", limit, now + 2s) == ec::ok);
    CHECK(it.barred_models(limit, now + 2s).empty());
  }
  SECTION("a probe that is lost wedges nothing") {
    CHECK(it.check("m", limit, now + 1h) == ec::ok);
  }
}

TEST_CASE_METHOD(fixture, "a cooldown of an account has a probe, too",
                 "[health]") {
  take(throttled(scope::account, 7s));
  now = now + 7s;
  CHECK(it.state(now) == state::probing);
  CHECK(it.room(limit, now) == 1);
  const auto probe = begin();
  CHECK(it.room(limit, now) == 0);
  SECTION("failure ejects at once") {
    end(probe, bad());
    CHECK(it.state(now) == state::ejected);
    CHECK(it.cooldown_until(now) == now + 10s);
  }
  SECTION("success ramps") {
    end(probe, good());
    CHECK(it.state(now) == state::healthy);
    CHECK(it.room(limit, now) == 10);
  }
}

TEST_CASE_METHOD(fixture, "the last resort is tried early", "[health]") {
  const auto check = [this](bool early) {
    return it.check("m", limit, now, early);
  };
  SECTION("where the time is a guess") {
    eject();
    CHECK(it.early_at(now) == now + 1s);
    CHECK(it.next_change(limit, now) == now + 1s);
    CHECK(check(true) == ec::ejected);
    now = now + 1s;
    CHECK(check(false) == ec::ejected);
    REQUIRE(check(true) == ec::ok);
    const auto probe = begin();
    CHECK(it.early_at(now) == timestamp{});
    CHECK(check(true) == ec::ejected); // By one.
    SECTION("failure: as long again, not longer") {
      end(probe, bad());
      CHECK(it.cooldown_until(now) == now + 10s);
      CHECK(it.early_at(now) == now + 1s);
      now = now + 10s;
      end(begin(), bad());
      CHECK(it.cooldown_until(now) == now + 20s);
    }
    SECTION("success readmits") {
      end(probe, good());
      CHECK(it.state(now) == state::healthy);
      CHECK(it.room(limit, now) == 10);
    }
    SECTION("a probe that is lost wedges nothing") {
      now = now + 1h;
      CHECK(check(false) == ec::ok);
    }
  }
  SECTION("a model as well") {
    cool_model();
    REQUIRE(it.barred_models(limit, now).size() == 1);
    CHECK(it.barred_models(limit, now)[0].early_at == now + 1s);
    CHECK(check(true) == ec::cooling);
    now = now + 1s;
    REQUIRE(check(true) == ec::ok);
    end(begin(), throttled(scope::account_model));
    CHECK(it.check("m", limit, now + 5s) == ec::ok);
  }
  SECTION("not where the provider named it") {
    take(throttled(scope::account, 7s));
    CHECK(it.early_at(now) == timestamp{});
    now = now + 5s;
    CHECK(check(true) == ec::cooling);
  }
  SECTION("not where the provider names it later") {
    const auto old = begin();
    take(throttled(scope::account));
    CHECK(it.early_at(now) == now + 1s);
    end(old, throttled(scope::account, 30s));
    CHECK(it.early_at(now) == timestamp{});
    CHECK(it.cooldown_until(now) == now + 30s);
  }
  SECTION("not even where that is sooner") {
    const auto old = begin();
    eject();
    now = now + 1s;
    const auto probe = begin();
    end(old, throttled(scope::account, 3s));
    CHECK(it.early_at(now) == timestamp{});
    CHECK(it.cooldown_until(now) == now + 9s);
    end(probe, good()); // It began before that was said.
    CHECK(it.state(now) == state::ejected);
    now = now + 9s;
    CHECK(check(false) == ec::ok);
  }
  SECTION("not behind a wall that stands shorter") {
    eject();
    it.cool(now + 3s, "its host");
    CHECK(it.early_at(now) == timestamp{});
    CHECK(it.cooldown_until(now) == now + 10s);
    CHECK(it.state(now) == state::ejected);
  }
  SECTION("not behind a wall, without a model or after a ban") {
    eject();
    it.cool(now + 30s, "its host");
    take(report(cls::model_unavailable, scope::account_model, action::none));
    CHECK(it.early_at(now) == timestamp{});
    take(banned());
    now = now + 20s;
    CHECK(check(true) == ec::ejected);
    for (const auto& x : it.barred_models(limit, now))
      CHECK(x.early_at == timestamp{});
  }
  SECTION("not at all") {
    auto options = limits();
    options.last_resort = 0s;
    it.options(options);
    eject();
    CHECK(it.early_at(now) == timestamp{});
    now = now + 5s;
    CHECK(check(true) == ec::ejected);
  }
}
