// What an account serves for nothing.

#include "actors/account.hpp"

#include "actors/support.hpp"

#include <algorithm>

namespace rota {

caf::result<hold_grant, account_state>
account_actor_state::hold_nothing(const acquire_request& x, timestamp t) {
  const auto& options = setup.account;
  const auto& work = *x.want.work;
  auto code = free_refusal(t, x.early);
  if (code == ec::ok)
    code = condition->check(work.model, limits->limit(), t, x.early);
  if (code != ec::ok) {
    publish(t);
    return code;
  }
  // After this point, it is under way.
  limits->acquire(0, t);
  const auto serial
    = condition->begin(work.model, t + setup.total_timeout, t);
  if (x.ack)
    self->send(x.ack, atom::durable_v, uint64_t{x.want.attempt});
  return {hold_grant{books->head().account, options.name,
                     {work.id, x.want.attempt}, {}, options.kind,
                     options.multiplier, serial},
          next_state(t)};
}

} // namespace rota
