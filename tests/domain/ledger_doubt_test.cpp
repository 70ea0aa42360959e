// How doubts end by a reading, and what a stale reading keeps back.

#include "actors/domain/ledger.hpp"
#include "actors/domain/ledger_fold.hpp"

#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr int64_t cent = dollar / 100;
constexpr timestamp start{1'000'000'000};

ledger_rules make_rules() {
  ledger_rules x{120s, money{cent}};
  x.attempt_max = 10min;
  x.stale_after = 15min;
  return x;
}

hold_id id(uint64_t n) {
  return {{batch_id{1}, n}, 257};
}

/// 100 dollars, and doubts of 4 and 2 dollars from the first minute.
struct fixture {
  ledger books{account_id{7}, "a", make_rules()};
  account_head model;
  std::string kinds;

  fixture() {
    model.account = account_id{7};
    REQUIRE(books.open(money{100 * dollar}, start) == ec::ok);
    doubt(1, 4 * dollar, start + 10s);
    doubt(2, 2 * dollar, start + 20s);
    said();
  }

  void doubt(uint64_t n, int64_t nanos, timestamp at) {
    REQUIRE(books.hold(id(n), money{nanos}, {}, at + 12min, at) == ec::ok);
    REQUIRE(books.doubt(id(n), at + 1h, at + 30s) == ec::ok);
  }

  reading_result read(int64_t nanos, timestamp at) {
    return books.reading(money{nanos}, books.cut(at), at + 200ms);
  }

  /// What the books said since the last call, checked against their fold.
  std::string said() {
    std::string result;
    for (const auto& x : books.take_entries()) {
      REQUIRE(fold(model, x));
      result += to_string(x.kind) + ' ' + to_string(x.amount) + ';';
    }
    REQUIRE(model.balance == books.head().balance);
    REQUIRE(model.held == books.head().held);
    REQUIRE(model.spent == books.head().spent);
    REQUIRE(model.spent_since_reading == books.head().spent_since_reading);
    return result;
  }
};

/// The attempts are over after 10 minutes, their charges visible after 2 more.
constexpr auto settled = start + 20s + 12min;

} // namespace

TEST_CASE("a quiet reading says what doubts came to", "[ledger][doubt]") {
  const auto [figure, result, entries]
    = GENERATE(table<int64_t, reading_result, std::string>({
      {100 * dollar, reading_result::consistent,
       "release 4.00;release 2.00;reading 100.00;"},
      {100 * dollar - cent, reading_result::consistent,
       "release 4.00;release 2.00;reading 99.99;"},
      {100 * dollar - cent - 1, reading_result::consistent,
       "assume -0.010000001;release 2.00;reading 99.989999999;"},
      {97 * dollar, reading_result::consistent,
       "assume -3.00;release 2.00;reading 97.00;"},
      {96 * dollar, reading_result::consistent,
       "assume -4.00;release 2.00;reading 96.00;"},
      {95 * dollar, reading_result::consistent,
       "assume -4.00;assume -1.00;reading 95.00;"},
      {94 * dollar, reading_result::consistent,
       "assume -4.00;assume -2.00;reading 94.00;"},
      {94 * dollar - cent, reading_result::consistent,
       "assume -4.00;assume -2.00;reading 93.99;"},
      {90 * dollar, reading_result::unexplained,
       "assume -4.00;assume -2.00;adjust -4.00;reading 90.00;"},
      {100 * dollar + dollar / 2, reading_result::adjusted,
       "release 4.00;release 2.00;adjust 0.50;reading 100.50;"},
      {120 * dollar, reading_result::topped_up,
       "release 4.00;release 2.00;topup 20.00;reading 120.00;"},
    }));
  CAPTURE(figure);
  fixture f;
  CHECK(f.read(figure, settled) == result);
  CHECK(f.said() == entries);
  CHECK(f.books.in_doubt() == 0);
  CHECK(f.books.in_doubt_amount() == money{});
  CHECK(f.books.head().held == money{});
  CHECK(f.books.next_expiry().millis == 0);
  // The books agree with the figure, and so does what may be spent.
  const auto off = f.books.head().balance - money{figure};
  CHECK(off <= money{cent});
  CHECK(off >= -money{cent});
  CHECK(f.books.available() <= money{figure + cent});
}

TEST_CASE_METHOD(fixture, "doubts stay while something else may explain it",
                 "[ledger][doubt]") {
  auto at = settled;
  SECTION("an attempt that may still be charged") {
    at = settled - 1ms;
  }
  SECTION("a charge within the lag") {
    REQUIRE(books.hold(id(3), money{cent}, {}, at, at - 119s) == ec::ok);
    REQUIRE(books.settle(id(3), money{cent}, at - 118s) == ec::ok);
  }
  SECTION("a call under way") {
    REQUIRE(books.hold(id(3), money{cent}, {}, at + 1h, at) == ec::ok);
  }
  CHECK(read(97 * dollar, at) == reading_result::consistent);
  CHECK(books.in_doubt() == 2);
  CHECK(books.in_doubt_amount() == money{6 * dollar});
  // What is held explains the rest, and nothing of it is available twice.
  CHECK(books.available() <= money{91 * dollar});
}

TEST_CASE_METHOD(fixture, "an answer that comes after all is booked once",
                 "[ledger][doubt]") {
  REQUIRE(read(97 * dollar, settled) == reading_result::consistent);
  // The reading made the first doubt cost 3 dollars and the second nothing.
  said();
  CHECK(books.settle(id(1), money{2 * dollar}, settled + 1s) == ec::ok);
  CHECK(said() == "correct 1.00;");
  CHECK(books.settle(id(1), money{2 * dollar}, settled + 1s)
        == ec::already_ended);
  CHECK(books.settle(id(2), money{dollar}, settled + 1s) == ec::ok);
  CHECK(said() == "late -1.00;");
  CHECK(books.head().balance == money{97 * dollar});
  CHECK(books.available() <= money{97 * dollar});
}

TEST_CASE_METHOD(fixture, "doubts of an earlier run end by a reading, too",
                 "[ledger][doubt]") {
  // Whatever the clock did meanwhile, their calls may go on from here.
  const auto began = settled + GENERATE(0min, 1'000min);
  ledger next{books.snapshot(), make_rules()};
  REQUIRE(next.doubt_all(began + 1h, began) == 0);
  const auto over = began + 12min;
  CHECK(next.reading(money{96 * dollar}, next.cut(over - 1ms), over)
        == reading_result::consistent);
  CHECK(next.in_doubt() == 2);
  CHECK(next.reading(money{96 * dollar}, next.cut(over), over + 1s)
        == reading_result::consistent);
  CHECK(next.in_doubt() == 0);
  CHECK(next.head().balance == money{96 * dollar});
}

TEST_CASE_METHOD(fixture, "a stale reading keeps a part back",
                 "[ledger][stale]") {
  REQUIRE(read(100 * dollar, settled) == reading_result::consistent);
  const auto stale = settled + 15min + 1ms;
  CHECK(books.stale_at() == settled + 15min);
  CHECK_FALSE(books.is_stale(stale - 1ms));
  CHECK(books.haircut(stale - 1ms) == money{});
  CHECK(books.is_stale(stale));
  CHECK(books.haircut(stale) == money{5 * dollar});
  CHECK(books.hold(id(3), money{94 * dollar + 1}, money{dollar}, stale + 1h,
                   stale)
        == ec::insufficient_funds);
  CHECK(books.hold(id(3), money{94 * dollar}, money{dollar}, stale + 1h, stale)
        == ec::ok);
  // The part is one of what is left, not of what is free.
  CHECK(books.haircut(stale) == money{5 * dollar});
  CHECK(books.hold(id(4), money{1}, money{dollar}, stale + 1h, stale)
        == ec::insufficient_funds);
  // Another reading sets it free.
  REQUIRE(read(100 * dollar, stale) == reading_result::consistent);
  CHECK(books.hold(id(4), money{5 * dollar}, money{dollar}, stale + 1h, stale)
        == ec::ok);
}

TEST_CASE("a haircut is rounded up", "[ledger][stale]") {
  const auto [left, percent, cut] = GENERATE(table<int64_t, uint32_t, int64_t>({
    {100, 5, 5},
    {101, 5, 6},
    {1, 5, 1},
    {1, 0, 0},
    {0, 5, 0},
    {-100, 5, 0},
    {199, 100, 199},
    {1'000'000'000'000'000'000, 100, 1'000'000'000'000'000'000},
  }));
  CAPTURE(left, percent);
  auto rules = make_rules();
  rules.stale_haircut_percent = percent;
  ledger books{account_id{7}, "a", rules};
  books.reading(money{left}, books.cut(start), start);
  CHECK(books.haircut(start + 1h) == money{cut});
}

TEST_CASE_METHOD(fixture, "a stale reading may stop an account",
                 "[ledger][stale]") {
  auto rules = make_rules();
  rules.stale_stops = true;
  books.rules(rules);
  const auto at = settled + 1h;
  // Never read is not stale: there is nothing to be relied upon but the books.
  CHECK(books.hold(id(3), money{1}, {}, at + 1h, at) == ec::ok);
  REQUIRE(read(94 * dollar, at) == reading_result::consistent);
  CHECK(books.hold(id(4), money{1}, {}, at + 1h, at + 15min) == ec::ok);
  CHECK(books.hold(id(5), money{1}, {}, at + 1h, at + 15min + 1ms)
        == ec::reading_stale);
}

TEST_CASE_METHOD(fixture, "a reading that falls leaves the holds there are",
                 "[ledger]") {
  REQUIRE(books.hold(id(3), money{50 * dollar}, money{dollar}, settled + 1h,
                     settled)
          == ec::ok);
  REQUIRE(read(10 * dollar, settled + 1s) == reading_result::unexplained);
  CHECK(books.live() == 1);
  CHECK(books.head().held == money{56 * dollar});
  CHECK(books.available() == money{-46 * dollar});
  CHECK(books.hold(id(4), {}, {}, settled + 1h, settled + 2s)
        == ec::insufficient_funds);
  // Nor does a restart give any of it away.
  ledger next{books.snapshot(), make_rules()};
  CHECK(next.available() == money{-46 * dollar});
  CHECK(next.hold(id(4), {}, {}, settled + 1h, settled + 2s)
        == ec::insufficient_funds);
}

TEST_CASE_METHOD(fixture, "what was hardly charged is given back in time",
                 "[ledger][doubt]") {
  const auto at = start + 1min;
  REQUIRE(books.hold(id(3), money{dollar}, {}, at + 12min, at) == ec::ok);
  CHECK(books.suspect(id(3), at + 2min, at) == ec::ok);
  CHECK(books.suspect(id(3), at + 3min, at) == ec::already_ended);
  CHECK(said() == "hold 1.00;suspect 1.00;");
  CHECK(books.in_doubt() == 3);
  CHECK(books.next_expiry() == at + 2min);
  CHECK(books.expire(at + 2min - 1ms) == 0);
  CHECK(books.expire(at + 2min) == 1);
  CHECK(said() == "release 1.00;");
  CHECK(books.head().held == money{6 * dollar});
  // It had been charged after all.
  CHECK(books.settle(id(3), money{cent}, at + 3min) == ec::ok);
  CHECK(said() == "late -0.01;");
  CHECK(books.suspect(id(4), at, at) == ec::unknown_hold);
}

TEST_CASE_METHOD(fixture, "a reading says what was hardly charged, too",
                 "[ledger][doubt]") {
  const auto at = start + 20s;
  REQUIRE(books.hold(id(3), money{dollar}, {}, at + 12min, at) == ec::ok);
  REQUIRE(books.suspect(id(3), at + 1h, at) == ec::ok);
  said();
  CHECK(read(93 * dollar + cent, settled) == reading_result::consistent);
  CHECK(said()
        == "assume -4.00;assume -2.00;assume -0.99;reading 93.01;");
  CHECK(books.expire(at + 2h) == 0);
}

TEST_CASE_METHOD(fixture, "what is hardly charged stays so over a restart",
                 "[ledger][doubt]") {
  const auto at = start + 1min;
  REQUIRE(books.hold(id(3), money{dollar}, {}, at + 12min, at) == ec::ok);
  REQUIRE(books.suspect(id(3), at + 2min, at) == ec::ok);
  said();
  ledger next{books.snapshot(), make_rules()};
  CHECK(next.doubt_all(at + 1h, at + 1min) == 0);
  CHECK(next.expire(at + 2min) == 1);
  const auto entries = next.take_entries();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].kind == entry_kind::release);
}

TEST_CASE_METHOD(fixture, "of a doubt as much is assumed as was seen",
                 "[ledger][doubt]") {
  const auto at = start + 1min;
  const auto seen = GENERATE(as<int64_t>{}, cent, 99 * cent, dollar, 2 * dollar);
  REQUIRE(books.hold(id(3), money{dollar}, {}, at + 12min, at) == ec::ok);
  CHECK(books.doubt(id(3), at + 2min, at, {money{seen}, ledger::most})
        == ec::ok);
  CHECK(said() == "hold 1.00;doubt 1.00;");
  CHECK(books.in_doubt_amount() == money{7 * dollar});
  // Over a restart, too.
  ledger next{books.snapshot(), make_rules()};
  CHECK(next.doubt_all(at + 1h, at + 1min) == 0);
  for (auto* each : {&books, &next}) {
    CHECK(each->expire(at + 2min) == 1);
    const auto entries = each->take_entries();
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].kind == entry_kind::assume);
    CHECK(entries[0].amount.nanos == -std::min(seen, dollar));
    CHECK(each->head().held == money{6 * dollar});
  }
  // The rest of what it cost comes with its settlement.
  CHECK(books.settle(id(3), money{dollar}, at + 3min) == ec::ok);
  CHECK(books.head().balance == money{99 * dollar});
}

TEST_CASE_METHOD(fixture, "a reading knows better than what was seen",
                 "[ledger][doubt]") {
  const auto at = start + 20s;
  REQUIRE(books.hold(id(3), money{dollar}, {}, at + 12min, at) == ec::ok);
  REQUIRE(books.doubt(id(3), at + 1h, at, {money{cent}, ledger::most})
          == ec::ok);
  said();
  CHECK(read(93 * dollar + cent, settled) == reading_result::consistent);
  CHECK(said() == "assume -4.00;assume -2.00;assume -0.99;reading 93.01;");
}

TEST_CASE_METHOD(fixture, "what a doubt cannot have come to is given back",
                 "[ledger][doubt]") {
  struct row {
    seen_charge seen;
    int64_t kept, assumed;
  };
  const auto [seen, kept, assumed] = GENERATE(values<row>({
    {{money{cent}, money{10 * cent}}, 10 * cent, cent},
    {{money{cent}, money{cent}}, cent, cent},
    {{money{cent}, money{2 * dollar}}, dollar, cent},
    {{money{2 * dollar}, money{3 * dollar}}, dollar, dollar},
    {{money{20 * cent}, money{10 * cent}}, 20 * cent, 20 * cent},
    {{money{}, money{}}, 0, 0},
    {{money{-cent}, money{-cent}}, 0, 0},
    {{money{}, money{10 * cent}}, 10 * cent, 10 * cent},
    {ledger::unseen, dollar, dollar},
  }));
  const auto at = start + 1min;
  REQUIRE(books.hold(id(3), money{dollar}, {}, at + 12min, at) == ec::ok);
  const auto before = books.available();
  REQUIRE(books.doubt(id(3), at + 2min, at, seen) == ec::ok);
  CHECK(books.available() == before + money{dollar - kept});
  CHECK(books.head().held == money{6 * dollar + kept});
  CHECK(books.in_doubt_amount() == books.head().held);
  ledger next{books.snapshot(), make_rules()};
  CHECK(next.head().held == books.head().held);
  for (auto* each : {&books, &next}) {
    CHECK(each->expire(at + 2min) == 1);
    CHECK(each->head().held == money{6 * dollar});
    CHECK(each->head().balance == money{100 * dollar - assumed});
  }
}

TEST_CASE_METHOD(fixture, "a doubt that came to more than it kept overruns",
                 "[ledger][doubt]") {
  const auto at = start + 1min;
  REQUIRE(books.hold(id(3), money{dollar}, {}, at + 12min, at) == ec::ok);
  REQUIRE(books.doubt(id(3), at + 1h, at, {money{cent}, money{10 * cent}})
          == ec::ok);
  said();
  CHECK(books.settle(id(3), money{dollar}, at + 1s) == ec::ok);
  CHECK(said() == "settle -0.10;overrun -0.90;");
  CHECK(books.head().held == money{6 * dollar});
}
