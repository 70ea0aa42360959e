#pragma once

#include "config/options.hpp"
#include "config/secrets.hpp"
#include "messages/envelopes.hpp"
#include "runtime/upstream/account_directory.hpp"

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>

#include <memory>
#include <string>

namespace rota {

/// How the notifier reaches people beside the log.
struct notifier_setup {
  /// Whether the directory has a target for `webhook_account`.
  bool webhook = false;
  /// Signs each body; null: unsigned.
  std::shared_ptr<const secret> signing_key;
  milliseconds timeout{10'000};
  /// Where this daemon runs.
  std::string host;
};

/// Reads the webhook's secrets and puts its URL, itself a secret, into the
/// directory.
/// @throws std::invalid_argument with one sentence; never with a secret.
notifier_setup set_up_notifier(const alert_options& x,
                               account_directory& directory);

/// Spawns the NOTIFIER: every edge becomes a line in the log and, where a
/// webhook is set up, a signed POST. A delivery that fails by the network, by
/// 429 or 5xx is repeated after 1, 5 and 30 seconds, or when the receiver
/// asks for it, and then given up with a line in the log.
/// @param unit Where the actor is hosted; null: the system's workers.
notifier_actor spawn_notifier(caf::actor_system& sys, caf::execution_unit* unit,
                              upstream_actor upstream, notifier_setup setup);

} // namespace rota
