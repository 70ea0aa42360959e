#pragma once

#include "actors/domain/alert_rules.hpp"
#include "messages/envelopes.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <optional>

namespace rota {

/// State of the ALERTER actor: walks the rules on a timer over what accounts
/// and dispatcher say, and notifies on edges.
struct alerter_state {
  static constexpr const char* name = "alerter";

  explicit alerter_state(alerter_actor::pointer self) : self{self} {
    // nop
  }

  // -- handlers, in the order of alerter_actor --------------------------------

  void tick();
  alerts_ptr status() const;

  // -- helpers ----------------------------------------------------------------

  void walk(const std::vector<account_view>& accounts, const pool_view& pool);
  void rearm();

  // -- data -------------------------------------------------------------------

  alerter_actor::pointer self;
  wall_clock clock;
  dispatcher_actor dispatcher;
  notifier_actor notifier;
  alert_options options;
  std::optional<alert_rules> rules;
};

/// Spawns the ALERTER.
alerter_actor::behavior_type
alerter(alerter_actor::stateful_pointer<alerter_state> self, wall_clock clock,
        dispatcher_actor dispatcher, notifier_actor notifier,
        alert_options options);

} // namespace rota
