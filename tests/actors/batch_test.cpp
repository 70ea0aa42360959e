#include "tests/actors/batch_fixture.hpp"
#include "tests/support/catch.hpp"

#include <set>

using namespace rota;
using namespace std::chrono_literals;

using fixture = batch_fixture;

TEST_CASE_METHOD(fixture, "every line ends once", "[batch]") {
  add("a", 10);
  add("b", 10);
  write_lines(1'000);
  submit({});
  for (int i = 0; i < 100 && !done(); ++i)
    advance(1s);
  const auto last = row();
  CHECK(last.state == batch_state::completed);
  CHECK(last.cursor == 1'000);
  CHECK(last.ended.succeeded == 1'000);
  CHECK(last.ended.spent == money{1'000 * 210'000});
  CHECK(log->results.size() == 1'000);
  CHECK(script->calls.size() == 1'000);
  CHECK(view("a").spent + view("b").spent == money{1'000 * 210'000});
}

TEST_CASE("a batch ends well in whatever order messages come", "[batch]") {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    fixture f{seed};
    f.add("a", 10);
    f.add("b", 10);
    f.write_lines(100);
    uint32_t call = 0;
    f.script->answer
      = [&](const upstream_request&) -> std::optional<upstream_outcome> {
      if (++call % 7 == 0)
        return f.bad(503, R"({"error":{"message":"overloaded","type":)"
                          R"("server_error","code":"slow_down"}})");
      if (call % 11 == 0)
        return upstream_script::failure(transport::broken, "reset");
      return f.good();
    };
    f.submit({});
    for (int i = 0; i < 2'000 && !f.done(); ++i)
      f.advance(1s);
    REQUIRE(f.done());
    CHECK(f.row().ended.ended() == 100);
    CHECK(f.log->results.size() == 100);
    // Whatever is not settled is in doubt; nothing is merely forgotten.
    for (const auto* name : {"a", "b"}) {
      const auto x = f.view(name);
      CHECK(x.held == x.in_doubt_amount);
      CHECK(x.in_flight == 0);
    }
  }
}

TEST_CASE_METHOD(fixture, "the window bounds what is read and started",
                 "[batch]") {
  auto x = options("a", money{10'000'000'000});
  x.account.max_in_flight = 4;
  add(x);
  script->answer = [](const auto&) { return std::nullopt; };
  limits.max_in_flight = 8;
  limits.window = 16;
  write_lines(10'000);
  submit({});
  CHECK(view_of_batch().in_flight == 4); // The others wait for the account.
  CHECK(script->open.size() == 4);
  CHECK(figures().waiting == 4);
  CHECK(file->last_item < 1'024);
}

TEST_CASE_METHOD(fixture, "a batch that runs keeps to new limits", "[batch]") {
  add("a", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  limits.max_in_flight = 4;
  write_lines(100);
  batch_resume from;
  const auto configure = [this](uint32_t max_in_flight) {
    limits.max_in_flight = max_in_flight;
    self->send(it, atom::configure_v, batch_rules());
    run();
  };
  SECTION("more lines, or fewer") {
    submit(from);
    REQUIRE(script->open.size() == 4);
    configure(7);
    CHECK(script->open.size() == 7);
    configure(2);
    for (int i = 0; i < 5; ++i) {
      script->finish(script->open.front()->token, good());
      run();
    }
    CHECK(script->open.size() == 2);
    script->finish(script->open.front()->token, good());
    run();
    CHECK(script->open.size() == 2); // The next has begun.
  }
  SECTION("but not where it was submitted with its own") {
    from.row.options.max_in_flight = 3;
    submit(from);
    configure(7);
    CHECK(script->open.size() == 3);
  }
}

TEST_CASE_METHOD(fixture, "a line that waits holds the window, not the file",
                 "[batch]") {
  add("a", 10);
  limits.window = 16;
  write_lines(100);
  // The first line never gets an answer.
  auto first = true;
  script->answer
    = [&first](const auto&) -> std::optional<upstream_outcome> {
    if (std::exchange(first, false))
      return std::nullopt;
    return good();
  };
  submit({});
  CHECK(view_of_batch().counts.succeeded == 15);
  script->finish(script->open.front()->token, good());
  run();
  CHECK(row().state == batch_state::completed);
}

TEST_CASE_METHOD(fixture, "pause stops what waits, resume goes on", "[batch]") {
  add("a", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  limits.max_in_flight = 12;
  write_lines(50);
  submit({});
  const auto open = script->open.size();
  CHECK(open == 8);
  CHECK(ask<batch_view>(it, atom::pause_v).index() == 0);
  CHECK(row().state == batch_state::paused);
  CHECK(view_of_batch().in_flight == 8);
  CHECK(figures().waiting == 0);
  script->answer = [](const auto&) { return good(); };
  while (!script->open.empty()) {
    script->finish(script->open.front()->token, good());
    run();
  }
  // Calls under way end; no others leave, though there is room for them.
  advance(7'200s);
  CHECK(script->calls.size() == 8);
  CHECK(view_of_batch().counts.succeeded == 8);
  CHECK(view_of_batch().in_flight == 0);
  CHECK(view("a").held == money{});
  CHECK(ask<batch_view>(it, atom::pause_v).index() == 1);
  CHECK(ask<batch_view>(it, atom::resume_v).index() == 0);
  run();
  CHECK(row().state == batch_state::completed);
  CHECK(row().ended.succeeded == 50);
}

TEST_CASE_METHOD(fixture, "pause keeps a failed line from its next attempt",
                 "[batch]") {
  add("a", 10);
  add("b", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  write_lines(1);
  submit({});
  REQUIRE(script->open.size() == 1);
  ask<batch_view>(it, atom::pause_v);
  script->finish(script->open.front()->token,
                 bad(500, R"({"error":{"message":"oops"}})"));
  advance(7'200s);
  CHECK(script->calls.size() == 1);
  CHECK(view_of_batch().in_flight == 0);
  script->answer = [](const auto&) { return good(); };
  ask<batch_view>(it, atom::resume_v);
  run();
  CHECK(row().state == batch_state::completed);
  // It is the same line still, with all that it has cost.
  CHECK(log->results.at({{1}, 0})->attempts == 2);
}

TEST_CASE_METHOD(fixture, "a hold that comes after a pause is given back",
                 "[batch]") {
  add("a", 10);
  log->hold_back = true;
  write_lines(1);
  submit({});
  CHECK(view("a").held > money{});
  self->send(it, atom::pause_v); // Answered once it is on disk.
  run();
  log->hold_back = false;
  self->send(journal, atom::append_v, std::make_shared<const commit>());
  run();
  CHECK(script->calls.empty());
  CHECK(view("a").held == money{});
  CHECK(view("a").successes == 0);
  ask<batch_view>(it, atom::resume_v);
  run();
  CHECK(script->calls.size() == 1);
  CHECK(row().state == batch_state::completed);
}

TEST_CASE_METHOD(fixture, "a hold that comes after a stop is given back",
                 "[batch]") {
  add("a", 10);
  log->hold_back = true;
  write_lines(1);
  submit({});
  auto answer = self->request(it, caf::infinite, atom::drain_v);
  run();
  log->hold_back = false;
  self->send(journal, atom::append_v, std::make_shared<const commit>());
  run();
  bool answered = false;
  answer.receive([&](const batch_view&) { answered = true; },
                 [](const caf::error&) {});
  CHECK(answered);
  CHECK(script->calls.empty());
  CHECK(view("a").held == money{});
  CHECK(row().state == batch_state::running);
}

TEST_CASE_METHOD(fixture, "a paused batch is cancelled or drained at once",
                 "[batch]") {
  add("a", 1); // All of it is floor: the lines wait.
  write_lines(3);
  submit({});
  ask<batch_view>(it, atom::pause_v);
  SECTION("cancelled") {
    ask<batch_view>(it, atom::cancel_v);
    run();
    CHECK(row().state == batch_state::cancelled);
    CHECK(row().ended.cancelled == 3);
  }
  SECTION("drained") {
    CHECK(ask<batch_view>(it, atom::drain_v).index() == 0);
    CHECK(row().state == batch_state::paused);
    CHECK(row().ended.ended() == 0);
  }
  CHECK(script->calls.empty());
}

TEST_CASE_METHOD(fixture, "lines between two attempts end at once", "[batch]") {
  setup->routing.backoff_base = 30s;
  setup->routing.backoff_max = 30s;
  setup->routing.attempts = 10;
  add("a", 10);
  script->answer = [](const auto&) {
    return upstream_script::failure(transport::not_sent, "refused");
  };
  write_lines(1);
  submit({});
  const auto calls = script->calls.size();
  REQUIRE(calls > 0);
  REQUIRE(view_of_batch().in_flight == 0);
  SECTION("cancelled") {
    ask<batch_view>(it, atom::cancel_v);
    run();
    CHECK(row().state == batch_state::cancelled);
    CHECK(log->results.at({{1}, 0})->state == item_state::cancelled);
  }
  SECTION("drained") {
    CHECK(ask<batch_view>(it, atom::drain_v).index() == 0);
    CHECK(row().state == batch_state::running);
    CHECK(log->results.empty());
  }
  CHECK(script->calls.size() == calls);
}

TEST_CASE_METHOD(fixture, "a line that ended earlier stays so over a pause",
                 "[batch]") {
  add("a", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  limits.max_in_flight = 1;
  write_lines(3);
  batch_resume from;
  from.ended.push_back({1, item_state::succeeded, money{210'000}});
  submit(from);
  REQUIRE(script->open.size() == 1);
  CHECK(ask<batch_view>(it, atom::pause_v).index() == 0);
  script->answer = [](const auto&) { return good(); };
  script->finish(script->open.front()->token, good());
  run();
  CHECK(row().state == batch_state::paused);
  CHECK(ask<batch_view>(it, atom::resume_v).index() == 0);
  run();
  CHECK(row().state == batch_state::completed);
  CHECK(row().ended.succeeded == 3);
  CHECK(script->calls.size() == 2);
}

TEST_CASE_METHOD(fixture, "cancel ends what waits and keeps what is paid",
                 "[batch]") {
  add("a", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  limits.max_in_flight = 12;
  write_lines(50);
  submit({});
  CHECK(script->open.size() == 8);
  CHECK(ask<batch_view>(it, atom::cancel_v).index() == 0);
  run();
  while (!script->open.empty()) {
    script->finish(script->open.front()->token, good());
    run();
  }
  const auto last = row();
  CHECK(last.state == batch_state::cancelled);
  CHECK(last.ended.succeeded == 8);
  CHECK(last.ended.cancelled == 42);
  CHECK(last.ended.ended() == 50);
}

TEST_CASE_METHOD(fixture, "a restart runs what has not ended, once",
                 "[batch]") {
  add("a", 10);
  write_lines(100);
  batch_resume from;
  from.row.cursor = 40;
  from.row.ended.succeeded = 40;
  // The stored cursor lags: 40 and 41 have ended, too.
  for (const uint64_t item : {40u, 41u, 45u, 60u})
    from.ended.push_back({item, item_state::succeeded, money{210'000}});
  submit(from);
  for (int i = 0; i < 100 && !done(); ++i)
    advance(1s);
  CHECK(row().ended.succeeded == 100);
  CHECK(script->calls.size() == 56);
  CHECK(log->results.size() == 56);
  for (const uint64_t item : {39u, 40u, 41u, 45u, 60u})
    CHECK_FALSE(log->results.contains({{1}, item}));
}

TEST_CASE_METHOD(fixture, "a drain answers once nothing is in flight",
                 "[batch]") {
  add("a", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  write_lines(50);
  submit({});
  self->send(pool, atom::drain_v);
  auto answer = self->request(it, caf::infinite, atom::drain_v);
  run();
  CHECK(script->open.size() == 8);
  while (!script->open.empty()) {
    script->finish(script->open.front()->token, good());
    run();
  }
  bool answered = false;
  answer.receive([&](const batch_view&) { answered = true; },
                 [](const caf::error&) {});
  CHECK(answered);
  CHECK(row().state == batch_state::running);
  CHECK(row().ended.succeeded == 8);
}

TEST_CASE_METHOD(fixture, "a drain does not wait for the last row of a batch",
                 "[batch]") {
  add("a", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  write_lines(1);
  submit({});
  REQUIRE(script->open.size() == 1);
  log->hold_back = true;
  script->finish(script->open.front()->token, good());
  run();
  log->sync();
  run();
  // Its line has ended on the disk; that it has ended itself is not there yet.
  REQUIRE(view_of_batch().row.state == batch_state::completed);
  auto answer = self->request(it, caf::infinite, atom::drain_v);
  run();
  REQUIRE(self->has_next_message());
  answer.receive([](const batch_view&) {},
                 [](const caf::error& why) { FAIL(to_string(why)); });
  log->hold_back = false;
  log->sync();
  run();
  CHECK(done());
}

TEST_CASE_METHOD(fixture, "100 lines split 30/30/25/15 as the money is",
                 "[batch]") {
  add("a", 30);
  add("b", 30);
  add("c", 25);
  add("d", 15);
  auto fresh = std::make_shared<routing_setup>(*setup);
  fresh->routing.by = strategy::proportional;
  self->send(pool, atom::configure_v, routing_setup_ptr{fresh});
  limits.max_in_flight = 16;
  write_lines(100);
  submit({});
  for (int i = 0; i < 100 && !done(); ++i)
    advance(1s);
  CHECK(view("a").calls == 30);
  CHECK(view("b").calls == 30);
  CHECK(view("c").calls == 25);
  CHECK(view("d").calls == 15);
}
