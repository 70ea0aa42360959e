#include "actors/domain/ledger.hpp"

#include "tests/support/catch.hpp"

#include <tuple>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr timestamp start{1'000'000};
constexpr timestamp expiry = start + 600s;

hold_id id(uint64_t n) {
  return {{batch_id{1}, n}, 257};
}

/// One account with 10 dollars.
struct fixture {
  ledger books{account_id{7}, "relay-a", {}};

  fixture() {
    REQUIRE(books.open(money{10 * dollar}, start) == ec::ok);
    books.take_entries();
  }

  ec hold(uint64_t n, int64_t dollars, int64_t floor = 0) {
    return books.hold(id(n), money{dollars * dollar}, money{floor * dollar},
                      expiry, start);
  }

  ec settle(uint64_t n, int64_t dollars) {
    return books.settle(id(n), money{dollars * dollar}, start);
  }

  /// The kinds and dollars of the entries since the last look.
  std::string entries() {
    std::string result;
    for (const auto& x : books.take_entries())
      result += to_string(x.kind) + ' '
                + std::to_string(x.amount.nanos / dollar) + ' ';
    return result;
  }

  int64_t balance() const {
    return books.head().balance.nanos / dollar;
  }

  int64_t held() const {
    return books.head().held.nanos / dollar;
  }

  int64_t available() const {
    return books.available().nanos / dollar;
  }
};

} // namespace

TEST_CASE("books begin once", "[ledger]") {
  ledger books{account_id{7}, "relay-a", {}};
  CHECK(books.hold(id(1), money{1}, money{}, expiry, start)
        == ec::balance_unknown);
  CHECK(books.open(money{5 * dollar}, start) == ec::ok);
  CHECK(books.open(money{5 * dollar}, start) == ec::wrong_state);
  const auto entries = books.take_entries();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].account == account_id{7});
  CHECK(entries[0].seq == 1);
  CHECK(entries[0].kind == entry_kind::open);
  CHECK(entries[0].amount == money{5 * dollar});
  CHECK(entries[0].at == start);
  CHECK(entries[0].balance_after == money{5 * dollar});
  CHECK(entries[0].held_after == money{});
  CHECK(books.head().name == "relay-a");
}

TEST_CASE_METHOD(fixture, "a hold is granted exactly down to the floor",
                 "[ledger]") {
  CHECK(hold(1, 10, 1) == ec::insufficient_funds);
  CHECK(books.hold(id(1), money{9 * dollar + 1}, money{dollar}, expiry, start)
        == ec::insufficient_funds);
  CHECK(entries() == "");
  CHECK(hold(1, 9, 1) == ec::ok);
  CHECK(books.hold(id(2), money{1}, money{dollar}, expiry, start)
        == ec::insufficient_funds);
  CHECK(hold(2, 0, 1) == ec::ok);
  CHECK(entries() == "hold 9 hold 0 ");
  CHECK(balance() == 10);
  CHECK(held() == 9);
  CHECK(available() == 1);
  CHECK(books.live() == 2);
  CHECK(books.head().calls == 2);
}

TEST_CASE_METHOD(fixture, "a hold keeps its facts for the journal",
                 "[ledger]") {
  REQUIRE(hold(3, 2) == ec::ok);
  const auto x = books.take_entries().at(0);
  CHECK(x.hold == id(3));
  CHECK(x.until == expiry);
  CHECK(x.seq == 2);
  CHECK(x.balance_after == money{10 * dollar});
  CHECK(x.held_after == money{2 * dollar});
  const auto head = books.snapshot();
  REQUIRE(head.holds.size() == 1);
  CHECK(head.holds[0].id == id(3));
  CHECK(head.holds[0].amount == money{2 * dollar});
  CHECK(head.holds[0].made_at == start);
  CHECK(head.holds[0].expires_at == expiry);
  CHECK_FALSE(head.holds[0].in_doubt);
}

TEST_CASE_METHOD(fixture, "an estimate below zero is refused", "[ledger]") {
  CHECK(hold(1, -1) == ec::insufficient_funds);
  CHECK(books.live() == 0);
}

TEST_CASE_METHOD(fixture, "settling books what was charged", "[ledger]") {
  REQUIRE(hold(1, 4) == ec::ok);
  entries();
  SECTION("less than held") {
    CHECK(settle(1, 3) == ec::ok);
    CHECK(entries() == "settle -3 ");
    CHECK(balance() == 7);
  }
  SECTION("just what was held") {
    CHECK(settle(1, 4) == ec::ok);
    CHECK(entries() == "settle -4 ");
    CHECK(balance() == 6);
  }
  SECTION("nothing") {
    CHECK(settle(1, 0) == ec::ok);
    CHECK(entries() == "settle 0 ");
    CHECK(balance() == 10);
  }
  SECTION("a nanodollar more than held") {
    CHECK(books.settle(id(1), money{4 * dollar + 1}, start) == ec::ok);
    CHECK(entries() == "settle -4 overrun 0 ");
    CHECK(books.head().balance == money{6 * dollar - 1});
  }
  SECTION("more than held") {
    CHECK(settle(1, 6) == ec::ok);
    CHECK(entries() == "settle -4 overrun -2 ");
    CHECK(balance() == 4);
    CHECK(books.head().overruns == 1);
  }
  SECTION("more than there is: the provider has charged already") {
    CHECK(settle(1, 12) == ec::ok);
    CHECK(entries() == "settle -4 overrun -8 ");
    CHECK(balance() == -2);
    CHECK(hold(2, 0) == ec::insufficient_funds);
  }
  SECTION("a cost below zero counts as nothing") {
    CHECK(settle(1, -5) == ec::ok);
    CHECK(entries() == "settle 0 ");
    CHECK(balance() == 10);
  }
  CHECK(books.head().spent == money{10 * dollar} - books.head().balance);
  CHECK(held() == 0);
  CHECK(books.live() == 0);
}

TEST_CASE_METHOD(fixture, "a release gives the money back", "[ledger]") {
  REQUIRE(hold(1, 4) == ec::ok);
  entries();
  CHECK(books.release(id(1), start) == ec::ok);
  CHECK(entries() == "release 4 ");
  CHECK(available() == 10);
  CHECK(books.head().spent == money{});
}

TEST_CASE_METHOD(fixture, "a hold expires at its time and not before",
                 "[ledger]") {
  REQUIRE(hold(1, 4) == ec::ok);
  entries();
  CHECK(books.next_expiry() == expiry);
  CHECK(books.expire(expiry - 1ms) == 0);
  CHECK(held() == 4);
  CHECK(books.expire(expiry) == 1);
  CHECK(entries() == "expire 4 ");
  CHECK(available() == 10);
  CHECK(books.next_expiry() == timestamp{});
  CHECK(books.expire(expiry + 1h) == 0);
}

TEST_CASE_METHOD(fixture, "holds expire in the order of their ends",
                 "[ledger]") {
  for (uint64_t n : {3, 1, 2})
    REQUIRE(books.hold(id(n), money{dollar}, {}, start + n * 1s, start)
            == ec::ok);
  CHECK(books.next_expiry() == start + 1s);
  CHECK(books.expire(start + 2s) == 2);
  CHECK(books.next_expiry() == start + 3s);
  CHECK(books.is_live(id(3)));
  CHECK_FALSE(books.is_live(id(1)));
}

TEST_CASE_METHOD(fixture, "a doubt stays held, then is assumed",
                 "[ledger]") {
  REQUIRE(hold(1, 4) == ec::ok);
  entries();
  CHECK(books.doubt(id(1), start + 1h, start) == ec::ok);
  CHECK(entries() == "doubt 4 ");
  CHECK(available() == 6);
  CHECK(books.in_doubt() == 1);
  CHECK(books.in_doubt_amount() == money{4 * dollar});
  CHECK(books.live() == 0);
  CHECK_FALSE(books.is_live(id(1)));
  CHECK(books.snapshot().holds.at(0).in_doubt);
  CHECK(books.next_expiry() == start + 1h);
  CHECK(books.expire(expiry) == 0); // Its first end does not count any more.
  CHECK(books.expire(start + 1h) == 1);
  CHECK(entries() == "assume -4 ");
  CHECK(balance() == 6);
  CHECK(held() == 0);
  CHECK(books.in_doubt() == 0);
  CHECK(books.in_doubt_amount() == money{});
}

TEST_CASE_METHOD(fixture, "a doubt moves the end of its hold", "[ledger]") {
  REQUIRE(hold(1, 1) == ec::ok);
  REQUIRE(hold(2, 1) == ec::ok);
  REQUIRE(books.doubt(id(1), start + 1h, start) == ec::ok);
  REQUIRE(books.doubt(id(2), start + 1min, start) == ec::ok);
  CHECK(books.expire(start + 1min) == 1);
  CHECK(books.expire(expiry) == 0);
  CHECK(books.in_doubt() == 1);
  CHECK(books.expire(start + 1h) == 1);
}

TEST_CASE_METHOD(fixture, "a doubt may be cleared in time", "[ledger]") {
  REQUIRE(hold(1, 4) == ec::ok);
  REQUIRE(books.doubt(id(1), start + 1h, start) == ec::ok);
  entries();
  SECTION("it was charged") {
    CHECK(settle(1, 3) == ec::ok);
    CHECK(entries() == "settle -3 ");
  }
  SECTION("it was charged, and more") {
    CHECK(settle(1, 5) == ec::ok);
    CHECK(entries() == "settle -4 overrun -1 ");
  }
  SECTION("it was not charged") {
    CHECK(books.release(id(1), start) == ec::ok);
    CHECK(entries() == "release 4 ");
  }
  CHECK(books.in_doubt() == 0);
  CHECK(books.in_doubt_amount() == money{});
  CHECK(held() == 0);
}

TEST_CASE_METHOD(fixture, "a charge after the end is booked as late",
                 "[ledger]") {
  REQUIRE(hold(1, 4) == ec::ok);
  SECTION("after it expired") {
    REQUIRE(books.expire(expiry) == 1);
  }
  SECTION("after it was released") {
    REQUIRE(books.release(id(1), start) == ec::ok);
  }
  entries();
  CHECK(settle(1, 5) == ec::ok);
  CHECK(entries() == "late -5 "); // Whole: nothing was held any more.
  CHECK(balance() == 5);
  CHECK(books.head().lates == 1);
  CHECK(settle(1, 5) == ec::already_ended);
}

TEST_CASE_METHOD(fixture, "the truth corrects an assumption", "[ledger]") {
  REQUIRE(hold(1, 4) == ec::ok);
  REQUIRE(books.doubt(id(1), start + 1h, start) == ec::ok);
  REQUIRE(books.expire(start + 1h) == 1);
  entries();
  SECTION("downwards") {
    CHECK(settle(1, 1) == ec::ok);
    CHECK(entries() == "correct 3 ");
    CHECK(balance() == 9);
    CHECK(books.head().spent == money{dollar});
  }
  SECTION("upwards") {
    CHECK(settle(1, 6) == ec::ok);
    CHECK(entries() == "correct -2 ");
    CHECK(balance() == 4);
  }
  SECTION("not at all") {
    CHECK(settle(1, 4) == ec::ok);
    CHECK(entries() == "correct 0 ");
    CHECK(balance() == 6);
  }
  CHECK(settle(1, 9) == ec::already_ended);
}

TEST_CASE_METHOD(fixture, "every verb in every state of a hold", "[ledger]") {
  using state_verb = std::tuple<const char*, ec, ec, ec, ec>;
  // State, then what hold, settle, release and doubt say to it.
  const auto [state, on_hold, on_settle, on_release, on_doubt]
    = GENERATE(table<const char*, ec, ec, ec, ec>({
      state_verb{"none", ec::ok, ec::unknown_hold, ec::unknown_hold,
                 ec::unknown_hold},
      state_verb{"held", ec::already_held, ec::ok, ec::ok, ec::ok},
      state_verb{"doubted", ec::already_held, ec::ok, ec::ok,
                 ec::already_ended},
      state_verb{"settled", ec::already_ended, ec::already_ended,
                 ec::already_ended, ec::already_ended},
      state_verb{"released", ec::already_ended, ec::ok, ec::already_ended,
                 ec::already_ended},
      state_verb{"expired", ec::already_ended, ec::ok, ec::already_ended,
                 ec::already_ended},
      state_verb{"assumed", ec::already_ended, ec::ok, ec::already_ended,
                 ec::already_ended},
      state_verb{"late", ec::already_ended, ec::already_ended,
                 ec::already_ended, ec::already_ended},
      state_verb{"corrected", ec::already_ended, ec::already_ended,
                 ec::already_ended, ec::already_ended},
    }));
  const std::string name{state};
  INFO(name);
  if (name != "none")
    REQUIRE(hold(1, 4) == ec::ok);
  if (name == "doubted" || name == "assumed" || name == "corrected")
    REQUIRE(books.doubt(id(1), start + 1h, start) == ec::ok);
  if (name == "settled")
    REQUIRE(settle(1, 2) == ec::ok);
  if (name == "released" || name == "late")
    REQUIRE(books.release(id(1), start) == ec::ok);
  if (name == "expired" || name == "assumed" || name == "corrected")
    REQUIRE(books.expire(start + 1h) == 1);
  if (name == "late" || name == "corrected")
    REQUIRE(settle(1, 2) == ec::ok);
  entries();
  const auto before = books.snapshot();
  const auto verb = GENERATE(0, 1, 2, 3);
  const auto code = verb == 0   ? hold(1, 4)
                    : verb == 1 ? settle(1, 3)
                    : verb == 2 ? books.release(id(1), start)
                                : books.doubt(id(1), start + 1h, start);
  const ec expected[] = {on_hold, on_settle, on_release, on_doubt};
  INFO("verb " << verb);
  CHECK(to_string(code) == to_string(expected[verb]));
  if (code == ec::ok) {
    CHECK(entries() != "");
  } else { // Who is refused changes nothing.
    CHECK(entries() == "");
    CHECK(books.snapshot().seq == before.seq);
    CHECK(books.head().balance == before.balance);
    CHECK(books.head().held == before.held);
  }
}

TEST_CASE_METHOD(fixture, "a dead process leaves doubts", "[ledger]") {
  for (uint64_t n : {5, 2, 9})
    REQUIRE(hold(n, 1) == ec::ok);
  REQUIRE(books.doubt(id(2), start + 10min, start) == ec::ok);
  ledger next{books.snapshot(), {}};
  CHECK(next.live() == 2);
  CHECK(next.in_doubt() == 1);
  CHECK(next.in_doubt_amount() == money{dollar});
  CHECK(next.doubt_all(start + 1h, start) == 2);
  const auto entries = next.take_entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].hold == id(5)); // In order, whatever the table's is.
  CHECK(entries[1].hold == id(9));
  CHECK(next.live() == 0);
  CHECK(next.in_doubt() == 3);
  CHECK(next.doubt_all(start + 2h, start) == 0);
  CHECK(next.next_expiry() == start + 10min);
  CHECK(next.expire(start + 1h) == 3);
  CHECK(next.head().balance == money{7 * dollar});
}

TEST_CASE_METHOD(fixture, "an operator corrects the books", "[ledger]") {
  books.adjust(money{-3 * dollar}, start);
  CHECK(entries() == "adjust -3 ");
  CHECK(balance() == 7);
  CHECK(books.posted() == money{});
  CHECK(books.head().spent == money{});
  ledger empty{account_id{8}, "b", {}};
  empty.adjust(money{5 * dollar}, start);
  CHECK(empty.head().funded);
  CHECK(empty.take_entries().at(0).kind == entry_kind::open);
  CHECK(empty.available() == money{5 * dollar});
}

TEST_CASE_METHOD(fixture, "absurd figures do not overflow the books",
                 "[ledger]") {
  const money all{INT64_MAX};
  CHECK(books.hold(id(1), all, money{}, expiry, start)
        == ec::insufficient_funds);
  REQUIRE(hold(1, 1) == ec::ok);
  CHECK(books.settle(id(1), all, start) == ec::ok);
  books.adjust(all, start);
  books.adjust(all, start);
  CHECK(books.head().balance == money{1'000'000'000 * dollar});
  books.adjust(-all, start);
  CHECK(books.head().balance == money{});
  books.reading(all, books.cut(start + 1h), start + 1h);
  CHECK(books.available() <= money{1'000'000'000 * dollar});
  books.reading(-all, books.cut(start + 2h), start + 2h);
  CHECK(books.available() >= money{-2'000'000'000 * dollar});
}

TEST_CASE("endings are remembered for a while, not for ever", "[ledger]") {
  ledger books{account_id{1}, "a", {}};
  REQUIRE(books.open(money{dollar}, start) == ec::ok);
  constexpr uint64_t memory = 2'048;
  for (uint64_t n = 0; n <= 2 * memory; ++n) {
    REQUIRE(books.hold(id(n), money{1}, money{}, expiry, start) == ec::ok);
    REQUIRE(books.release(id(n), start) == ec::ok);
  }
  CHECK(books.release(id(memory), start) == ec::already_ended);
  CHECK(books.settle(id(memory), money{1}, start) == ec::ok);
  CHECK(books.release(id(2 * memory), start) == ec::already_ended);
  CHECK(books.release(id(0), start) == ec::unknown_hold);
}
