// How many tries a job has, and how they are numbered.

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace rota;
using namespace std::chrono_literals;

TEST_CASE_METHOD(pool_fixture, "no try takes the number of another run",
                 "[runner]") {
  setup->routing.attempts = 200;
  setup->routing.billed_attempts = 200;
  setup->routing.backoff_max = 1ms;
  setup->routing.backoff_base = 1ms;
  for (int i = 0; i < 20; ++i)
    add("a" + std::to_string(i), 10);
  script->answer = [](const auto&) {
    return upstream_script::failure(transport::not_sent, "refused");
  };
  auto work = std::make_shared<job>(*line(0));
  work->attempt_base = 3 * attempts_per_run;
  start(work);
  for (int i = 0; i < 10'000 && owned->finished.empty(); ++i)
    advance(60s);
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::failed);
  CHECK(owned->finished[0]->attempts == attempts_per_run - 1);
  uint32_t last = 0;
  for (const auto& x : log->commits)
    for (const auto& entry : x->entries)
      last = std::max(last, entry.hold.attempt);
  CHECK(last == 4 * attempts_per_run - 1);
}

TEST_CASE_METHOD(pool_fixture, "who serves other clients only is asked once",
                 "[runner]") {
  add("a", 10);
  add("b", 20);
  const auto with_deadline = GENERATE(false, true);
  std::string said = GENERATE(
    R"({"error":{"message":"invalid claude code request"}})",
    R"({"error":{"message":"Request too large for m: Limit 30, Requested 40",)"
    R"("code":"rate_limit_exceeded"}})");
  script->answer = [&said](const auto&) { return bad(429, said); };
  start(with_deadline ? interactive(0, now() + 60s) : line(0));
  run(); // Nobody waits for anything.
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::failed);
  CHECK(script->calls.size() == 2);
}

TEST_CASE_METHOD(pool_fixture, "others are tried again, but not who always will"
                               " refuse", "[runner]") {
  add("a", 10);
  add("b", 20);
  std::map<account_id, int> calls;
  script->answer = [&](const auto& x) {
    ++calls[x.account];
    if (x.account == ids["b"])
      return bad(400, R"({"error":{"message":"invalid claude code request"}})");
    return calls[x.account] < 3 ? bad(500, "{}") : good();
  };
  start(interactive(0, now() + 60s));
  for (int i = 0; i < 60 && owned->finished.empty(); ++i)
    advance(1s);
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::succeeded);
  CHECK(calls[ids["a"]] == 3);
  CHECK(calls[ids["b"]] == 1);
}

TEST_CASE_METHOD(pool_fixture, "a request that nobody will serve in time ends"
                               " at once", "[runner]") {
  for (const auto* name : {"a", "b"}) {
    auto relay = options(name, money{10'000'000'000});
    relay.account.kind = provider::new_api;
    add(relay);
  }
  int status = 0;
  std::string said, code;
  SECTION("since none has the money") {
    status = 403;
    said = R"({"error":{"message":"用户额度不足",)"
           R"("code":"insufficient_user_quota"}})";
    code = "quota_exhausted";
  }
  SECTION("since none has the model") {
    status = 503;
    said = R"({"error":{"message":"无可用渠道","code":"model_not_found"}})";
    code = "no_such_model";
  }
  SECTION("since all are busy for longer") {
    status = 429;
    said = R"({"error":{"message":"slow down"}})";
    code = "rate_limited";
  }
  script->answer = [&](const auto&) {
    return bad(status, said, {{"retry-after", "90"}});
  };
  start(interactive(0, now() + 60s));
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == code);
  CHECK(script->calls.size() == 2);
  if (code == "no_such_model") { // Nor does the next one wait.
    start(interactive(1, now() + 60s));
    run();
    CHECK(owned->finished.size() == 2);
    CHECK(script->calls.size() == 2);
    CHECK(figures().refused == 0);
    script->answer = [](const auto&) { return good(); };
    advance(1s); // But one soon after finds out that there is a channel again.
    start(interactive(2, now() + 60s));
    run();
    REQUIRE(owned->finished.size() == 3);
    CHECK(owned->finished[2]->state == item_state::succeeded);
  }
}

TEST_CASE_METHOD(pool_fixture, "lines outlast a channel that is away",
                 "[runner]") {
  auto relay = options("a", money{10'000'000'000});
  relay.account.kind = provider::new_api;
  add(relay);
  script->answer = [](const auto&) {
    return bad(503, R"({"error":{"message":"x","code":"model_not_found"}})");
  };
  for (uint64_t i = 0; i < 3; ++i)
    start(line(i));
  for (int i = 0; i < 120; ++i)
    advance(1s);
  CHECK(owned->finished.empty());
  CHECK(script->calls.size() == 3); // Not one each half second.
  script->answer = [](const auto&) { return good(); };
  SECTION("until its time") {
    for (int i = 0; i < 300; ++i)
      advance(1s);
  }
  SECTION("or until a request finds that it is back") {
    start(interactive(9, now() + 60s));
    for (int i = 0; i < 20; ++i)
      advance(1s);
  }
  REQUIRE(owned->finished.size() >= 3);
  for (const auto& x : owned->finished)
    CHECK(x->state == item_state::succeeded);
}

TEST_CASE_METHOD(pool_fixture, "who refuses for good stands in nobody's way",
                 "[runner]") {
  add("a", 10);
  add("b", 20);
  const auto with_deadline = GENERATE(false, true);
  auto busy = true;
  script->answer = [&](const auto& x) {
    if (x.account == ids["b"])
      return bad(400, R"({"error":{"message":"invalid claude code request"}})");
    return busy ? bad(429, R"({"error":{"message":"slow"}})",
                      {{"retry-after", "5"}})
                : good();
  };
  start(with_deadline ? interactive(0, now() + 60s) : line(0));
  run();
  CHECK(owned->finished.empty());
  busy = false;
  for (int i = 0; i < 10 && owned->finished.empty(); ++i)
    advance(1s);
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::succeeded);
  CHECK(script->calls.size() == 3);
}
