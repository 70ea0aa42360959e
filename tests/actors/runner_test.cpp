#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr auto server_error
  = R"({"error":{"message":"oops","type":"server_error","code":null}})";

constexpr auto closed_account
  = R"({"error":{"code":"account_deactivated","message":"no"}})";

std::string account_of(const pool_fixture& f, size_t call) {
  const auto id = f.script->calls.at(call)->request->account;
  for (const auto& [name, x] : f.ids)
    if (x == id)
      return name;
  return "?";
}

} // namespace

TEST_CASE_METHOD(pool_fixture, "a job is held, sent and settled", "[runner]") {
  add("a", 10);
  script->answer = [](const auto&) { return good(); };
  start(line(0));
  run();
  REQUIRE(owned->finished.size() == 1);
  const auto& result = *owned->finished[0];
  CHECK(result.state == item_state::succeeded);
  CHECK(result.status == 200);
  CHECK(result.custom_id == "line-0");
  CHECK(result.account == "a");
  CHECK(result.cost == money{210'000});
  CHECK(result.attempts == 1);
  CHECK(owned->durable == std::vector<uint64_t>{0});
  const auto a = view("a");
  CHECK(a.available == money{10'000'000'000 - 210'000});
  CHECK(a.held == money{});
  CHECK(a.spent == money{210'000});
  CHECK(a.calls == 1);
  CHECK(a.in_flight == 0);
}

TEST_CASE_METHOD(pool_fixture, "nothing is sent before the hold is on disk",
                 "[runner]") {
  add("a", 10);
  log->hold_back = true;
  start(line(0));
  run();
  CHECK(script->calls.empty());
  CHECK(view("a").held == money{1'100'000});
  log->hold_back = false;
  self->send(journal, atom::append_v, std::make_shared<const commit>());
  run();
  CHECK(script->calls.size() == 1);
}

TEST_CASE_METHOD(pool_fixture, "failover goes through three accounts",
                 "[runner]") {
  add("a", 30);
  add("b", 20);
  add("c", 10);
  script->answer = [this](const upstream_request& x) {
    return x.account == ids["c"] ? good() : bad(500, server_error);
  };
  start(line(0));
  run();
  REQUIRE(script->calls.size() == 3);
  CHECK(account_of(*this, 0) == "a");
  CHECK(account_of(*this, 1) == "b");
  CHECK(account_of(*this, 2) == "c");
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::succeeded);
  CHECK(owned->finished[0]->attempts == 3);
  for (const auto* name : {"a", "b"}) {
    // It may have been charged: held until that would show.
    CHECK(view(name).held == money{1'100'000});
    CHECK(view(name).spent == money{});
    CHECK(view(name).failures == 1);
  }
  advance(3min);
  for (const auto* name : {"a", "b"}) {
    CHECK(view(name).held == money{});
    CHECK(view(name).spent == money{});
  }
}

TEST_CASE_METHOD(pool_fixture, "a job that fails on all accounts ends once",
                 "[runner]") {
  add("a", 30);
  add("b", 20);
  script->answer = [](const auto&) { return bad(500, server_error); };
  start(line(0));
  for (int i = 0; i < 600 && owned->finished.empty(); ++i)
    advance(1s);
  REQUIRE(owned->finished.size() == 1);
  const auto& result = *owned->finished[0];
  CHECK(result.state == item_state::failed);
  CHECK(result.status == 500);
  CHECK(result.body == server_error);
  CHECK(result.error_code == "upstream_error");
  CHECK(result.attempts == setup->routing.attempts);
  CHECK(script->calls.size() == setup->routing.attempts);
  CHECK(figures().refused >= 1);
  advance(3min);
  CHECK(view("a").held == money{});
  CHECK(view("b").held == money{});
}

TEST_CASE_METHOD(pool_fixture, "the caller's own fault is not tried elsewhere",
                 "[runner]") {
  add("a", 30);
  add("b", 20);
  script->answer = [](const auto&) {
    return bad(400, R"({"error":{"message":"Unsupported parameter: x",)"
                    R"("type":"invalid_request_error","param":"x",)"
                    R"("code":"unsupported_parameter"}})");
  };
  start(line(0));
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == "client_error");
  CHECK(script->calls.size() == 1);
  CHECK(view("a").health == health_state::healthy);
}

TEST_CASE_METHOD(pool_fixture, "a broken connection leaves the hold in doubt",
                 "[runner]") {
  add("a", 30);
  add("b", 20);
  script->answer = [this](const upstream_request& x) {
    if (x.account == ids["b"])
      return good();
    return upstream_script::failure(transport::broken, "reset by peer");
  };
  start(line(0));
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::succeeded);
  const auto a = view("a");
  CHECK(a.in_doubt == 1);
  CHECK(a.in_doubt_amount == money{1'100'000});
  CHECK(a.held == money{1'100'000});
  CHECK(a.in_flight == 0);
  REQUIRE(a.doubts.size() == 1);
  CHECK(a.doubts[0].id.job == job_id{{1}, 0});
  // Nobody ever learns: in the end it is assumed charged.
  advance(3'601s);
  CHECK(view("a").in_doubt == 0);
  CHECK(view("a").held == money{});
  CHECK(view("a").spent == money{1'100'000});
}

TEST_CASE_METHOD(pool_fixture, "an answer without usage costs its text",
                 "[runner]") {
  add("a", 30);
  script->answer = [](const auto&) {
    return bad(200, R"({"id":"r","choices":[{"index":0,"message":)"
                    R"({"role":"assistant","content":"hi"}}]})");
  };
  start(line(0));
  run();
  REQUIRE(owned->finished.size() == 1);
  // 100 tokens in by estimate, and a word.
  CHECK(owned->finished[0]->cost == money{100'000 + 2 * 10'000});
  CHECK(owned->finished[0]->used.source == usage_source::estimated);
}

TEST_CASE_METHOD(pool_fixture, "a model that nobody serves is refused at once",
                 "[runner]") {
  auto only_n = options("a", money{10'000'000'000});
  only_n.account.models = {"n"};
  add(only_n);
  start(interactive(0, {}));
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == "no_such_model");
  CHECK(script->calls.empty());
}

TEST_CASE_METHOD(pool_fixture, "a job waits while its account is too poor",
                 "[runner]") {
  add("a", 1); // All of it is floor.
  script->answer = [](const auto&) { return good(); };
  start(line(0));
  advance(60s);
  CHECK(owned->finished.empty());
  CHECK(figures().waiting == 1);
  CHECK(figures().waiting_for == ec::insufficient_funds);
  ask<account_view>(accounts["a"], atom::adjust_v, money{5'000'000'000});
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::succeeded);
}

TEST_CASE_METHOD(pool_fixture,
                 "a job with a deadline hears soon that nobody can serve it",
                 "[runner]") {
  add("a", 10);
  script->answer = [](const auto&) {
    return bad(401, closed_account);
  };
  // With the first the account is gone for good, with the second it is so
  // from the start.
  for (const auto* code : {"account_banned", "ejected"}) {
    auto work = std::make_shared<job>(*line(owned->finished.size()));
    work->deadline = now() + 10min;
    const auto before = owned->finished.size();
    start(work);
    run();
    advance(1s);
    CHECK(owned->finished.size() == before + 1);
    if (!owned->finished.empty())
      CHECK(owned->finished.back()->error_code == code);
  }
  CHECK(script->calls.size() == 1);
}

TEST_CASE_METHOD(pool_fixture,
                 "a job with a deadline waits for a model that cools down",
                 "[runner]") {
  add("a", 10);
  auto busy = true;
  script->answer = [&busy](const auto&) {
    return std::exchange(busy, false)
             ? bad(429, R"({"error":{"code":"rate_limit_exceeded"}})",
                   {{"retry-after", "20"}})
             : good();
  };
  start(line(0));
  run();
  auto work = std::make_shared<job>(*line(1));
  work->deadline = now() + 10min;
  start(work);
  run();
  CHECK(figures().waiting >= 1); // In line, not asleep for a while.
  for (int i = 0; i < 25; ++i)
    advance(1s);
  CHECK(figures().waiting == 0);
  REQUIRE_FALSE(owned->finished.empty());
  CHECK(owned->finished.front()->state == item_state::succeeded);
}

TEST_CASE_METHOD(pool_fixture, "a refusal knows when the pool is back",
                 "[runner]") {
  add("a", 10);
  add("b", 5);
  script->answer = [this](const upstream_request& x) {
    const auto wait = x.account == ids["a"] ? "40" : "20";
    return bad(429, R"({"error":{"code":"rate_limit_exceeded"}})",
               {{"retry-after", wait}});
  };
  // The first has met both accounts itself, the second none.
  for (uint64_t i = 0; i < 2; ++i) {
    start(interactive(i, now() + 10s));
    run();
    advance(2s);
    REQUIRE(owned->finished.size() == i + 1);
    const auto& x = *owned->finished.back();
    CHECK(x.state == item_state::failed);
    // Waits are lengthened by up to a fifth.
    CHECK(x.retry_at > now() + 15s);
    CHECK(x.retry_at <= now() + 24s);
    CHECK(x.retry_at == view("b").cooling.at(0).until);
  }
  CHECK(script->calls.size() == 2);
}

TEST_CASE_METHOD(pool_fixture, "a refusal that the last attempt brings knows",
                 "[runner]") {
  setup->routing.attempts = 1;
  add("a", 10);
  script->answer = [](const auto&) {
    return bad(429, R"({"error":{"code":"rate_limit_exceeded"}})",
               {{"retry-after", "20"}});
  };
  start(interactive(0, now() + 60s));
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == "rate_limited");
  CHECK(owned->finished[0]->retry_at == view("a").cooling.at(0).until);
}

TEST_CASE("a client that leaves while its refusal is made is told once",
          "[runner]") {
  for (int messages = 0; messages < 30; ++messages) {
    INFO("it leaves after " << messages << " messages");
    pool_fixture f;
    f.setup->routing.attempts = 1;
    f.add("a", 10);
    f.script->answer
      = [](const auto&) { return pool_fixture::bad(500, "{}"); };
    const auto it = f.start(f.interactive(0, f.now() + 60s));
    for (int i = 0; i < messages; ++i)
      f.sched.try_run_once();
    f.self->send(it, atom::cancel_v);
    f.run();
    CHECK(f.owned->finished.size() == 1);
    CHECK(f.view("a").in_flight == 0);
  }
}

TEST_CASE_METHOD(pool_fixture, "a refusal for good names no time", "[runner]") {
  add("a", 10);
  script->answer = [](const auto&) {
    return bad(401, closed_account);
  };
  start(interactive(0, now() + 60s));
  run();
  advance(1s);
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->retry_at == timestamp{});
}

TEST_CASE_METHOD(pool_fixture,
                 "a rate limit beyond the deadline is refused with its end",
                 "[runner]") {
  auto slow = options("a", money{10'000'000'000});
  slow.account.requests_per_minute = 1;
  add(slow);
  script->answer = [](const auto&) { return good(); };
  start(interactive(0, now() + 10s));
  run();
  start(interactive(1, now() + 10s));
  run();
  REQUIRE(owned->finished.size() == 2);
  CHECK(owned->finished[0]->state == item_state::succeeded);
  CHECK(owned->finished[1]->error_code == "at_limit");
  CHECK(owned->finished[1]->retry_at > now() + 59s);
  CHECK(owned->finished[1]->retry_at <= now() + 61s);
  start(interactive(2, now() + 90s)); // This one waits.
  advance(61s);
  REQUIRE(owned->finished.size() == 3);
  CHECK(owned->finished[2]->state == item_state::succeeded);
}

TEST_CASE_METHOD(pool_fixture, "a call of a job that drains outlives it once",
                 "[runner]") {
  add("a", 10);
  auto x = std::make_shared<job>(*line(0));
  x->id.batch = {};
  x->deadline = clock.at(self->clock().now()) + 60s;
  x->drains = true;
  const auto it = start(x);
  run();
  REQUIRE(script->open.size() == 1);
  self->send(it, atom::cancel_v);
  run();
  REQUIRE(script->open.size() == 1);
  SECTION("it ends, and is booked") {
    script->finish(script->open.front()->token, good());
    run();
    CHECK(view("a").spent == money{210'000});
    CHECK(view("a").in_doubt == 0);
  }
  SECTION("it fails, and is not tried again") {
    script->finish(script->open.front()->token, bad(429, "{}"));
    run();
    CHECK(script->calls.size() == 1);
  }
  SECTION("it is cancelled again") {
    self->send(it, atom::cancel_v);
    run();
    CHECK(script->open.empty());
    CHECK(view("a").in_doubt == 1);
  }
  CHECK(owned->finished.size() == 1);
}

TEST_CASE_METHOD(pool_fixture, "a job that waits can be cancelled",
                 "[runner]") {
  add("a", 1);
  const auto it = start(line(0));
  run();
  self->send(it, atom::cancel_v);
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::cancelled);
  CHECK(figures().waiting == 0);
}

TEST_CASE_METHOD(pool_fixture, "a stop dismisses what waits, without a result",
                 "[runner]") {
  add("a", 1);
  start(line(7));
  run();
  self->send(pool, atom::drain_v);
  run();
  CHECK(owned->finished.empty());
  CHECK(owned->dismissed == std::vector<job_id>{{{1}, 7}});
}

TEST_CASE("a line that may be sent once is never sent twice", "[runner]") {
  struct expectation {
    upstream_outcome first;
    size_t calls;
    const char* code; // Empty: it succeeds on the other account.
    uint64_t in_doubt;
  };
  using script = upstream_script;
  using f = pool_fixture;
  const auto x = GENERATE(
    expectation{script::failure(transport::broken, "reset by peer"), 1,
                "in_doubt", 1},
    expectation{script::failure(transport::timed_out, "no answer"), 1,
                "in_doubt", 1},
    expectation{f::bad(504, "<html>Gateway Timeout</html>"), 1, "in_doubt", 1},
    expectation{f::bad(500, server_error), 1, "upstream_error", 1},
    expectation{script::failure(transport::not_sent, "refused"), 2, "", 0},
    expectation{f::bad(429, R"({"error":{"message":"slow down","type":)"
                            R"("requests","code":"rate_limit_exceeded"}})"),
                2, "", 0});
  CAPTURE(x.code, x.first.status, x.first.error);
  pool_fixture on;
  on.add("a", 30);
  on.add("b", 20);
  on.script->answer = [&](const upstream_request& request) {
    return request.account == on.ids["b"] ? f::good() : x.first;
  };
  auto work = std::make_shared<job>(*f::line(0));
  work->policy = delivery::at_most_once;
  on.start(work);
  for (int i = 0; i < 10 && on.owned->finished.empty(); ++i)
    on.advance(1s);
  CHECK(on.script->calls.size() == x.calls);
  REQUIRE(on.owned->finished.size() == 1);
  const auto& result = *on.owned->finished[0];
  CHECK(result.error_code == x.code);
  CHECK((result.state == item_state::succeeded) == (*x.code == '\0'));
  CHECK(on.view("a").in_doubt == x.in_doubt);
  if (result.error_code == "in_doubt") {
    CHECK(result.body.empty());
    CHECK(result.error_text.starts_with(
      "This line was perhaps served and charged, and its batch sends no line"
      " twice: "));
  }
}
