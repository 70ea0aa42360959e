#include "actors/alerter.hpp"

#include "actors/support.hpp"

namespace rota {

namespace {

/// The dispatcher answers within microseconds; if it does not, the next walk
/// asks again.
constexpr auto patience = std::chrono::seconds{30};

} // namespace

// -- handlers -----------------------------------------------------------------

void alerter_state::tick() {
  self->request(dispatcher, patience, atom::accounts_v)
    .then(
      [this](const account_views_ptr& accounts) {
        self->request(dispatcher, patience, atom::status_v)
          .then(
            [this, accounts](const pool_view& pool) {
              walk(*accounts, pool);
              rearm();
            },
            [this](const caf::error&) { rearm(); });
      },
      [this](const caf::error&) { rearm(); });
}

alerts_ptr alerter_state::status() const {
  return std::make_shared<const std::vector<alert>>(rules->firing());
}

// -- helpers ------------------------------------------------------------------

void alerter_state::walk(const std::vector<account_view>& accounts,
                         const pool_view& pool) {
  const auto t = clock.at(self->clock().now());
  pool_state state;
  state.refused = pool.refused;
  state.is_stuck = pool.waiting_for != ec::ok && pool.halted == ec::ok;
  state.disk_low = pool.halted == ec::disk_low;
  for (const auto& x : accounts)
    state.served += x.successes;
  for (auto& edge : rules->walk(accounts, state, t))
    self->send(notifier, atom::notify_v, std::move(edge));
}

void alerter_state::rearm() {
  self->delayed_send(self, options.interval, atom::tick_v);
}

alerter_actor::behavior_type
alerter(alerter_actor::stateful_pointer<alerter_state> self, wall_clock clock,
        dispatcher_actor dispatcher, notifier_actor notifier,
        alert_options options) {
  const auto st = &self->state;
  guard(self);
  st->clock = clock;
  st->dispatcher = std::move(dispatcher);
  st->notifier = std::move(notifier);
  st->options = options;
  st->rules.emplace(options);
  st->rearm();
  return {
    [st](atom::tick) { st->tick(); },
    [st](atom::status) { return st->status(); },
  };
}

} // namespace rota
