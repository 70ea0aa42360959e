#include "actors/domain/retry.hpp"

#include "tests/support/catch.hpp"

#include <random>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'000'000'000};

verdict failed(bool failover = true, charge charged = charge::no) {
  verdict x;
  x.cls = failure_class::upstream_error;
  x.failover = failover;
  x.charged = charged;
  return x;
}

/// 5 attempts, 2 of them billed or perhaps so; 500 ms to 60 s.
retry_budget make(timestamp deadline = {}) {
  return {routing_options{}, deadline};
}

} // namespace

TEST_CASE("a job moves on until its attempts are used up", "[retry]") {
  auto it = make();
  for (int i = 0; i < 4; ++i)
    CHECK(it.after_failure(failed(), true, start) == next_step::elsewhere);
  CHECK(it.after_failure(failed(), true, start) == next_step::give_up);
  CHECK(it.attempts() == 5);
}

TEST_CASE("the caller's own fault ends a job at once", "[retry]") {
  auto it = make();
  CHECK(it.after_failure(failed(false), true, start) == next_step::give_up);
}

TEST_CASE("what never left is no attempt, but not free for ever", "[retry]") {
  auto it = make();
  for (int i = 0; i < 19; ++i)
    CHECK(it.after_failure(failed(), false, start) == next_step::elsewhere);
  CHECK(it.attempts() == 0);
  CHECK(it.after_failure(failed(), false, start) == next_step::give_up);
}

TEST_CASE("two attempts may be charged for nothing", "[retry]") {
  auto it = make();
  const auto lost = failed(true, charge::perhaps);
  const auto paid = failed(true, charge::yes);
  SECTION("perhaps") {
    CHECK(it.after_failure(failed(), true, start) == next_step::elsewhere);
    CHECK(it.after_failure(lost, true, start) == next_step::elsewhere);
    CHECK(it.after_failure(lost, true, start) == next_step::give_up);
  }
  SECTION("certainly") {
    CHECK(it.after_failure(paid, true, start) == next_step::elsewhere);
    CHECK(it.after_failure(paid, true, start) == next_step::give_up);
  }
  SECTION("one of each") {
    CHECK(it.after_failure(lost, true, start) == next_step::elsewhere);
    CHECK(it.after_failure(paid, true, start) == next_step::give_up);
  }
  SECTION("what is hardly charged is only a try") {
    const auto unlikely = failed(true, charge::hardly);
    for (int i = 0; i < 4; ++i)
      CHECK(it.after_failure(unlikely, true, start) == next_step::elsewhere);
    CHECK(it.after_failure(unlikely, true, start) == next_step::give_up);
  }
}

TEST_CASE("a deadline ends everything", "[retry]") {
  auto it = make(start + 10s);
  CHECK(it.after_failure(failed(), true, start + 10s - 1ms)
        == next_step::elsewhere);
  CHECK(it.after_refusal(start + 10s - 1ms) == next_step::wait);
  CHECK(it.after_refusal(start + 10s) == next_step::give_up);
  CHECK(it.after_failure(failed(), true, start + 10s) == next_step::give_up);
}

TEST_CASE("a deadline tells of an account that had most of the time",
          "[retry]") {
  verdict x = failed(true, charge::perhaps);
  x.scope = failure_scope::account;
  x.action = account_action::penalty;
  CHECK(judged_late(x, 5s, 10s).action == account_action::penalty);
  CHECK(judged_late(x, 5s, 10s).scope == failure_scope::account);
  const auto y = judged_late(x, 5s - 1ms, 10s);
  CHECK(y.action == account_action::none);
  CHECK(y.scope == failure_scope::request);
  CHECK(y.charged == charge::perhaps);
}

TEST_CASE("a job that reached nobody waits as long as it may", "[retry]") {
  auto it = make();
  for (int i = 0; i < 1'000; ++i)
    CHECK(it.after_refusal(start) == next_step::wait);
  auto limited = make(start + 1h);
  CHECK(limited.after_refusal(start + 59min) == next_step::wait);
  CHECK(limited.after_refusal(start + 1h) == next_step::give_up);
}

TEST_CASE("a job that failed everywhere waits a few rounds", "[retry]") {
  auto it = make();
  REQUIRE(it.after_failure(failed(), true, start) == next_step::elsewhere);
  for (int i = 0; i < 4; ++i)
    CHECK(it.after_refusal(start) == next_step::wait);
  CHECK(it.after_refusal(start) == next_step::give_up);
}

TEST_CASE("waits double up to the most, with full jitter", "[retry]") {
  auto it = make();
  for (const auto most : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 16'000ms,
                          32'000ms, 60'000ms, 60'000ms}) {
    REQUIRE(it.after_refusal(start) == next_step::wait);
    CHECK(it.backoff(0) == 1ms);
    CHECK(it.backoff(0.5) == most / 2 + 1ms);
    CHECK(it.backoff(0.9999999) == most);
  }
  for (int i = 0; i < 100; ++i)
    std::ignore = it.after_refusal(start);
  CHECK(it.backoff(0.9999999) == 60s);
}

TEST_CASE("no order of failures exceeds a budget", "[retry][property]") {
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&random](uint32_t n) {
      return std::uniform_int_distribution<uint32_t>{0, n - 1}(random);
    };
    routing_options options;
    options.attempts = 1 + below(8);
    options.billed_attempts = 1 + below(3);
    retry_budget it{options, {}};
    uint32_t sent = 0, unsent = 0, billed = 0;
    auto step = next_step::elsewhere;
    for (int i = 0; i < 200 && step != next_step::give_up; ++i) {
      if (below(4) == 0) {
        step = it.after_refusal(start);
        continue;
      }
      const auto left = below(3) != 0;
      const auto lost = left && below(3) == 0;
      sent += left;
      unsent += !left;
      billed += lost;
      step = it.after_failure(
        failed(true, !lost ? charge::no
                           : below(2) ? charge::perhaps : charge::yes),
        left, start);
      REQUIRE(it.attempts() == sent);
    }
    REQUIRE(step == next_step::give_up);
    REQUIRE(sent <= options.attempts);
    REQUIRE(billed <= options.billed_attempts);
    REQUIRE(unsent <= 4 * options.attempts);
  }
}

TEST_CASE("a pool that fails is asked little more often than one that serves",
          "[retry]") {
  constexpr timestamp start{1'000'000};
  const auto taken = [](retry_quota& x, timestamp now) {
    int n = 0;
    while (x.take(now))
      ++n;
    return n;
  };
  retry_quota x;
  CHECK(taken(x, start) == 0);
  SECTION("so many a second") {
    x.limits(0, 3);
    CHECK(taken(x, start) == 30);
    CHECK(taken(x, start + std::chrono::milliseconds{9'900}) == 0);
    CHECK(taken(x, start + std::chrono::seconds{10}) == 30);
  }
  SECTION("and a part of the requests") {
    x.limits(20, 1);
    for (int i = 0; i < 100; ++i)
      x.on_request(start);
    CHECK(taken(x, start) == 30);
    x.on_request(start);
    CHECK(taken(x, start) == 0); // A fifth of a try.
    for (int i = 0; i < 4; ++i)
      x.on_request(start);
    CHECK(taken(x, start) == 1);
    // Requests of long ago give nothing any more.
    CHECK(taken(x, start + std::chrono::seconds{11}) == 10);
  }
  SECTION("a reload counts at once") {
    x.limits(0, 1);
    CHECK(taken(x, start) == 10);
    x.limits(0, 2);
    CHECK(taken(x, start) == 10);
    x.limits(0, 0);
    CHECK(taken(x, start) == 0);
  }
  SECTION("steady load: at most the part and the rest") {
    x.limits(20, 5);
    int retries = 0;
    for (int second = 0; second < 60; ++second) {
      const auto now = start + std::chrono::seconds{second};
      for (int i = 0; i < 100; ++i) { // Each fails four times.
        x.on_request(now);
        for (int k = 0; k < 4; ++k)
          retries += x.take(now);
      }
    }
    CHECK(retries <= 60 * (20 + 5) + 50);
    CHECK(retries >= 60 * (20 + 5) - 50);
  }
}

TEST_CASE("what was perhaps charged before counts", "[retry]") {
  const auto lost = failed(true, charge::perhaps);
  auto fresh = make();
  CHECK(fresh.after_failure(lost, true, start) == next_step::elsewhere);
  CHECK(fresh.after_failure(lost, true, start) == next_step::give_up);
  retry_budget once{routing_options{}, {}, 1};
  CHECK(once.after_failure(lost, true, start) == next_step::give_up);
}
