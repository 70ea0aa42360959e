// What an ACCOUNT tells the dispatcher.

#include "actors/account.hpp"

#include "actors/domain/pricing.hpp"

#include <algorithm>

namespace rota {

namespace {

money low_mark(const account_options& x) {
  return x.low.value_or(money{x.floor.nanos > 0 ? x.floor.nanos * 3 : 0});
}

} // namespace

ec account_actor_state::refusal(timestamp t, bool early) const {
  if (admin != admin_state::ready)
    return ec::not_ready;
  if (condition->exhausted())
    return ec::insufficient_funds;
  if (const auto code = condition->check(limits->limit(), t, early);
      code != ec::ok)
    return code;
  if (!books->head().funded)
    return ec::balance_unknown;
  if (setup.refresh.stale == stale_policy::stop && books->is_stale(t))
    return ec::reading_stale;
  if (spendable(t) <= money{})
    return ec::insufficient_funds;
  return limits->check(0, t);
}

ec account_actor_state::free_refusal(timestamp t, bool early) const {
  if (admin != admin_state::ready)
    return ec::not_ready;
  const auto code = condition->check(limits->limit(), t, early);
  return code == ec::ok ? limits->check(0, t) : code;
}

timestamp account_actor_state::back_at(ec refused, timestamp t) const {
  switch (refused) {
    case ec::cooling:
    case ec::ejected: // A second look at a key that was refused is no promise.
      return condition->is_key_doubted() ? timestamp{}
                                         : condition->cooldown_until(t);
    case ec::at_limit:
      return limits->next_refill(0, t);
    default:
      return {};
  }
}

timestamp account_actor_state::early_at(timestamp t) const {
  const auto at = condition->early_at(t);
  return at.millis != 0 && refusal(std::max(at, t), true) == ec::ok
           ? at
           : timestamp{};
}

uint32_t account_actor_state::limit(timestamp t) const {
  const auto most = limits->limit();
  const auto room = condition->room(most, t);
  return room < most ? std::min(most, limits->in_flight() + room) : most;
}

money account_actor_state::spendable(timestamp t) const {
  const auto left
    = books->available() - books->haircut(t) - setup.account.floor;
  const auto bar = scarce.bar(t);
  return bar ? std::min(left, *bar - money{1}) : left;
}

account_state account_actor_state::next_state(timestamp t) {
  const auto& options = setup.account;
  const auto left = books->available() + books->head().held;
  const auto mark = low_mark(options);
  // Once low, an account is well again 20 % above the mark only.
  low = left <= (low ? mark + money{mark.nanos / 5} : mark);
  window->expire(t);
  account_state x;
  x.account = books->head().account;
  x.version = ++version;
  x.answered = answered;
  x.admin = admin;
  x.health = condition->state(t);
  x.funds = funds();
  x.refusal = refusal(t);
  x.free_refusal = free_refusal(t);
  x.tokens = limits->tokens();
  x.available = books->available();
  x.headroom
    = unscale_down(unscale_down(std::max(spendable(t), money{}),
                                watch->prices().price_factor()),
                   options.multiplier);
  x.in_flight = limits->in_flight();
  x.limit = limit(t);
  x.window_calls = window->calls();
  x.window_spent = window->spent();
  x.last_used = books->head().last_used;
  x.latency_us = condition->latency_us();
  x.back_at = back_at(x.refusal, t);
  x.early_at = early_at(t);
  if (auto barred = condition->barred_models(limits->limit(), t);
      !barred.empty())
    x.barred_models = std::make_shared<const std::vector<model_cooldown>>(
      std::move(barred));
  arm(t);
  return x;
}

void account_actor_state::publish(timestamp t) {
  self->send(dispatcher, atom::publish_v, next_state(t));
}

void account_actor_state::arm(timestamp t) {
  auto next = books->next_expiry();
  const auto sooner = [&next](timestamp x) {
    if (x.millis != 0 && (next.millis == 0 || x < next))
      next = x;
  };
  if (!books->is_stale(t) && books->stale_at().millis != 0)
    sooner(books->stale_at() + milliseconds{1});
  sooner(scarce.until(t));
  sooner(condition->next_change(limits->limit(), t));
  sooner(limits->next_refill(0, t));
  if (const auto wait = ticks.arm(next, t))
    self->delayed_send(self, *wait, atom::tick_v);
}

} // namespace rota
