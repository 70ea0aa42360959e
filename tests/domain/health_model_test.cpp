// Failures of one model on an account.

#include "tests/domain/health_cases.hpp"

using namespace rota;
using namespace rota::health_cases;

TEST_CASE_METHOD(fixture, "a model that fails now and then is used on",
                 "[health]") {
  const auto fails
    = report(cls::upstream_error, scope::account_model, action::penalty);
  SECTION("as long as it serves between") {
    for (int i = 0; i < 20; ++i) {
      take(fails);
      take(fails);
      CHECK(it.check("m", limit, now) == ec::ok);
      take(good());
    }
  }
  SECTION("while it gets its load back, too") {
    cool_model();
    now = now + 5s;
    take(good());
    for (int i = 0; i < 3; ++i) {
      take(fails);
      take(fails);
      CHECK(it.check("m", limit, now) == ec::ok);
      take(good());
    }
    cool_model(); // Three in a row are as many as ever.
    CHECK(it.cooling_models(now).at(0).until == now + 10s);
  }
  SECTION("but the one that tries it decides") {
    cool_model();
    now = now + 5s;
    take(fails);
    CHECK(it.check("m", limit, now) == ec::cooling);
  }
  SECTION("nor does another model's failure count") {
    auto other = fails;
    other.model = "n";
    take(fails);
    take(other);
    take(fails);
    take(other);
    CHECK(it.check("m", limit, now) == ec::ok);
    CHECK(it.check("n", limit, now) == ec::ok);
  }
  SECTION("unless the provider says for how long not") {
    auto named = fails;
    named.judged.cooldown = 7s;
    take(named);
    CHECK(it.cooling_models(now).at(0).until == now + 7s);
  }
}

TEST_CASE_METHOD(fixture, "whether a relay has a channel again is tried early",
                 "[health]") {
  const auto none = report(cls::model_unavailable, scope::account_model,
                           action::cooldown, "m", 5min);
  take(none);
  const auto bars = it.barred_models(limit, now);
  REQUIRE(bars.size() == 1);
  CHECK(bars[0].until == now + 5min);
  CHECK(bars[0].early_at == now + 1s);
  CHECK(bars[0].is_missing);
  now = now + 1s;
  CHECK(it.check("m", limit, now) == ec::cooling);
  REQUIRE(it.check("m", limit, now, true) == ec::ok);
  SECTION("it has") {
    end(begin(), good());
    CHECK(it.check("m", limit, now) == ec::ok);
  }
  SECTION("it has not") {
    end(begin(), none);
    CHECK(it.barred_models(limit, now).at(0).early_at == now + 1s);
    CHECK(it.check("m", limit, now, true) == ec::cooling);
  }
  SECTION("a model that it does not know is not") {
    take(report(cls::model_unavailable, scope::account_model, action::none,
                "n"));
    CHECK(it.barred_models(limit, now).at(1).early_at == timestamp{});
  }
}
