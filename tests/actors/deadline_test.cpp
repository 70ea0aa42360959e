// What the deadline of a job does to its tries.

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

TEST_CASE_METHOD(pool_fixture, "a deadline ends a try under way",
                 "[deadline]") {
  add("a", 10);
  start(interactive(0, now() + 5s));
  run();
  REQUIRE(script->open.size() == 1);
  CHECK(script->calls[0]->request->caller_timeout == 5s);
  for (int i = 0; i < 6; ++i)
    advance(1s);
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == "deadline_passed");
  CHECK(owned->finished[0]->attempts == 1);
  CHECK(view("a").failures == 1); // It had all of the time.
  CHECK(view("a").held == money{1'100'000}); // In doubt.
}

TEST_CASE_METHOD(pool_fixture, "a deadline leaves a second try the rest",
                 "[deadline]") {
  add("a", 20);
  add("b", 10);
  start(interactive(0, now() + 5s));
  run();
  advance(4s);
  REQUIRE(script->open.size() == 1);
  script->finish(script->open[0]->token, bad(500, R"({"error":{"message":"oops"}})"));
  run();
  REQUIRE(script->calls.size() == 2);
  CHECK(script->calls[1]->request->caller_timeout <= 1s);
  for (int i = 0; i < 3; ++i)
    advance(1s);
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == "deadline_passed");
  CHECK(view("b").failures == 0); // It hardly had any.
}

TEST_CASE_METHOD(pool_fixture, "nothing is sent once the deadline has passed",
                 "[deadline]") {
  add("a", 10);
  log->hold_back = true;
  start(interactive(0, now() + 5s));
  run();
  advance(6s);
  log->hold_back = false;
  self->send(journal, atom::append_v, std::make_shared<const commit>());
  run();
  CHECK(script->calls.empty());
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == "deadline_passed");
  CHECK(view("a").held == money{});
}
