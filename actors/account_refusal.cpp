// Whether an account may serve now, and what it serves for nothing.

#include "actors/account.hpp"

#include "actors/support.hpp"

#include <algorithm>

namespace rota {

caf::result<hold_grant>
account_actor_state::hold_nothing(const acquire_request& x, timestamp t) {
  const auto& options = setup.account;
  const auto& work = *x.want.work;
  auto code = admin != admin_state::ready ? ec::not_ready : ec::ok;
  if (code == ec::ok)
    code = condition->check(work.model, limits->in_flight(), t);
  if (code == ec::ok)
    code = limits->check(0, t);
  if (code != ec::ok) {
    publish(t);
    return code;
  }
  // After this point, it is under way.
  limits->acquire(0, t);
  if (x.ack)
    self->send(x.ack, atom::durable_v, uint64_t{x.want.attempt});
  publish(t);
  return hold_grant{books->head().account, options.name,
                    {work.id, x.want.attempt}, {}, options.kind,
                    options.multiplier};
}

ec account_actor_state::refusal(timestamp t) const {
  if (admin != admin_state::ready)
    return ec::not_ready;
  if (condition->exhausted())
    return ec::insufficient_funds;
  if (const auto code = condition->check(limits->in_flight(), t);
      code != ec::ok)
    return code;
  if (!books->head().funded)
    return ec::balance_unknown;
  if (setup.refresh.stale == stale_policy::stop && books->is_stale(t))
    return ec::reading_stale;
  if (spendable(t) <= money{})
    return ec::insufficient_funds;
  return limits->check(wanted_tokens, t);
}

timestamp account_actor_state::back_at(ec refused, timestamp t) const {
  switch (refused) {
    case ec::cooling:
    case ec::ejected:
      return condition->cooldown_until(t);
    case ec::at_limit:
      return limits->next_refill(wanted_tokens, t);
    default:
      return {};
  }
}

money account_actor_state::spendable(timestamp t) const {
  return books->available() - books->haircut(t) - setup.account.floor;
}

} // namespace rota
