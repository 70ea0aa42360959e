// Which account is asked for a job.

#include "actors/dispatcher.hpp"

#include <algorithm>
#include <string_view>

namespace rota {

namespace {

/// How long a line of a batch waits for the account whose turn it is.
constexpr milliseconds turn_wait{2'000};

/// So many accounts are looked at for one of another host.
constexpr int looks = 32;

} // namespace

bool dispatcher_state::is_patient(const seeker& x, timestamp t) const {
  return x.work().estimate.input >= cacheable_tokens
         && t - x.since < setup->routing.affinity_wait;
}

no_pick dispatcher_state::reason_of_pinned(
  const hold_request& x, std::span<const account_id> excluded) const {
  const auto id = *x.work->pinned;
  if (std::count(excluded.begin(), excluded.end(), id) > 0
      || members.find(id) == nullptr)
    return {};
  auto want = demand_of(x, now());
  want.tags = {}; // It has served this client before.
  auto why = ranks.check(id, want);
  const auto* state = ranks.find(id);
  if (is_free(x.work->route) && state != nullptr && why == state->refusal)
    why = state->free_refusal;
  no_pick result;
  result.why = why;
  if (state != nullptr)
    result.earliest = state->back_at;
  result.is_soon = why == ec::ok || why == ec::at_limit;
  return result;
}

no_pick dispatcher_state::look(const hold_request& x,
                               std::span<const account_id> excluded) const {
  return x.work->pinned ? reason_of_pinned(x, excluded)
                        : ranks.explain(demand_of(x, now()), excluded);
}

std::optional<account_id>
dispatcher_state::kept_by(const seeker& x, timestamp t) const {
  if (const auto pinned = x.work().pinned)
    return pinned;
  const auto id = sessions.find(x.work().session, t);
  if (!id || std::count(x.excluded.begin(), x.excluded.end(), *id) > 0)
    return std::nullopt;
  const auto why = ranks.check(*id, demand_of(x.request(), t));
  const auto keeps
    = why == ec::ok || (why == ec::at_limit && is_patient(x, t));
  return keeps ? id : std::nullopt;
}

account_id dispatcher_state::elsewhere(const seeker& x, account_id best,
                                       timestamp t) const {
  std::vector<std::string_view> hosts;
  for (const auto id : x.want->overloaded)
    if (const auto it = members.find(id))
      hosts.emplace_back(it->about.host);
  const auto is_spared = [&](account_id id) {
    const auto it = members.find(id);
    return it == nullptr
           || std::count(hosts.begin(), hosts.end(), it->about.host) == 0;
  };
  if (is_spared(best))
    return best;
  const auto want = demand_of(x.request(), t);
  auto excluded = x.excluded;
  excluded.push_back(best);
  for (int i = 0; i < looks; ++i) {
    const auto next = ranks.pick(want, excluded, true);
    if (!next)
      break;
    if (is_spared(*next))
      return *next;
    excluded.push_back(*next);
  }
  return best;
}

std::optional<account_id>
dispatcher_state::choose(const seeker& x, timestamp t) const {
  const auto want = demand_of(x.request(), t);
  if (const auto pinned = x.work().pinned)
    return reason_of_pinned(x.request(), x.excluded).why == ec::ok
             ? pinned
             : std::nullopt;
  if (const auto id = kept_by(x, t))
    return ranks.check(*id, want) == ec::ok ? id : std::nullopt;
  auto best = ranks.pick(want, x.excluded);
  if (best && !is_ready(*ranks.find(*best), want)) {
    // Its turn, but busy. A line of a batch waits for it for a while, so that
    // shares are exact; a request that somebody waits for does not.
    if (x.work().deadline.millis == 0 && t - x.since < turn_wait)
      return std::nullopt;
    best = ranks.pick(want, x.excluded, true);
  }
  if (best && !x.want->overloaded.empty())
    return elsewhere(x, *best, t);
  return best;
}

} // namespace rota
