#include "actors/domain/selection.hpp"

#include "actors/domain/account_class.hpp"
#include "actors/domain/account_table.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace rota {

namespace {

/// A stride is this divided by the available nanodollars. Weights are kept
/// between a microdollar and nine million dollars, so a stride has at least 27
/// and at most 70 bits: fine enough, and no overflow in 2^57 grants.
constexpr auto stride_scale = uint128{1} << 80;
constexpr int64_t weight_min = 1'000;
constexpr int64_t weight_max = int64_t{1} << 53;

/// An account that is too poor for what is asked lags behind; more than this
/// is forgotten, and virtual time begins late enough for it.
constexpr auto lag_max = uint128{1} << 70;
constexpr auto epoch = uint128{1} << 120;

uint128 weight_of(const account_state& x) {
  return static_cast<uint128>(
    std::clamp(x.available.nanos, weight_min, weight_max));
}

} // namespace

struct ranking::impl {
  struct entry {
    account_abilities can;
    account_state state;
    class_map::iterator in;
    rank_key key;
    bool known = false;  ///< A state was published.
    bool ranked = false; ///< It stands in its class's tree under `key`.
    uint64_t turn = 0;
    uint128 pass = 0;    ///< Virtual time of its next turn.
  };

  class_map::iterator join_class(const entry& x) {
    class_key key{x.can.surfaces, x.can.models, x.can.tags, {}};
    if (x.state.barred_models)
      for (const auto& each : *x.state.barred_models)
        key.barred.push_back(each.model);
    const auto i = classes.try_emplace(std::move(key)).first;
    ++i->second.members;
    i->second.useful += x.known && is_useful(x.state);
    return i;
  }

  void leave_class(const entry& x) {
    x.in->second.useful -= x.known && is_useful(x.state);
    if (--x.in->second.members == 0)
      classes.erase(x.in);
  }

  /// Takes in a state that leaves an account in its class.
  static void take(entry& e, const account_state& x) {
    auto& useful = e.in->second.useful;
    useful -= e.known && is_useful(e.state);
    e.state = x;
    e.known = true;
    useful += is_useful(x);
  }

  /// Takes an account out of its tree.
  void unrank(entry& x) {
    if (&x == loose)
      loose = nullptr;
    else if (x.ranked)
      x.in->second.order.erase(x.key);
    x.ranked = false;
  }

  /// Whether an account has its place among those that may be picked. Shares
  /// are only kept if whoever is merely busy keeps its turn; a probe that is
  /// under way may take long, so its account has none.
  bool in_turn(const account_state& x) const {
    return x.refusal == ec::ok
           || (by == strategy::proportional && x.refusal == ec::at_limit
               && x.health != health_state::probing);
  }

  void rank(entry& x) {
    if (!x.known || !in_turn(x.state))
      return;
    x.key = key_of(x, x.state);
    x.in->second.order.insert(x.key, x.state.headroom);
    x.ranked = true;
  }

  /// Puts back who was granted a turn. A grant is mostly followed by that
  /// account's new state: so it is ranked once, not twice.
  void settle_loose() {
    if (loose != nullptr)
      rank(*std::exchange(loose, nullptr));
  }

  rank_key key_of(const entry& x, const account_state& st) const;

  /// Why an account that is configured for a demand cannot serve it now.
  static ec reason_of(const entry& x, const demand& want) {
    if (!x.known)
      return ec::balance_unknown;
    if (x.state.refusal != ec::ok)
      return x.state.refusal;
    if (const auto bar = bar_of(x.state.barred_models, want.model))
      return bar->is_tried ? ec::at_limit : ec::cooling;
    if (x.state.headroom < want.list_cost)
      return ec::insufficient_funds;
    return x.state.tokens.has(want.tokens, want.now) ? ec::ok : ec::at_limit;
  }

  /// Whether the site of an account that could serve has no such model.
  static bool lacks(const entry& x, const demand& want) {
    const auto bar = bar_of(x.state.barred_models, want.model);
    return x.known && x.state.refusal == ec::ok && bar && bar->is_missing
           && !bar->is_tried;
  }

  /// When that ends by time alone; "never" if it does not.
  static timestamp back_at(const entry& x, const demand& want) {
    const auto& st = x.state;
    if (!x.known || st.headroom < want.list_cost
        || (st.refusal != ec::ok && st.back_at.millis == 0))
      return {};
    const auto bar = bar_of(st.barred_models, want.model);
    if (bar && bar->is_tried)
      return {};
    return std::max({st.back_at, bar ? bar->until : timestamp{},
                     want.now + st.tokens.wait_for(want.tokens, want.now)});
  }

  /// When it may be tried early; "never" if it may not.
  static timestamp early_at(const entry& x, const demand& want) {
    const auto& st = x.state;
    const auto refused = st.refusal != ec::ok;
    if (!x.known || st.headroom < want.list_cost
        || (refused && st.early_at.millis == 0))
      return {};
    const auto bar = bar_of(st.barred_models, want.model);
    if (bar && bar->early_at.millis == 0)
      return {};
    return std::max(refused ? st.early_at : timestamp{},
                    bar ? bar->early_at : timestamp{});
  }

  /// Whether a new state leaves an account where it is in its tree. The word
  /// that a hold was granted mostly does: it was expected.
  bool stays(const entry& x, const account_state& st) const {
    return in_turn(st) && st.headroom == x.state.headroom
           && (by != strategy::proportional
               || weight_of(st) == weight_of(x.state))
           && key_of(x, st) == x.key
           && same(st.barred_models, x.state.barred_models);
  }

  /// Moves an account's next turn so that it keeps the share of a stride that
  /// it still waits: with another weight the stride is another.
  void reweigh(entry& x, uint128 from, uint128 to) const {
    if (from == to)
      return;
    if (x.pass >= now)
      x.pass = now + (x.pass - now) * from / to;
    else
      x.pass = now - std::min(now - x.pass, lag_max) * from / to;
  }

  strategy by;
  account_table<entry> accounts;
  class_map classes;
  entry* loose = nullptr; ///< Ranked but for its place in the tree.
  uint64_t turns = 0;
  uint128 now = epoch; ///< Virtual time of the latest grant.
};

rank_key ranking::impl::key_of(const entry& x,
                               const account_state& st) const {
  const auto id = st.account;
  switch (by) {
    case strategy::most_balance: {
      constexpr auto most = std::numeric_limits<int64_t>::max();
      // Unsigned arithmetic is right for debts, too: it wraps round twice.
      return {static_cast<uint128>(most)
                - static_cast<uint128>(st.available.nanos),
              0, id};
    }
    case strategy::least_used:
      return {st.window_calls, st.window_spent.nanos, id};
    case strategy::least_recently_used:
      return {0, st.last_used.millis, id};
    case strategy::round_robin:
      return {x.turn, 0, id};
    case strategy::fastest:
      return {load_of(st), 0, id};
    case strategy::proportional:
      return {x.pass, 0, id};
  }
  return {0, 0, id};
}

ranking::ranking(strategy by) : impl_{std::make_unique<impl>()} {
  impl_->by = by;
}

ranking::~ranking() = default;
ranking::ranking(ranking&&) noexcept = default;
ranking& ranking::operator=(ranking&&) noexcept = default;

void ranking::enlist(account_abilities x) {
  const auto id = x.account;
  std::sort(x.models.begin(), x.models.end());
  std::sort(x.tags.begin(), x.tags.end());
  const auto fresh = impl_->accounts.find(id) == nullptr;
  auto& e = impl_->accounts[id];
  if (!fresh) {
    impl_->unrank(e);
    impl_->leave_class(e);
  }
  e.can = std::move(x);
  e.in = impl_->join_class(e);
  impl_->rank(e);
}

void ranking::dismiss(account_id x) {
  const auto e = impl_->accounts.find(x);
  if (e == nullptr)
    return;
  impl_->unrank(*e);
  impl_->leave_class(*e);
  impl_->accounts.erase(x);
}

void ranking::update(const account_state& x) {
  const auto found = impl_->accounts.find(x.account);
  if (found == nullptr)
    return;
  auto& e = *found;
  if (e.known && x.version < e.state.version)
    return;
  const auto was_ranked = e.ranked;
  if (was_ranked && &e != impl_->loose && impl_->stays(e, x)) {
    impl_->take(e, x);
    return;
  }
  impl_->unrank(e);
  if (e.known)
    impl_->reweigh(e, weight_of(e.state), weight_of(x));
  if (same(e.state.barred_models, x.barred_models)) {
    impl_->take(e, x);
  } else {
    impl_->leave_class(e);
    e.state = x;
    e.known = true;
    e.in = impl_->join_class(e);
  }
  // Who comes back has no claim on what the others served meanwhile.
  if (!was_ranked && impl_->in_turn(x))
    e.pass = std::max(e.pass, impl_->now);
  impl_->rank(e);
}

std::optional<account_id>
ranking::pick(const demand& x, std::span<const account_id> excluded,
              bool ready) const {
  const auto out = [&](const rank_key& key) {
    return std::find(excluded.begin(), excluded.end(), key.account)
             != excluded.end()
           || (ready && !is_ready(*find(key.account), x));
  };
  impl_->settle_loose();
  const rank_key* best = nullptr;
  for (const auto& [key, members] : impl_->classes) {
    if (members.order.empty() || !key.serves(x)
        || contains(key.barred, x.model))
      continue;
    auto at = members.order.first(x.list_cost);
    while (at != nullptr && out(*at))
      at = members.order.next(*at, x.list_cost);
    if (at != nullptr && (best == nullptr || *at < *best))
      best = at;
  }
  if (best == nullptr)
    return std::nullopt;
  return best->account;
}

void ranking::granted(account_id x) {
  const auto found = impl_->accounts.find(x);
  if (found == nullptr)
    return;
  auto& e = *found;
  impl_->settle_loose();
  const auto back = e.ranked;
  switch (impl_->by) {
    case strategy::round_robin:
      impl_->unrank(e);
      e.turn = ++impl_->turns;
      break;
    case strategy::proportional:
      impl_->unrank(e);
      impl_->now = std::max(impl_->now, e.pass);
      e.pass += stride_scale / weight_of(e.state);
      break;
    default: // The others rank by what the account publishes.
      return;
  }
  if (back) {
    e.ranked = true;
    impl_->loose = &e;
  }
}

std::optional<account_id> ranking::behind(account_id x) const {
  const auto e = impl_->accounts.find(x);
  if (e == nullptr || !e->ranked || e == impl_->loose)
    return std::nullopt;
  const auto next = e->in->second.order.next(e->key, money{});
  return next != nullptr ? std::optional{next->account} : std::nullopt;
}

void ranking::prefetch(account_id x) const {
  impl_->accounts.prefetch(x);
}

ec ranking::check(account_id x, const demand& want) const {
  const auto e = impl_->accounts.find(x);
  return e != nullptr && e->in->first.serves(want) ? impl::reason_of(*e, want)
                                                   : ec::no_such_model;
}

timestamp ranking::early_at(account_id x, const demand& want) const {
  const auto e = impl_->accounts.find(x);
  return e != nullptr && e->in->first.serves(want) ? impl::early_at(*e, want)
                                                   : timestamp{};
}

bool ranking::is_served(const demand& x) const {
  return std::any_of(impl_->classes.begin(), impl_->classes.end(),
                     [&x](const auto& each) {
                       const auto& [key, members] = each;
                       return members.useful > 0 && key.serves(x)
                              && !contains(key.barred, x.model);
                     });
}

bool ranking::is_alive() const {
  return std::any_of(impl_->classes.begin(), impl_->classes.end(),
                     [](const auto& x) { return x.second.useful > 0; });
}

no_pick ranking::explain(const demand& x,
                         std::span<const account_id> excluded) const {
  auto served = false;
  auto by_others = false; // That have other tags.
  auto found = false;
  no_pick result;
  const auto rescue = !is_served(x);
  impl_->accounts.for_each([&](account_id id, const impl::entry& e) {
    if (!e.in->first.serves(x)) {
      by_others = by_others || e.in->first.serves_model(x);
      return;
    }
    served = true;
    if (std::find(excluded.begin(), excluded.end(), id) != excluded.end())
      return;
    const auto lacks = impl::lacks(e, x);
    const auto why = lacks ? ec::no_such_model : impl::reason_of(e, x);
    const auto until = lacks ? timestamp{} : impl::back_at(e, x);
    const auto early = rescue ? impl::early_at(e, x) : timestamp{};
    if (!found || despair(why) < despair(result.why))
      result.why = why;
    found = true;
    if (early.millis != 0
        && (result.early_at.millis == 0 || early < result.early_at)) {
      result.early_at = early;
      result.early = id;
    }
    for (const auto at : {until, lacks ? timestamp{} : early})
      if (at.millis != 0
          && (result.earliest.millis == 0 || at < result.earliest))
        result.earliest = at;
    result.is_soon = result.is_soon || why == ec::ok
                     || (why == ec::at_limit && until.millis == 0);
  });
  if (result.is_soon)
    result.earliest = {};
  if (!served)
    result.why = by_others ? ec::no_such_tag : ec::no_such_model;
  return result;
}

const account_state* ranking::find(account_id x) const {
  const auto e = impl_->accounts.find(x);
  return e != nullptr && e->known ? &e->state : nullptr;
}

size_t ranking::size() const {
  return impl_->accounts.size();
}

const account_abilities* ranking::abilities(account_id x) const {
  const auto e = impl_->accounts.find(x);
  return e != nullptr ? &e->can : nullptr;
}

strategy ranking::by() const {
  return impl_->by;
}

int64_t ranking::turn_of(account_id x) const {
  const auto e = impl_->accounts.find(x);
  if (e == nullptr || impl_->by != strategy::proportional)
    return e != nullptr ? static_cast<int64_t>(e->turn) : 0;
  const auto far = [](uint128 distance) {
    constexpr uint128 most = std::numeric_limits<int64_t>::max();
    constexpr auto unit = stride_scale / 1'000'000'000'000'000;
    return static_cast<int64_t>(std::min(distance / unit, most));
  };
  return e->pass >= impl_->now ? far(e->pass - impl_->now)
                               : -far(impl_->now - e->pass);
}

void ranking::for_each(size_t most,
                       const std::function<void(account_id)>& f) const {
  impl_->accounts.for_each([&](account_id x, const impl::entry&) {
    if (most > 0) {
      --most;
      f(x);
    }
  });
}

void ranking::reorder(strategy by) {
  impl_->accounts.for_each(
    [this](account_id, impl::entry& e) { impl_->unrank(e); });
  impl_->by = by;
  impl_->accounts.for_each([this](account_id, impl::entry& e) {
    e.pass = std::max(e.pass, impl_->now);
    impl_->rank(e);
  });
}

} // namespace rota
