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
