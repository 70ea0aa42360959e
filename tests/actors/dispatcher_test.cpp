#include "tests/actors/dispatcher_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

using fixture = dispatcher_fixture;

} // namespace

TEST_CASE_METHOD(fixture, "most_balance takes the most available money",
                 "[dispatcher]") {
  add("a", 10);
  add("b", 30);
  add("c", 20);
  CHECK(serve(3) == "bbb");
  ask<account_view>(accounts["b"], atom::adjust_v, money{-25'000'000'000});
  CHECK(serve(2) == "cc");
}

TEST_CASE_METHOD(fixture, "least_used takes the fewest calls", "[dispatcher]") {
  add("a", 10);
  add("b", 30);
  add("c", 20);
  use(strategy::least_used);
  auto served = serve(6);
  std::sort(served.begin(), served.end());
  CHECK(served == "aabbcc");
}

TEST_CASE_METHOD(fixture, "least_recently_used takes the longest idle",
                 "[dispatcher]") {
  add("a", 10);
  add("b", 30);
  add("c", 20);
  use(strategy::least_recently_used);
  CHECK(serve(6, 10ms) == "abcabc");
}

TEST_CASE_METHOD(fixture, "round_robin takes turns", "[dispatcher]") {
  add("a", 10);
  add("b", 30);
  add("c", 20);
  use(strategy::round_robin);
  CHECK(serve(7) == "abcabca");
  self->send(pool, atom::dismiss_v, ids["b"]);
  run();
  CHECK(serve(4) == "caca");
}

TEST_CASE("an account that leaves after its grant serves the job",
          "[dispatcher]") {
  for (int messages = 0; messages < 12; ++messages) {
    INFO("it leaves after " << messages << " messages");
    pool_fixture f;
    f.add("a", 20);
    f.add("b", 10);
    f.script->answer = [](const auto&) { return pool_fixture::good(); };
    f.start(pool_fixture::line(0));
    for (int i = 0; i < messages; ++i)
      f.sched.try_run_once();
    f.self->send(f.pool, atom::dismiss_v, f.ids["a"]);
    f.run();
    REQUIRE(f.owned->finished.size() == 1);
    CHECK(f.owned->finished[0]->state == item_state::succeeded);
    // One hold was made for it, and has ended.
    CHECK(f.view("a").calls + f.view("b").calls == 1);
    CHECK(f.view("a").held + f.view("b").held == money{});
  }
}

TEST_CASE_METHOD(fixture, "fastest takes the quickest first byte",
                 "[dispatcher]") {
  add("a", 10);
  add("b", 30);
  use(strategy::fastest);
  script->answer = [this](const upstream_request& x) {
    auto reply = good();
    reply.first_byte = x.account == ids["a"] ? 400ms : 20ms;
    return reply;
  };
  serve(4); // Each is tried once or twice.
  CHECK(serve(5) == "bbbbb");
}

TEST_CASE_METHOD(fixture, "proportional splits 100 lines as the money is",
                 "[dispatcher]") {
  add("a", 30);
  add("b", 30);
  add("c", 25);
  add("d", 15);
  use(strategy::proportional);
  const auto served = serve(100);
  CHECK(std::count(served.begin(), served.end(), 'a') == 30);
  CHECK(std::count(served.begin(), served.end(), 'b') == 30);
  CHECK(std::count(served.begin(), served.end(), 'c') == 25);
  CHECK(std::count(served.begin(), served.end(), 'd') == 15);
}

TEST_CASE_METHOD(fixture, "proportional splits a burst just the same",
                 "[dispatcher]") {
  constexpr int64_t dollar = 1'000'000'000;
  for (const auto& [name, amount] :
       {std::pair{"a", 30 * dollar}, {"b", 30 * dollar}, {"c", 25 * dollar},
        {"d", 15 * dollar}}) {
    auto x = options(name, money{amount});
    x.account.max_in_flight = 100;
    add(x);
  }
  use(strategy::proportional);
  for (int i = 0; i < 100; ++i)
    start(line(i));
  run();
  CHECK(view("a").calls == 30);
  CHECK(view("b").calls == 30);
  CHECK(view("c").calls == 25);
  CHECK(view("d").calls == 15);
}

TEST_CASE_METHOD(fixture, "an account below its floor is skipped",
                 "[dispatcher]") {
  add("a", 1);
  add("b", 2);
  CHECK(serve(2) == "bb");
}

TEST_CASE_METHOD(fixture, "drained accounts are skipped until they are ready",
                 "[dispatcher]") {
  add("a", 30);
  add("b", 20);
  ask<account_view>(accounts["a"], atom::administer_v, admin_state::drain);
  CHECK(serve(2) == "bb");
  ask<account_view>(accounts["a"], atom::administer_v, admin_state::ready);
  CHECK(serve(2) == "aa");
}

TEST_CASE_METHOD(fixture, "a batch's lines outlast who could serve them",
                 "[dispatcher]") {
  auto other = options("a", money{30'000'000'000});
  other.account.models = {"n"};
  add(other);
  auto tagged = std::make_shared<job>(*line(next++));
  tagged->tags = {"cheap"};
  start(tagged);
  start(line(next++));
  run();
  CHECK(figures().waiting == 2);
  CHECK(owned->finished.empty());
  auto right = options("b", money{30'000'000'000});
  right.account.tags = {"cheap"};
  add(right);
  run();
  CHECK(figures().waiting == 0);
  REQUIRE(owned->finished.size() == 2);
  for (const auto& x : owned->finished)
    CHECK(x->state == item_state::succeeded);
}

TEST_CASE_METHOD(fixture, "jobs wait while all accounts are busy",
                 "[dispatcher]") {
  auto x = options("a", money{30'000'000'000});
  x.account.max_in_flight = 2;
  add(x);
  script->answer = [](const auto&) { return std::nullopt; };
  for (int i = 0; i < 5; ++i)
    start(line(i));
  run();
  CHECK(script->open.size() == 2);
  CHECK(figures().waiting == 3);
  CHECK(figures().refused == 0);
  for (int i = 0; i < 5; ++i) {
    REQUIRE_FALSE(script->open.empty());
    script->finish(script->open.front()->token, good());
    run();
  }
  CHECK(owned->finished.size() == 5);
  CHECK(figures().waiting == 0);
  CHECK(view("a").in_flight == 0);
}

TEST_CASE_METHOD(fixture, "never more is held than available",
                 "[dispatcher]") {
  auto x = options("a", money{1'005'000'000}); // Room for four holds.
  x.account.max_in_flight = 100;
  add(x);
  script->answer = [](const auto&) { return std::nullopt; };
  for (int i = 0; i < 10; ++i)
    start(line(i));
  run();
  CHECK(script->open.size() == 4);
  CHECK(view("a").available >= view("a").floor);
  CHECK(view("a").held == money{4'400'000});
}

TEST_CASE_METHOD(fixture, "a wall before one account closes its whole host",
                 "[dispatcher]") {
  auto a = options("a", money{30'000'000'000});
  auto b = options("b", money{20'000'000'000});
  a.account.base_url = b.account.base_url = "http://same.test";
  a.account.kind = b.account.kind = provider::anyrouter;
  add(a);
  add(b);
  auto c = options("c", money{10'000'000'000});
  c.account.kind = provider::anyrouter;
  add(c);
  script->answer = [this](const upstream_request& x) {
    if (x.account == ids["c"])
      return good();
    auto wall = upstream_script::reply(
      200, "<html><script>var arg1='0123456789ABCDEF0123456789ABCDEF01234567'"
           ";</script></html>");
    wall.headers = {{"content-type", "text/html"}};
    return wall;
  };
  CHECK(serve(1) == "c");
  CHECK(script->calls.size() == 2); // b was spared.
  CHECK(view("b").cooldown_until > now());
}

TEST_CASE_METHOD(fixture, "a job with a deadline does not wait beyond it",
                 "[dispatcher]") {
  auto x = options("a", money{30'000'000'000});
  x.account.max_in_flight = 1;
  add(x);
  script->answer = [](const auto&) { return std::nullopt; };
  start(line(next++));
  auto late = std::make_shared<job>(*line(next++));
  late->deadline = now() + 5s;
  start(late);
  advance(10s);
  REQUIRE(owned->finished.size() == 1);
  CHECK(owned->finished[0]->error_code == "deadline_passed");
}

TEST_CASE_METHOD(fixture, "a batch is told why its own jobs wait",
                 "[dispatcher]") {
  auto poor = options("a", money{1'000'000'000}); // All of it is floor.
  poor.account.models = {"m"};
  add(poor);
  auto busy = options("b", money{10'000'000'000});
  busy.account.models = {"n"};
  busy.account.max_in_flight = 1;
  add(busy);
  script->answer = [](const auto&) { return std::nullopt; };
  start(line(0, "m"));
  for (uint64_t i = 0; i < 2; ++i) {
    auto other = std::make_shared<job>(*line(i, "n"));
    other->id.batch = {2};
    start(other);
  }
  run();
  const auto waiting = [this](uint64_t batch) {
    return std::get<waiting_view>(ask<waiting_view>(
      pool, atom::status_v, waiting_question{{batch}}));
  };
  CHECK(waiting(1).jobs == 1);
  CHECK(waiting(1).why == ec::insufficient_funds);
  CHECK(waiting(1).line == line(0, "m")->line);
  CHECK(waiting(1).list_cost > money{});
  CHECK(waiting(2).jobs == 1);
  CHECK(waiting(2).why == ec::ok); // It is merely its account's turn later.
  CHECK(waiting(3).jobs == 0);
  CHECK(figures().waiting == 2);
  CHECK(figures().waiting_for == ec::insufficient_funds);
  // The reason is that of now, and gone with the job.
  ask<account_view>(accounts["a"], atom::administer_v, admin_state::drain);
  CHECK(waiting(1).why == ec::not_ready);
  ask<account_view>(accounts["a"], atom::adjust_v, money{5'000'000'000});
  ask<account_view>(accounts["a"], atom::administer_v, admin_state::ready);
  CHECK(waiting(1).jobs == 0);
  CHECK(waiting(1).why == ec::ok);
  CHECK(figures().waiting_for == ec::ok);
}

namespace {

/// A turn of a conversation.
job_ptr turn(uint64_t item, uint64_t session, timestamp deadline,
             int64_t tokens = 100) {
  auto x = std::make_shared<job>(*pool_fixture::line(item));
  x->id = {{}, item};
  x->session = session;
  x->deadline = deadline;
  x->estimate.input = tokens;
  return x;
}

} // namespace

TEST_CASE_METHOD(fixture, "a conversation stays with its account",
                 "[dispatcher]") {
  add("a", 10);
  add("b", 30);
  use(strategy::round_robin);
  const auto serve_turns = [this](int turns, uint64_t session) {
    std::string result;
    for (int i = 0; i < turns; ++i) {
      start(turn(next++, session, now() + 60s));
      run();
      result += name_of(script->calls.back()->request->account);
    }
    return result;
  };
  CHECK(serve_turns(20, 1) == std::string(20, 'a'));
  CHECK(serve_turns(20, 2) == std::string(20, 'b'));
  CHECK(serve_turns(4, 0) == "abab"); // None.
  // It moves when its account fails, and stays moved.
  script->answer = [this](const upstream_request& x) {
    return x.account == ids["a"] ? bad(500, "{}") : good();
  };
  CHECK(serve_turns(1, 1) == "b");
  script->answer = [](const auto&) { return good(); };
  CHECK(serve_turns(5, 1) == "bbbbb");
  // It moves when its account cannot serve.
  ask<account_view>(accounts["b"], atom::administer_v, admin_state::drain);
  CHECK(serve_turns(2, 2) == "aa");
  ask<account_view>(accounts["b"], atom::administer_v, admin_state::ready);
  CHECK(serve_turns(2, 2) == "aa");
  self->send(pool, atom::dismiss_v, ids["a"]);
  run();
  CHECK(serve_turns(2, 2) == "bb");
}

TEST_CASE_METHOD(fixture, "a long prompt waits a while for its busy account",
                 "[dispatcher]") {
  auto a = options("a", money{30'000'000'000});
  a.account.max_in_flight = 1;
  add(a);
  add("b", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  const auto account_of = [this](size_t call) {
    return name_of(script->calls.at(call)->request->account);
  };
  start(turn(next++, 1, now() + 60s));
  run();
  CHECK(account_of(0) == "a");
  // A short one moves at once: no cache is lost.
  start(turn(next++, 1, now() + 60s));
  run();
  REQUIRE(script->calls.size() == 2);
  CHECK(account_of(1) == "b");
  start(turn(next++, 2, now() + 60s)); // a is busy.
  run();
  REQUIRE(script->calls.size() == 3);
  CHECK(account_of(2) == "b");
  script->finish(script->open.front()->token, good());
  run();
  start(turn(next++, 3, now() + 60s, 5'000));
  run();
  CHECK(account_of(3) == "a");
  SECTION("and is served there once it is free") {
    start(turn(next++, 3, now() + 60s, 5'000));
    start(turn(next++, 4, now() + 60s, 5'000)); // Nobody waits behind it.
    run();
    REQUIRE(script->calls.size() == 5);
    CHECK(account_of(4) == "b");
    for (const auto& x : std::vector{script->open})
      if (x->token == script->calls[3]->token)
        script->finish(x->token, good());
    run();
    REQUIRE(script->calls.size() == 6);
    CHECK(account_of(5) == "a");
  }
  SECTION("or moves") {
    start(turn(next++, 3, now() + 60s, 5'000));
    run();
    REQUIRE(script->calls.size() == 4);
    advance(4s);
    REQUIRE(script->calls.size() == 5);
    CHECK(account_of(4) == "b");
  }
}

TEST_CASE_METHOD(fixture, "too many retries are refused with their failure",
                 "[dispatcher]") {
  setup->routing.retry_percent = 0;
  setup->routing.retries_per_second = 1;
  self->send(pool, atom::configure_v,
             routing_setup_ptr{std::make_shared<routing_setup>(*setup)});
  for (int i = 0; i < 4; ++i)
    add("a" + std::to_string(i), 10);
  script->answer = [](const auto&) { return bad(500, "{}"); };
  for (uint64_t i = 0; i < 10; ++i)
    start(turn(i, 0, now() + 60s));
  run();
  for (int i = 0; i < 5; ++i)
    advance(1s);
  CHECK(script->calls.size() == 20); // Ten tries, and ten seconds' retries.
  REQUIRE(owned->finished.size() == 10);
  for (const auto& x : owned->finished)
    CHECK(x->error_code == "upstream_error");
}

TEST_CASE_METHOD(fixture, "while it is halted all jobs wait, and none fails",
                 "[dispatcher]") {
  add("a", 10);
  self->send(pool, atom::halt_v, halt_notice{ec::disk_low});
  run();
  start(line(0));
  start(line(1));
  run();
  advance(60s); // Neither patience nor a patrol starts them.
  CHECK(script->calls.empty());
  auto seen = figures();
  CHECK(seen.waiting == 2);
  CHECK(seen.halted == ec::disk_low);
  CHECK(seen.waiting_for == ec::disk_low);
  CHECK(seen.refused == 0);
  self->send(pool, atom::halt_v, halt_notice{});
  run();
  CHECK(script->calls.size() == 2);
  seen = figures();
  CHECK(seen.waiting == 0);
  CHECK(seen.halted == ec::ok);
}
