#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_control_block.hpp>

#include <functional>
#include <string>

namespace rota {

/// Watches actors that live as long as the daemon: one of them dying is a bug,
/// and the daemon stops rather than going on without it.
class watchdog {
public:
  watchdog(caf::actor_system& system,
           std::function<void(const std::string&)> on_death);

  /// Keeps `whom` alive until it is watched: to monitor by a weak address what
  /// died meanwhile is undefined in CAF 0.17.
  void watch(const std::string& name, caf::strong_actor_ptr whom);

  /// From here on deaths are wanted.
  void stop();

private:
  caf::actor self_;
};

} // namespace rota
