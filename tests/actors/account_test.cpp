#include "tests/actors/account_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

using fixture = account_fixture;

} // namespace

TEST_CASE_METHOD(fixture, "a hold leaves the floor alone", "[account]") {
  add("a", 10);
  CHECK(refused("a", 0, 9 * dollar + 1) == ec::insufficient_funds);
  CHECK(refused("a", 1, 9 * dollar) == ec::ok);
  CHECK(refused("a", 2, 1) == ec::insufficient_funds);
  end("a", 1, charge::no, 0);
  CHECK(refused("a", 3, 9 * dollar) == ec::ok);
}

TEST_CASE_METHOD(fixture, "a hold counts what this account pays",
                 "[account]") {
  auto cheap = options("a", money{10 * dollar});
  cheap.account.multiplier = factor{500'000};
  add(cheap);
  const auto x = hold("a", 0, 4 * dollar);
  REQUIRE(x.index() == 0);
  CHECK(std::get<hold_grant>(x).amount == money{2 * dollar});
  CHECK(std::get<hold_grant>(x).multiplier == factor{500'000});
}

TEST_CASE_METHOD(fixture, "whoever cannot hold the least any more is exhausted",
                 "[account]") {
  add("a", 10);
  const auto spend = [this](uint64_t item, int64_t nanos) {
    REQUIRE(refused("a", item, nanos) == ec::ok);
    CHECK(view("a").funds != funds_state::exhausted); // It may come back.
    end("a", item, charge::yes, nanos);
  };
  spend(0, 3 * dollar);
  spend(1, dollar);
  spend(2, 4 * dollar);
  CHECK(view("a").funds == funds_state::low); // It has two; its floor is one.
  spend(3, dollar / 2);
  spend(4, dollar / 8);
  CHECK(view("a").funds == funds_state::low);
  spend(5, dollar / 4 + 1);
  CHECK(view("a").funds == funds_state::exhausted);
  ask<account_view>(accounts["a"], atom::adjust_v, money{dollar});
  CHECK(view("a").funds == funds_state::low);
}

TEST_CASE_METHOD(fixture, "a charge above its hold is booked, once",
                 "[account]") {
  add("a", 10);
  REQUIRE(refused("a", 0, dollar) == ec::ok);
  end("a", 0, charge::yes, 3 * dollar / 2);
  end("a", 0, charge::yes, 3 * dollar / 2);
  const auto a = view("a");
  CHECK(a.available == money{10 * dollar - 3 * dollar / 2});
  CHECK(a.overruns == 1);
  CHECK(a.held == money{});
}

TEST_CASE_METHOD(fixture, "a hold that nobody ends expires", "[account]") {
  add("a", 10);
  REQUIRE(refused("a", 0, dollar) == ec::ok);
  CHECK(view("a").in_flight == 1);
  advance(600s + 121s);
  CHECK(view("a").held == money{});
  CHECK(view("a").in_flight == 0);
  // The provider has charged all the same.
  end("a", 0, charge::yes, dollar);
  CHECK(view("a").available == money{9 * dollar});
}

TEST_CASE_METHOD(fixture, "every change reaches the journal", "[account]") {
  add("a", 10);
  REQUIRE(refused("a", 0, dollar) == ec::ok);
  end("a", 0, charge::yes, dollar / 4);
  const auto entries = log->entries_of(ids["a"]);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].kind == entry_kind::open);
  CHECK(entries[1].kind == entry_kind::hold);
  CHECK(entries[2].kind == entry_kind::settle);
  for (size_t i = 0; i < entries.size(); ++i)
    CHECK(entries[i].seq == i + 1);
  CHECK(entries[2].balance_after == money{10 * dollar - dollar / 4});
  CHECK(entries[2].held_after == money{});
}

TEST_CASE_METHOD(fixture, "holds of an earlier run are in doubt",
                 "[account]") {
  account_memory memory;
  memory.head.account = {77};
  memory.head.name = "a";
  memory.head.seq = 2;
  memory.head.balance = money{10 * dollar};
  memory.head.reading = memory.head.balance;
  memory.head.funded = true;
  memory.head.held = money{dollar};
  memory.head.holds
    = {{{{{1}, 5}, 1}, money{dollar}, now() - 60s, now() + 600s, false}};
  add(options("a", money{10 * dollar}), memory);
  const auto a = view("a");
  CHECK(a.in_doubt == 1);
  CHECK(a.held == money{dollar});
  CHECK(a.available == money{9 * dollar});
  CHECK(a.in_flight == 0);
  // It had been charged, as the answer to nobody would have said.
  end("a", 0, charge::yes, dollar);
  CHECK(view("a").in_doubt == 1);
}

TEST_CASE_METHOD(fixture, "the initial balance is booked once", "[account]") {
  account_memory memory;
  memory.head.account = {77};
  memory.head.name = "a";
  memory.head.seq = 1;
  memory.head.balance = money{4 * dollar};
  memory.head.reading = memory.head.balance;
  memory.head.funded = true;
  add(options("a", money{10 * dollar}), memory);
  CHECK(view("a").available == money{4 * dollar});
}

TEST_CASE_METHOD(fixture, "without a figure an account serves nobody",
                 "[account]") {
  auto x = options("a", {});
  x.account.balance.initial.reset();
  add(x);
  CHECK(refused("a", 0, 1) == ec::balance_unknown);
  CHECK(view("a").funds == funds_state::unknown);
  self->send(accounts["a"], atom::reading_v,
             balance_reading{money{5 * dollar}, cut("a")});
  run();
  CHECK(view("a").available == money{5 * dollar});
  CHECK(refused("a", 0, 1) == ec::ok);
}

TEST_CASE_METHOD(fixture, "an account that is broke comes back with money",
                 "[account]") {
  add("a", 10);
  REQUIRE(refused("a", 0, dollar) == ec::ok);
  auto x = std::make_shared<attempt_end>();
  x->hold = {{{1}, 0}, 1};
  x->report.judged.cls = failure_class::quota_exhausted;
  x->report.judged.action = account_action::exhausted;
  x->report.judged.scope = failure_scope::account;
  x->report.model = "m";
  self->send(accounts["a"], atom::settle_v, attempt_end_ptr{x});
  run();
  CHECK(view("a").funds == funds_state::exhausted);
  CHECK(refused("a", 1, 1) == ec::insufficient_funds);
  self->send(accounts["a"], atom::reading_v,
             balance_reading{money{50 * dollar}, cut("a")});
  run();
  CHECK(view("a").funds == funds_state::funded);
  CHECK(refused("a", 1, 1) == ec::ok);
}

TEST_CASE_METHOD(fixture, "low funds show before they are gone, and stick",
                 "[account]") {
  add("a", 10); // Low from 3 down, well again above 3.6.
  const auto adjust = [this](int64_t nanos) {
    ask<account_view>(accounts["a"], atom::adjust_v, money{nanos});
    return view("a").funds;
  };
  CHECK(adjust(-6 * dollar) == funds_state::funded);
  CHECK(adjust(-1 * dollar) == funds_state::low);
  CHECK(adjust(dollar / 2) == funds_state::low);
  CHECK(adjust(dollar) == funds_state::funded);
  CHECK(adjust(-4 * dollar) == funds_state::exhausted);
}

TEST_CASE_METHOD(fixture, "a reading refers to the moment it was asked for",
                 "[account]") {
  add("a", 10);
  const auto asked = cut("a");
  CHECK(asked.seq == 2); // The books have one entry so far.
  CHECK(asked.at == now());
  REQUIRE(refused("a", 0, dollar) == ec::ok);
  end("a", 0, charge::yes, dollar);
  advance(60s);
  // The figure may hold the charge, which came after the question, or not.
  self->send(accounts["a"], atom::reading_v,
             balance_reading{money{10 * dollar}, asked});
  run();
  CHECK(view("a").available == money{9 * dollar});
  CHECK(view("a").read_at == asked.at);
  const auto entries = log->entries_of(ids["a"]);
  REQUIRE(entries.back().kind == entry_kind::reading);
  CHECK(entries.back().cut == asked.seq);
  CHECK(entries.back().in_window == money{dollar});
  // Its repeat is none.
  self->send(accounts["a"], atom::reading_v,
             balance_reading{money{3 * dollar}, asked});
  run();
  CHECK(log->entries_of(ids["a"]).size() == entries.size());
}

TEST_CASE_METHOD(fixture, "a quiet reading ends doubts", "[account]") {
  add("a", 10);
  REQUIRE(refused("a", 0, dollar) == ec::ok);
  end("a", 0, charge::perhaps, 0, failure_class::upstream_error);
  REQUIRE(view("a").in_doubt == 1);
  advance(60s);
  read("a", 10 * dollar); // Its charge may still come.
  CHECK(view("a").in_doubt == 1);
  advance(600s + 120s + 120s);
  SECTION("that were charged") {
    read("a", 10 * dollar - dollar / 4);
    CHECK(view("a").available == money{10 * dollar - dollar / 4});
    CHECK(view("a").spent == money{dollar / 4});
  }
  SECTION("that were not") {
    read("a", 10 * dollar);
    CHECK(view("a").available == money{10 * dollar});
    CHECK(view("a").spent == money{});
  }
  CHECK(view("a").in_doubt == 0);
  CHECK(view("a").held == money{});
}

TEST_CASE_METHOD(fixture, "a reading that nobody renews becomes stale",
                 "[account]") {
  auto x = options("a", money{20 * dollar});
  x.account.balance.probe = probe_kind::newapi_token;
  SECTION("and a part is kept back") {
    add(x);
    read("a", 20 * dollar);
    advance(900s);
    CHECK_FALSE(view("a").stale);
    advance(1s);
    CHECK(view("a").stale);
    CHECK(view("a").spendable == money{18 * dollar});
    CHECK(refused("a", 0, 18 * dollar + 1) == ec::insufficient_funds);
    CHECK(refused("a", 1, 18 * dollar) == ec::ok); // 20 - 5 % - 1.
    read("a", 20 * dollar);
    CHECK_FALSE(view("a").stale);
    CHECK(refused("a", 2, dollar) == ec::ok);
  }
  SECTION("and the account stops") {
    x.refresh.stale = stale_policy::stop;
    add(x);
    read("a", 20 * dollar);
    advance(901s);
    CHECK(refused("a", 0, 1) == ec::reading_stale);
    CHECK(view("a").spendable == money{});
    // A job waits for the next reading.
    script->answer = [](const auto&) { return good(); };
    start(line(9));
    run();
    CHECK(script->calls.empty());
    read("a", 20 * dollar);
    CHECK(script->calls.size() == 1);
  }
  SECTION("but not where none is ever asked for") {
    x.account.balance.probe = probe_kind::none;
    add(x);
    read("a", 20 * dollar);
    advance(9'000s);
    CHECK_FALSE(view("a").stale);
  }
}

TEST_CASE_METHOD(fixture, "estimates follow what the provider really charges",
                 "[account]") {
  add("a", 1'000);
  advance(121s);
  auto truth = 1'000 * dollar;
  read("a", truth);
  uint64_t item = 0;
  for (; item < 5; ++item) {
    REQUIRE(refused("a", item, 2 * dollar) == ec::ok);
    end("a", item, charge::yes, 2 * dollar);
    truth -= 3 * dollar;
    advance(3'600s);
    read("a", truth);
  }
  const auto a = view("a");
  CHECK(a.price_factor == factor{1'500'000});
  CHECK(a.price_off);
  REQUIRE(a.prices_off.size() == 1); // Nothing else was charged.
  CHECK(a.prices_off[0].model == "m");
  CHECK(a.prices_off[0].price_factor == factor{1'500'000});
  // Five dollars went unexplained, but only the last one within the hour.
  CHECK(a.unexplained_per_hour == money{dollar});
  const auto x = hold("a", item, 2 * dollar);
  REQUIRE(x.index() == 0);
  CHECK(std::get<hold_grant>(x).amount == money{3 * dollar});
  // What is booked is what was said, whatever the factor.
  end("a", item, charge::yes, 2 * dollar);
  CHECK(view("a").spent == money{12 * dollar});
  // It is stored, and the next run knows it.
  std::optional<account_row> row;
  for (const auto& c : log->commits)
    if (c->account)
      row = c->account;
  REQUIRE(row);
  CHECK(row->price_ratios.size() == 5);
  account_memory memory;
  memory.head.account = account_id{77};
  memory.row = row;
  memory.row->account = account_id{77};
  add(options("b", money{10 * dollar}), memory);
  CHECK(view("b").price_factor == factor{1'500'000});
  CHECK(refused("b", 0, 6 * dollar + 1) == ec::insufficient_funds);
  CHECK(refused("b", 1, 6 * dollar) == ec::ok);
}

TEST_CASE_METHOD(fixture, "what comes late after a restart is booked once",
                 "[account]") {
  account_memory memory;
  auto& head = memory.head;
  head.account = account_id{77};
  head.seq = 9;
  head.funded = true;
  head.balance = head.reading = money{8 * dollar};
  memory.ended = {{{{{1}, 3}, 1}, entry_kind::assume, money{2 * dollar}, now()},
                  {{{{1}, 4}, 1}, entry_kind::settle, money{dollar}, now()}};
  add(options("a", money{10 * dollar}), memory);
  end("a", 4, charge::yes, dollar);
  CHECK(view("a").available == money{8 * dollar});
  end("a", 3, charge::yes, dollar);
  end("a", 3, charge::yes, dollar);
  CHECK(view("a").available == money{9 * dollar});
}

TEST_CASE_METHOD(fixture, "a server error holds its money for the lag",
                 "[account]") {
  add("a", 10);
  REQUIRE(refused("a", 0, dollar) == ec::ok);
  end("a", 0, charge::hardly, 0, failure_class::upstream_error);
  CHECK(view("a").held == money{dollar});
  CHECK(view("a").in_doubt == 1);
  CHECK(view("a").in_flight == 0);
  advance(options("a", {}).account.balance.posting_lag + 1s);
  CHECK(view("a").held == money{});
  CHECK(view("a").spent == money{});
  CHECK(view("a").available == money{10 * dollar});
}

TEST_CASE_METHOD(fixture, "an operator is answered once it is on disk",
                 "[account]") {
  add("a", 10);
  log->hold_back = true;
  auto drained = self->request(accounts["a"], caf::infinite,
                               atom::administer_v, admin_state::drain);
  auto adjusted = self->request(accounts["a"], caf::infinite, atom::adjust_v,
                                money{-dollar});
  run();
  CHECK(view("a").admin == admin_state::drain); // It goes by it at once.
  CHECK(!self->has_next_message());
  log->sync();
  run();
  int answers = 0;
  const auto fail = [](const caf::error&) { FAIL("it was not answered"); };
  drained.receive(
    [&](const account_view& x) { answers += x.admin == admin_state::drain; },
    fail);
  adjusted.receive(
    [&](const account_view& x) {
      answers += x.available == money{9 * dollar};
    },
    fail);
  CHECK(answers == 2);
  log->hold_back = false;
}

TEST_CASE_METHOD(fixture, "a reload changes the window of least_used",
                 "[account]") {
  auto x = options("a", money{10 * dollar});
  x.least_used_window = 3'600s;
  add(x);
  const auto configure = [&](milliseconds window) {
    x.least_used_window = window;
    self->send(accounts["a"], atom::configure_v,
               std::make_shared<const account_setup>(x));
    run();
  };
  // Calls of the window, the one included that is made to ask for them.
  uint64_t item = 0;
  const auto calls = [&] {
    auto wish = std::make_shared<acquire_request>();
    wish->want = {line(item++), 1, money{1}};
    auto response = self->request(accounts["a"], caf::infinite, atom::hold_v,
                                  acquire_ptr{wish});
    run();
    uint64_t result = 0;
    response.receive(
      [&](const hold_grant&, const account_state& state) {
        result = state.window_calls;
      },
      [](const caf::error&) {});
    return result;
  };
  CHECK(calls() == 1);
  advance(600s);
  CHECK(calls() == 2);
  configure(60s);
  CHECK(calls() == 2); // The first is too old now.
  advance(61s);
  CHECK(calls() == 1);
  configure(3'600s);
  advance(600s);
  CHECK(calls() == 2);
}
