// What fails is left alone, tried again by few, and back soon.

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

#include <set>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr auto throttled = R"({"error":{"code":"rate_limit_exceeded"}})";
constexpr auto closed_account
  = R"({"error":{"code":"account_deactivated","message":"no"}})";

struct fixture : pool_fixture {
  fixture() {
    script->answer = [](const auto&) { return good(); };
  }

  /// A request that somebody waits for.
  job_ptr request(milliseconds patience, const std::string& model = "m") {
    auto x = std::make_shared<job>(*line(next, model));
    x->id = {{}, next++};
    x->deadline = now() + patience;
    return x;
  }

  void configure() {
    self->send(pool, atom::configure_v,
               routing_setup_ptr{std::make_shared<routing_setup>(*setup)});
    run();
  }

  size_t calls(const std::string& name) const {
    return static_cast<size_t>(
      std::count_if(script->calls.begin(), script->calls.end(),
                    [&](const auto& x) {
                      return x->request->account == ids.at(name);
                    }));
  }

  size_t succeeded() const {
    return static_cast<size_t>(
      std::count_if(owned->finished.begin(), owned->finished.end(),
                    [](const auto& x) {
                      return x->state == item_state::succeeded;
                    }));
  }

  /// Lets an account refuse everything for so long.
  void cool(const std::string& name, const char* seconds) {
    const auto usual = script->answer;
    script->answer = [seconds](const auto&) {
      return bad(429, throttled, {{"retry-after", seconds}});
    };
    auto x = std::make_shared<job>(*line(next++));
    x->policy = delivery::at_most_once;
    x->deadline = now() + 1ms;
    start(x);
    run();
    for (int i = 0; i < 300 && owned->finished.empty(); ++i)
      advance(10ms);
    script->answer = usual;
    owned->finished.clear();
    REQUIRE(view(name).cooling.size() == 1);
  }

  uint64_t next = 0;
};

upstream_outcome page() {
  auto x = upstream_script::reply(502, "<html><body>Bad gateway</body></html>");
  x.headers = {{"content-type", "text/html"}};
  return x;
}

} // namespace

TEST_CASE_METHOD(fixture, "a model that fails on an account is tried by one",
                 "[recovery]") {
  auto rich = options("a", money{30'000'000'000});
  rich.account.max_in_flight = 50;
  add(rich);
  auto other = options("b", money{20'000'000'000});
  other.account.max_in_flight = 50;
  add(other);
  script->answer = [this](const upstream_request& x) {
    return x.account == ids["a"] ? page() : good();
  };
  const auto burst = [this] {
    const auto before = calls("a");
    for (int i = 0; i < 20; ++i)
      start(request(60s));
    run();
    return calls("a") - before;
  };
  CHECK(burst() >= 1); // Some may meet it before the first has failed.
  CHECK(burst() == 0);
  for (const auto wait : {6s, 12s, 24s}) {
    advance(wait);
    CHECK(burst() == 1);
    CHECK(burst() == 0);
  }
  CHECK(succeeded() == owned->finished.size());
  CHECK(owned->finished.size() == 160);
}

TEST_CASE_METHOD(fixture, "what is back on an account gets more and more",
                 "[recovery]") {
  auto x = options("a", money{30'000'000'000});
  x.account.max_in_flight = 20;
  add(x);
  script->answer = [](const auto&) { return bad(500, "{}"); };
  for (int i = 0; i < 5; ++i) {
    auto one = std::make_shared<job>(*line(next++));
    one->policy = delivery::at_most_once;
    start(one);
    run();
  }
  REQUIRE(view("a").health == health_state::ejected);
  script->answer = [](const auto&) { return std::nullopt; };
  advance(6s);
  for (int i = 0; i < 30; ++i)
    start(request(60s));
  run();
  REQUIRE(script->open.size() == 1);
  script->finish(script->open.front()->token, good());
  run();
  CHECK(script->open.size() == 2);
  for (size_t at : {3u, 4u, 6u, 8u}) {
    while (script->open.size() < at)
      advance(100ms);
    CHECK(script->open.size() == at);
  }
  advance(10s);
  CHECK(script->open.size() == 20);
  CHECK(figures().waiting == 9);
}

TEST_CASE_METHOD(fixture,
                 "all accounts fail for three seconds, and serve within one",
                 "[recovery]") {
  for (const auto* name : {"a", "b", "c", "d"})
    add(name, 100);
  const auto answer = GENERATE(0, 1, 2);
  CAPTURE(answer);
  script->answer = [answer](const auto&) {
    return answer == 0   ? bad(500, "{}")
           : answer == 1 ? page()
                         : upstream_script::failure(transport::not_sent, "no");
  };
  for (int i = 0; i < 300; ++i) {
    start(request(60s));
    advance(10ms);
  }
  CHECK(succeeded() == 0);
  // Each is met by its first requests, and by one a half second then.
  CHECK(script->calls.size() <= 4 * (8 + 7));
  script->answer = [](const auto&) { return good(); };
  const auto began = now();
  while (succeeded() == 0 && now() - began < 5s)
    advance(10ms);
  CHECK(now() - began <= 1s);
  start(request(60s));
  run();
  // What was learnt is not forgotten: the others wait for their time.
  size_t out = 0;
  for (const auto* name : {"a", "b", "c", "d"})
    out += view(name).health == health_state::ejected
           || !view(name).cooling.empty();
  CHECK(out >= 1);
  CHECK(out <= 3);
  advance(20s);
  const auto all = owned->finished.size();
  for (int i = 0; i < 10; ++i)
    start(request(60s));
  run();
  CHECK(owned->finished.size() == all + 10);
  CHECK(owned->finished.back()->state == item_state::succeeded);
  for (const auto* name : {"a", "b", "c", "d"})
    CHECK(view(name).in_flight == 0);
}

TEST_CASE_METHOD(fixture, "one bad account is not tried early", "[recovery]") {
  add("a", 30);
  add("b", 20);
  script->answer = [this](const upstream_request& x) {
    return x.account == ids["a"] ? bad(500, "{}") : good();
  };
  for (int i = 0; i < 5; ++i) {
    start(request(60s));
    run();
  }
  REQUIRE(view("a").health == health_state::ejected);
  // Be the other as busy as it will: it serves.
  script->answer = [](const auto&) { return std::nullopt; };
  const auto before = calls("a");
  for (int i = 0; i < 20; ++i)
    start(request(60s));
  for (int i = 0; i < 40; ++i)
    advance(100ms);
  CHECK(calls("a") == before);
  CHECK(figures().waiting == 12);
}

TEST_CASE_METHOD(fixture, "a request waits for a recovery in its time, woken",
                 "[recovery]") {
  add("a", 10);
  cool("a", "20");
  const auto back = view("a").cooling.at(0).until;
  start(request(60s));
  run();
  CHECK(figures().waiting == 1);
  advance(back - now() - 1ms);
  CHECK(figures().waiting == 1);
  advance(1ms); // Not when a patrol comes by.
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::succeeded);
}

TEST_CASE_METHOD(fixture, "a request whose recovery is too late hears at once",
                 "[recovery]") {
  add("a", 10);
  cool("a", "20");
  start(request(10s));
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::failed);
  CHECK(owned->finished[0]->retry_at == view("a").cooling.at(0).until);
  CHECK(figures().waiting == 0);
}

TEST_CASE_METHOD(fixture, "a full queue refuses at once", "[recovery]") {
  setup->routing.queue_max = 2;
  configure();
  add("a", 10);
  cool("a", "20");
  for (int i = 0; i < 3; ++i)
    start(request(60s));
  run();
  CHECK(figures().waiting == 2);
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == "queue_full");
  CHECK(owned->finished[0]->retry_at == view("a").cooling.at(0).until);
  advance(25s);
  CHECK(owned->finished.size() == 3);
  CHECK(succeeded() == 2);
}

TEST_CASE_METHOD(fixture, "who waits in vain hears soon", "[recovery]") {
  auto x = options("a", money{10'000'000'000});
  x.account.max_in_flight = 1;
  add(x);
  script->answer = [](const auto&) { return std::nullopt; };
  for (int i = 0; i < 4; ++i)
    start(request(10min));
  start(line(1'000)); // Of a batch: it can wait.
  run();
  CHECK(figures().waiting == 4);
  script->finish(script->open.front()->token, bad(401, closed_account));
  run();
  advance(1s);
  CHECK(owned->finished.size() == 4);
  CHECK(figures().waiting == 1);
  for (const auto& result : owned->finished)
    CHECK(result->retry_at == timestamp{});
}

TEST_CASE_METHOD(fixture, "a refusal names the first that could serve it",
                 "[recovery]") {
  // Their fifth request of a minute is one too many.
  const auto limited = [this](const std::string& name, const char* model,
                              int64_t dollars, uint32_t each) {
    auto x = options(name, money{dollars * 1'000'000'000});
    x.account.models = {model};
    x.account.requests_per_minute = each;
    add(x);
  };
  limited("a", "m", 10, 1);
  limited("b", "n", 10, 30); // Another model.
  limited("c", "m", 1, 30);  // All of it is floor.
  auto gemini = options("d", money{10'000'000'000});
  gemini.account.kind = provider::gemini; // Another protocol.
  add(gemini);
  start(request(1s));
  run();
  start(request(1s));
  run();
  REQUIRE(owned->finished.size() == 2);
  const auto& refused = *owned->finished[1];
  CHECK(refused.state == item_state::failed);
  CHECK(refused.retry_at > now() + 59s);
  CHECK(refused.retry_at <= now() + 61s);
}

TEST_CASE("a job that is cancelled at any moment leaves nothing behind",
          "[recovery]") {
  // With a declining account, which makes it wait, or a granting one.
  for (const auto declines : {false, true})
    for (const auto pauses : {false, true})
      for (int messages = 0; messages < 25; ++messages) {
        CAPTURE(declines, pauses, messages);
        pool_fixture f;
        auto x = pool_fixture::options("a", money{10'000'000'000});
        x.account.max_in_flight = 1;
        f.add(x);
        f.script->answer = [](const auto&) { return std::nullopt; };
        // Two ask at once: the dispatcher expects room for both before the
        // account has said that it is drained.
        if (declines)
          f.self->send(f.accounts["a"], atom::administer_v,
                       admin_state::drain);
        const auto it = f.start(pool_fixture::line(0));
        for (int i = 0; i < messages; ++i)
          f.sched.try_run_once();
        if (pauses)
          f.self->send(it, atom::pause_v);
        else
          f.self->send(it, atom::cancel_v);
        f.run();
        for (const auto& call : std::vector{f.script->open})
          f.script->finish(call->token, pool_fixture::good());
        f.run();
        f.advance(1s);
        CHECK(f.figures().waiting == 0);
        CHECK(f.view("a").in_flight == 0);
        CHECK(f.view("a").held == money{});
        if (!pauses)
          CHECK(f.owned->finished.size() == 1);
        if (!pauses || f.owned->finished.size() == 1)
          continue;
        // It goes on as if nothing had been.
        if (declines)
          f.ask<account_view>(f.accounts["a"], atom::administer_v,
                              admin_state::ready);
        f.script->answer = [](const auto&) { return pool_fixture::good(); };
        f.self->send(it, atom::resume_v);
        f.run();
        f.advance(2s);
        REQUIRE(f.owned->finished.size() == 1);
        CHECK(f.owned->finished[0]->state == item_state::succeeded);
      }
}

TEST_CASE_METHOD(fixture,
                 "where one host is overloaded, another is tried first",
                 "[recovery]") {
  // Six accounts with more money share a host.
  for (const auto* name : {"a", "b", "c", "d", "e", "f"}) {
    auto x = options(name, money{10'000'000'000});
    x.account.base_url = "http://full.test";
    add(x);
  }
  const auto is_full = [this](const upstream_request& x) {
    return x.account != ids["other"];
  };
  script->answer = [&](const upstream_request& x) {
    return is_full(x) ? bad(529, R"({"error":{"message":"full"}})") : good();
  };
  SECTION("which serves") {
    add("other", 5);
    start(request(10s));
    run();
    REQUIRE(owned->finished.size() == 1);
    CHECK(owned->finished[0]->state == item_state::succeeded);
    CHECK(script->calls.size() == 2);
  }
  SECTION("unless there is none") {
    start(request(1s));
    run();
    CHECK(script->calls.size() > 2);
  }
}
