// How long, and how many, conversations stay with their accounts is what the
// options say.

#include "tests/actors/dispatcher_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

/// Two accounts in turn, so that whatever stays, stays for a reason.
struct fixture : dispatcher_fixture {
  fixture() {
    add("a", 30);
    add("b", 30);
    set([](routing_options& x) { x.by = strategy::round_robin; });
  }

  template <class F>
  void set(F change) {
    auto fresh = std::make_shared<routing_setup>(*setup);
    change(fresh->routing);
    setup = fresh;
    self->send(pool, atom::configure_v, routing_setup_ptr{fresh});
    run();
  }

  void begin_turn(uint64_t session, int64_t tokens = 100) {
    auto x = std::make_shared<job>(*interactive(next++, now() + 10min));
    x->session = session;
    x->estimate.input = tokens;
    start(x);
    run();
  }

  /// The accounts that serve turns of these conversations.
  std::string talk(std::initializer_list<uint64_t> sessions) {
    std::string result;
    for (const auto x : sessions) {
      begin_turn(x);
      result += name_of(script->calls.back()->request->account);
    }
    return result;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a conversation that rested for its time goes on "
                          "anywhere",
                 "[affinity]") {
  set([](auto& x) { x.affinity_ttl = 5min; });
  const auto first = talk({1});
  // Each turn begins its time anew.
  for (int i = 0; i < 3; ++i) {
    advance(5min - 1s);
    CHECK(talk({1}) == first);
  }
  advance(5min);
  CHECK(talk({1}) != first); // The other one's turn.
  SECTION("a longer time counts from the next turn on") {
    set([](auto& x) { x.affinity_ttl = 1h; });
    const auto next = talk({1});
    advance(59min);
    CHECK(talk({1}) == next);
  }
}

TEST_CASE_METHOD(fixture, "without a time no conversation stays",
                 "[affinity]") {
  CHECK(talk({1, 1, 1}) == "aaa");
  set([](auto& x) { x.affinity_ttl = 0ms; });
  CHECK(talk({1, 1, 1, 1}) == "baba");
}

TEST_CASE_METHOD(fixture, "only so many conversations are remembered",
                 "[affinity]") {
  set([](auto& x) { x.affinity_sessions = 2; });
  CHECK(talk({1, 2, 1, 2}) == "abab");
  CHECK(talk({3}) == "a");     // 1 rested for longest, and is forgotten.
  CHECK(talk({2, 3}) == "ba"); // They are not.
  CHECK(talk({1, 1}) == "bb"); // It goes where the turn is.
  set([](auto& x) { x.affinity_sessions = 0; });
  CHECK(talk({1, 1, 1}) == "aba");
}

TEST_CASE_METHOD(fixture, "a long prompt waits for its account for so long",
                 "[affinity]") {
  const auto wait = GENERATE(milliseconds{0}, milliseconds{7'000});
  set([wait](auto& x) { x.affinity_wait = wait; });
  auto narrow = options("narrow", money{30'000'000'000});
  narrow.account.max_in_flight = 1;
  add(narrow);
  set([](auto& x) { x.by = strategy::most_balance; });
  ask<account_view>(accounts["narrow"], atom::adjust_v,
                    money{50'000'000'000});
  run();
  script->answer = [](const auto&) { return std::nullopt; };
  begin_turn(1, 5'000);
  REQUIRE(script->calls.size() == 1);
  REQUIRE(name_of(script->calls[0]->request->account) == "narrow");
  begin_turn(1, 5'000); // It is busy.
  if (wait > 0ms) {
    CHECK(script->calls.size() == 1);
    advance(wait - 100ms);
    CHECK(script->calls.size() == 1);
    advance(200ms);
  }
  REQUIRE(script->calls.size() == 2);
  CHECK(name_of(script->calls[1]->request->account) != "narrow");
  while (!script->open.empty())
    script->finish(script->open.front()->token, good());
  run();
}
