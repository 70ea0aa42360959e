// Random books. Each seed is a case of its own: it replays by its number.

#include "actors/domain/ledger.hpp"
#include "actors/domain/ledger_fold.hpp"

#include "tests/support/catch.hpp"

#include <map>
#include <random>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
const ledger_rules rules{120s, money{2'000}};

hold_id id(uint64_t n) {
  return {{batch_id{1}, n}, 257};
}

std::string text_of(account_head x) {
  std::sort(x.holds.begin(), x.holds.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  std::string result;
  const auto add = [&result](auto value) {
    result += std::to_string(value) + ' ';
  };
  add(x.account.value);
  add(x.seq);
  for (const auto m : {x.balance, x.held, x.reading, x.spent_since_reading,
                       x.spent})
    add(m.nanos);
  add(x.read_at.millis);
  add(x.read_cut);
  add(x.funded);
  add(x.calls);
  add(x.last_used.millis);
  add(x.overruns);
  add(x.lates);
  for (const auto& h : x.holds) {
    result += to_string(h.id) + '=';
    add(h.amount.nanos);
    add(h.made_at.millis);
    add(h.expires_at.millis);
    add(h.in_doubt);
  }
  return result;
}

/// Drives one ledger at random, and checks it against its own entries and
/// against sums that are kept apart from it.
struct driver {
  explicit driver(uint64_t seed) : random{seed} {
    model.account = account_id{3};
  }

  int64_t below(int64_t n) {
    return std::uniform_int_distribution<int64_t>{0, n - 1}(random);
  }

  hold_id any() {
    return id(static_cast<uint64_t>(below(12)));
  }

  /// One verb; @returns what it was, so that it can be repeated.
  void step() {
    now = now + milliseconds{below(20'000)};
    const auto before = books->available();
    switch (below(9)) {
      case 0:
        std::ignore = books->open(money{below(20) * dollar}, now);
        break;
      case 1:
      case 2:
      case 3: {
        const auto amount = money{below(3 * dollar)};
        const auto floor = money{below(2) * dollar};
        const auto which = any();
        const auto ttl = milliseconds{1 + below(200'000)};
        if (books->hold(which, amount, floor, now + ttl, now) == ec::ok) {
          REQUIRE(before - amount >= floor);
          REQUIRE(books->available() == before - amount);
        } else {
          REQUIRE(books->available() == before);
        }
        const auto seq = books->head().seq;
        REQUIRE(books->hold(which, amount, floor, now + ttl, now) != ec::ok);
        REQUIRE(books->head().seq == seq);
        break;
      }
      case 4: {
        const auto which = any();
        const auto cost = money{below(4 * dollar)};
        if (books->settle(which, cost, now) == ec::ok)
          charged[which] = cost;
        repeat([&] { return books->settle(which, cost, now); });
        break;
      }
      case 5: {
        const auto which = any();
        std::ignore = books->release(which, now);
        repeat([&] { return books->release(which, now); });
        break;
      }
      case 6: {
        const auto which = any();
        const auto until = now + milliseconds{below(300'000)};
        const seen_charge seen{money{below(dollar)}, money{below(2 * dollar)}};
        std::ignore = books->doubt(which, until, now, seen);
        repeat([&] { return books->doubt(which, until, now, seen); });
        break;
      }
      case 7: {
        books->expire(now);
        const auto seq = books->head().seq;
        REQUIRE(books->expire(now) == 0);
        REQUIRE(books->head().seq == seq);
        break;
      }
      default:
        if (below(3) == 0) {
          books->adjust(money{(below(9) - 4) * dollar}, now);
        } else {
          const auto asked
            = books->cut(now - milliseconds{below(30'000)});
          const auto figure
            = books->head().balance + money{below(6 * dollar) - 3 * dollar};
          books->reading(figure, asked, now);
          const auto seq = books->head().seq;
          books->reading(figure, asked, now);
          REQUIRE(books->head().seq == seq);
        }
    }
  }

  template <class Verb>
  void repeat(Verb verb) {
    const auto before = text_of(books->snapshot());
    REQUIRE(verb() != ec::ok);
    REQUIRE(text_of(books->snapshot()) == before);
  }

  void check() {
    for (const auto& x : books->take_entries()) {
      REQUIRE(fold(model, x));
      if (x.kind == entry_kind::assume)
        charged[x.hold] = -x.amount;
      if (x.balance_after != last_balance) {
        sum += x.balance_after - last_balance;
        REQUIRE(x.balance_after - last_balance == x.amount);
      }
      last_balance = x.balance_after;
    }
    const auto head = books->snapshot();
    REQUIRE(text_of(model) == text_of(head));
    REQUIRE(sum == head.balance);
    auto spent = charged_before;
    for (const auto& [which, cost] : charged)
      spent += cost;
    REQUIRE(spent == head.spent);
    money held;
    money doubted;
    size_t doubts = 0;
    for (const auto& x : head.holds) {
      held += x.amount;
      doubts += x.in_doubt;
      if (x.in_doubt)
        doubted += x.amount;
    }
    REQUIRE(held == head.held);
    REQUIRE(doubts == books->in_doubt());
    REQUIRE(doubted == books->in_doubt_amount());
    REQUIRE(books->live() + doubts == head.holds.size());
    REQUIRE(books->available() <= head.balance - head.held);
    REQUIRE(books->posted() == head.reading - books->available() - head.held);
    timestamp soonest;
    for (const auto& x : head.holds)
      if (soonest.millis == 0 || x.expires_at < soonest)
        soonest = x.expires_at;
    REQUIRE(books->next_expiry() == soonest);
  }

  /// As if the daemon had been killed and started again.
  void restart() {
    // Names of holds that ended may come back: their endings are forgotten.
    for (const auto& [which, cost] : charged)
      charged_before += cost;
    charged.clear();
    books.emplace(books->snapshot(), rules);
    books->doubt_all(now + 60s, now);
  }

  std::mt19937_64 random;
  timestamp now{1'000'000'000};
  std::optional<ledger> books{std::in_place, account_id{3}, "a", rules};
  account_head model;
  money sum;
  money last_balance;
  // What each hold came to, by what was said and not by what was booked.
  std::map<hold_id, money> charged;
  money charged_before;
};

} // namespace

TEST_CASE("the fold of the entries is the head, whatever happens",
          "[ledger][property]") {
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    INFO("seed " << seed);
    driver it{seed};
    for (int i = 0; i < 60; ++i) {
      it.step();
      it.check();
      if (it.below(40) == 0) {
        it.restart();
        it.check();
      }
    }
  }
}

TEST_CASE("many holds are forgotten long before they would expire",
          "[ledger][property]") {
  // One hold stays, thousands come and go: the heap is rebuilt around it.
  ledger books{account_id{1}, "a", rules};
  const timestamp now{1'000'000};
  REQUIRE(books.open(money{dollar}, now) == ec::ok);
  REQUIRE(books.hold(id(0), money{1}, {}, now + 1ms, now) == ec::ok);
  REQUIRE(books.hold(id(1), money{1}, {}, now + 1h, now) == ec::ok);
  for (uint64_t n = 2; n < 20'000; ++n) {
    REQUIRE(books.hold(id(n), money{1}, {}, now + 10min, now) == ec::ok);
    REQUIRE(books.settle(id(n), money{1}, now) == ec::ok);
  }
  CHECK(books.next_expiry() == now + 1ms);
  CHECK(books.expire(now + 30min) == 1);
  CHECK(books.next_expiry() == now + 1h);
}

TEST_CASE("a fold refuses entries that do not continue its books",
          "[ledger]") {
  ledger books{account_id{3}, "a", rules};
  const timestamp now{1'000'000};
  REQUIRE(books.open(money{10 * dollar}, now) == ec::ok);
  REQUIRE(books.hold(id(1), money{dollar}, {}, now + 1h, now) == ec::ok);
  REQUIRE(books.settle(id(1), money{dollar / 2}, now) == ec::ok);
  const auto entries = books.take_entries();
  account_head head;
  head.account = account_id{3};
  REQUIRE(fold(head, entries[0]));
  auto wrong = entries[1];
  const auto refused = [&head](const ledger_entry& x) {
    auto copy = head;
    return !fold(copy, x);
  };
  CHECK_FALSE(refused(wrong));
  SECTION("a gap") {
    wrong.seq += 1;
    CHECK(refused(wrong));
  }
  SECTION("a repeat") {
    CHECK(refused(entries[0]));
  }
  SECTION("another account's") {
    wrong.account = account_id{4};
    CHECK(refused(wrong));
  }
  SECTION("a wrong amount") {
    wrong.amount += money{1};
    CHECK(refused(wrong));
  }
  SECTION("a wrong balance") {
    wrong.balance_after += money{1};
    CHECK(refused(wrong));
  }
  SECTION("a wrong sum of holds") {
    wrong.held_after += money{1};
    CHECK(refused(wrong));
  }
  for (const auto kind :
       {entry_kind::settle, entry_kind::assume, entry_kind::release,
        entry_kind::expire, entry_kind::doubt}) {
    DYNAMIC_SECTION("the end of a hold that is not open: " << to_string(kind)) {
      wrong.kind = kind;
      wrong.amount = {};
      wrong.hold = id(9);
      wrong.held_after = head.held;
      CHECK(refused(wrong));
    }
  }
}
