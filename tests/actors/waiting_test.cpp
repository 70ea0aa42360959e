// Jobs that wait: none stands in the way of one that can be served.

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;

struct fixture : pool_fixture {
  uint64_t next = 1;

  /// Of that many tokens of output: ten millionths of a dollar each.
  job_ptr sized(int64_t output) {
    auto x = std::make_shared<job>(*line(next++));
    x->estimate = {100, output};
    return x;
  }

  size_t succeeded() const {
    return static_cast<size_t>(
      std::count_if(owned->finished.begin(), owned->finished.end(),
                    [](const auto& x) {
                      return x->state == item_state::succeeded;
                    }));
  }

  void add_small(const std::string& name, money initial,
                 uint32_t max_in_flight) {
    auto x = options(name, initial);
    x.account.max_in_flight = max_in_flight;
    add(x);
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "one that failed does not hold up the others",
                 "[waiting]") {
  add_small("a", money{30 * dollar}, 2);
  // It cannot serve, and for long.
  add_small("b", money{dollar}, 2);
  const auto by_api = GENERATE(false, true);
  auto failures = 3;
  script->answer = [&failures](const auto&) {
    return failures-- > 0 ? bad(500, "{}") : good();
  };
  for (int i = 0; i < 30; ++i)
    start(by_api ? interactive(next++, now() + 60s) : sized(100));
  run();
  for (int i = 0; i < 40; ++i)
    advance(1s);
  CHECK(succeeded() == 30);
  CHECK(figures().waiting == 0);
}

TEST_CASE_METHOD(fixture, "a dear one does not hold up cheap ones",
                 "[waiting]") {
  const auto dear = GENERATE(100'000, 5'000);
  // Five cents above its floor.
  add_small("a", money{dollar + 50'000'000}, 1);
  script->answer = [](const auto&) { return good(); };
  start(sized(100));
  start(sized(dear)); // More than that, alone.
  for (int i = 0; i < 30; ++i)
    start(sized(i % 2 == 0 ? 100 : 1'500));
  run();
  advance(5s);
  CHECK(succeeded() == 31);
  CHECK(figures().waiting == 1);
}

TEST_CASE_METHOD(fixture, "a full queue refuses no line of a batch",
                 "[waiting]") {
  setup->routing.queue_max = 2;
  self->send(pool, atom::configure_v, routing_setup_ptr{setup});
  add_small("a", money{30 * dollar}, 1);
  script->answer = [](const auto&) { return std::nullopt; };
  for (int i = 0; i < 6; ++i)
    start(sized(100));
  run();
  CHECK(owned->finished.empty());
  CHECK(figures().waiting == 5);
  start(interactive(next++, now() + 60s));
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == to_string(ec::queue_full));
}

TEST_CASE_METHOD(fixture, "a short refusal of all fails no line",
                 "[waiting]") {
  add_small("a", money{30 * dollar}, 4);
  const auto status = GENERATE(401, 200);
  const auto healed_at = now() + 6s;
  script->answer = [this, status, healed_at](const auto&) {
    return now() >= healed_at ? good()
                              : bad(status, status == 401
                                              ? R"({"error":{"message":"no"}})"
                                              : "<html>");
  };
  for (int i = 0; i < 20; ++i)
    start(sized(100));
  run();
  for (int i = 0; i < 300; ++i)
    advance(1s);
  CHECK(succeeded() == 20);
  CHECK(owned->finished.size() == 20);
}
