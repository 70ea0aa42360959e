// Which account the DISPATCHER asks, and why none.

#include "actors/dispatcher.hpp"

#include <algorithm>

namespace rota {

namespace {

/// How long a line of a batch waits for the account whose turn it is.
constexpr milliseconds turn_wait{2'000};

} // namespace

bool waits_for(ec why) {
  switch (why) {
    case ec::at_limit:
    case ec::cooling:
    case ec::insufficient_funds:
    case ec::balance_unknown:
    case ec::reading_stale:
    case ec::ejected:
    case ec::not_ready:
    case ec::disk_low:
      return true;
    default:
      return false;
  }
}

void dispatcher_state::made(const kept_response& x) {
  makers.bind(x.key, x.account, now());
}

bool dispatcher_state::is_bound(const job& x) const {
  return x.route == surface::openai_stored
         || (x.made_before != 0 && makers.find(x.made_before, now()));
}

no_pick dispatcher_state::look_at_maker(const job& x,
                                        const std::vector<account_id>& excluded,
                                        const demand& want) const {
  const auto id = makers.find(x.made_before, now());
  const auto* const state = id ? ranks.find(*id) : nullptr;
  if (state == nullptr)
    return {ec::not_found, {}, false};
  if (std::count(excluded.begin(), excluded.end(), *id) > 0)
    return {ec::no_account, {}, false};
  // What is stored is asked for by its name, whatever model made it.
  const auto why = x.route == surface::openai_stored ? state->refusal
                                                     : ranks.check(*id, want);
  return {why, state->back_at, why == ec::ok || why == ec::at_limit};
}

no_pick
dispatcher_state::explain(const hold_request& x,
                          const std::vector<account_id>& excluded) const {
  const auto want = demand_of(x);
  return is_bound(*x.work) ? look_at_maker(*x.work, excluded, want)
                           : ranks.explain(want, excluded);
}

demand dispatcher_state::demand_of(const hold_request& x) {
  return {x.work->route, x.work->model, x.list_cost, x.work->tags};
}

bool dispatcher_state::is_patient(const seeker& x) const {
  return x.want->want.work->estimate.input >= cacheable_tokens
         && now() - x.since < setup->routing.affinity_wait;
}

std::optional<account_id> dispatcher_state::kept_by(const seeker& x) const {
  const auto id = sessions.find(x.want->want.work->session, now());
  if (!id || std::count(x.excluded.begin(), x.excluded.end(), *id) > 0)
    return std::nullopt;
  const auto why = ranks.check(*id, demand_of(x.want->want));
  return why == ec::ok || (why == ec::at_limit && is_patient(x)) ? id
                                                                 : std::nullopt;
}

std::optional<account_id> dispatcher_state::choose(const seeker& x) const {
  const auto want = demand_of(x.want->want);
  if (const auto& work = *x.want->want.work; is_bound(work))
    return look_at_maker(work, x.excluded, want).why == ec::ok
             ? makers.find(work.made_before, now())
             : std::nullopt;
  if (const auto id = kept_by(x))
    return ranks.check(*id, want) == ec::ok ? id : std::nullopt;
  auto excluded = x.excluded;
  auto best = ranks.pick(want, excluded);
  while (best && ranks.find(*best)->refusal != ec::ok) {
    // Its turn, but busy. A line of a batch waits for it for a while, so that
    // shares are exact; a request that somebody waits for does not.
    if (x.want->want.work->deadline.millis == 0 && now() - x.since < turn_wait)
      return std::nullopt;
    excluded.push_back(*best);
    best = ranks.pick(want, excluded);
  }
  return best;
}

no_pick dispatcher_state::reason_of(const seeker& x) const {
  auto result = explain(x.want->want, x.excluded);
  if (halted != ec::ok && (result.why == ec::ok || waits_for(result.why)))
    return {halted, {}, false};
  if (result.why == ec::ok) // Somebody could, but it is a busy one's turn.
    result.why = ec::at_limit;
  return result;
}

} // namespace rota
