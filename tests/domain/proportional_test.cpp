#include "actors/domain/selection.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <deque>
#include <random>

// `proportional` hands out turns by stride scheduling: the promises it keeps.

using namespace rota;

namespace {

constexpr int64_t cent = 10'000'000;

/// Accounts with books of their own, as far as ranking sees them.
struct bank {
  struct account {
    int64_t reading = 0;
    int64_t held = 0;
    uint64_t picks = 0;
    uint32_t in_flight = 0;
  };

  explicit bank(std::vector<int64_t> cents) {
    for (const auto x : cents)
      open(x * cent);
  }

  void open(int64_t nanos) {
    accounts.push_back({nanos});
    const auto id = static_cast<uint32_t>(accounts.size());
    ranks.enlist({{id}, 1, {}, {}});
    publish(id);
  }

  account& at(uint32_t id) {
    return accounts.at(id - 1);
  }

  void publish(uint32_t id, ec refusal = ec::ok) {
    account_state x;
    x.account = {id};
    x.version = ++versions;
    x.refusal = refusal;
    x.available = {at(id).reading - at(id).held};
    x.headroom = x.available;
    x.in_flight = at(id).in_flight;
    x.limit = 1'000;
    ranks.update(x);
  }

  /// Grants one hold as the dispatcher does: pick, grant, new state.
  uint32_t hold(int64_t nanos) {
    const auto x = ranks.pick({surface::openai_chat, "m", {nanos}, {}}, {});
    if (!x)
      return 0;
    ranks.granted(*x);
    auto& from = at(x->value);
    ++from.picks;
    ++from.in_flight;
    from.held += nanos;
    publish(x->value);
    return x->value;
  }

  void settle(uint32_t id, int64_t held, int64_t cost) {
    auto& from = at(id);
    --from.in_flight;
    from.held -= held;
    from.reading -= cost;
    publish(id);
  }

  std::vector<uint64_t> picks() const {
    std::vector<uint64_t> result;
    for (const auto& x : accounts)
      result.push_back(x.picks);
    return result;
  }

  /// Runs jobs of one size with so many in flight, settled first in, first out.
  void run(size_t jobs, size_t window, int64_t held, int64_t cost) {
    std::deque<uint32_t> flying;
    for (size_t i = 0; i < jobs; ++i) {
      if (flying.size() == window) {
        settle(flying.front(), held, cost);
        flying.pop_front();
      }
      const auto id = hold(held);
      REQUIRE(id != 0);
      flying.push_back(id);
    }
    for (const auto id : flying)
      settle(id, held, cost);
  }

  ranking ranks{strategy::proportional};
  std::vector<account> accounts;
  uint64_t versions = 0;
};

using counts = std::vector<uint64_t>;

const counts hundred{30, 30, 25, 15};

} // namespace

TEST_CASE("a hundred equal picks split 30/30/25/15 on standing balances") {
  bank x{{3'000, 3'000, 2'500, 1'500}};
  for (auto round = 1; round <= 50; ++round) {
    for (auto i = 0; i < 100; ++i) {
      const auto id = x.ranks.pick({}, {});
      REQUIRE(id);
      x.ranks.granted(*id);
      ++x.at(id->value).picks;
    }
    const auto n = static_cast<uint64_t>(round);
    CHECK(x.picks() == counts{30 * n, 30 * n, 25 * n, 15 * n});
  }
}

TEST_CASE("a hundred equal picks split 30/30/25/15 on falling balances") {
  // 0.0001, 0.01 and 0.50 USD: the last spends half of the pool.
  const auto cost = GENERATE(int64_t{100'000}, cent, 50 * cent);
  // Holds are larger than what calls come to; none is left at the end.
  const auto hold = cost * GENERATE(10, 12, 15, 20) / 10;
  const size_t window = GENERATE(1, 8, 64);
  CAPTURE(cost, hold, window);
  bank x{{3'000, 3'000, 2'500, 1'500}};
  x.run(100, window, hold, cost);
  CHECK(x.picks() == hundred);
}

TEST_CASE("the order of accounts does not move the split") {
  std::vector<int64_t> cents{3'000, 3'000, 2'500, 1'500};
  std::sort(cents.begin(), cents.end());
  do {
    bank x{cents};
    x.run(100, 8, 2 * cent, cent);
    for (size_t i = 0; i < cents.size(); ++i)
      CHECK(x.accounts[i].picks == static_cast<uint64_t>(cents[i] / 100));
  } while (std::next_permutation(cents.begin(), cents.end()));
}

TEST_CASE("stride scheduling keeps its bound at every step") {
  // With shares p_i of n picks over m accounts, picks_i - n p_i lies within
  // [-(m - 1) p_i, 1 - p_i]: an account is at most one stride ahead of the
  // account that is next, so v W <= n <= v W + m - 1 for virtual time v.
  std::mt19937_64 dice{7};
  for (auto trial = 0; trial < 60; ++trial) {
    const auto m = 2 + dice() % 30;
    std::vector<int64_t> cents;
    double sum = 0;
    for (size_t i = 0; i < m; ++i) {
      cents.push_back(static_cast<int64_t>(1 + dice() % 20'000));
      sum += static_cast<double>(cents.back());
    }
    bank x{cents};
    double most = -1;
    double least = -1;
    for (auto n = 1; n <= 3'000; ++n) {
      const auto id = x.ranks.pick({}, {});
      x.ranks.granted(*id);
      ++x.at(id->value).picks;
      for (size_t i = 0; i < m; ++i) {
        const auto p = static_cast<double>(cents[i]) / sum;
        const auto ahead = static_cast<double>(x.accounts[i].picks) - n * p;
        most = std::max(most, ahead - (1 - p));
        least = std::max(least, -ahead - static_cast<double>(m - 1) * p);
      }
    }
    CAPTURE(trial, m);
    CHECK(most < 1e-6);
    CHECK(least < 1e-6);
  }
}

TEST_CASE("an account that comes back does not get a burst") {
  bank x{{1'000, 1'000, 1'000}};
  x.publish(3, ec::cooling);
  for (auto i = 0; i < 1'000; ++i)
    x.settle(x.hold(0), 0, 0);
  CHECK(x.picks() == counts{500, 500, 0});
  x.publish(3);
  for (auto i = 0; i < 9; ++i)
    x.settle(x.hold(0), 0, 0);
  CHECK(x.picks() == counts{503, 503, 3});
}

TEST_CASE("a new account does not get a burst") {
  bank x{{1'000, 1'000}};
  for (auto i = 0; i < 1'000; ++i)
    x.settle(x.hold(0), 0, 0);
  x.open(1'000 * cent);
  for (auto i = 0; i < 9; ++i)
    x.settle(x.hold(0), 0, 0);
  CHECK(x.picks() == counts{503, 503, 3});
}

TEST_CASE("a top-up counts from the next pick on") {
  // With a cent a turn of the third comes once in 2'001 picks; after a top-up
  // it must not wait for that turn.
  bank x{{1'000, 1'000, 1}};
  for (auto i = 0; i < 10; ++i)
    x.settle(x.hold(0), 0, 0);
  CHECK(x.picks() == counts{5, 4, 1});
  x.at(3).reading = 1'000 * cent;
  x.publish(3);
  for (auto i = 0; i < 30; ++i)
    x.settle(x.hold(0), 0, 0);
  CHECK(x.at(3).picks >= 10);
  CHECK(x.at(3).picks <= 12);
}

TEST_CASE("too poor for what is asked, an account makes up little") {
  bank x{{1'000, 1'000, 100}};
  for (auto i = 0; i < 210; ++i) {
    const auto id = x.hold(200 * cent);
    REQUIRE(id != 3);
    x.settle(id, 200 * cent, 0);
  }
  // Topped up it makes up for its old share, ten picks of 210, not for a third.
  x.at(3).reading = 1'000 * cent;
  x.publish(3);
  for (auto i = 0; i < 60; ++i)
    x.settle(x.hold(0), 0, 0);
  CHECK(x.at(3).picks >= 20);
  CHECK(x.at(3).picks <= 32);
}
