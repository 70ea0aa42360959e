#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_control_block.hpp>

#include <functional>
#include <string>

namespace rota {

/// Watches actors without which the daemon does not do what it should: it stops
/// rather than going on without one that died.
class watchdog {
public:
  watchdog(caf::actor_system& system,
           std::function<void(const std::string&)> on_death);

  /// Watches an actor that lives as long as the daemon: any end of it is a bug.
  ///
  /// Keeps `whom` alive until it is watched: to monitor by a weak address what
  /// died meanwhile is undefined in CAF 0.17.
  void watch(const std::string& name, caf::strong_actor_ptr whom);

  /// Watches an actor that may end by itself, or be ended: only its failure is
  /// a death.
  void watch_mortal(const std::string& name, caf::strong_actor_ptr whom);

  /// From here on deaths are wanted.
  void stop();

private:
  caf::actor self_;
};

} // namespace rota
