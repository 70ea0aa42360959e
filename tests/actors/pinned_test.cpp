// Jobs that one account alone may serve, and calls that cost nothing.

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr auto stored = R"({"id":"resp_1","object":"response"})";

struct fixture : pool_fixture {
  fixture() {
    script->answer = [](const auto& x) {
      return x.method == "GET" ? bad(200, stored) : good();
    };
  }

  /// A request that only `name` may serve.
  std::shared_ptr<job> pinned(const std::string& name, bool is_free) {
    auto x = std::make_shared<job>(*line(next++));
    x->id.batch = {};
    x->pinned = ids.at(name);
    x->deadline = clock.at(self->clock().now()) + 60s;
    if (is_free) {
      x->route = surface::openai_stored;
      x->model.clear();
      x->method = "GET";
      x->target = "/v1/responses/resp_1";
      x->estimate = {};
    }
    return x;
  }

  item_result serve(std::shared_ptr<job> work) {
    const auto before = owned->finished.size();
    start(std::move(work));
    run();
    for (int i = 0; i < 200 && owned->finished.size() == before; ++i)
      advance(1s);
    REQUIRE(owned->finished.size() == before + 1);
    return *owned->finished.back();
  }

  uint64_t next = 0;
};

} // namespace

TEST_CASE_METHOD(fixture, "a pinned job goes to its account", "[pinned]") {
  add("a", 10);
  add("b", 30);
  for (const auto* name : {"a", "b", "a"})
    CHECK(serve(pinned(name, false)).account == name);
  CHECK(view("a").calls == 2);
}

TEST_CASE_METHOD(fixture, "a pinned job never moves", "[pinned]") {
  add("a", 10);
  add("b", 30);
  SECTION("if its account fails") {
    script->answer = [this](const auto& x) {
      return x.account == ids["a"] ? bad(500, "{}") : good();
    };
    const auto x = serve(pinned("a", false));
    CHECK(x.state == item_state::failed);
  }
  SECTION("if its account is drained") {
    ask<account_view>(accounts["a"], atom::administer_v, admin_state::drain);
    CHECK(serve(pinned("a", false)).state == item_state::failed);
    CHECK(script->calls.empty());
  }
  SECTION("if its account is no more") {
    self->send(pool, atom::dismiss_v, ids["a"]);
    run();
    CHECK(serve(pinned("a", false)).error_code == "no_account");
    CHECK(script->calls.empty());
  }
  SECTION("if its account has no money") {
    ask<account_view>(accounts["a"], atom::adjust_v, money{-10'000'000'000});
    CHECK(serve(pinned("a", false)).error_code == "insufficient_funds");
    CHECK(script->calls.empty());
  }
  for (const auto& x : script->calls)
    CHECK(x->request->account == ids["a"]);
  CHECK(view("b").calls == 0);
}

TEST_CASE_METHOD(fixture, "a pinned job waits for its busy account",
                 "[pinned]") {
  auto narrow = options("a", money{10'000'000'000});
  narrow.account.max_in_flight = 1;
  add(narrow);
  add("b", 30);
  script->answer = [](const auto&) { return std::nullopt; };
  start(pinned("a", false));
  start(pinned("a", true));
  run();
  CHECK(script->calls.size() == 1);
  CHECK(figures().waiting == 1);
}

TEST_CASE_METHOD(fixture, "what is free touches no books", "[pinned]") {
  add("a", 10);
  const auto commits = log->commits.size();
  const auto x = serve(pinned("a", true));
  CHECK(x.state == item_state::succeeded);
  CHECK(x.body == stored);
  CHECK(x.cost == money{});
  CHECK(script->calls.back()->request->method == "GET");
  CHECK(script->calls.back()->request->path == "/v1/responses/resp_1");
  CHECK(log->commits.size() == commits);
  const auto a = view("a");
  CHECK(a.calls == 0);
  CHECK(a.in_flight == 0);
  CHECK(a.in_doubt == 0);
  // Nor if nobody knows how it ended.
  script->answer = [](const auto&) {
    upstream_outcome broken;
    broken.ended = transport::broken;
    return broken;
  };
  CHECK(serve(pinned("a", true)).state == item_state::failed);
  CHECK(view("a").in_doubt == 0);
  CHECK(view("a").in_flight == 0);
  CHECK(view("a").held == money{});
}

TEST_CASE_METHOD(fixture, "what is free needs no money", "[pinned]") {
  add("a", 10);
  ask<account_view>(accounts["a"], atom::adjust_v, money{-10'000'000'000});
  CHECK(serve(pinned("a", true)).state == item_state::succeeded);
  self->send(pool, atom::halt_v, halt_notice{ec::disk_low});
  run();
  CHECK(serve(pinned("a", true)).state == item_state::succeeded);
}

TEST_CASE_METHOD(fixture, "what needs no money waits for its busy account",
                 "[pinned]") {
  auto narrow = options("a", money{10'000'000'000});
  narrow.account.max_in_flight = 1;
  add(narrow);
  ask<account_view>(accounts["a"], atom::adjust_v, money{-10'000'000'000});
  script->answer = [](const auto&) { return std::nullopt; };
  start(pinned("a", true));
  start(pinned("a", true));
  for (int i = 0; i < 1'000; ++i)
    sched.try_run_once();
  REQUIRE(sched.jobs.empty());
  CHECK(script->calls.size() == 1);
  CHECK(figures().waiting == 1);
  script->answer = [](const auto&) { return bad(200, stored); };
  script->finish(script->open[0]->token, bad(200, stored));
  run();
  CHECK(owned->finished.size() == 2);
}

TEST_CASE_METHOD(fixture, "what a provider has not cools no model",
                 "[pinned]") {
  add("a", 10);
  script->answer = [](const auto& x) {
    return x.method == "GET" ? bad(404, R"({"error":{"message":"no"}})")
                             : good();
  };
  const auto x = serve(pinned("a", true));
  CHECK(x.status == 404);
  CHECK(x.error_code == "client_error");
  CHECK_FALSE(x.body.empty());
  CHECK(serve(pinned("a", false)).state == item_state::succeeded);
}

TEST_CASE_METHOD(fixture, "a provider without the call is not asked",
                 "[pinned]") {
  auto relay = options("a", money{10'000'000'000});
  relay.account.kind = provider::new_api;
  add(relay);
  CHECK(serve(pinned("a", true)).error_code == "no_such_model");
  CHECK(script->calls.empty());
}
