#include "actors/refresher.hpp"

#include "tests/actors/account_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

using fixture = account_fixture;

} // namespace

TEST_CASE_METHOD(fixture, "failures in a row eject, time and success readmit",
                 "[account]") {
  add("a", 10);
  uint64_t item = 0;
  for (; item < 5; ++item) {
    REQUIRE(refused("a", item, dollar) == ec::ok);
    auto x = std::make_shared<attempt_end>();
    x->hold = {{{1}, item}, 1};
    x->report.judged.cls = failure_class::upstream_error;
    x->report.judged.action = account_action::penalty;
    x->report.judged.scope = failure_scope::account;
    x->report.serial = serials[item];
    x->report.model = "m";
    x->report.status = 500;
    self->send(accounts["a"], atom::settle_v, attempt_end_ptr{x});
    run();
  }
  CHECK(view("a").health == health_state::ejected);
  CHECK(refused("a", item, dollar) == ec::ejected);
  advance(11s);
  CHECK(view("a").health == health_state::probing);
  CHECK(view("a").limit == 1);
  REQUIRE(refused("a", item, dollar) == ec::ok);
  CHECK(refused("a", item + 1, dollar) != ec::ok); // One probe at a time.
  end("a", item, charge::yes, 1);
  CHECK(view("a").health == health_state::healthy);
}

TEST_CASE_METHOD(fixture, "who sees an account sees which models wait, and why",
                 "[account]") {
  add("a", 10);
  const auto fail = [this](uint64_t item, const std::string& model,
                           milliseconds wait) {
    REQUIRE(refused("a", item, 1'000) == ec::ok);
    auto x = std::make_shared<attempt_end>();
    x->hold = {{{1}, item}, 1};
    x->report.judged.cls = failure_class::overloaded;
    x->report.judged.scope = failure_scope::account_model;
    x->report.judged.action = account_action::cooldown;
    x->report.judged.cooldown = wait;
    x->report.judged.reason = "HTTP 503 for " + model;
    x->report.model = model;
    self->send(accounts.at("a"), atom::settle_v, attempt_end_ptr{x});
    run();
  };
  fail(0, "n", 1h);
  fail(1, "o", 1min);
  const auto x = view("a");
  CHECK(x.health == health_state::healthy);
  REQUIRE(x.cooling.size() == 2);
  CHECK(x.cooling[0].model == "o");
  CHECK(x.cooling[0].reason == "HTTP 503 for o");
  CHECK(x.cooling[0].until >= now() + 1min);
  CHECK(x.cooling[1].model == "n");
  CHECK(x.cooldown_until == x.cooling[0].until);
  CHECK(x.reason == "o: HTTP 503 for o");
  CHECK(refused("a", 2, 1'000) == ec::ok); // Of model m.
  advance(2min);
  CHECK(view("a").reason == "n: HTTP 503 for n");
  advance(2h);
  CHECK(view("a").reason.empty());
  CHECK(view("a").cooldown_until == timestamp{});
}

TEST_CASE_METHOD(fixture,
                 "a closed account gets a try after reload and restart",
                 "[account]") {
  const auto setup = options("a", money{10 * dollar});
  add(setup);
  REQUIRE(refused("a", 0, 1'000) == ec::ok);
  auto x = std::make_shared<attempt_end>();
  x->hold = {{{1}, 0}, 1};
  x->report.judged.cls = failure_class::account_banned;
  x->report.judged.scope = failure_scope::account;
  x->report.judged.action = account_action::disabled;
  self->send(accounts.at("a"), atom::settle_v, attempt_end_ptr{x});
  run();
  CHECK(view("a").health == health_state::ejected);
  CHECK(view("a").reason.find("`rota reload`") != std::string::npos);
  REQUIRE(log->commits.back()->account);
  const auto row = *log->commits.back()->account;
  CHECK(row.health == health_state::ejected);
  self->send(accounts.at("a"), atom::configure_v,
             account_setup_ptr{std::make_shared<account_setup>(setup)});
  run();
  CHECK(view("a").health == health_state::probing); // One request may.
  REQUIRE(log->commits.back()->account);
  CHECK(log->commits.back()->account->health == health_state::healthy);
  CHECK(refused("a", 1, 1'000) == ec::ok);
  CHECK(refused("a", 2, 1'000) == ec::at_limit);
  account_memory memory;
  memory.row = row;
  add(options("b", money{10 * dollar}), memory);
  CHECK(view("b").health == health_state::probing);
}

namespace {

constexpr auto bad_key
  = R"({"error":{"code":"invalid_api_key","message":"no"}})";

/// A pool whose accounts are asked for their balance.
struct probed_fixture : account_fixture {
  refresher_actor refresher_ = sys.spawn(refresher, clock, upstream,
                                         refresh_options{});
  /// What the site says to a probe, and to a call.
  upstream_outcome to_probe = bad(500, "{}");
  upstream_outcome to_call = bad(401, bad_key);
  size_t probes = 0;

  probed_fixture() {
    script->answer = [this](const upstream_request& x) {
      probes += x.method == "GET";
      return x.method == "GET" ? to_probe : to_call;
    };
    auto x = options("a", money{10 * dollar});
    x.account.kind = provider::new_api;
    x.account.balance.probe = probe_kind::newapi_token;
    x.account.balance.units_per_usd = 500'000;
    x.refresher = refresher_;
    const auto actor = add(x);
    self->send(refresher_, atom::enlist_v,
               probe_target{ids["a"], "a", "a.test", x.account.balance,
                            actor});
    advance(3s);
    REQUIRE(probes == 1);
  }

  ~probed_fixture() {
    deterministic_system::end(refresher_);
  }

  void call() {
    start(interactive(next++, now() + 1s));
    run();
  }

  uint64_t next = 1;
};

} // namespace

TEST_CASE_METHOD(probed_fixture, "a key that is refused has a probe sent",
                 "[account]") {
  SECTION("which agrees") {
    to_probe = bad(401, R"({"success":false,"message":"Invalid token"})");
    call();
    CHECK(probes == 2);
    CHECK(view("a").health == health_state::ejected);
    CHECK(view("a").cooldown_until == timestamp{});
    CHECK(view("a").reason
          == "The site refuses the credential (HTTP 401, Invalid token): "
             "replace its key, then run `rota reload`");
    advance(1h);
    CHECK(view("a").health == health_state::ejected);
  }
  SECTION("which says nothing") {
    call();
    CHECK(probes == 2);
    CHECK(view("a").health == health_state::ejected);
    CHECK(view("a").cooldown_until > now() + 29s);
    advance(37s);
    to_call = good();
    call();
    CHECK(view("a").health == health_state::healthy);
  }
}

TEST_CASE_METHOD(probed_fixture, "a probe alone disables no key that serves",
                 "[account]") {
  to_probe = bad(401, R"({"success":false,"message":"Invalid token"})");
  to_call = good();
  call();
  advance(1h);
  CHECK(probes > 1);
  CHECK_FALSE(view("a").probe.error.empty());
  CHECK(view("a").health == health_state::healthy);
}

namespace {

/// What the relay says that it needs is far above our estimate.
constexpr auto too_little
  = R"({"error":{"code":"insufficient_user_quota","message":)"
    R"("预扣费额度失败, 用户剩余额度: ＄0.300000, 需要预扣费额度: ＄0.500000"}})";

constexpr auto left_at_key
  = R"({"code":true,"message":"ok","data":{"total_available":2500000,)"
    R"("unlimited_quota":false}})";

} // namespace

TEST_CASE_METHOD(probed_fixture, "what was refused for want of money is not "
                                 "asked again", "[account]") {
  add("b", 3);
  to_call = bad(403, too_little);
  to_probe = bad(200, left_at_key); // As before and after.
  self->send(refresher_, atom::refresh_v, ids["a"]);
  advance(1s);
  const auto calls_of_a = [this] {
    return std::count_if(script->calls.begin(), script->calls.end(),
                         [this](const auto& x) {
                           return x->request->method == "POST"
                                  && x->request->account == ids["a"];
                         });
  };
  script->answer = [this](const upstream_request& x) {
    probes += x.method == "GET";
    return x.method == "GET"         ? to_probe
           : x.account == ids["a"] ? to_call
                                     : good();
  };
  const auto before = probes;
  REQUIRE(view("a").available == money{5 * dollar}); // The best.
  for (int i = 0; i < 20; ++i)
    call();
  CHECK(calls_of_a() == 1);
  CHECK(owned->finished.size() == 20);
  for (const auto& x : owned->finished)
    CHECK(x->state == item_state::succeeded);
  CHECK(probes == before + 1); // And the figure has not risen.
  CHECK(view("a").reason
        == "too little is left at its provider for requests of 0.0011 USD and "
           "more");
  SECTION("a smaller one is") {
    auto small = std::make_shared<job>(*interactive(next++, now() + 1s));
    small->estimate = {10, 10};
    to_call = good();
    start(small);
    run();
    CHECK(calls_of_a() == 2);
  }
  SECTION("more money lets all come") {
    to_probe = bad(200, R"({"data":{"total_available":5000000}})");
    to_call = good();
    self->send(refresher_, atom::refresh_v, ids["a"]);
    advance(1s);
    call();
    CHECK(calls_of_a() == 2);
    CHECK(view("a").reason.empty());
  }
  SECTION("time does as well") {
    advance(11min);
    CHECK(view("a").reason.empty());
    call();
    CHECK(calls_of_a() == 2);
  }
}

TEST_CASE_METHOD(probed_fixture, "a probe that says that the user is banned "
                                 "disables the account", "[account]") {
  to_call = good();
  call();
  to_probe = bad(200, R"({"success":false,"message":"用户已被封禁"})");
  self->send(refresher_, atom::refresh_v, ids["a"]);
  advance(1s);
  CHECK(view("a").health == health_state::ejected);
  CHECK(view("a").cooldown_until == timestamp{});
  CHECK(view("a").reason.starts_with("The site has banned the user (HTTP 200, "
                                     "用户已被封禁): its provider closed it"));
  CHECK(log->commits.back()->account->health == health_state::ejected);
}
