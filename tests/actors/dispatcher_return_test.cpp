// What the dispatcher makes of an account that leaves the pool and returns.

#include "tests/actors/dispatcher_fixture.hpp"
#include "tests/support/catch.hpp"

#include <deque>

using namespace rota;

namespace {

constexpr account_id number{1};

/// An account that grants holds when it is told to.
struct slow_account {
  using promise = caf::typed_response_promise<hold_grant, account_state>;

  std::deque<promise> asked;
  account_state state;

  slow_account() {
    state.account = number;
    state.available = state.headroom = money{100'000'000'000};
    state.limit = 10;
  }

  account_state next() {
    ++state.version;
    return state;
  }

  void answer() {
    ++state.answered;
    ++state.in_flight;
    asked.front().deliver(hold_grant{}, next());
    asked.pop_front();
  }
};

account_actor::behavior_type slow(account_actor::pointer self,
                                  dispatcher_actor pool,
                                  std::shared_ptr<slow_account> st) {
  const auto no = []() -> caf::result<account_view> { return ec::wrong_state; };
  return {
    [=](atom::hold, const acquire_ptr&)
      -> caf::result<hold_grant, account_state> {
      st->asked.push_back(
        self->make_response_promise<hold_grant, account_state>());
      return st->asked.back();
    },
    [](atom::settle, const attempt_end_ptr&) {},
    [](atom::cool, const cooldown_notice&) {},
    [](atom::cut) { return reading_cut{}; },
    [](atom::reading, const balance_reading&) {},
    [](atom::outcome, const probe_report&) {},
    [no](atom::administer, admin_state) { return no(); },
    [no](atom::adjust, money) { return no(); },
    [=](atom::durable, uint64_t) { st->answer(); },
    [](atom::configure, const account_setup_ptr&) {},
    [=](atom::tick) { self->send(pool, atom::publish_v, st->next()); },
    [no](atom::status) { return no(); },
  };
}

struct fixture : dispatcher_fixture {
  std::shared_ptr<slow_account> st = std::make_shared<slow_account>();
  account_actor it = sys.spawn(slow, pool, st);

  fixture() {
    enlist();
  }

  ~fixture() {
    end(it);
  }

  void enlist() {
    self->send(pool, atom::enlist_v,
               enlistment{number, "a", provider::openai, "a.test", {}, {}, it});
    run();
  }

  void dismiss() {
    self->send(pool, atom::dismiss_v, number);
    run();
  }

  void acquire(size_t times) {
    for (size_t i = 0; i < times; ++i) {
      auto x = std::make_shared<acquire_request>();
      x->want = {line(next++), 1, money{1}};
      self->send(pool, atom::acquire_v, acquire_ptr{std::move(x)});
    }
    run();
  }

  void answer(size_t times) {
    for (size_t i = 0; i < times; ++i)
      self->send(it, atom::durable_v, uint64_t{0});
    run();
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "who returns is asked for no more than it has",
                 "[dispatcher]") {
  const auto left_open = GENERATE(size_t{0}, size_t{2});
  acquire(9);
  REQUIRE(st->asked.size() == 9);
  answer(9 - left_open);
  dismiss();
  st->state.in_flight = 0;
  enlist();
  answer(left_open);
  st->state.in_flight = 0;
  st->state.limit = 4;
  self->send(it, atom::tick_v);
  run();
  acquire(3);
  REQUIRE(st->asked.size() == 3);
  answer(1);
  // It told of the one that it granted; two more are on their way.
  acquire(2);
  CHECK(st->asked.size() == 3);
  CHECK(figures().waiting == 1);
}
