#include "actors/domain/selection.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <tuple>

using namespace rota;

namespace {

constexpr uint32_t any_surface = 0x7f;

constexpr std::array all_strategies{
  strategy::most_balance, strategy::least_used, strategy::least_recently_used,
  strategy::round_robin,  strategy::fastest,    strategy::proportional,
};

constexpr money usd(double x) {
  return {static_cast<int64_t>(x * 1e9 + 0.5)};
}

account_state state(uint32_t id, money available = usd(10)) {
  account_state x;
  x.account = {id};
  x.version = 1;
  x.funds = funds_state::funded;
  x.available = available;
  x.headroom = available - usd(1);
  x.limit = 100;
  return x;
}

/// A ranking of accounts 1..n that serve everything.
struct pool {
  explicit pool(strategy by) : ranks{by} {
  }

  void add(account_state x) {
    ranks.enlist({x.account, any_surface, {}, {}});
    set(std::move(x));
  }

  void set(account_state x) {
    x.version = ++versions;
    ranks.update(x);
  }

  std::optional<account_id> pick(money cost = usd(0.01),
                                 std::vector<account_id> excluded = {}) {
    return ranks.pick({surface::openai_chat, "m", cost, {}}, excluded);
  }

  /// Picks, grants, and says who it was; 0: nobody.
  uint32_t take(money cost = usd(0.01)) {
    const auto x = pick(cost);
    if (!x)
      return 0;
    ranks.granted(*x);
    return x->value;
  }

  ranking ranks;
  uint64_t versions = 0;
};

using ids = std::vector<uint32_t>;

ids take(pool& x, size_t n) {
  ids result;
  for (size_t i = 0; i < n; ++i)
    result.push_back(x.take());
  return result;
}

/// The order in which a pool would be asked, were each to decline.
ids order(pool& x) {
  ids result;
  std::vector<account_id> excluded;
  while (const auto best = x.pick(usd(0.01), excluded)) {
    result.push_back(best->value);
    excluded.push_back(*best);
  }
  return result;
}

} // namespace

TEST_CASE("most_balance prefers the most available money") {
  pool x{strategy::most_balance};
  x.add(state(1, usd(5)));
  x.add(state(2, usd(30)));
  x.add(state(3, usd(30)));
  x.add(state(4, usd(7)));
  CHECK(order(x) == ids{2, 3, 4, 1});
  x.set(state(2, usd(6)));
  CHECK(order(x) == ids{3, 4, 2, 1});
}

TEST_CASE("most_balance ranks debts last") {
  pool x{strategy::most_balance};
  x.add(state(1, usd(0)));
  auto poor = state(2, money{-5'000'000'000});
  poor.headroom = usd(1);
  x.add(poor);
  auto poorer = state(3, money{-6'000'000'000});
  poorer.headroom = usd(1);
  x.add(poorer);
  auto empty = state(1, usd(0));
  empty.headroom = usd(1);
  x.set(empty);
  CHECK(order(x) == ids{1, 2, 3});
}

TEST_CASE("least_used prefers fewest calls, then least spend") {
  pool x{strategy::least_used};
  for (const auto& [id, calls, spent] :
       {std::tuple{1u, 5u, 1}, {2u, 3u, 9}, {3u, 3u, 2}, {4u, 3u, 2}}) {
    auto s = state(id);
    s.window_calls = calls;
    s.window_spent = usd(spent);
    x.add(s);
  }
  CHECK(order(x) == ids{3, 4, 2, 1});
}

TEST_CASE("least_recently_used prefers who rested longest") {
  pool x{strategy::least_recently_used};
  for (const auto& [id, at] : {std::pair{1u, 300}, {2u, 0}, {3u, 200}}) {
    auto s = state(id);
    s.last_used = {at};
    x.add(s);
  }
  CHECK(order(x) == ids{2, 3, 1});
}

TEST_CASE("round_robin takes turns and begins with the new") {
  pool x{strategy::round_robin};
  for (const auto id : {3u, 1u, 2u})
    x.add(state(id));
  CHECK(take(x, 4) == ids{1, 2, 3, 1});
  x.add(state(4));
  CHECK(take(x, 5) == ids{4, 2, 3, 1, 4});
  x.ranks.dismiss({2});
  CHECK(take(x, 3) == ids{3, 1, 4});
}

TEST_CASE("a pick without a grant takes no turn") {
  pool x{strategy::round_robin};
  x.add(state(1));
  x.add(state(2));
  CHECK(x.pick() == account_id{1});
  CHECK(x.pick() == account_id{1});
  x.ranks.granted({1});
  CHECK(x.pick() == account_id{2});
}

TEST_CASE("fastest weighs latency by load and explores one at a time") {
  pool x{strategy::fastest};
  const auto add = [&x](uint32_t id, int64_t latency, uint32_t load) {
    auto s = state(id);
    s.latency_us = latency;
    s.in_flight = load;
    x.add(s);
  };
  add(1, 400'000, 0);
  add(2, 150'000, 1);
  add(3, 150'000, 2);
  CHECK(order(x) == ids{2, 1, 3});
  add(4, 0, 0); // Not known: tried first.
  CHECK(order(x) == ids{4, 2, 1, 3});
  add(4, 0, 1); // Being tried: last until it is known.
  CHECK(order(x) == ids{2, 1, 3, 4});
  add(5, 0, 2);
  add(6, 0, 0);
  CHECK(order(x) == ids{6, 2, 1, 3, 4, 5});
}

TEST_CASE("every strategy skips who cannot afford the request") {
  const auto by = GENERATE(from_range(all_strategies));
  pool x{by};
  for (uint32_t id = 1; id <= 20; ++id)
    x.add(state(id, usd(id)));
  for (uint32_t least = 1; least <= 18; ++least) {
    const auto cost = usd(least);
    std::vector<account_id> excluded;
    ids found;
    while (const auto best = x.pick(cost, excluded)) {
      found.push_back(best->value);
      excluded.push_back(*best);
    }
    std::sort(found.begin(), found.end());
    ids expected;
    for (uint32_t id = least + 1; id <= 20; ++id) // A floor of one dollar.
      expected.push_back(id);
    CHECK(found == expected);
  }
  CHECK_FALSE(x.pick(usd(20)));
}

TEST_CASE("every strategy skips who refuses") {
  const auto by = GENERATE(from_range(all_strategies));
  pool x{by};
  x.add(state(1));
  x.add(state(2));
  for (const auto why : {ec::at_limit, ec::cooling, ec::not_ready, ec::ejected,
                         ec::balance_unknown, ec::insufficient_funds}) {
    if (by == strategy::proportional && why == ec::at_limit)
      continue; // Shares are kept by waiting for who is merely busy.
    auto s = state(1);
    s.refusal = why;
    x.set(s);
    CHECK(order(x) == ids{2});
  }
  x.set(state(1));
  CHECK(order(x).size() == 2);
}

TEST_CASE("an account that has published nothing is not picked") {
  ranking x{strategy::most_balance};
  x.enlist({{1}, any_surface, {}, {}});
  const demand want{surface::openai_chat, "m", {}, {}};
  CHECK_FALSE(x.pick(want, {}));
  CHECK(x.find({1}) == nullptr);
  CHECK(x.size() == 1);
  CHECK(x.explain(want, {}).why == ec::balance_unknown);
  x.update(state(1));
  CHECK(x.pick(want, {}) == account_id{1});
  REQUIRE(x.find({1}) != nullptr);
  CHECK(x.find({1})->available == usd(10));
}

TEST_CASE("a stale state never replaces a newer one") {
  ranking x{strategy::most_balance};
  x.enlist({{1}, any_surface, {}, {}});
  auto s = state(1, usd(5));
  s.version = 7;
  x.update(s);
  s.available = usd(9);
  s.version = 6;
  x.update(s);
  CHECK(x.find({1})->available == usd(5));
  s.version = 7; // The same age: a guess may be laid over what is known.
  x.update(s);
  CHECK(x.find({1})->available == usd(9));
  s.account = {2}; // Never enlisted.
  x.update(s);
  CHECK(x.find({2}) == nullptr);
}

TEST_CASE("surfaces, models and tags decide who serves") {
  ranking x{strategy::most_balance};
  const auto bit = [](surface s) { return 1u << static_cast<unsigned>(s); };
  x.enlist({{1}, bit(surface::openai_chat), {"b", "a"}, {"cheap", "eu"}});
  x.enlist({{2}, any_surface, {}, {"eu"}});
  x.enlist({{3}, bit(surface::anthropic_messages), {}, {}});
  for (const auto id : {1u, 2u, 3u})
    x.update(state(id, usd(10 - id)));
  using tags = std::vector<std::string>;
  const auto pick = [&](surface s, const char* model, const tags& t) {
    const auto found = x.pick({s, model, usd(1), t}, {});
    return found ? found->value : 0;
  };
  CHECK(pick(surface::openai_chat, "a", {}) == 1);
  CHECK(pick(surface::openai_chat, "b", {"eu", "cheap"}) == 1);
  CHECK(pick(surface::openai_chat, "c", {}) == 2);
  CHECK(pick(surface::openai_chat, "a", {"eu"}) == 1);
  CHECK(pick(surface::openai_chat, "c", {"cheap"}) == 0);
  CHECK(pick(surface::anthropic_messages, "a", {}) == 2);
  CHECK(pick(surface::anthropic_messages, "a", {"us"}) == 0);
  // What an account serves may change.
  x.enlist({{1}, bit(surface::openai_chat), {"c"}, {"cheap"}});
  CHECK(pick(surface::openai_chat, "a", {}) == 2);
  CHECK(pick(surface::openai_chat, "c", {"cheap"}) == 1);
}

TEST_CASE("a model that cools on one account goes to the others") {
  pool x{strategy::most_balance};
  x.add(state(1, usd(20)));
  x.add(state(2, usd(10)));
  auto s = state(1, usd(20));
  const auto cool = [&s](int64_t until) {
    s.barred_models = std::make_shared<const std::vector<model_cooldown>>(
      1, model_cooldown{"m", {until}, {}});
  };
  cool(4'000);
  x.set(s);
  cool(5'000); // Longer than it said before.
  x.set(s);
  CHECK(order(x) == ids{2});
  CHECK(x.ranks.pick({surface::openai_chat, "n", {}, {}}, {})
        == account_id{1});
  const auto none = x.ranks.explain({surface::openai_chat, "m", {}, {}},
                                    std::vector{account_id{2}});
  CHECK(none.why == ec::cooling);
  CHECK(none.earliest == timestamp{5'000});
  CHECK_FALSE(none.is_soon);
  x.set(state(1, usd(20)));
  CHECK(order(x) == ids{1, 2});
}

TEST_CASE("a model that no site has is none of the pool's") {
  pool x{strategy::most_balance};
  const auto bar = [&x](uint32_t id, bool missing) {
    auto s = state(id, usd(20));
    s.barred_models = std::make_shared<const std::vector<model_cooldown>>(
      1, model_cooldown{"m", {5'000}, {}, {}, false, missing});
    x.set(s);
  };
  const auto why = [&x] {
    return x.ranks.explain({surface::openai_chat, "m", {}, {}}, {});
  };
  x.add(state(1, usd(20)));
  x.add(state(2, usd(20)));
  bar(1, true);
  CHECK(why().why == ec::ok);
  bar(2, true);
  CHECK(why().why == ec::no_such_model);
  CHECK(why().earliest == timestamp{});
  CHECK(x.ranks.is_alive());
  bar(2, false); // This one may have it again.
  CHECK(why().why == ec::cooling);
  CHECK(why().earliest == timestamp{5'000});
}

TEST_CASE("explain names the most hopeful reason") {
  pool x{strategy::most_balance};
  const demand want{surface::openai_chat, "m", usd(2), {}};
  CHECK(x.ranks.explain(want, {}).why == ec::no_such_model);
  const auto add = [&x](uint32_t id, ec why, int64_t until = 0) {
    auto s = state(id);
    s.refusal = why;
    s.back_at = {until};
    x.add(s);
  };
  const auto why = [&] { return x.ranks.explain(want, {}).why; };
  add(1, ec::not_ready);
  CHECK(why() == ec::not_ready);
  CHECK(x.ranks.explain(want, {}).earliest == timestamp{});
  add(2, ec::ejected);
  CHECK(why() == ec::ejected);
  add(3, ec::balance_unknown);
  CHECK(why() == ec::balance_unknown);
  x.add(state(4, usd(2)));
  CHECK(why() == ec::insufficient_funds);
  add(5, ec::cooling, 9'000);
  add(6, ec::cooling, 8'000);
  CHECK(why() == ec::cooling);
  CHECK(x.ranks.explain(want, {}).earliest == timestamp{8'000});
  CHECK(x.ranks.explain(want, std::vector{account_id{6}}).earliest
        == timestamp{9'000});
  add(7, ec::at_limit);
  CHECK(why() == ec::at_limit);
  CHECK_FALSE(x.ranks.pick(want, {}));
  // All excluded.
  std::vector<account_id> excluded;
  for (uint32_t id = 1; id <= 7; ++id)
    excluded.push_back({id});
  CHECK(x.ranks.explain(want, excluded).why == ec::no_account);
  // Of those configured for it, none.
  const std::vector<std::string> tags{"eu"};
  CHECK(x.ranks.explain({surface::openai_chat, "m", usd(2), tags}, {}).why
        == ec::no_such_tag);
}

TEST_CASE("explain names the first recovery by time alone") {
  const demand want{surface::openai_chat, "m", usd(2), {}};
  struct row {
    ec why;
    int64_t back_at;  ///< As the account says.
    int64_t model_at; ///< When the model has cooled down.
    money headroom;
    int64_t earliest;
    bool is_soon;
  };
  const std::vector<row> rows{
    {ec::ok, 0, 0, usd(9), 0, true},
    {ec::ok, 0, 7, usd(9), 7, false},
    {ec::ok, 0, 0, usd(1), 0, false}, // A reading may help, time does not.
    {ec::ok, 0, 7, usd(1), 0, false},
    {ec::cooling, 5, 0, usd(9), 5, false},
    {ec::cooling, 5, 7, usd(9), 7, false}, // Both must end.
    {ec::cooling, 7, 5, usd(9), 7, false},
    {ec::cooling, 5, 0, usd(1), 0, false},
    {ec::ejected, 5, 0, usd(9), 5, false},
    {ec::ejected, 0, 7, usd(9), 0, false}, // Only a person helps.
    {ec::at_limit, 0, 0, usd(9), 0, true}, // An answer may come now.
    {ec::at_limit, 5, 0, usd(9), 5, false},
    {ec::insufficient_funds, 0, 0, usd(9), 0, false},
    {ec::balance_unknown, 0, 0, usd(9), 0, false},
    {ec::not_ready, 0, 0, usd(9), 0, false},
  };
  const auto add = [](pool& x, uint32_t id, const row& r) {
    auto s = state(id);
    s.refusal = r.why;
    s.back_at = {r.back_at};
    s.headroom = r.headroom;
    if (r.model_at != 0)
      s.barred_models = std::make_shared<const std::vector<model_cooldown>>(
        1, model_cooldown{"m", {r.model_at}, {}});
    x.add(s);
  };
  for (size_t i = 0; i < rows.size(); ++i)
    for (size_t k = 0; k < rows.size(); ++k) {
      CAPTURE(i, k);
      pool x{strategy::most_balance};
      add(x, 1, rows[i]);
      add(x, 2, rows[k]);
      const auto none = x.ranks.explain(want, {});
      CHECK(none.is_soon == (rows[i].is_soon || rows[k].is_soon));
      const auto a = rows[i].earliest;
      const auto b = rows[k].earliest;
      const auto first = a == 0 || b == 0 ? a + b : std::min(a, b);
      CHECK(none.earliest.millis == (none.is_soon ? 0 : first));
    }
}

TEST_CASE("who stands behind an account is picked after it", "[selection]") {
  for (const auto by : all_strategies) {
    CAPTURE(to_string(by));
    pool x{by};
    for (uint32_t n = 1; n <= 5; ++n)
      x.add(state(n, usd(10 + n)));
    const auto best = x.pick();
    REQUIRE(best);
    CHECK(x.ranks.behind(*best) == x.pick(usd(0.01), {*best}));
    x.ranks.granted(*best); // Between two places it stands before nobody.
    if (by == strategy::round_robin || by == strategy::proportional)
      CHECK_FALSE(x.ranks.behind(*best));
    CHECK_FALSE(x.ranks.behind({6}));
  }
}

TEST_CASE("reorder keeps the accounts and changes their order") {
  pool x{strategy::most_balance};
  auto a = state(1, usd(20));
  a.last_used = {5};
  auto b = state(2, usd(10));
  b.last_used = {3};
  x.add(a);
  x.add(b);
  CHECK(order(x) == ids{1, 2});
  x.ranks.reorder(strategy::least_recently_used);
  CHECK(order(x) == ids{2, 1});
  x.ranks.reorder(strategy::round_robin);
  CHECK(take(x, 3) == ids{1, 2, 1});
}
