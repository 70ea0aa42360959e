#pragma once

#include "actors/support.hpp"
#include "messages/actors.hpp"
#include "messages/envelopes.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace rota {

struct front_relay_state {
  static constexpr const char* name = "front";
};

/// Passes what is said to the front on to it, which lives as long as that goes
/// on: a runner may speak after a stop.
template <class Impl>
front_actor::behavior_type
front_relay(front_actor::stateful_pointer<front_relay_state> self,
            const std::shared_ptr<Impl>& to) {
  guard(self);
  return {
    [to](atom::durable, uint64_t item) { to->durable(item); },
    [to](atom::finish, const item_result_ptr& x) { to->finish(x); },
    [to](atom::dismiss, job_id x) { to->dismiss(x); },
    [](atom::publish, const job_stage&) {},
    [to](atom::admit, const admittance& x) { to->admitted(x); },
  };
}

} // namespace rota
