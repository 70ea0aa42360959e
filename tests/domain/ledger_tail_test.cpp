// What the end of a ledger tells of holds that ended: repeats of messages stay
// harmless and late charges bookable across a restart.

#include "actors/domain/ledger_tail.hpp"
#include "actors/domain/ledger.hpp"

#include "tests/support/catch.hpp"

#include <random>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr timestamp start{1'000'000'000};
constexpr account_id mine{7};

hold_id id(uint64_t n) {
  return {{batch_id{1}, n}, 257};
}

struct fixture {
  std::optional<ledger> books{std::in_place, mine, "a", ledger_rules{}};
  std::vector<ledger_entry> entries;

  fixture() {
    REQUIRE(books->open(money{100 * dollar}, start) == ec::ok);
    for (uint64_t n = 1; n <= 6; ++n)
      REQUIRE(books->hold(id(n), money{static_cast<int64_t>(n) * dollar}, {},
                          start + 1min, start)
              == ec::ok);
  }

  void write() {
    const auto fresh = books->take_entries();
    entries.insert(entries.end(), fresh.begin(), fresh.end());
  }

  void restart() {
    write();
    books.emplace(books->snapshot(), ledger_rules{}, endings_of(entries)[mine]);
  }

  money balance() const {
    return books->head().balance;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "every ending is read from the ledger", "[tail]") {
  REQUIRE(books->settle(id(1), money{dollar / 2}, start) == ec::ok);
  REQUIRE(books->settle(id(2), money{5 * dollar}, start) == ec::ok);
  REQUIRE(books->release(id(3), start) == ec::ok);
  REQUIRE(books->doubt(id(4), start + 30s, start) == ec::ok);
  REQUIRE(books->doubt(id(5), start + 30s, start) == ec::ok);
  REQUIRE(books->expire(start + 2min) == 3);
  REQUIRE(books->settle(id(5), money{dollar}, start + 3min) == ec::ok);
  REQUIRE(books->settle(id(6), money{2 * dollar}, start + 3min) == ec::ok);
  write();
  const auto found = endings_of(entries);
  REQUIRE(found.size() == 1);
  const auto& list = found.at(mine);
  REQUIRE(list.size() == 6);
  const auto check = [&](size_t i, uint64_t n, entry_kind how, int64_t nanos) {
    INFO("ending " << i);
    CHECK(list[i].id == id(n));
    CHECK(list[i].how == how);
    CHECK(list[i].charged == money{nanos});
  };
  check(0, 1, entry_kind::settle, dollar / 2);
  check(1, 2, entry_kind::settle, 5 * dollar); // With its overrun.
  check(2, 3, entry_kind::release, 0);
  check(3, 4, entry_kind::assume, 4 * dollar);
  check(4, 5, entry_kind::settle, dollar);     // Corrected.
  check(5, 6, entry_kind::settle, 2 * dollar); // It had expired.
}

TEST_CASE_METHOD(fixture, "accounts are told apart, open holds are no endings",
                 "[tail]") {
  REQUIRE(books->release(id(1), start) == ec::ok);
  REQUIRE(books->doubt(id(2), start + 1h, start) == ec::ok);
  write();
  const auto own = entries.size();
  for (size_t i = 0; i < own; ++i) {
    entries.push_back(entries[i]);
    entries.back().account = account_id{8};
  }
  const auto found = endings_of(entries);
  REQUIRE(found.size() == 2);
  CHECK(found.at(mine).size() == 1);
  CHECK(found.at(account_id{8}).size() == 1);
  CHECK(endings_of({}).empty());
}

TEST_CASE_METHOD(fixture, "a charge before whose hold the tail begins is one",
                 "[tail]") {
  REQUIRE(books->doubt(id(5), start + 30s, start) == ec::ok);
  REQUIRE(books->expire(start + 30s) == 1);
  write();
  entries.clear();
  REQUIRE(books->settle(id(5), money{dollar}, start + 3min) == ec::ok);
  restart();
  CHECK(books->settle(id(5), money{dollar}, start + 4min)
        == ec::already_ended);
}

TEST_CASE_METHOD(fixture, "after a restart nothing is booked twice", "[tail]") {
  REQUIRE(books->settle(id(1), money{dollar}, start) == ec::ok);
  REQUIRE(books->release(id(2), start) == ec::ok);
  restart();
  const auto before = balance();
  CHECK(books->settle(id(1), money{dollar}, start) == ec::already_ended);
  CHECK(books->release(id(1), start) == ec::already_ended);
  CHECK(books->doubt(id(2), start + 1h, start) == ec::already_ended);
  CHECK(books->hold(id(1), money{dollar}, {}, start + 1h, start)
        == ec::already_ended);
  CHECK(balance() == before);
  CHECK(books->take_entries().empty());
}

TEST_CASE_METHOD(fixture, "after a restart the truth still comes in", "[tail]") {
  REQUIRE(books->doubt(id(4), start + 30s, start) == ec::ok);
  REQUIRE(books->doubt(id(5), start + 1h, start) == ec::ok);
  REQUIRE(books->expire(start + 2min) == 5); // All but the fifth.
  REQUIRE(balance() == money{96 * dollar});  // The fourth was assumed.
  restart();
  CHECK(books->settle(id(4), money{3 * dollar}, start + 3min) == ec::ok);
  CHECK(balance() == money{97 * dollar});
  CHECK(books->settle(id(3), money{2 * dollar}, start + 3min) == ec::ok);
  CHECK(balance() == money{95 * dollar});
  CHECK(books->head().lates == 1);
  CHECK(books->settle(id(5), money{dollar}, start + 3min) == ec::ok);
  CHECK(balance() == money{94 * dollar});
  restart();
  for (const uint64_t n : {3u, 4u, 5u})
    CHECK(books->settle(id(n), money{dollar}, start + 4min)
          == ec::already_ended);
  CHECK(balance() == money{94 * dollar});
}

TEST_CASE("restarts anywhere leave the same books", "[tail][property]") {
  // Two ledgers hear the same messages, repeats and late ones included; one of
  // them dies between any two.
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&random](int64_t n) {
      return std::uniform_int_distribution<int64_t>{0, n - 1}(random);
    };
    ledger steady{mine, "a", ledger_rules{}};
    std::optional<ledger> mortal{std::in_place, mine, "a", ledger_rules{}};
    std::vector<ledger_entry> written;
    auto now = start;
    const auto both = [&](auto verb) {
      REQUIRE(verb(steady) == verb(*mortal));
    };
    both([&](ledger& x) { return x.open(money{100 * dollar}, now); });
    for (int i = 0; i < 60; ++i) {
      now = now + milliseconds{below(10'000)};
      const auto which = id(static_cast<uint64_t>(below(8)));
      const auto amount = money{below(3 * dollar)};
      const auto until = now + milliseconds{below(60'000)};
      switch (below(6)) {
        case 0:
        case 1:
          both([&](ledger& x) {
            return x.hold(which, amount, {}, until, now);
          });
          break;
        case 2:
          both([&](ledger& x) { return x.settle(which, amount, now); });
          break;
        case 3:
          both([&](ledger& x) { return x.release(which, now); });
          break;
        case 4:
          both([&](ledger& x) { return x.doubt(which, until, now); });
          break;
        default:
          both([&](ledger& x) { return x.expire(now); });
      }
      const auto fresh = mortal->take_entries();
      written.insert(written.end(), fresh.begin(), fresh.end());
      if (below(5) == 0)
        mortal.emplace(mortal->snapshot(), ledger_rules{},
                       endings_of(written)[mine]);
      REQUIRE(mortal->head().seq == steady.head().seq);
      REQUIRE(mortal->head().balance == steady.head().balance);
      REQUIRE(mortal->head().held == steady.head().held);
      REQUIRE(mortal->head().spent == steady.head().spent);
    }
  }
}
