// Requests and tokens per minute, as the dispatcher heeds them.

#include "tests/actors/dispatcher_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

struct fixture : dispatcher_fixture {
  void add_limited(uint32_t tokens_per_minute) {
    auto limited = options("a", money{10'000'000'000});
    limited.account.tokens_per_minute = tokens_per_minute;
    add(limited);
  }

  /// A line of 400 tokens; others have 200.
  void start_large(uint64_t item) {
    script->answer = [](const auto& x) {
      return good(x.body.find("large") == std::string::npos ? 190 : 390);
    };
    auto x = std::make_shared<job>(*line(item));
    x->body = R"({"model":"m","user":"large"})";
    x->estimate = {200, 200};
    start(x);
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a job waits for tokens without asking on and on",
                 "[rates]") {
  add_limited(500);
  script->answer = [](const auto&) { return good(190); };
  for (uint64_t i = 0; i < 3; ++i)
    start(line(i)); // 200 tokens each.
  for (int i = 0; i < 1'000; ++i)
    sched.try_run_once();
  REQUIRE(sched.jobs.empty());
  CHECK(owned->finished.size() == 2);
  CHECK(figures().waiting == 1);
  advance(11s);
  CHECK(owned->finished.size() == 2);
  advance(3s); // The bucket refills 8.3 tokens a second.
  CHECK(owned->finished.size() == 3);
}

TEST_CASE_METHOD(fixture, "a job of too many tokens waits, smaller ones do not",
                 "[rates]") {
  add_limited(500);
  script->answer = [](const auto&) { return good(190); };
  start(line(0)); // It leaves 300.
  start_large(1);
  for (int i = 0; i < 1'000; ++i)
    sched.try_run_once();
  REQUIRE(sched.jobs.empty());
  CHECK(figures().waiting == 1);
  start(line(2));
  run();
  CHECK(owned->finished.size() == 2);
  CHECK(owned->finished.back()->custom_id == "line-2");
  advance(34s);
  CHECK(figures().waiting == 1);
  advance(4s); // From 100 to 400, at 8.3 tokens a second.
  CHECK(owned->finished.size() == 3);
}

TEST_CASE_METHOD(fixture, "a large job is served although small ones go on",
                 "[rates]") {
  add_limited(500);
  script->answer = [](const auto&) { return good(190); };
  const auto done = [this](const std::string& name) {
    return std::any_of(owned->finished.begin(), owned->finished.end(),
                       [&](const auto& x) { return x->custom_id == name; });
  };
  const auto small = [this](uint64_t item, bool for_batch) {
    start(for_batch ? line(item) : interactive(item, now() + 600s));
  };
  // What a minute has is taken as it comes: 200 tokens every 24 seconds.
  uint64_t item = 2;
  for (; item < 4; ++item)
    small(item, true);
  run();
  start_large(1);
  SECTION("lines of its kind leave it the tokens") {
    for (int i = 0; i < 20 && !done("line-1"); ++i) {
      small(item++, true);
      advance(6s);
    }
    CHECK(done("line-1"));
    advance(60s); // And then they have their turn.
    CHECK(done("line-4"));
  }
  SECTION("those that are little enough go on meanwhile") {
    script->answer = [](const auto& x) {
      return good(x.body.find("large") == std::string::npos ? 15 : 390);
    };
    const auto before = figures().granted;
    for (int i = 0; i < 20 && !done("line-1"); ++i) {
      auto x = std::make_shared<job>(*line(item++));
      x->estimate = {10, 15};
      start(x);
      advance(6s);
    }
    CHECK(done("line-1"));
    CHECK(figures().granted > before + 5);
  }
  SECTION("requests that somebody waits for do not") {
    for (int i = 0; i < 20; ++i) {
      small(item++, false);
      advance(6s);
    }
    CHECK_FALSE(done("line-1"));
    CHECK(figures().granted > 5);
    advance(600s);
    CHECK(done("line-1"));
  }
}

TEST_CASE_METHOD(fixture, "tokens are saved while all places are taken, too",
                 "[rates]") {
  auto limited = options("a", money{10'000'000'000});
  limited.account.tokens_per_minute = 500;
  limited.account.max_in_flight = 1;
  add(limited);
  start_large(0); // It leaves 100.
  run();
  start_large(1);
  run();
  script->answer = [](const auto&) { return std::nullopt; };
  uint64_t item = 2;
  const auto is_large = [](const auto& call) {
    return call->request->body.find("large") != std::string::npos;
  };
  for (int i = 0; i < 60; ++i) { // 33 come in each time.
    auto x = std::make_shared<job>(*line(item++));
    x->estimate = {10, 30};
    start(x);
    advance(4s);
    if (script->open.empty())
      continue;
    if (is_large(script->open.front()))
      break;
    script->finish(script->open.front()->token, good(30));
    run();
  }
  REQUIRE(!script->open.empty());
  CHECK(is_large(script->open.front()));
}

TEST_CASE_METHOD(fixture, "of jobs that cost the same, fewer tokens may pass",
                 "[rates]") {
  add_limited(500);
  script->answer = [](const auto&) { return good(190); };
  start(line(0)); // It leaves 300.
  const auto wait_for = [this](uint64_t item, token_estimate x) {
    auto y = std::make_shared<job>(*line(item));
    y->estimate = x;
    start(y);
    run();
  };
  run();
  wait_for(1, {500, 0}); // 500 millionths of a dollar, each.
  wait_for(2, {450, 5});
  CHECK(figures().waiting == 2);
  wait_for(3, {50, 45});
  CHECK(owned->finished.back()->custom_id == "line-3");
}

TEST_CASE_METHOD(fixture, "a burst asks for no more tokens than there are",
                 "[rates]") {
  add_limited(500);
  script->answer = [](const auto&) { return good(190); };
  for (uint64_t i = 0; i < 6; ++i)
    start(line(i));
  run();
  CHECK(figures().granted == 2);
  CHECK(figures().declined == 0);
}

TEST_CASE_METHOD(fixture, "tokens that a job did not use serve the next ones",
                 "[rates]") {
  add_limited(500);
  script->answer = [](const auto&) { return good(0); };
  for (uint64_t i = 0; i < 40; ++i)
    start(line(i)); // Estimated at 200 each.
  run();
  CHECK(owned->finished.size() == 31); // The first that finds less than 200.
}

TEST_CASE_METHOD(fixture, "an account is woken no oftener than it has to be",
                 "[rates]") {
  auto limited = options("a", money{10'000'000'000});
  limited.account.requests_per_minute = 600;
  limited.account.max_in_flight = 1'000;
  add(limited);
  script->answer = [](const auto&) { return good(); };
  for (uint64_t i = 0; i < 1'000; ++i) // A minute has 600, all there at once.
    start(line(i));
  run();
  const auto pending = [this] { return sched.clock().schedule().size(); };
  const auto before = pending();
  for (int i = 0; i < 300; ++i)
    advance(100ms); // Ten requests come back each second, one by one.
  CHECK(figures().waiting == 100);
  CHECK(pending() <= before + 2);
}
