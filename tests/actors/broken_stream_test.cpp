// What is booked for streams that break off in their caller's hands.

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

/// Of a stream whose first words have reached the caller.
upstream_outcome broken(transport how, std::optional<usage> said,
                        int64_t text) {
  auto x = upstream_script::failure(how, "");
  x.status = 200;
  x.passed = passed_body{said, text, false, {}};
  return x;
}

usage said(int64_t input, int64_t output) {
  usage x;
  x.input_uncached = input;
  x.output = output;
  x.source = usage_source::partial;
  return x;
}

} // namespace

TEST_CASE_METHOD(pool_fixture, "a broken stream costs what was seen of it",
                 "[runner]") {
  struct row {
    transport how;
    std::optional<usage> said;
    int64_t text;
    int64_t input, output; // That are assumed.
  };
  // A line is estimated at 100 tokens in and 100 out.
  const auto x = GENERATE(
    row{transport::broken, said(25, 1), 3, 25, 3},
    row{transport::timed_out, said(25, 7), 3, 25, 7},
    row{transport::ok, std::nullopt, 3, 100, 3},
    row{transport::cancelled, said(25, 1), 3, 25, 3});
  add("a", 30);
  script->answer = [&x](const auto&) {
    return broken(x.how, x.said, x.text);
  };
  start(line(0));
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::failed);
  CHECK(script->calls.size() == 1);
  // What may have been charged is kept back as long as any doubt.
  CHECK(view("a").in_doubt == 1);
  CHECK(view("a").in_doubt_amount == money{1'100'000});
  advance(3'599s);
  CHECK(view("a").in_doubt == 1);
  advance(2s);
  CHECK(view("a").in_doubt == 0);
  CHECK(view("a").held == money{});
  CHECK(view("a").spent == money{x.input * 1'000 + x.output * 10'000});
}

TEST_CASE_METHOD(pool_fixture, "a stream that breaks early gives back most",
                 "[runner]") {
  add("a", 30);
  script->answer = [](const auto&) {
    auto x = broken(transport::broken, said(25, 1), 3);
    x.total = 5s;
    return x;
  };
  auto work = std::make_shared<job>(*line(0));
  work->estimate.output = 30'000; // 0.3001 USD.
  start(work);
  run();
  // In five seconds a thousand tokens, and two thousand before it is noticed.
  CHECK(view("a").in_doubt_amount == money{25 * 1'000 + 3'000 * 10'000});
  CHECK(view("a").held == view("a").in_doubt_amount);
}
