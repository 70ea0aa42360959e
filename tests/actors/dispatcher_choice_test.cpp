// Whom the dispatcher asks for jobs that are bound to an account, and for those
// that nobody wants any more.

#include "actors/domain/affinity.hpp"
#include "tests/actors/dispatcher_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

using fixture = dispatcher_fixture;

} // namespace

TEST_CASE_METHOD(fixture, "a job that is called off does not wait when declined",
                 "[dispatcher]") {
  const auto a = add("a", 10);
  const auto runner = start(line(next++));
  REQUIRE(sched.prioritize(runner));
  sched.try_run_once(); // It asks the pool.
  self->send(a, atom::administer_v, admin_state::drain);
  REQUIRE(sched.prioritize(pool));
  sched.try_run_once(); // The pool asks the account, which is being drained.
  self->send(runner, atom::cancel_v);
  REQUIRE(sched.prioritize(runner));
  sched.try_run_once();
  REQUIRE(sched.prioritize(pool));
  sched.try_run_once();
  CHECK(owned->finished.empty());
  run();
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->state == item_state::cancelled);
  CHECK(figures().waiting == 0);
  CHECK(view("a").held == money{});
}

TEST_CASE_METHOD(fixture, "what was made before is served by its maker alone",
                 "[dispatcher]") {
  add("a", 10);
  add("b", 30);
  const auto answered = [](const auto&) {
    return bad(200, R"({"id":"resp_2","output":[],"choices":[{"message":)"
                    R"({"content":"x"},"finish_reason":"stop"}]})");
  };
  script->answer = answered;
  const auto key = response_key({7}, "resp_1");
  self->send(pool, atom::made_v, kept_response{key, ids["a"]});
  run();
  const auto about = [this, key](surface route) {
    auto x = std::make_shared<job>(*line(next++));
    x->route = route;
    x->made_before = key;
    x->deadline = now() + 5s;
    return x;
  };
  const auto served_by = [&](const job_ptr& x) {
    start(x);
    run();
    return name_of(script->calls.back()->request->account);
  };
  CHECK(serve(1) == "b");
  CHECK(served_by(about(surface::openai_responses)) == "a");
  CHECK(served_by(about(surface::openai_stored)) == "a");
  // It costs nothing.
  const auto spent = view("a").spent;
  CHECK(served_by(about(surface::openai_stored)) == "a");
  CHECK(view("a").spent == spent);
  // It does not move on when that one cannot serve, or fails.
  auto calls = script->calls.size();
  ask<account_view>(accounts["a"], atom::administer_v, admin_state::drain);
  start(about(surface::openai_stored));
  run();
  CHECK(owned->finished.back()->error_code == "not_ready");
  CHECK(script->calls.size() == calls);
  ask<account_view>(accounts["a"], atom::administer_v, admin_state::ready);
  script->answer = [](const auto&) { return bad(500, "{}"); };
  start(about(surface::openai_stored));
  advance(10s);
  CHECK(owned->finished.back()->error_code == "upstream_error");
  REQUIRE(script->calls.size() > calls);
  for (; calls < script->calls.size(); ++calls)
    CHECK(script->calls[calls]->request->account == ids["a"]);
  // What nobody made is not there; what may go on from it may go anywhere.
  auto lost = std::make_shared<job>(*about(surface::openai_stored));
  lost->made_before = key + 1;
  start(lost);
  run();
  CHECK(owned->finished.back()->error_code == "not_found");
  script->answer = answered;
  lost = std::make_shared<job>(*about(surface::openai_responses));
  lost->made_before = key + 1;
  CHECK(served_by(lost) == "b");
  // The runner tells who made it.
  auto next_one = std::make_shared<job>(*about(surface::openai_stored));
  next_one->made_before = response_key({}, "resp_2");
  CHECK(served_by(next_one) == "b");
}
