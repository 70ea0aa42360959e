#include "actors/domain/selection.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <tuple>

// Every strategy against a search through all accounts.

using namespace rota;

namespace {

constexpr money usd(double x) {
  return {static_cast<int64_t>(x * 1e9 + 0.5)};
}

/// The same rules, said again without an index.
struct naive {
  struct row {
    account_state state;
    uint64_t turn = 0;
    unsigned __int128 pass = 0;
  };

  using key = std::tuple<unsigned __int128, int64_t, uint32_t>;

  key key_of(const row& x) const {
    const auto& st = x.state;
    const auto id = st.account.value;
    switch (by) {
      case strategy::most_balance: {
        constexpr auto top = __int128{1} << 64;
        return {static_cast<unsigned __int128>(top - st.available.nanos), 0,
                id};
      }
      case strategy::least_used:
        return {st.window_calls, st.window_spent.nanos, id};
      case strategy::least_recently_used:
        return {static_cast<unsigned __int128>(st.last_used.millis), 0, id};
      case strategy::round_robin:
        return {x.turn, 0, id};
      case strategy::fastest:
        if (st.latency_us == 0 && st.in_flight == 0)
          return {0, 0, id};
        if (st.latency_us == 0)
          return {~uint64_t{0}, st.in_flight, id};
        return {static_cast<uint64_t>(st.latency_us) * (st.in_flight + 1), 0,
                id};
      default:
        return {x.pass, 0, id};
    }
  }

  static unsigned __int128 weight(const account_state& x) {
    return static_cast<unsigned __int128>(std::max<int64_t>(
      x.available.nanos, 1'000));
  }

  void update(const account_state& x) {
    auto& r = rows[x.account.value];
    const auto back = r.state.version == 0 || r.state.refusal != ec::ok;
    if (r.state.version != 0 && weight(r.state) != weight(x)) {
      if (r.pass >= now)
        r.pass = now + (r.pass - now) * weight(r.state) / weight(x);
      else
        r.pass = now
                 - std::min(now - r.pass, one << 70) * weight(r.state)
                     / weight(x);
    }
    r.state = x;
    if (back && x.refusal == ec::ok)
      r.pass = std::max(r.pass, now);
  }

  void granted(uint32_t id) {
    auto& r = rows[id];
    r.turn = ++turns;
    now = std::max(now, r.pass);
    r.pass += (one << 80) / weight(r.state);
  }

  uint32_t pick(money cost, const std::vector<account_id>& excluded) const {
    std::optional<key> best;
    for (const auto& [id, r] : rows) {
      if (r.state.version == 0 || r.state.refusal != ec::ok
          || r.state.headroom < cost
          || std::count(excluded.begin(), excluded.end(), account_id{id}) > 0)
        continue;
      const auto k = key_of(r);
      if (!best || k < *best)
        best = k;
    }
    return best ? std::get<2>(*best) : 0;
  }

  static constexpr unsigned __int128 one = 1;
  strategy by;
  std::map<uint32_t, row> rows;
  uint64_t turns = 0;
  unsigned __int128 now = one << 120;
};

/// Few distinct figures, so that ties are common.
account_state random_state(std::mt19937_64& dice, uint32_t id,
                           uint64_t version) {
  account_state x;
  x.account = {id};
  x.available = usd(static_cast<double>(dice() % 40) / 4);
  x.headroom = x.available - usd(1);
  x.version = version;
  if (dice() % 5 == 0)
    x.refusal = dice() % 2 == 0 ? ec::ejected : ec::cooling;
  x.in_flight = static_cast<uint32_t>(dice() % 4);
  x.window_calls = dice() % 10;
  x.window_spent = usd(static_cast<double>(dice() % 5));
  x.last_used = {static_cast<int64_t>(dice() % 50)};
  x.latency_us = static_cast<int64_t>(dice() % 6) * 1'000;
  return x;
}

} // namespace

TEST_CASE("every strategy picks what a plain search picks") {
  const auto by = GENERATE(
    strategy::most_balance, strategy::least_used,
    strategy::least_recently_used, strategy::round_robin, strategy::fastest,
    strategy::proportional);
  const auto accounts = GENERATE(3u, 60u);
  ranking x{by};
  naive y{by, {}};
  std::mt19937_64 dice{20'261'123u + accounts};
  uint64_t version = 0;
  uint64_t wrong = 0;
  uint64_t picked = 0;
  for (auto step = 0; step < 20'000; ++step) {
    const auto id = static_cast<uint32_t>(1 + dice() % accounts);
    switch (dice() % 8) {
      case 0:
        if (dice() % 8 == 0) {
          x.dismiss({id});
          y.rows.erase(id);
        }
        break;
      case 1:
      case 2:
      case 3: {
        if (!y.rows.contains(id))
          // Four classes, all of which serve the demand below.
          x.enlist({{id}, 1, {}, {std::string(1, 'a' + id % 4)}});
        const auto s = random_state(dice, id, ++version);
        x.update(s);
        y.update(s);
        break;
      }
      default: {
        const auto cost = usd(static_cast<double>(dice() % 9));
        std::vector<account_id> excluded;
        for (auto n = dice() % 4; n > 0; --n)
          excluded.push_back({static_cast<uint32_t>(1 + dice() % accounts)});
        const auto found
          = x.pick({surface::openai_chat, "m", cost, {}}, excluded);
        wrong += (found ? found->value : 0) != y.pick(cost, excluded);
        if (found && dice() % 2 == 0) {
          x.granted(*found);
          y.granted(found->value);
          ++picked;
        }
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(picked > 1'000);
}
